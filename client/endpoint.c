/*
 * First thing a client decides. What exists is looked at again at each attempt, so a service of the
 * user's own that starts later is found.
 */
#include "client/endpoint.h"

#include <stdatomic.h>
#include <string.h>

#include "client/os.h"
#include "client/words.h"

#define HANDLE_DIGITS_ROOM 24 /* of any intptr_t, and more */

static _Atomic bool is_handle_taken;

bool endpoint_take_handle(void)
{
    return !atomic_exchange(&is_handle_taken, true);
}

void endpoint_return_handle(void)
{
    atomic_store(&is_handle_taken, false);
}

static enum etwr_status set_path(struct endpoint *endpoint, const char *path)
{
    if (!transport_path_is_valid(path)) return ETWR_E_INVALID_ARGUMENT;
    endpoint->kind = ENDPOINT_PATH;
    memcpy(endpoint->path, path, strlen(path) + 1);
    return ETWR_OK;
}

/* Decimal digits alone: strtol() would take blanks, signs and what overflows. */
static enum etwr_status set_handle(struct endpoint *endpoint, const char *digits)
{
    intptr_t value = 0;

    for (const char *at = digits; *at != '\0'; at++) {
        if (*at < '0' || *at > '9') return ETWR_E_INVALID_ARGUMENT;
        if (value > (INTPTR_MAX - (*at - '0')) / 10) return ETWR_E_INVALID_ARGUMENT;
        value = value * 10 + (*at - '0');
    }
    endpoint->kind = ENDPOINT_HANDLE;
    endpoint->handle = value;
    return ETWR_OK;
}

static enum etwr_status choose_path(struct endpoint *endpoint)
{
    char path[TRANSPORT_PATH_ROOM_BYTES];
    size_t length = os_variable("ETWRELAY_PIPE", path, sizeof path);

    if (length >= sizeof path) return ETWR_E_INVALID_ARGUMENT;
    if (length > 0) return set_path(endpoint, path);
    endpoint->kind = ENDPOINT_SEARCH;
    return ETWR_OK;
}

enum etwr_status endpoint_choose_path(const char *pipe, struct endpoint *endpoint)
{
    memset(endpoint, 0, sizeof *endpoint);
    return pipe ? set_path(endpoint, pipe) : choose_path(endpoint);
}

enum etwr_status endpoint_choose(const char *pipe, struct endpoint *endpoint)
{
    char digits[HANDLE_DIGITS_ROOM];
    size_t length = 0;

    memset(endpoint, 0, sizeof *endpoint);
    if (pipe) return set_path(endpoint, pipe);
    if (!atomic_load(&is_handle_taken))
        length = os_variable(transport_handle_variable, digits, sizeof digits);
    if (length >= sizeof digits) return ETWR_E_INVALID_ARGUMENT;
    return length > 0 ? set_handle(endpoint, digits) : choose_path(endpoint);
}

/* `text` goes on after what was said of a path tried before. */
static enum etwr_status try_path(const struct endpoint *endpoint, enum stream_trust trust,
                                 struct stream **stream, char *text, size_t capacity)
{
    char words[256] = "cannot connect";
    enum etwr_status status = stream_connect(endpoint->path, trust, stream, words, sizeof words);

    if (status == ETWR_OK) return status;
    if (text[0] != '\0') words_add(text, capacity, "; ");
    words_add(text, capacity, endpoint->path);
    words_add(text, capacity, ": ");
    words_add(text, capacity, words);
    return status;
}

enum etwr_status endpoint_connect(struct endpoint *endpoint, struct stream **stream, char *text,
                                  size_t capacity)
{
    enum etwr_status status;

    text[0] = '\0';
    if (endpoint->kind != ENDPOINT_SEARCH)
        return try_path(endpoint, STREAM_NAMED, stream, text, capacity);
    if (transport_user_path(endpoint->path, sizeof endpoint->path) &&
        transport_path_exists(endpoint->path)) {
        status = try_path(endpoint, STREAM_USER, stream, text, capacity);
        if (status == ETWR_OK || !transport_user_path_is_open_to_all) return status;
    }
    words_set(endpoint->path, sizeof endpoint->path, transport_system_path);
    return try_path(endpoint, STREAM_SYSTEM, stream, text, capacity);
}
