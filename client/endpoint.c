/*
 * First thing a client decides. Nothing is opened here; what exists is looked at again at each
 * attempt, so a service of the user's own that starts later is found.
 */
#include "client/endpoint.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Atomic bool is_handle_taken;

bool endpoint_take_handle(void)
{
    return !atomic_exchange(&is_handle_taken, true);
}

void endpoint_return_handle(void)
{
    atomic_store(&is_handle_taken, false);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value && value[0] != '\0' ? value : NULL;
}

static enum etwr_status set_path(struct endpoint *endpoint, const char *path)
{
    size_t length = strlen(path);

    if (length == 0 || length > TRANSPORT_PATH_MAX_BYTES) return ETWR_E_INVALID_ARGUMENT;
    endpoint->kind = ENDPOINT_PATH;
    memcpy(endpoint->path, path, length + 1);
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

enum etwr_status endpoint_choose(const char *pipe, struct endpoint *endpoint)
{
    const char *value;

    memset(endpoint, 0, sizeof *endpoint);
    if (pipe) return set_path(endpoint, pipe);
    value = variable(transport_handle_variable);
    if (value && !atomic_load(&is_handle_taken)) return set_handle(endpoint, value);
    value = variable("ETWRELAY_PIPE");
    if (value) return set_path(endpoint, value);
    endpoint->kind = ENDPOINT_SEARCH;
    return ETWR_OK;
}

bool endpoint_find_path(struct endpoint *endpoint, char *text, size_t capacity)
{
    bool is_system;

    if (endpoint->kind != ENDPOINT_SEARCH) return true;
    is_system = !transport_user_path(endpoint->path, sizeof endpoint->path) ||
                !transport_path_exists(endpoint->path);
    if (is_system) snprintf(endpoint->path, sizeof endpoint->path, "%s", transport_system_path);
    /* What is not there needs no trust: connecting says so in the system's words. */
    if (!transport_path_exists(endpoint->path)) return true;
    if (transport_path_is_trusted(endpoint->path, is_system)) return true;
    snprintf(text, capacity, "%s: not trusted, others may write to its folder or own it",
             endpoint->path);
    return false;
}
