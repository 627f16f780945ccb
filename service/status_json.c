/* Counters as JSON. Keys are added, never renamed: scripts and checks depend on them. */
#include "service/status_json.h"

#include <stdio.h>
#include <string.h>

#include "protocol/tracelogging/utf8.h"
#include "service/relay.h"

static void put_key(struct text *text, const char *key)
{
    if (text->size > 0 && text->data[text->size - 1] != '{') text_put_char(text, ',');
    text_put_json_string(text, key, strlen(key));
    text_put_char(text, ':');
}

static void put_number(struct text *text, const char *key, uint64_t value)
{
    put_key(text, key);
    text_put_u64(text, value);
}

static void put_string(struct text *text, const char *key, const char *value)
{
    put_key(text, key);
    text_put_json_string(text, value, strlen(value));
}

/* A path may be any bytes; JSON is UTF-8. */
static void put_path(struct text *text, const char *key, const char *path)
{
    if (utf8_is_valid(path, strlen(path))) {
        put_string(text, key, path);
        return;
    }
    put_key(text, key);
    text_put_char(text, '"');
    for (const char *at = path; *at != 0; at++)
        text_put_char(text, *at < 0x20 || *at > 0x7E || *at == '"' || *at == '\\' ? '?' : *at);
    text_put_char(text, '"');
}

/* {reason: count} for what is not 0; `first` is the first reason that the table counts. */
static void put_reasons(struct text *text, const char *key, const uint64_t *counts, size_t first,
                        size_t end)
{
    put_key(text, key);
    text_put_char(text, '{');
    for (size_t i = first; i < end; i++) {
        if (counts[i] == 0) continue;
        const char *name = etwr_reason_name((enum etwr_reason)i);
        char number[32];
        /* LOST may name a reason that this service does not know: its number tells it from others.
         */
        if (strcmp(name, "unknown") == 0) {
            snprintf(number, sizeof number, "reason_%zu", i);
            name = number;
        }
        put_number(text, name, counts[i]);
    }
    text_put_char(text, '}');
}

static void put_counts(struct text *text, const struct account_counts *counts)
{
    put_number(text, "written", counts->written);
    put_number(text, "not_enabled", counts->not_enabled);
    put_reasons(text, "dropped", counts->dropped, 1, ETWR_REASON_DROP_COUNT);
}

void status_put_client(struct text *text, const struct client *client, uint64_t now_ms)
{
    if (text->size > 0) text_put_char(text, ',');
    text_put_char(text, '{');
    put_number(text, "pid", client->peer.pid);
    put_string(text, "user", client->peer.user);
    put_string(text, "image", client->image);
    put_number(text, "connected_s", (now_ms - client->connected_ms) / 1000);
    put_number(text, "accepted", client->account.accepted);
    put_counts(text, &client->account.counts);
    put_number(text, "pending", client->account.pending);
    put_reasons(text, "client_dropped", client->account.client_dropped, 1, ETWR_REASON_DROP_COUNT);
    put_number(text, "in_doubt", client->account.in_doubt);
    text_put_char(text, '}');
}

static void add_part(struct status_part *sum, const struct status_part *part)
{
    sum->accepted += part->accepted;
    sum->pending += part->pending;
    sum->in_doubt += part->in_doubt;
    sum->client_count += part->client_count;
    sum->slot_count += part->slot_count;
    account_counts_add(&sum->counts, &part->counts);
    sum->own.written += part->own.written;
    sum->own.pending += part->own.pending;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++) {
        sum->client_dropped[i] += part->client_dropped[i];
        sum->own.dropped[i] += part->own.dropped[i];
    }
    for (size_t i = 0; i < SLOT_SINKS_MAX; i++) {
        account_counts_add(&sum->sinks[i].counts, &part->sinks[i].counts);
        sum->sinks[i].pending += part->sinks[i].pending;
    }
    sum->transport.sessions += part->transport.sessions;
    sum->transport.frames += part->transport.frames;
    sum->transport.bytes += part->transport.bytes;
    sum->transport.partial += part->transport.partial;
    sum->transport.unstamped += part->transport.unstamped;
    sum->transport.claimed_pid_differs += part->transport.claimed_pid_differs;
    for (size_t i = 0; i < RELAY_REASONS; i++)
        sum->transport.ended[i] += part->transport.ended[i];
}

static void put_own(struct text *text, const struct worker_own *own)
{
    put_key(text, "own");
    text_put_char(text, '{');
    put_number(text, "written", own->written);
    put_reasons(text, "dropped", own->dropped, 1, ETWR_REASON_DROP_COUNT);
    put_number(text, "pending", own->pending);
    text_put_char(text, '}');
}

static void put_sinks(struct text *text, const struct relay *relay, const struct status_part *sum,
                      size_t count)
{
    put_key(text, "sinks");
    text_put_char(text, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0) text_put_char(text, ',');
        text_put_char(text, '{');
        put_string(text, "type", relay->sinks[i]->type);
        put_path(text, "target", relay->sinks[i]->target);
        put_counts(text, &sum->sinks[i].counts);
        put_number(text, "pending", sum->sinks[i].pending);
        text_put_char(text, '}');
    }
    text_put_char(text, ']');
}

