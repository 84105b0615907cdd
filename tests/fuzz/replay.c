/* replay.c: runs a fuzz target over its corpus without libFuzzer, so that every test run does it with any compiler.
 *
 * replay FOLDER...: each file as it is, cut short at up to 64 places, and with 256 single bits flipped at places that
 * a generator with a fixed seed chooses. One TAP point a folder; a crash is the failure. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CUTS = 64, FLIPS = 256, MAX_FILE = 1 << 20 };

static uint64_t next_random(uint64_t *state) /* xorshift64 */
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* The target gets a copy of just the right size, so that a sanitizer sees every step beyond it. */
static void run_copy(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) abort();
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void replay(uint8_t *bytes, size_t size)
{
    run_copy(bytes, size);
    for (size_t i = 0; i < CUTS && i < size; i++) run_copy(bytes, size < CUTS ? i : size / CUTS * i);
    uint64_t seed = 0x9e3779b97f4a7c15;
    for (size_t i = 0; i < FLIPS && size; i++) {
        size_t bit = next_random(&seed) % (size * 8);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        run_copy(bytes, size);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static int replay_folder(const char *folder)
{
    static uint8_t bytes[MAX_FILE];
    struct dirent **names;
    int n = scandir(folder, &names, NULL, alphasort), files = 0;
    if (n < 0) return -1;
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        FILE *f = names[i]->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (f) {
            replay(bytes, fread(bytes, 1, sizeof bytes, f));
            fclose(f);
            files++;
        }
        free(names[i]);
    }
    free(names);
    return files;
}

int main(int argc, char **argv)
{
    int failed = argc < 2;
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        int files = replay_folder(argv[i]);
        failed |= files <= 0;
        printf("%s %d - %s: %d files\n", files > 0 ? "ok" : "not ok", i, argv[i], files);
        fflush(stdout);
    }
    return failed;
}
