/* See the header. */
#include "tests/support/socket_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 20000

bool socket_client_init(struct socket_client *client)
{
    memset(client, 0, sizeof *client);
    client->fd = -1;
    client->patience_ms = PATIENCE_MS;
    client->in = malloc(SOCKET_CLIENT_IN_BYTES);
    if (frames_init(&client->out, SOCKET_CLIENT_OUT_BYTES) && client->in != NULL) return true;
    socket_client_clear(client);
    return false;
}

void socket_client_clear(struct socket_client *client)
{
    socket_client_close(client);
    frames_clear(&client->out);
    free(client->in);
    client->in = NULL;
}

bool socket_client_connect(struct socket_client *client, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) return false;
    memcpy(address.sun_path, path, strlen(path));
    client->out.size = client->in_size = client->in_used = 0;
    client->end = ETWR_REASON_NONE;
    memset(&client->ack, 0, sizeof client->ack);
    client->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (client->fd < 0) return false;
    if (connect(client->fd, (const struct sockaddr *)&address, sizeof address) == 0) return true;
    socket_client_close(client);
    return false;
}

void socket_client_close(struct socket_client *client)
{
    if (client->fd >= 0) close(client->fd);
    client->fd = -1;
}

bool socket_client_send(struct socket_client *client)
{
    size_t at = 0;
    while (at < client->out.size) {
        struct pollfd wanted = {.fd = client->fd, .events = POLLOUT};
        if (poll(&wanted, 1, client->patience_ms) == 0) break;
        ssize_t sent = send(client->fd, client->out.bytes + at, client->out.size - at,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (sent <= 0) break;
        at += (size_t)sent;
    }
    bool is_all = at == client->out.size;
    client->out.size = 0;
    return is_all;
}

static bool receive(struct socket_client *client)
{
    struct pollfd wanted = {.fd = client->fd, .events = POLLIN};
    ssize_t got;
    do {
        if (poll(&wanted, 1, client->patience_ms) == 0) return false;
        got = recv(client->fd, client->in + client->in_size,
                   SOCKET_CLIENT_IN_BYTES - client->in_size, 0);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return false;
    client->in_size += (size_t)got;
    return true;
}

static void note(struct socket_client *client, const struct frame *frame)
{
    struct reply_ack ack;
    struct reply_refused refused;
    struct reply_error error;
    if (frame->kind == WIRE_ACK && reply_read_ack(frame, &ack) == ETWR_OK) client->ack = ack;
    if (frame->kind == WIRE_REFUSED && reply_read_refused(frame, &refused) == ETWR_OK)
        client->end = (enum etwr_reason)refused.reason;
    if (frame->kind == WIRE_ERROR && reply_read_error(frame, &error) == ETWR_OK)
        client->end = (enum etwr_reason)error.reason;
}

static bool next_frame(struct socket_client *client, struct frame *frame)
{
    size_t used = 0;
    client->in_size -= client->in_used;
    memmove(client->in, client->in + client->in_used, client->in_size);
    client->in_used = 0;
    for (;;) {
        enum frame_result result = frame_find(client->in, client->in_size, frame, &used);
        if (result == FRAME_OVERSIZE) return false;
        if (result == FRAME_WHOLE) break;
        if (!receive(client)) return false;
    }
    client->in_used = used;
    note(client, frame);
    return true;
}

bool socket_client_skip_to(struct socket_client *client, uint8_t kind, struct frame *frame)
{
    while (next_frame(client, frame))
        if (frame->kind == kind) return true;
    return false;
}

bool socket_client_join(struct socket_client *client, const char *path, const char *provider)
{
    struct frame frame;
    if (!socket_client_connect(client, path)) return false;
    frames_hello(&client->out, 1);
    frames_open(&client->out, 1, provider);
    frames_schema(&client->out, 1);
    if (socket_client_send(client) && socket_client_skip_to(client, WIRE_PROVIDER_STATE, &frame))
        return true;
    socket_client_close(client);
    return false;
}

bool socket_client_settle(struct socket_client *client)
{
    struct frame frame;
    frames_flush(&client->out, 1);
    return socket_client_send(client) && socket_client_skip_to(client, WIRE_FLUSHED, &frame);
}

uint64_t socket_client_dropped(const struct socket_client *client)
{
    uint64_t dropped = 0;
    for (size_t i = 0; i < client->ack.dropped_count; i++)
        dropped += client->ack.dropped[i].count;
    return dropped;
}