static void put_transport(struct text *text, const struct relay *relay,
                          const struct worker_transport *transport)
{
    uint64_t refused[RELAY_REASONS];
    for (size_t i = 0; i < RELAY_REASONS; i++)
        refused[i] = atomic_load_explicit(&relay->refused[i], memory_order_relaxed);
    put_key(text, "transport");
    text_put_char(text, '{');
    put_number(text, "sessions", transport->sessions);
    put_number(text, "frames", transport->frames);
    put_number(text, "bytes", transport->bytes);
    put_number(text, "partial", transport->partial);
    put_number(text, "malformed", transport->ended[ETWR_REASON_MALFORMED]);
    put_number(text, "oversize", transport->ended[ETWR_REASON_OVERSIZE]);
    put_reasons(text, "ended", transport->ended, ETWR_REASON_MALFORMED, RELAY_REASONS);
    put_reasons(text, "refused", refused, 1, RELAY_REASONS);
    put_number(text, "claimed_pid_differs", transport->claimed_pid_differs);
    text_put_char(text, '}');
}

struct put_providers {
    struct text *text;
    const struct relay *relay;
    const struct settings *settings;
    size_t count;
};

static void put_provider(void *context, const struct relay_provider *provider)
{
    struct put_providers *put = context;
    struct enablement listeners[SLOT_SINKS_MAX];
    struct enablement merged;
    char id[ETWR_GUID_TEXT_BYTES];
    (void)relay_find_listeners(put->relay, put->settings, provider, listeners, &merged);
    etwr_guid_format(&provider->id, id);
    if (put->count++ > 0) text_put_char(put->text, ',');
    text_put_char(put->text, '{');
    put_string(put->text, "name", provider->name);
    put_string(put->text, "id", id);
    put_key(put->text, "enabled");
    text_put_string(put->text, merged.enabled ? "true" : "false");
    put_number(put->text, "level", merged.level);
    put_key(put->text, "any");
    text_put_char(put->text, '"');
    text_put_hex_u64(put->text, merged.match_any);
    text_put_char(put->text, '"');
    put_key(put->text, "all");
    text_put_char(put->text, '"');
    text_put_hex_u64(put->text, merged.match_all);
    text_put_char(put->text, '"');
    put_number(put->text, "events", atomic_load_explicit(&provider->events, memory_order_relaxed));
    text_put_char(put->text, '}');
}

static void put_clients(struct text *text, const struct status_part *parts, unsigned part_count)
{
    bool is_first = true;
    put_key(text, "per_client");
    text_put_char(text, '[');
    for (unsigned i = 0; i < part_count; i++) {
        const struct text *clients = &parts[i].clients_json;
        if (clients->failed) text->failed = true;
        if (clients->size == 0) continue;
        if (!is_first) text_put_char(text, ',');
        is_first = false;
        text_put(text, clients->data, clients->size);
    }
    text_put_char(text, ']');
}

static void put_details(struct text *text, struct relay *relay, const struct settings *settings,
                        const struct status_part *parts, unsigned part_count, bool is_everything)
{
    struct put_providers put = {text, relay, settings, 0};
    put_number(text, "uptime_s", (relay_now_ms() - relay->started_ms) / 1000);
    put_clients(text, parts, part_count);
    put_key(text, "per_provider");
    text_put_char(text, '[');
    if (is_everything) registry_for_each(relay->registry, put_provider, &put);
    text_put_char(text, ']');
}

void status_put_json(struct text *text, struct relay *relay, const struct settings *settings,
                     const struct status_part *parts, unsigned part_count, enum status_scope scope)
{
    struct status_part sum;
    memset(&sum, 0, sizeof sum);
    for (unsigned i = 0; i < part_count; i++)
        add_part(&sum, &parts[i]);
    text_put_char(text, '{');
    put_number(text, "accepted", sum.accepted);
    put_counts(text, &sum.counts);
    put_number(text, "pending", sum.pending);
    put_own(text, &sum.own);
    put_number(text, "clients", sum.client_count);
    put_number(text, "providers",
               scope == STATUS_OWN ? sum.slot_count : registry_count(relay->registry));
    put_sinks(text, relay, &sum, scope == STATUS_OWN ? 0 : relay->sink_count);
    put_reasons(text, "client_dropped", sum.client_dropped, 1, ETWR_REASON_DROP_COUNT);
    put_number(text, "in_doubt", sum.in_doubt);
    if (scope != STATUS_OWN) {
        put_number(text, "unstamped", sum.transport.unstamped);
        put_transport(text, relay, &sum.transport);
    }
    if (scope != STATUS_FINAL)
        put_details(text, relay, settings, parts, part_count, scope == STATUS_EVERYTHING);
    text_put_char(text, '}');
}
