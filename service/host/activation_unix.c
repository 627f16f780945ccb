/*
 * What a service manager passes at the start: descriptors from 3 on, $LISTEN_FDS of them, for the
 * process $LISTEN_PID, named by $LISTEN_FDNAMES.
 *
 * What they are is looked at and not believed: a manager that was told to pass a datagram socket, a
 * connection (Accept=yes) or a FIFO passes just that, and the first accept() would fail for ever.
 */
#include "service/host/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "service/support/log.h"

#define FIRST_DESCRIPTOR 3
#define DESCRIPTORS_MAX  256
#define OUR_NAME         "etwrelay"
#define NAME_BYTES       64

/* A decimal number and nothing else, up to `max`. */
static bool read_number(const char *text, unsigned long max, unsigned long *number)
{
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9') return false;
    errno = 0;
    *number = strtoul(text, &end, 10);
    return errno == 0 && *end == 0 && *number <= max;
}

/* The part of $LISTEN_FDNAMES for descriptor `index`; names stand between colons. */
static void read_name(const char *names, unsigned long index, char name[NAME_BYTES])
{
    for (; names != NULL && index > 0; index--) {
        names = strchr(names, ':');
        if (names != NULL) names++;
    }
    snprintf(name, NAME_BYTES, "%.*s", names == NULL ? 0 : (int)strcspn(names, ":"),
             names == NULL ? "" : names);
}

static bool has_option(int fd, int option, int wanted)
{
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

/* Why it cannot be listened on; NULL: it can, and `address` is where. */
static const char *find_fault(int fd, struct sockaddr_un *address, socklen_t *size)
{
    *size = sizeof *address;
    memset(address, 0, sizeof *address);
    if (getsockname(fd, (struct sockaddr *)address, size) != 0)
        return errno == EBADF ? "is not open" : "is not a socket";
    if (address->sun_family != AF_UNIX) return "is not a Unix socket";
    if (!has_option(fd, SO_TYPE, SOCK_STREAM)) return "is not a stream socket (ListenStream=)";
    if (!has_option(fd, SO_ACCEPTCONN, 1)) return "does not listen (Accept=no)";
    return NULL;
}

/* A path, or "@name" for an address without a file. */
static void format_address(const struct sockaddr_un *address, socklen_t size,
                           char text[ACTIVATION_NAME_BYTES])
{
    size_t length = (size_t)size - offsetof(struct sockaddr_un, sun_path);
    if (size < (socklen_t)offsetof(struct sockaddr_un, sun_path)) length = 0;
    if (length > ACTIVATION_NAME_BYTES - 1) length = ACTIVATION_NAME_BYTES - 1;
    memcpy(text, address->sun_path, length);
    text[length] = 0;
    if (length > 0 && text[0] == 0) text[0] = '@';
    if (length == 0) snprintf(text, ACTIVATION_NAME_BYTES, "(unnamed)");
}

static void keep(struct activation *activation, int fd, const struct sockaddr_un *address,
                 socklen_t size)
{
    activation->handle = fd;
    format_address(address, size, activation->name);
}

struct choice {
    bool is_ours; /* the one that is kept has our name */
    unsigned contender_count;
};

/* Keep it, or close it and say why. */
static void judge(struct activation *activation, struct choice *choice, int fd, const char *name)
{
    struct sockaddr_un address;
    socklen_t size;
    const char *fault = find_fault(fd, &address, &size);
    bool is_ours = strcmp(name, OUR_NAME) == 0;
    if (fault != NULL) {
        log_line(LOG_LEVEL_WARNING, "descriptor %d (%s) of the service manager %s: closed", fd,
                 name, fault);
        (void)close(fd);
        return;
    }
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    bool is_better = activation->handle == 0 || (is_ours && !choice->is_ours);
    if (is_ours == choice->is_ours) choice->contender_count++;
    if (is_ours && !choice->is_ours) choice->contender_count = 1;
    choice->is_ours = choice->is_ours || is_ours;
    if (!is_better) {
        (void)close(fd);
        return;
    }
    if (activation->handle != 0) (void)close((int)activation->handle);
    keep(activation, fd, &address, size);
}

static enum etwr_status refuse(struct activation *activation, const char *text,
                               char message[HOST_MESSAGE_BYTES])
{
    if (activation->handle != 0) (void)close((int)activation->handle);
    memset(activation, 0, sizeof *activation);
    snprintf(message, HOST_MESSAGE_BYTES, "%s", text);
    return ETWR_E_INVALID_ARGUMENT;
}

enum etwr_status activation_take(struct activation *activation, char message[HOST_MESSAGE_BYTES])
{
    struct choice choice = {false, 0};
    unsigned long pid, count;
    memset(activation, 0, sizeof *activation);
    /* Without our pid they were passed to a process before us, and are not ours to touch. */
    if (!read_number(getenv("LISTEN_PID"), ULONG_MAX, &pid) || pid != (unsigned long)getpid())
        return ETWR_OK;
    if (!read_number(getenv("LISTEN_FDS"), DESCRIPTORS_MAX, &count))
        return refuse(activation, "LISTEN_FDS is not a number from 0 to 256", message);
    for (unsigned long i = 0; i < count; i++) {
        char name[NAME_BYTES];
        read_name(getenv("LISTEN_FDNAMES"), i, name);
        judge(activation, &choice, FIRST_DESCRIPTOR + (int)i, name);
    }
    if (count > 0 && activation->handle == 0)
        return refuse(activation,
                      "the service manager passes no socket to listen on: the socket unit needs "
                      "ListenStream= with a path, and Accept=no",
                      message);
    if (choice.contender_count > 1)
        return refuse(activation,
                      "the service manager passes several sockets: leave one, or call one of them "
                      "etwrelay (FileDescriptorName=)",
                      message);
    return ETWR_OK;
}
