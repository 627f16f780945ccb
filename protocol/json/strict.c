/*
 * The strict parser: looks at the whole text first, by RFC 8259, and gives it to cJSON only when it
 * is clean.
 *
 * Nothing is built here but a path for messages and the open objects' keys; so this is the place
 * where untrusted JSON is judged, and cJSON's leniencies (strict.h names them) are never reached.
 */
#include "protocol/json/strict.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json/format.h"
#include "protocol/json/strict_keys.h"
#include "protocol/json/strict_number.h"
#include "protocol/json/strict_text.h"

/* A number whose fraction a double does not show: the how-manieth number of the text it is. */
struct lost_fraction {
    size_t ordinal;
    const char *text;
    size_t size;
};

struct scan {
    const char *start, *at, *end;
    unsigned depth, depth_max;
    struct json_path path;
    struct strict_keys keys;
    size_t number_count;
    struct lost_fraction *lost;
    size_t lost_count, lost_capacity;
    struct strict_error *error;
    enum etwr_status status;
};

static bool scan_value(struct scan *scan);

/* Always false, so that a caller can return it. */
FORMAT_LIKE(3, 4)
static bool fail(struct scan *scan, const char *at, const char *format, ...)
{
    struct strict_error *error = scan->error;
    va_list arguments;
    scan->status = ETWR_E_MALFORMED;
    error->offset = (size_t)(at - scan->start);
    error->line = error->column = 1;
    for (const char *c = scan->start; c < at; c++) {
        error->column++;
        if (*c != '\n') continue;
        error->line++;
        error->column = 1;
    }
    memcpy(error->path, scan->path.text, sizeof(error->path));
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return false;
}

static bool fail_no_memory(struct scan *scan)
{
    (void)fail(scan, scan->at, "not enough memory");
    scan->status = ETWR_E_NO_MEMORY;
    return false;
}

/* "expected X" and what stands there instead. */
static bool fail_expected(struct scan *scan, const char *expected)
{
    unsigned char c = 0;
    if (scan->at == scan->end)
        return fail(scan, scan->at, "the text ends where %s should be", expected);
    c = (unsigned char)*scan->at;
    if (c > 0x20 && c < 0x7f) return fail(scan, scan->at, "expected %s, not '%c'", expected, c);
    return fail(scan, scan->at, "expected %s, not byte 0x%02x", expected, c);
}

/* JSON's own white space; cJSON would take every byte up to 0x20. */
static void skip_space(struct scan *scan)
{
    while (scan->at < scan->end && memchr(" \t\n\r", *scan->at, 4) != NULL)
        scan->at++;
}

static bool skip_char(struct scan *scan, char c)
{
    if (scan->at == scan->end || *scan->at != c) return false;
    scan->at++;
    return true;
}

static bool fail_text(struct scan *scan, enum strict_text_fault fault, const char *opening)
{
    const char *at = scan->at;
    switch (fault) {
    case STRICT_TEXT_OPEN:
        return fail(scan, opening, "a string that does not end; expected a closing quote");
    case STRICT_TEXT_CONTROL:
        return fail(scan, at, "a raw control character 0x%02x in a string; write it as \\u%04x",
                    (unsigned)(unsigned char)*at, (unsigned)(unsigned char)*at);
    case STRICT_TEXT_UTF8:
        return fail(scan, at, "byte 0x%02x is not valid UTF-8 here; JSON text is UTF-8",
                    (unsigned)(unsigned char)*at);
    case STRICT_TEXT_ESCAPE:
        return fail(scan, at,
                    "not an escape of JSON; allowed are \\\" \\\\ \\/ \\b \\f \\n \\r \\t "
                    "and \\u with four hex digits");
    case STRICT_TEXT_SURROGATE:
        return fail(scan, at,
                    "half a surrogate pair; expected \\ud800-\\udbff and then "
                    "\\udc00-\\udfff");
    case STRICT_TEXT_NUL:
        scan->error->is_nul = 1;
        return fail(scan, at, "\\u0000 is not allowed in text");
    case STRICT_TEXT_OK:
        break;
    }
    return true;
}

