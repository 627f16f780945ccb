/* What transport_unix.c trusts, for its tests. */
#ifndef ETWRELAY_CLIENT_TRANSPORT_UNIX_H
#define ETWRELAY_CLIENT_TRANSPORT_UNIX_H

#include <stdbool.h>

#define SOCKET_PATH_MAX_BYTES 107 /* sun_path, less its NUL */

/*
 * May a socket be trusted for where it lies? Its folder must belong to root or to us, and nobody
 * else may write to it; for the system's own path it may instead belong to the service's user,
 * when only root could have made it (the folder above is root's).
 */
bool transport_path_is_trusted(const char *path, bool is_system);

#endif
