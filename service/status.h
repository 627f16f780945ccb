/*
 * Status: where everything stands, as JSON.
 *
 * A request visits every worker's inbox; each adds its part between two of its events, so that in
 * each part the equation holds exactly, and the last one sends the request back to the worker whose
 * session asked. The parts are not of one instant, but each event is in one part only, so their sum
 * is exact, too.
 */
#ifndef ETWRELAY_STATUS_REPORT_H
#define ETWRELAY_STATUS_REPORT_H

#include "protocol/text.h"
#include "service/pipe/session.h"
#include "service/status_totals.h"

struct relay;
struct worker;
struct status_request;

/* Ask on behalf of a session; answered by session_send_status() later. False: no memory. */
bool status_ask(struct session *session);
/* WORKER_STATUS: add this worker's part. */
void status_add_worker(struct status_request *request, struct worker *worker);
/* WORKER_STATUS_READY: answer the session, if it is still there; frees. */
void status_answer(struct status_request *request, struct worker *worker);
/* A message about the request was not delivered: the service has ended. */
void status_drop(struct status_request *request);

/* Of a worker; on its thread, or when it has ended. */
struct status_totals status_totals_of(const struct worker *worker);
void status_totals_add(struct status_totals *to, const struct status_totals *from);

/* The final counters, after all workers have ended: one object, without a line end. */
void status_final(struct relay *relay, struct text *text);

#endif
