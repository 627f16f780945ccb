/* Schemas as the relay keeps them: understood, rebuilt, compiled, stamped. */
#ifndef ETWRELAY_RELAY_SCHEMA_H
#define ETWRELAY_RELAY_SCHEMA_H

#include "protocol/wire/request.h"
#include "service/pipe/session.h"

/* Fill in a new schema from what the client announced. Returns ETWR_REASON_NONE, or the reason for
 * which it is refused. */
enum etwr_reason relay_compile_schema(struct session *session, struct slot_schema *schema,
                                      const struct request_schema *request);

/* Make schema->stamped for the settings' origin. Without room for the fields it stays empty, and
 * its events go unstamped: that is no error. ETWR_OK or ETWR_E_NO_MEMORY. */
enum etwr_status relay_stamp_schema(struct session *session, struct slot_schema *schema);

#endif
