/*
 * The service with failing calls (faults.h), and what a client of bare frames gets from it.
 */
#ifndef ETWRELAY_TEST_FAULTY_SERVICE_H
#define ETWRELAY_TEST_FAULTY_SERVICE_H

#include "tests/support/process.h"

#define FAULTY_PATIENT_MS 20000 /* where the answer must come */
#define FAULTY_HASTY_MS   1000  /* where it may be what fails */
#define FAULTY_EVENTS     20    /* of one client */

/* What became of one client. Served: it was told what became of all its events. */
struct faulty_client {
    bool is_served;
    bool is_closed; /* not served, and knows it: the service has closed the connection */
    uint64_t written, dropped;
    char user[64]; /* as the service's status calls it; "" when it did not answer */
};

/* Is ETWR_LONG set? Then each call fails in its turn, and not one in ten. */
bool faulty_is_long(void);

enum faulty_start {
    FAULTY_READY,
    FAULTY_REFUSED, /* exit status 1 and a message, as a service that cannot start */
    FAULTY_ABORTED  /* libuv ends a process for which it cannot make the first table of a loop */
};

/* Start it with these faults (NULL: none) and a config, and wait until it is ready or has ended in
 * one of these ways; it must not end in another. */
enum faulty_start faulty_start(struct service *service, const char *faults, const char *config);
/* It must end well, its equation must hold, and no sanitizer may have a word. `can_be_silent`: it
 * may have had no memory to print its counters. False: it had none. */
bool faulty_stop(struct service *service, bool can_be_silent);
/* Calls of this name that it made; after its end. */
unsigned long faulty_count(const struct service *service, const char *call);
/* Let calls go on that wait. */
void faulty_open_gate(const struct service *service);

/* Say HELLO, open a provider, send FAULTY_EVENTS events, flush, ask for the status, leave. Whatever
 * happens, it ends: who gets no answer in time leaves. */
void faulty_talk(const struct service *service, int patience_ms, struct faulty_client *client);

#endif