/* A string; what stands between its quotes is in *text and *size. */
static bool scan_string(struct scan *scan, const char **text, size_t *size)
{
    const char *opening = scan->at;
    enum strict_text_fault fault = STRICT_TEXT_OK;
    scan->at++;
    *text = scan->at;
    fault = strict_text_check(&scan->at, scan->end);
    if (fault != STRICT_TEXT_OK) return fail_text(scan, fault, opening);
    *size = (size_t)(scan->at - *text);
    scan->at++;
    return true;
}

static bool note_lost_fraction(struct scan *scan, const char *text, size_t size)
{
    if (scan->lost_count == scan->lost_capacity) {
        size_t capacity = scan->lost_capacity == 0 ? 8 : scan->lost_capacity * 2;
        struct lost_fraction *grown = realloc(scan->lost, capacity * sizeof(*grown));
        if (grown == NULL) return fail_no_memory(scan);
        scan->lost = grown;
        scan->lost_capacity = capacity;
    }
    scan->lost[scan->lost_count++] =
        (struct lost_fraction){.ordinal = scan->number_count, .text = text, .size = size};
    return true;
}

static bool scan_number(struct scan *scan)
{
    const char *start = scan->at;
    size_t size = 0;
    switch (strict_number_check(&scan->at, scan->end)) {
    case STRICT_NUMBER_LEADING_ZERO:
        return fail(scan, start, "a number with a leading zero; write it without, or as a string");
    case STRICT_NUMBER_TOO_LONG:
        return fail(scan, start, "a number of more than %d characters", STRICT_NUMBER_MAX_BYTES);
    case STRICT_NUMBER_GRAMMAR:
        return fail_expected(scan, "a digit");
    case STRICT_NUMBER_OK:
        break;
    }
    size = (size_t)(scan->at - start);
    if (strict_number_loses_fraction(start, size) && !note_lost_fraction(scan, start, size)) {
        return false;
    }
    scan->number_count++;
    return true;
}

static bool scan_word(struct scan *scan)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t size = strlen(words[i]);
        if ((size_t)(scan->end - scan->at) < size || memcmp(scan->at, words[i], size) != 0)
            continue;
        scan->at += size;
        return true;
    }
    return fail_expected(scan, "a value (object, array, string, number, true, false or null)");
}

static bool scan_member(struct scan *scan)
{
    const char *key = NULL;
    size_t size = 0, mark = 0;
    bool good = false;
    if (scan->at == scan->end || *scan->at != '"') return fail_expected(scan, "a key in quotes");
    if (!scan_string(scan, &key, &size)) return false;
    if (!strict_keys_push(&scan->keys, key, size)) return fail_no_memory(scan);
    mark = json_path_key(&scan->path, key, size);
    skip_space(scan);
    good = skip_char(scan, ':') ? scan_value(scan) : fail_expected(scan, "':'");
    json_path_back(&scan->path, mark);
    return good;
}

static bool end_object(struct scan *scan, size_t first_key)
{
    const struct strict_key *twice = strict_keys_pop(&scan->keys, first_key);
    if (twice == NULL) return true;
    (void)json_path_key(&scan->path, twice->text, twice->size);
    return fail(scan, twice->text - 1,
                "a key that this object has already; each may be given once");
}

static bool scan_object(struct scan *scan)
{
    size_t first_key = scan->keys.count;
    skip_space(scan);
    if (skip_char(scan, '}')) return true;
    for (;;) {
        skip_space(scan);
        if (!scan_member(scan)) return false;
        skip_space(scan);
        if (skip_char(scan, '}')) return end_object(scan, first_key);
        if (!skip_char(scan, ',')) return fail_expected(scan, "',' or '}'");
    }
}

