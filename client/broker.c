/*
 * The broker's side of etwr_client_adopt(): a stream is opened as a client would open it, and given
 * away before anything was said on it.
 */
#include <etwrelay/client.h>

#include "client/client.h"
#include "client/words.h"

enum etwr_status etwr_broker_open(const char *pipe, intptr_t *handle, char *text, size_t capacity)
{
    struct endpoint endpoint;
    struct stream *stream;
    char words[CLIENT_ERROR_BYTES];
    enum etwr_status status;

    if (text && capacity > 0) text[0] = '\0';
    if (!handle) return ETWR_E_INVALID_ARGUMENT;
    status = endpoint_choose_path(pipe, &endpoint);
    if (status != ETWR_OK) return status;
    status = endpoint_connect(&endpoint, &stream, words, sizeof words);
    if (status == ETWR_OK)
        *handle = stream_release(stream);
    else if (text && capacity > 0)
        words_set(text, capacity, words);
    return status;
}

enum etwr_status etwr_broker_give(intptr_t handle, intptr_t to, intptr_t *given)
{
    intptr_t number;
    enum etwr_status status = transport_give(handle, to, &number);

    if (status == ETWR_OK && given) *given = number;
    return status;
}
