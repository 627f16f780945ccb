/*
 * The configuration, and its patterns of names.
 *
 * Input: u8 what; 0: a pattern, a zero byte, a name; else the text of a configuration. A pattern
 * must match as a naive matcher says. A configuration is taken whole, or refused with at least one
 * line that a terminal can show.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/utf8.h"
#include "service/config/config.h"
#include "tests/fuzz/fuzz.h"

#define NAIVE_MAX_BYTES                                                                            \
    24 /* of pattern and name: the naive matcher's time grows without measure                      \
        */

static unsigned fold(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32u : c;
}

/* Of one UTF-8 character, which is good. */
static size_t character_bytes(const char *text)
{
    unsigned char first = (unsigned char)text[0];
    if (first < 0x80) return 1;
    if (first < 0xE0) return 2;
    return first < 0xF0 ? 3 : 4;
}

static bool matches_naively(const char *pattern, const char *name)
{
    if (*pattern == 0) return *name == 0;
    if (*pattern == '*') {
        if (matches_naively(pattern + 1, name)) return true;
        return *name != 0 && matches_naively(pattern, name + character_bytes(name));
    }
    if (*name == 0) return false;
    if (*pattern == '?') return matches_naively(pattern + 1, name + character_bytes(name));
    return fold((unsigned char)*pattern) == fold((unsigned char)*name) &&
           matches_naively(pattern + 1, name + 1);
}

static void check_pattern(const uint8_t *bytes, size_t size)
{
    char *pattern = fuzz_copy_text(bytes, size);
    size_t pattern_size = strlen(pattern);
    const char *name = pattern_size < size ? pattern + pattern_size + 1 : "";

    if (utf8_is_valid(pattern, pattern_size) && utf8_is_valid(name, strlen(name)) &&
        config_pattern_fault(pattern) == NULL) {
        bool matches = config_pattern_matches(pattern, name);
        if (pattern_size <= NAIVE_MAX_BYTES && strlen(name) <= NAIVE_MAX_BYTES)
            FUZZ_CHECK(matches == matches_naively(pattern, name));
    }
    free(pattern);
}

/* One line an error. */
static void check_errors(const struct text *errors)
{
    FUZZ_CHECK(!errors->failed && errors->size > 0 && errors->data[errors->size - 1] == '\n');
    for (size_t at = 0; at < errors->size;) {
        const char *line = errors->data + at;
        const char *end = memchr(line, '\n', errors->size - at);
        FUZZ_CHECK(end > line);
        FUZZ_CHECK(fuzz_is_printable(line, (size_t)(end - line)));
        at += (size_t)(end - line) + 1;
    }
}

static void check_sink(const struct config_sink *sink)
{
    FUZZ_CHECK((sink->path != NULL) ==
               (sink->type == CONFIG_SINK_ETL || sink->type == CONFIG_SINK_JSONL));
    for (size_t i = 0; i < sink->filter.provider_count; i++)
        FUZZ_CHECK(config_pattern_fault(sink->filter.providers[i]) == NULL);
    FUZZ_CHECK(sink->filter.level > 0 && sink->filter.match_any != 0);
}

static void check_config(const uint8_t *bytes, size_t size)
{
    struct config *config = NULL;
    struct text errors;

    text_init(&errors);
    if (config_parse((const char *)bytes, size, &config, &errors) == ETWR_OK) {
        FUZZ_CHECK(errors.size == 0 && config->sink_count <= CONFIG_SINKS_MAX);
        for (size_t i = 0; i < config->sink_count; i++)
            check_sink(&config->sinks[i]);
        for (size_t i = 0; i < config->rule_count; i++)
            FUZZ_CHECK(config_pattern_fault(config->rules[i].name) == NULL);
        config_unref(config);
    } else {
        FUZZ_CHECK(config == NULL);
        check_errors(&errors);
    }
    text_clear(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0) return 0;
    uint8_t *copy = fuzz_copy(bytes + 1, size - 1);
    if (bytes[0] == 0) {
        check_pattern(copy, size - 1);
    } else {
        check_config(copy, size - 1);
    }
    free(copy);
    return 0;
}
