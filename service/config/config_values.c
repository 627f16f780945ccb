/*
 * Single values of the configuration: numbers, words, lists, and the errors that they give.
 *
 * A table of keys drives each kind of object, so that the key that is read, the range that is
 * checked and the name that a message suggests are written in one place.
 */
#include "service/config/config_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json/nearest.h"
#include "protocol/tracelogging/utf8.h"

#define MESSAGE_BYTES    1024
#define KEYS_MAX         32
#define SHOWN_WORD_BYTES 64 /* of a word that we do not know */

static void put_error(struct config_reader *reader, const char *format, va_list arguments)
{
    char message[MESSAGE_BYTES];
    if (vsnprintf(message, sizeof(message), format, arguments) < 0) message[0] = '\0';
    for (char *at = message; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) *at = '?'; /* one error, one line */
    }
    text_put_string(reader->errors, reader->path.text);
    text_put_string(reader->errors, ": ");
    text_put_string(reader->errors, message);
    text_put_char(reader->errors, '\n');
    reader->error_count++;
}

void config_error(struct config_reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_error(reader, format, arguments);
    va_end(arguments);
}

void config_error_at(struct config_reader *reader, const char *key, const char *format, ...)
{
    va_list arguments;
    size_t mark = json_path_key(&reader->path, key, strlen(key));
    va_start(arguments, format);
    put_error(reader, format, arguments);
    va_end(arguments);
    json_path_back(&reader->path, mark);
}

/* "a, b or c" */
static void list_words(const char *const *words, size_t count, char *text, size_t capacity)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count && used < capacity; i++) {
        const char *before = i == 0 ? "" : i + 1 == count ? " or " : ", ";
        int size = snprintf(text + used, capacity - used, "%s%s", before, words[i]);
        used += size > 0 ? (size_t)size : 0;
    }
}

static void unknown_key(struct config_reader *reader, const char *name, const char *what,
                        const struct config_key *keys, size_t count)
{
    const char *names[KEYS_MAX];
    char known[MESSAGE_BYTES - 256];
    for (size_t i = 0; i < count; i++)
        names[i] = keys[i].name;
    list_words(names, count, known, sizeof(known));
    config_error_at(reader, name, "%s has no such key; the nearest is \"%s\"; allowed are %s", what,
                    nearest_word(name, names, count), known);
}

static const struct config_key *find_key(const char *name, const struct config_key *keys,
                                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, keys[i].name) == 0) return &keys[i];
    }
    return NULL;
}

void config_read_object(struct config_reader *reader, const cJSON *item, const char *what,
                        const struct config_key *keys, size_t count, void *target)
{
    const cJSON *member = NULL;
    if (!cJSON_IsObject(item)) {
        config_error(reader, "%s is an object {...}", what);
        return;
    }
    cJSON_ArrayForEach(member, item)
    {
        const struct config_key *key = find_key(member->string, keys, count);
        size_t mark = 0;
        if (key == NULL) {
            unknown_key(reader, member->string, what, keys, count);
            continue;
        }
        mark = json_path_key(&reader->path, key->name, strlen(key->name));
        key->read(reader, member, key, target);
        json_path_back(&reader->path, mark);
    }
}

char *config_copy(struct config_reader *reader, const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = malloc(size);
    if (copy == NULL) {
        reader->no_memory = true;
        return NULL;
    }
    memcpy(copy, string, size);
    return copy;
}

int config_read_word(struct config_reader *reader, const cJSON *item, const char *const *words,
                     size_t count)
{
    char known[MESSAGE_BYTES / 2];
    list_words(words, count, known, sizeof(known));
    if (!cJSON_IsString(item)) {
        config_error(reader, "expected a string: %s", known);
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(item->valuestring, words[i]) == 0) return (int)i;
    }
    size_t shown = utf8_cut(item->valuestring, strlen(item->valuestring), SHOWN_WORD_BYTES);
    config_error(reader, "there is no \"%.*s\"; the nearest is \"%s\"; allowed are %s", (int)shown,
                 item->valuestring, nearest_word(item->valuestring, words, count), known);
    return -1;
}

void config_free_list(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

/* One element; NULL after an error. */
static char *read_element(struct config_reader *reader, const cJSON *item,
                          const char *(*fault)(const char *))
{
    const char *wrong = NULL;
    if (!cJSON_IsString(item)) {
        config_error(reader, "expected a string");
        return NULL;
    }
    wrong = fault(item->valuestring);
    if (wrong == NULL) return config_copy(reader, item->valuestring);
    config_error(reader, "%s", wrong);
    return NULL;
}

void config_read_list(struct config_reader *reader, const cJSON *item,
                      const char *(*fault)(const char *), char ***list, size_t *count)
{
    const cJSON *element = NULL;
    size_t index = 0, read_count = 0;
    char **read = NULL;
    if (!cJSON_IsArray(item)) {
        config_error(reader, "expected an array [...] of strings");
        return;
    }
    read = calloc((size_t)cJSON_GetArraySize(item) + 1, sizeof(*read));
    if (read == NULL) {
        reader->no_memory = true;
        return;
    }
    cJSON_ArrayForEach(element, item)
    {
        size_t mark = json_path_index(&reader->path, index++);
        char *copy = read_element(reader, element, fault);
        if (copy != NULL) read[read_count++] = copy;
        json_path_back(&reader->path, mark);
    }
    config_free_list(*list, *count);
    *list = read;
    *count = read_count;
}

static bool read_number(struct config_reader *reader, const cJSON *item,
                        const struct config_key *key, uint64_t *value)
{
    if (strict_get_u64(item, key->max, value) == ETWR_OK && *value >= key->min) return true;
    config_error(reader, "expected an integer from %" PRIu64 " to %" PRIu64 ": %s", key->min,
                 key->max, strict_integer_fault(item));
    return false;
}

void config_read_u32(struct config_reader *reader, const cJSON *item, const struct config_key *key,
                     void *target)
{
    uint64_t value = 0;
    uint32_t narrow = 0;
    if (!read_number(reader, item, key, &value)) return;
    narrow = (uint32_t)value;
    memcpy((char *)target + key->offset, &narrow, sizeof(narrow));
}

void config_read_u64(struct config_reader *reader, const cJSON *item, const struct config_key *key,
                     void *target)
{
    uint64_t value = 0;
    if (!read_number(reader, item, key, &value)) return;
    memcpy((char *)target + key->offset, &value, sizeof(value));
}

void config_read_bool(struct config_reader *reader, const cJSON *item, const struct config_key *key,
                      void *target)
{
    bool value = cJSON_IsTrue(item);
    if (!cJSON_IsBool(item)) {
        config_error(reader, "expected true or false");
        return;
    }
    memcpy((char *)target + key->offset, &value, sizeof(value));
}
