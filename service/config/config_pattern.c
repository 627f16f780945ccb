/*
 * Patterns for provider and user names: '*' any run of characters, '?' one character, ASCII case
 * ignored.
 *
 * A name comes from outside, so no name may make matching slow. The text before the first '*' and
 * behind the last one is compared in place. What floats between two '*' is searched for in one
 * pass: bit i of a word says that the first i + 1 bytes of it end here. The leftmost place is
 * always right, since a '*' follows.
 */
#include "service/config/config.h"

#include <string.h>

#include "protocol/tracelogging/utf8.h"

struct search {
    uint64_t starts[256]; /* for each byte, the places in the floating text where it stands */
    uint64_t any;         /* the places where '?' stands */
    uint64_t last;
};

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

static size_t character_size(const char *at, const char *end)
{
    size_t size = 1;
    while (at + size < end && is_continuation(at[size]))
        size++;
    return size;
}

/* `text`, which holds no '*', at the start of the name; NULL, or where it ends there. */
static const char *match_start(const char *text, const char *text_end, const char *name,
                               const char *name_end)
{
    for (; text < text_end; text++) {
        if (name == name_end) return NULL;
        if (*text == '?') {
            name += character_size(name, name_end);
        } else if (fold(*text) == fold(*name)) {
            name++;
        } else {
            return NULL;
        }
    }
    return name;
}

/* The same at its end; true when it fits behind `name`. */
static bool match_end(const char *text, const char *text_end, const char *name,
                      const char *name_end)
{
    while (text_end > text) {
        if (name_end == name) return false;
        text_end--;
        name_end--;
        if (*text_end == '?') {
            while (name_end > name && is_continuation(*name_end))
                name_end--;
        } else if (fold(*text_end) != fold(*name_end)) {
            return false;
        }
    }
    return true;
}

static void search_prepare(struct search *search, const char *text, size_t size)
{
    search->any = 0;
    search->last = UINT64_C(1) << (size - 1);
    for (size_t i = 0; i < size; i++) {
        uint64_t bit = UINT64_C(1) << i;
        if (text[i] == '?') {
            search->any |= bit;
        } else {
            search->starts[fold(text[i])] |= bit;
        }
    }
}

/* Leaves `starts` as it was, so that the next text need not clear all of it. */
static void search_clear(struct search *search, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        search->starts[fold(text[i])] = 0;
}

/* Behind the first place where the text stands, or NULL. A '?' stays where it is while its
 * character goes on. */
static const char *search_run(const struct search *search, const char *name, const char *name_end)
{
    uint64_t here = 0;
    for (; name < name_end; name++) {
        bool goes_on = is_continuation(*name);
        uint64_t literal = (here << 1 | 1) & search->starts[fold(*name)];
        uint64_t any = goes_on ? here & search->any : (here << 1 | 1) & search->any;
        here = literal | any;
        if ((here & search->last) == 0) continue;
        if (name + 1 == name_end || !is_continuation(name[1])) return name + 1;
    }
    return NULL;
}

/* A floating text of any size: of a longer one the first 64 bytes are searched and the rest
 * compared at each place. */
static const char *find(struct search *search, const char *text, const char *text_end,
                        const char *name, const char *name_end)
{
    size_t size = (size_t)(text_end - text);
    size_t head = size;
    const char *found = name;
    if (size == 0) return name;
    if (head > CONFIG_PATTERN_FLOATING_MAX_BYTES) {
        head = CONFIG_PATTERN_FLOATING_MAX_BYTES;
        for (int i = 0; i < 3 && is_continuation(text[head]); i++)
            head--; /* whole characters only, which have at most three such bytes */
    }
    search_prepare(search, text, head);
    while ((found = search_run(search, name, name_end)) != NULL && head < size) {
        const char *end = match_start(text + head, text_end, found, name_end);
        if (end != NULL) {
            found = end;
            break;
        }
        name += character_size(name, name_end);
    }
    search_clear(search, text, head);
    return found;
}

bool config_pattern_matches(const char *pattern, const char *name)
{
    struct search search;
    const char *name_end = name + strlen(name);
    const char *star = strchr(pattern, '*');
    const char *pattern_end = pattern + strlen(pattern);
    if (star == NULL) return match_start(pattern, pattern_end, name, name_end) == name_end;
    name = match_start(pattern, star, name, name_end);
    if (name == NULL) return false;
    memset(search.starts, 0, sizeof(search.starts));
    for (;;) {
        const char *text = star + 1;
        star = strchr(text, '*');
        if (star == NULL) return match_end(text, pattern_end, name, name_end);
        name = find(&search, text, star, name, name_end);
        if (name == NULL) return false;
    }
}

const char *config_pattern_fault(const char *pattern)
{
    size_t size = strlen(pattern);
    size_t since_star = 0;
    bool seen_star = false;
    if (size == 0) return "a pattern is not empty; \"*\" matches everything";
    if (size > CONFIG_PATTERN_MAX_BYTES) return "a pattern has at most 1024 bytes";
    if (!utf8_is_valid(pattern, size)) return "a pattern is valid UTF-8";
    if (strstr(pattern, "**") != NULL) return "\"**\" is not a pattern; one \"*\" matches any run";
    for (const char *at = pattern; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return "a pattern holds no control characters";
        since_star = *at == '*' ? since_star : since_star + 1;
        if (*at != '*') continue;
        if (seen_star && since_star > CONFIG_PATTERN_FLOATING_MAX_BYTES) {
            return "at most 64 bytes may stand between two \"*\"";
        }
        seen_star = true;
        since_star = 0;
    }
    return NULL;
}
