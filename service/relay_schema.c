/*
 * From announced metadata to a schema that events can be checked with.
 *
 * The service forwards nothing that it has not understood: what goes to the sinks is what our own
 * EventBuilder made of the client's metadata, never the client's bytes.
 */
#include "service/relay_schema.h"

#include <stdlib.h>
#include <string.h>

#include "service/provider/origin.h"
#include "service/worker.h"

static bool copy_bytes(struct etwr_bytes *to, const struct etwr_bytes *from)
{
    void *data = malloc(from->size);
    if (data == NULL) return false;
    memcpy(data, from->data, from->size);
    free((void *)to->data);
    *to = (struct etwr_bytes){data, from->size};
    /* cppcheck-suppress memleak ; `to` has it, as const bytes */
    return true;
}

static enum etwr_reason reason_of(enum etwr_status status)
{
    return status == ETWR_E_NO_MEMORY ? ETWR_REASON_NO_MEMORY : ETWR_REASON_SCHEMA;
}

enum etwr_status relay_stamp_schema(struct session *session, struct slot_schema *schema)
{
    struct worker *worker = session->worker;
    struct etwr_event *builder = worker->builder;
    unsigned origin = worker->settings->config->origin;
    struct etwr_encoded encoded;
    free((void *)schema->stamped.data);
    schema->stamped = (struct etwr_bytes){NULL, 0};
    schema->origin = origin;
    if (origin == 0) return ETWR_OK;
    enum etwr_status status =
        schema_rebuild(schema->plain.data, schema->plain.size, &schema->descriptor, builder, NULL);
    if (status == ETWR_OK) status = origin_declare(origin, builder);
    if (status == ETWR_OK) status = etwr_event_encode_template(builder, &encoded);
    if (status == ETWR_OK && !copy_bytes(&schema->stamped, &encoded.metadata))
        status = ETWR_E_NO_MEMORY;
    if (status != ETWR_E_NO_MEMORY) return ETWR_OK;
    schema->origin = ~origin; /* try again at the next event */
    return status;
}

enum etwr_reason relay_compile_schema(struct session *session, struct slot_schema *schema,
                                      const struct request_schema *request)
{
    struct etwr_event *builder = session->worker->builder;
    struct etwr_encoded encoded;
    int has_own = 0;
    enum etwr_status status = schema_rebuild(request->metadata.data, request->metadata.size,
                                             &request->descriptor, builder, NULL);
    if (status == ETWR_OK) status = etwr_event_encode_template(builder, &encoded);
    if (status != ETWR_OK) return reason_of(status);
    status =
        schema_has_field(encoded.metadata.data, encoded.metadata.size, ORIGIN_FIELD_NAME, &has_own);
    if (status != ETWR_OK) return reason_of(status);
    /* Nobody but the service says who sent an event (T15). */
    if (has_own) return ETWR_REASON_SCHEMA;
    schema->descriptor = encoded.descriptor;
    if (!copy_bytes(&schema->plain, &encoded.metadata)) return ETWR_REASON_NO_MEMORY;
    status = schema_create(schema->plain.data, schema->plain.size, &schema->schema);
    if (status != ETWR_OK) return reason_of(status);
    if (relay_stamp_schema(session, schema) != ETWR_OK) return ETWR_REASON_NO_MEMORY;
    return ETWR_REASON_NONE;
}
