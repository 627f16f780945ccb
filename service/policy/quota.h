/*
 * Quota: how much of the service one user may take, whatever number of processes asks for it.
 *
 * Keyed on the user, never on the pid. Users live in an ordered array: there is no hash that
 * somebody could flood (SECURITY: T18), and 10,000 users cost 14 comparisons. A user's entry
 * outlives the last connection until its rates have recovered, or leaving and coming back would
 * reset them.
 *
 * Time is an argument: monotonic milliseconds; a clock that steps back costs nobody tokens.
 * Threads: all functions may be called from any worker. Connecting, opening and closing take a
 * mutex; what runs for each event does not: a worker takes tokens in chunks, and an unlimited rate
 * is one relaxed load.
 */
#ifndef ETWRELAY_QUOTA_H
#define ETWRELAY_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <etwrelay/status.h>

#include "service/config/config.h"

struct quota;
struct quota_user;

/* One session's share of its user's tokens. Belongs to the session's worker. Zeros when new. */
struct quota_tokens {
    uint64_t events;
    uint64_t bytes;
    uint64_t retry_at_ms; /* dry until then: no lock is taken to find that out again */
};

/* Copies the limits. ETWR_OK, ETWR_E_NO_MEMORY. In console mode, with no clients_per_user of its
 * own, the caller gives limits whose clients_per_user is `clients`. */
enum etwr_status quota_create(const struct config_limits *limits, struct quota **quota);
void quota_destroy(struct quota *quota); /* NULL allowed; nobody is connected any more */

/* New limits, for whatever comes next; nobody who is over them now is thrown out. */
void quota_configure(struct quota *quota, const struct config_limits *limits);

/*
 * A connection arrived. On success *user is the caller's until quota_disconnect(), and counts as
 * one client with an unfinished hello. Returns ETWR_REASON_NONE, ETWR_REASON_CLIENT_LIMIT (clients
 * in all), ETWR_REASON_USER_LIMIT (this user's clients, or unfinished hellos),
 * ETWR_REASON_NO_MEMORY.
 */
enum etwr_reason quota_connect(struct quota *quota, const char *user_key, uint64_t now_ms,
                               struct quota_user **user);
/*
 * A connection of nobody known yet (user_key "", which only the limit on clients in all holds back)
 * turns out to be this user's: it moves there with the `bytes` taken for it. On success *user is
 * the new one; else it stays what it was. Returns ETWR_REASON_NONE, ETWR_REASON_USER_LIMIT (this
 * user's clients, unfinished hellos or memory), ETWR_REASON_NO_MEMORY.
 */
enum etwr_reason quota_identify(struct quota *quota, const char *user_key, size_t bytes,
                                uint64_t now_ms, struct quota_user **user);
/* Its HELLO has been read. At most once a connection. */
void quota_hello_done(struct quota *quota, struct quota_user *user);
void quota_disconnect(struct quota *quota, struct quota_user *user, bool hello_done,
                      uint64_t now_ms);

/* May this user have one more provider registered that was not there? ETWR_REASON_NONE, and one of
 * its new_providers_per_user_per_minute is used up; or ETWR_REASON_QUOTA. */
enum etwr_reason quota_take_provider(struct quota *quota, struct quota_user *user, uint64_t now_ms);

/* Memory held for this user, of bytes_per_user, and for all together, of as many users' budgets as
 * there is room for at clients_per_user each. False: over a budget, and nothing was taken. Without
 * lock. What was taken is given back in the same sizes, or others of the same sum. */
bool quota_take_bytes(struct quota *quota, struct quota_user *user, size_t bytes);
void quota_give_bytes(struct quota_user *user, size_t bytes);

/* May one event of `bytes` (its whole frame) pass now? False: over the user's rate; drop it with
 * ETWR_REASON_RATE. Cheap while there are tokens, or no rate. */
bool quota_take_event(struct quota *quota, struct quota_user *user, struct quota_tokens *tokens,
                      size_t bytes, uint64_t now_ms);
/* Hand back what a session did not use; before quota_disconnect(). */
void quota_give_tokens(struct quota *quota, struct quota_user *user, struct quota_tokens *tokens);

/* For status and tests. */
struct quota_counts {
    uint32_t clients;
    uint32_t users; /* entries, recovering ones included */
};
void quota_counts(struct quota *quota, struct quota_counts *counts);
size_t quota_user_bytes(const struct quota_user *user);

#endif
