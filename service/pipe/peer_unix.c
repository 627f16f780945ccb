/*
 * The peer on Linux: SO_PEERCRED is what the kernel noted at connect(), whatever the client says
 * later.
 *
 * User names come from the system's user database, which may be slow or far away; the acceptor asks
 * once a user and keeps the last few answers.
 */
#include "service/pipe/peer.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "protocol/tracelogging/utf8.h"

#define NAMES_KEPT         64
#define PASSWD_BYTES_MAX   65536
#define PASSWD_BYTES_FIRST 1024

/* Used by the acceptor's thread only. */
static struct {
    bool used;
    uid_t uid;
    char name[PEER_USER_BYTES];
} names[NAMES_KEPT];

static bool is_clean(const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) return false;
    return utf8_is_valid(text, size);
}

/* Systems differ in how they say that nobody is known by that number; but not by one of these. */
static bool is_passing(int error)
{
    return error == ENOMEM || error == EMFILE || error == ENFILE || error == EIO || error == EINTR;
}

enum answer { ANSWER_NAME, ANSWER_NO_NAME, ANSWER_NONE };

/* The user database's name; or it has none that fits and is text; or it could not be asked. */
static enum answer find_name(uid_t uid, char name[PEER_USER_BYTES])
{
    for (size_t size = PASSWD_BYTES_FIRST; size <= PASSWD_BYTES_MAX; size *= 4) {
        struct passwd entry, *found = NULL;
        char *buffer = malloc(size);
        if (buffer == NULL) return ANSWER_NONE;
        int error = getpwuid_r(uid, &entry, buffer, size, &found);
        bool good = error == 0 && found != NULL && strlen(found->pw_name) < PEER_USER_BYTES &&
                    found->pw_name[0] != 0 && is_clean(found->pw_name);
        if (good) memcpy(name, found->pw_name, strlen(found->pw_name) + 1);
        free(buffer);
        if (error == 0) return good ? ANSWER_NAME : ANSWER_NO_NAME;
        if (is_passing(error)) return ANSWER_NONE;
        if (error != ERANGE) return ANSWER_NO_NAME;
    }
    return ANSWER_NO_NAME;
}

static void read_user(uid_t uid, char name[PEER_USER_BYTES])
{
    size_t place = uid % NAMES_KEPT;
    if (!names[place].used || names[place].uid != uid) {
        enum answer answer = find_name(uid, names[place].name);
        if (answer != ANSWER_NAME)
            snprintf(names[place].name, PEER_USER_BYTES, "%lu", (unsigned long)uid);
        names[place].uid = uid;
        /* A lack of memory or descriptors passes: who is met in it is asked for again. */
        names[place].used = answer != ANSWER_NONE;
    }
    memcpy(name, names[place].name, PEER_USER_BYTES);
}

/* The file name that the process runs. It is a label: a process may be gone, or be another's and
 * unreadable. */
static void read_image(pid_t pid, char image[PEER_IMAGE_BYTES])
{
    char link[64];
    char path[4096];
    image[0] = 0;
    snprintf(link, sizeof link, "/proc/%ld/exe", (long)pid);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return;
    path[size] = 0;
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    if (strlen(name) >= PEER_IMAGE_BYTES || !is_clean(name)) return;
    memcpy(image, name, strlen(name) + 1);
}

enum etwr_status peer_read(intptr_t handle, struct peer *peer)
{
    struct ucred credentials;
    socklen_t size = sizeof credentials;
    int fd = (int)handle;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 ||
        size != sizeof credentials || credentials.uid == (uid_t)-1)
        return ETWR_E_ACCESS_DENIED;
    memset(peer, 0, sizeof *peer);
    peer->pid = (uint32_t)credentials.pid;
    peer->is_operator = credentials.uid == 0 || credentials.uid == geteuid();
    snprintf(peer->user_id, sizeof peer->user_id, "%lu", (unsigned long)credentials.uid);
    memcpy(peer->user_key, peer->user_id, sizeof peer->user_id);
    read_user(credentials.uid, peer->user);
    read_image(credentials.pid, peer->image);
    peer->is_known = true;
    return ETWR_OK;
}

/* All was said at accept. */
enum etwr_status peer_identify(const uv_pipe_t *pipe, struct peer *peer)
{
    (void)pipe;
    return peer->is_known ? ETWR_OK : ETWR_E_ACCESS_DENIED;
}
