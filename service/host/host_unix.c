/* The host on Unix: a plain process. There is nothing to install; systemd's unit or a shell starts
 * it. */
#include "service/host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service/options.h"

#define DESCRIPTORS_MAX 65536

/* The usual soft limit of 1,024 is less than the clients that the service takes by default. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    rlim_t wanted = limit.rlim_max > DESCRIPTORS_MAX ? DESCRIPTORS_MAX : limit.rlim_max;
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

void host_prepare(int *argc, char ***argv)
{
    (void)argc; /* they are UTF-8, or bytes that nobody here reads as text */
    (void)argv;
    /* A client that goes away is an error code of the write, not the end of the service. */
    struct sigaction ignore;
    memset(&ignore, 0, sizeof ignore);
    ignore.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &ignore, NULL);
    raise_descriptor_limit();
    /* A socket that became descriptor 0, 1 or 2 would be written to by every message. */
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) (void)open("/dev/null", O_RDWR);
}

bool host_is_service(void)
{
    return getenv("NOTIFY_SOCKET") != NULL;
}

int host_run(int (*run)(const struct options *options), const struct options *options)
{
    if (!options->is_service) return run(options);
    fprintf(stderr, "etwrelayd: --service is for Windows' service control manager\n");
    return 2;
}

void host_refuse_start(enum host_cause cause, const char *message)
{
    (void)cause; /* systemd shows the line */
    fprintf(stderr, "etwrelayd: %s\n", message);
}

void host_print_final(const char *line, size_t size)
{
    (void)fwrite(line, 1, size, stdout);
    (void)fflush(stdout);
}

/* Make each folder on the way that is missing, for this user alone. */
static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made) return false;
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

enum etwr_status host_state_folder(char *path, size_t capacity, char message[HOST_MESSAGE_BYTES])
{
    const char *state = getenv("STATE_DIRECTORY");
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int size = 0;
    if (state != NULL &&
        state[0] == '/') /* systemd names several with colons between: the first is ours */
        size = snprintf(path, capacity, "%.*s", (int)strcspn(state, ":"), state);
    else if (xdg != NULL && xdg[0] == '/')
        size = snprintf(path, capacity, "%s/etwrelay", xdg);
    else if (home != NULL && home[0] == '/')
        size = snprintf(path, capacity, "%s/.local/state/etwrelay", home);
    if (size <= 0) {
        snprintf(message, HOST_MESSAGE_BYTES,
                 "no place for the trace: neither STATE_DIRECTORY, XDG_STATE_HOME nor HOME is set. "
                 "Say where with --sink etl:FILE");
        return ETWR_E_NOT_FOUND;
    }
    if ((size_t)size >= capacity) {
        snprintf(message, HOST_MESSAGE_BYTES,
                 "the state folder's path is too long. Say where with --sink etl:FILE");
        return ETWR_E_LIMIT;
    }
    if (make_folders(path)) return ETWR_OK;
    snprintf(message, HOST_MESSAGE_BYTES,
             "cannot make the state folder %.256s: %s. Say another place with --sink etl:FILE",
             path, strerror(errno));
    return ETWR_E_IO;
}

int host_service_command(const struct options *options)
{
    fprintf(
        stderr,
        "etwrelayd: %s is for Windows services. On this system start it with \"etwrelayd run\", "
        "or let systemd do it\n",
        options->subcommand);
    return 1;
}