static bool scan_array(struct scan *scan)
{
    skip_space(scan);
    if (skip_char(scan, ']')) return true;
    for (size_t i = 0;; i++) {
        size_t mark = json_path_index(&scan->path, i);
        if (!scan_value(scan)) return false;
        json_path_back(&scan->path, mark);
        skip_space(scan);
        if (skip_char(scan, ']')) return true;
        if (!skip_char(scan, ',')) return fail_expected(scan, "',' or ']'");
    }
}

static bool scan_nested(struct scan *scan, bool is_object)
{
    bool good = false;
    if (scan->depth == scan->depth_max) {
        return fail(scan, scan->at, "nested deeper than %u", scan->depth_max);
    }
    scan->at++;
    scan->depth++;
    good = is_object ? scan_object(scan) : scan_array(scan);
    scan->depth--;
    return good;
}

static bool scan_value(struct scan *scan)
{
    const char *text = NULL;
    size_t size = 0;
    char c = '\0';
    skip_space(scan);
    if (scan->at < scan->end) c = *scan->at;
    if (c == '{' || c == '[') return scan_nested(scan, c == '{');
    if (c == '"') return scan_string(scan, &text, &size);
    if (c == '-' || (c >= '0' && c <= '9')) return scan_number(scan);
    return scan_word(scan);
}

static bool scan_text(struct scan *scan)
{
    static const char byte_order_mark[3] = {'\xef', '\xbb', '\xbf'};
    if (scan->end - scan->at >= 3 && memcmp(scan->at, byte_order_mark, 3) == 0) {
        return fail(scan, scan->at, "a byte order mark; JSON text starts without one");
    }
    if (!scan_value(scan)) return false;
    skip_space(scan);
    if (scan->at < scan->end) return fail_expected(scan, "the end of the text");
    return true;
}

/* The next item in the text's order. */
static cJSON *next_item(cJSON *item, cJSON **parents, size_t *depth)
{
    if (item->child != NULL) {
        parents[(*depth)++] = item;
        return item->child;
    }
    while (item->next == NULL && *depth > 0)
        item = parents[--*depth];
    return item->next;
}

/* Give each number that lost a fraction its text, as its valuestring: strict_get_*() refuse those.
 * cJSON_Delete() frees it. */
static bool mark_lost_fractions(const struct scan *scan, cJSON *tree)
{
    cJSON *parents[STRICT_DEPTH_LIMIT];
    size_t depth = 0, ordinal = 0, next = 0;
    cJSON *item = tree;
    for (; item != NULL && next < scan->lost_count; item = next_item(item, parents, &depth)) {
        const struct lost_fraction *lost = &scan->lost[next];
        if (!cJSON_IsNumber(item) || ordinal++ != lost->ordinal) continue;
        item->valuestring = cJSON_malloc(lost->size + 1);
        if (item->valuestring == NULL) return false;
        memcpy(item->valuestring, lost->text, lost->size);
        item->valuestring[lost->size] = '\0';
        next++;
    }
    return true;
}

/* cJSON has nothing left to refuse in a text that passed, so what makes it fail is memory. */
static void build(struct scan *scan, cJSON **tree)
{
    cJSON *built = cJSON_ParseWithLength(scan->start, (size_t)(scan->end - scan->start));
    if (built == NULL || !mark_lost_fractions(scan, built)) {
        cJSON_Delete(built);
        (void)fail_no_memory(scan);
        return;
    }
    *tree = built;
}

enum etwr_status strict_parse_deep(const char *json, size_t size, unsigned depth, cJSON **tree,
                                   struct strict_error *error)
{
    struct scan scan = {
        .start = json, .at = json, .end = json + size, .depth_max = depth, .error = error};
    memset(error, 0, sizeof(*error));
    json_path_init(&scan.path);
    if (scan_text(&scan)) build(&scan, tree);
    strict_keys_clear(&scan.keys);
    free(scan.lost);
    return scan.status;
}

enum etwr_status strict_parse(const char *json, size_t size, cJSON **tree,
                              struct strict_error *error)
{
    return strict_parse_deep(json, size, STRICT_DEPTH, tree, error);
}
