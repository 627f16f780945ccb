/*
 * The peer: which process and which user opened a connection, as the operating system attests it.
 *
 * Decisions rest on the user alone. The pid is stamped into events and counted by nobody; it may be
 * used again by another process at any time. The image is a label.
 *
 * Linux says everything at accept. Windows says the process at accept, and the user once the
 * client's first bytes have been read: peer_identify() asks then, before anything is made of them.
 */
#ifndef ETWRELAY_PEER_H
#define ETWRELAY_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include <etwrelay/status.h>

#define PEER_USER_BYTES  256 /* also a SID's text, 15 sub-authorities long */
#define PEER_IMAGE_BYTES 256
#define PEER_KEY_BYTES   (PEER_USER_BYTES + PEER_IMAGE_BYTES)

struct peer {
    uint32_t pid;
    uint64_t started; /* when the process did, FILETIME; 0: not known. A pid alone names nobody */
    bool is_known;    /* everything below but the image; else empty */
    bool is_operator; /* may see everybody's counters: root, administrators, or the service's own
                         user */
    char user_key[PEER_KEY_BYTES];  /* what quotas are kept by: user and package. Stable, unique */
    char user_id[PEER_USER_BYTES];  /* uid in decimal, or SID */
    char user[PEER_USER_BYTES];     /* for people and for the policy's patterns; valid UTF-8 */
    char image[PEER_IMAGE_BYTES];   /* file name of the program; valid UTF-8, may be empty */
    char package[PEER_IMAGE_BYTES]; /* Windows: the SID of the AppContainer's package; else empty */
    uint32_t integrity;             /* Windows: 0x1000 low, 0x2000 medium, 0x3000 high */
    uint32_t session;               /* Windows: of the terminal */
};

/* Who is at the other end of a connection just accepted; `handle` as the acceptor yields it.
 * ETWR_OK, ETWR_E_DISCONNECTED (gone already), ETWR_E_ACCESS_DENIED (the system would not say). */
enum etwr_status peer_read(intptr_t handle, struct peer *peer);

/*
 * Its first bytes have been read: who is the user? Sets peer->is_known and what comes with it,
 * once; leaves it false when the system can say no sooner than after more bytes. ETWR_OK or
 * ETWR_E_ACCESS_DENIED. Threads: any.
 */
enum etwr_status peer_identify(const uv_pipe_t *pipe, struct peer *peer);

#endif
