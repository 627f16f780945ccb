/*
 * The main() of a target in a build without libFuzzer: every file named, and every file in every
 * folder named, goes through the target once, in the order of their names.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define PATH_MAX_BYTES  1024
#define INPUT_MAX_BYTES (4 * 1024 * 1024)

static size_t replayed;

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(INPUT_MAX_BYTES);
    size_t size;

    if (file == NULL || bytes == NULL) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(EXIT_FAILURE);
    }
    size = fread(bytes, 1, INPUT_MAX_BYTES, file);
    fclose(file);
    uint8_t *copy = fuzz_copy(bytes, size);
    free(bytes);
    if (getenv("FUZZ_VERBOSE") != NULL) fprintf(stderr, "%s\n", path);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    replayed++;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Folders list their files in any order, and a failure is to be found again. */
static char **list_names(DIR *folder, size_t *count)
{
    char **names = NULL;
    struct dirent *entry;

    *count = 0;
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        char **grown = realloc(names, (*count + 1) * sizeof *names);
        FUZZ_CHECK(grown != NULL);
        names = grown;
        names[(*count)++] = fuzz_copy_text(entry->d_name, strlen(entry->d_name));
    }
    if (*count > 0) qsort(names, *count, sizeof *names, compare_names);
    return names;
}

static void replay_folder(const char *path, DIR *folder)
{
    size_t count;
    char **names = list_names(folder, &count);

    for (size_t i = 0; i < count; i++) {
        char file[PATH_MAX_BYTES];
        int length = snprintf(file, sizeof file, "%s/%s", path, names[i]);
        FUZZ_CHECK(length > 0 && (size_t)length < sizeof file);
        replay_file(file);
        free(names[i]);
    }
    free(names);
}

static void replay(const char *path)
{
    DIR *folder = opendir(path);

    if (folder == NULL) {
        replay_file(path);
        return;
    }
    replay_folder(path, folder);
    closedir(folder);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    printf("%zu inputs\n", replayed);
    return replayed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
