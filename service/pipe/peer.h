/*
 * The peer: which process and which user opened a connection, as the operating system attests it.
 *
 * Decisions rest on the user alone. The pid is stamped into events and counted by nobody; it may be
 * used again by another process at any time. The image is a label.
 */
#ifndef ETWRELAY_PEER_H
#define ETWRELAY_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include <etwrelay/status.h>

#define PEER_USER_BYTES  128
#define PEER_IMAGE_BYTES 256

struct peer {
    uint32_t pid;
    bool is_operator; /* may see everybody's counters: root, or the service's own user */
    char
        user_key[PEER_USER_BYTES]; /* what quotas are kept by: stable and unique (uid in decimal) */
    char user[PEER_USER_BYTES];    /* for people and for the policy's patterns; valid UTF-8 */
    char image[PEER_IMAGE_BYTES];  /* file name of the program; valid UTF-8, may be empty */
    char package[PEER_IMAGE_BYTES]; /* Windows: the AppContainer's package; else empty */
};

/* Who is at the other end of a connected socket. ETWR_OK or ETWR_E_ACCESS_DENIED: the system would
 * not say. */
enum etwr_status peer_read(intptr_t handle, struct peer *peer);

#endif
