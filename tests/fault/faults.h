/*
 * Calls that fail when a test says so, inside a real etwrelayd.
 *
 * The program is the service with its main() wrapped; what it calls is counted, and the calls named
 * in the environment fail:
 *
 *     ETWR_FAULTS=CALL:FIRST:COUNT:EFFECT[,...]
 *
 * CALL is one of the names in faults.c; the FIRST-th call of it (from 1, since the start, in
 * whichever thread) and the COUNT-1 after it fail (0: all after it). EFFECT is the name of an error
 * (EINTR, EIO, ...), or `short` (reads and writes move one byte), or `wait` (the call waits until
 * the file named by ETWR_FAULT_GATE exists). At its end the program writes how often each call was
 * made to the file named by ETWR_FAULT_COUNTS, as lines "CALL COUNT".
 *
 * Reads and writes are counted for sockets and for regular files, under names of their own: what
 * the event loop writes to wake itself up cannot fail in life, and it takes no failure either.
 */
#ifndef ETWRELAY_TEST_FAULTS_H
#define ETWRELAY_TEST_FAULTS_H

#include <stdbool.h>

enum fault_call {
    FAULT_ALLOCATE,
    FAULT_SOCKET_READ,
    FAULT_SOCKET_WRITE,
    FAULT_FILE_READ,
    FAULT_FILE_WRITE,
    FAULT_OPEN,
    FAULT_ACCEPT,
    FAULT_POLL,
    FAULT_PEER,
    FAULT_USER_NAME,
    FAULT_CALLS
};

enum fault_effect { FAULT_NONE, FAULT_ERROR, FAULT_SHORT, FAULT_WAIT };

/* Read the environment. Once, before there are threads. */
void faults_start(void);

/* Count a call, and say what comes of it; the error's number is in *error. A wait is over when this
 * returns. */
enum fault_effect faults_meet(enum fault_call call, int *error);

/* A function of the library behind this program, into a pointer to a function. */
void faults_find_next(void *function, const char *name);

#endif
