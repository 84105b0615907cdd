/* parigot_opt.c: Binaryen's optimiser as a program: a module on standard input, a module on standard output.
 *
 * parigot-ld starts it for -O1 to -O4, -Os and -Oz (optimize.c), in a process with limits (child.h): Binaryen reads a
 * module with all its tables into memory, and where it does not know on it ends the process. Its arguments are those of
 * wasm-opt that parigot-ld gives either of the two: -O LEVEL, -g (names are kept), --mvp-features, --enable-FEATURE.
 *
 * Source: binaryen-c.h, version 108. */
#include "wasm/wasm.h"

#include <binaryen-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_CLEAN = 0, EXIT_FINDINGS = 1, EXIT_USAGE = 2, EXIT_INTERNAL = 3 };

typedef struct Settings {
    int optimize, shrink;
    bool names;
    BinaryenFeatures features;
} Settings;

static bool take_level(const char *text, Settings *s)
{
    static const struct {
        const char *text;
        int optimize, shrink;
    } rows[] = {{"1", 1, 0}, {"2", 2, 0}, {"3", 3, 0}, {"4", 4, 0}, {"s", 2, 1}, {"z", 2, 2}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].text, text) == 0) {
            s->optimize = rows[i].optimize;
            s->shrink = rows[i].shrink;
            return true;
        }
    return false;
}

/* By the names that wasm-opt has for them. */
static bool take_feature(const char *text, Settings *s)
{
    const struct {
        const char *text;
        BinaryenFeatures bit;
    } rows[] = {{"mutable-globals", BinaryenFeatureMutableGlobals()},
                {"nontrapping-float-to-int", BinaryenFeatureNontrappingFPToInt()},
                {"sign-ext", BinaryenFeatureSignExt()},
                {"bulk-memory", BinaryenFeatureBulkMemory()},
                {"reference-types", BinaryenFeatureReferenceTypes()},
                {"multivalue", BinaryenFeatureMultivalue()},
                {"simd", BinaryenFeatureSIMD128()},
                {"tail-call", BinaryenFeatureTailCall()},
                {"extended-const", BinaryenFeatureExtendedConst()}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].text, text) == 0) {
            s->features |= rows[i].bit;
            return true;
        }
    return false;
}

static bool take(const char *arg, Settings *s)
{
    if (strncmp(arg, "-O", 2) == 0) return take_level(arg + 2, s);
    if (strcmp(arg, "-g") == 0) return s->names = true;
    if (strcmp(arg, "--mvp-features") == 0) {
        s->features = BinaryenFeatureMVP();
        return true;
    }
    return strncmp(arg, "--enable-", 9) == 0 && take_feature(arg + 9, s);
}

static bool write_all(const uint8_t *bytes, size_t size)
{
    while (size) {
        ssize_t n = write(STDOUT_FILENO, bytes, size);
        if (n <= 0) return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/* Nothing is freed: the process is over, and ends without asking who still holds what. */
static bool optimize(const FileBytes *in, const Settings *s)
{
    BinaryenModuleRef module = BinaryenModuleRead((char *)in->ptr, in->size);
    BinaryenModuleSetFeatures(module, s->features);
    BinaryenSetOptimizeLevel(s->optimize);
    BinaryenSetShrinkLevel(s->shrink);
    BinaryenSetDebugInfo(s->names);
    BinaryenModuleOptimize(module);
    BinaryenModuleAllocateAndWriteResult out = BinaryenModuleAllocateAndWrite(module, NULL);
    return write_all(out.binary, out.binaryBytes);
}

int main(int argc, char **argv)
{
    Settings s = {0};
    FileBytes in;
    Diags diags = {0};
    for (int i = 1; i < argc; i++)
        if (!take(argv[i], &s)) {
            fprintf(stderr, "parigot-opt: error: unknown argument: %s (parigot-ld starts this program) [U0101]\n", argv[i]);
            return EXIT_USAGE;
        }
    if (!file_read("-", 0, &diags, &in)) {
        fputs("parigot-opt: error: cannot read standard input [I0101]\n", stderr);
        return EXIT_USAGE;
    }
    _exit(optimize(&in, &s) ? EXIT_CLEAN : EXIT_INTERNAL);
}
