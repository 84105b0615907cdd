/* native_make.c: the children that make native code, and the folder that cc works in.
 *
 * wasm2c reads its standard input and writes its standard output. cc reads its own, too; but it wants a file to write, and
 * files for its parts, so it gets a folder of its own, in TMPDIR or /tmp, which only this user can look into. Neither sees
 * anything of our environment but where cc's parts are to be found. */
#include "bundle/native.h"
#include "wasm/child.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WASM2C_SECONDS = 120, CC_SECONDS = 1200 };
static const uint64_t memory_bytes = UINT64_C(8) << 30, output_bytes = UINT64_C(1) << 30;

/* ---- the programs ----------------------------------------------------------------------------------------------------- */

static const char *find_program(Arena *arena, const char *name, const char *package, Diags *d)
{
    const char *path = child_find_on_path(arena, name);
    if (path) return path;
    Diag *diag = diag_add(d, LD_CHILD_MISSING, DIAG_AT(.file = NULL), "%s is not on the PATH, which --native needs", name);
    diag_note(d, diag, "it comes with the package %s", package);
    return NULL;
}

static bool check_version(const NativeTools *tools, Diags *d)
{
    ChildResult r;
    const ChildJob job = {.program = tools->wasm2c, .arguments = (const char *const[]){"wasm2c", "--version", NULL},
                          .limits = {.memory_bytes = memory_bytes, .output_bytes = 4096, .seconds = 10}};
    bool ok = child_run(&job, &r);
    if (!ok) child_tell(&job, &r, NULL, d);
    else if (r.output.len < 6 || memcmp(r.output.ptr, NATIVE_WASM2C_VERSION "\n", sizeof NATIVE_WASM2C_VERSION) != 0) {
        size_t n = r.output.len && r.output.len < 32 ? strcspn((const char *)r.output.ptr, "\n") : 0;
        Arena scratch = {0};
        const char *said = diag_escape(&scratch, (Str){(const char *)r.output.ptr, n < r.output.len ? n : 0});
        diag_add(d, BUNDLE_NATIVE_TOOL, DIAG_AT(.file = NULL), "wasm2c is of version \"%s\"; what version " NATIVE_WASM2C_VERSION
                 " writes is known", said ? said : "");
        arena_free(&scratch);
        ok = false;
    }
    wr_free(&r.output);
    return ok;
}

bool native_find_tools(Arena *arena, NativeTools *out, Diags *d)
{
    *out = (NativeTools){0};
#ifndef PARIGOT_NATIVE_TARGET
    diag_add(d, BUNDLE_NATIVE_TOOL, DIAG_AT(.file = NULL), "native code is made on x86-64 and 64-bit ARM only");
    return false;
#endif
    out->wasm2c = find_program(arena, "wasm2c", "wabt", d);
    out->cc = find_program(arena, "cc", "gcc", d);
    const char *path = getenv("PATH");
    out->path = arena_printf(arena, "PATH=%s", path ? path : "");
    if (!out->path) diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = NULL), "out of memory");
    return out->wasm2c && out->cc && out->path && check_version(out, d);
}

static NativeEnd leave(const NativeJob *job, const char *why, Diags *d)
{
    diag_add(d, BUNDLE_NATIVE_LEFT, DIAG_AT(.file = job->module->file),
             "module \"%.*s\" has no native code, since it uses what none is made for: %s; it will be interpreted", STR_ARG(job->name), why);
    return NATIVE_LEFT;
}

/* ---- wasm2c -------------------------------------------------------------------------------------------------------------- */

static bool run_wasm2c(const NativeTools *tools, const NativeJob *job, Arena *arena, Diags *d, Writer *out)
{
    static const char *const arguments[] = {"wasm2c", "--module-name=m", "--no-debug-names", CHILD_INPUT_PATH, NULL};
    Writer bare = {0};
    ChildResult r;
    native_bare_module(job, arena, &bare);
    const ChildJob child = {.program = tools->wasm2c, .arguments = arguments, .input = bare.ptr, .input_size = bare.len,
                            .limits = {.memory_bytes = memory_bytes, .output_bytes = output_bytes, .seconds = WASM2C_SECONDS}};
    bool ok = !bare.failed;
    if (!ok) diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = job->module->file), "out of memory");
    else if (!(ok = child_run(&child, &r))) child_tell(&child, &r, job->module->file, d);
    else *out = r.output;
    wr_free(&bare);
    return ok;
}

/* ---- cc -------------------------------------------------------------------------------------------------------------------- */

/* -O2, and what makes native code behave as the interpreter does: calls are calls and have frames that can be walked, made
 * before anything else is done; a function is itself, however like another;
 * arithmetic is as written, for signalling NaNs too. Nothing of the machine it is made on gets in but the instruction set
 * that all of its kind have; nothing of the compiler's own folders. No library but the compiler's. */
static const char *const cc_arguments[] = {
    "cc", "-x", "c", "-", "-std=gnu11", "-O2", "-g0", "-shared", "-fPIC", "-ffreestanding", "-nostdlib",
    "-fvisibility=hidden", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", "-fno-shrink-wrap",
    "-fno-schedule-insns2", "-fno-ipa-icf", "-ffp-contract=off", "-fno-math-errno",
    "-fsignaling-nans", "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-fno-ident",
    "-frandom-seed=parigot", "-Werror=frame-larger-than=" "65536",
    "-Wl,--build-id=none", "-Wl,-z,defs", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack", "-Wl,-z,separate-code",
#ifdef __x86_64__
    "-fcf-protection=none",
#endif
};
_Static_assert(PARIGOT_NATIVE_FRAME_BYTES == 65536, "as -Wframe-larger-than says");

static NativeEnd run_cc(const NativeTools *tools, const NativeJob *job, const TextBuf *source, const char *folder, Arena *arena, Diags *d,
                   Writer *out)
{
    static const char frame_too_large[] = "frame-larger-than=";
    const char *arguments[ARRAY_LEN(cc_arguments) + 6], *object = arena_printf(arena, "%s/native.so", folder);
    const char *tmpdir = arena_printf(arena, "TMPDIR=%s", folder);
    const char *environment[] = {"LC_ALL=C", tools->path, tmpdir, NULL};
    size_t n = 0;
    if (!object || !tmpdir) {
        diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = job->module->file), "out of memory");
        return NATIVE_FAILED;
    }
    for (; n < ARRAY_LEN(cc_arguments); n++) arguments[n] = cc_arguments[n];
    arguments[n++] = "-o";
    arguments[n++] = object;
    arguments[n++] = "-lgcc";
    arguments[n] = NULL;
    const ChildJob child = {.program = tools->cc, .arguments = arguments, .environment = environment,
                            .input = (const uint8_t *)source->ptr, .input_size = source->len,
                            .limits = {.memory_bytes = memory_bytes, .output_bytes = output_bytes, .seconds = CC_SECONDS}};
    ChildResult r;
    FileBytes made;
    bool ok = child_run(&child, &r);
    wr_free(&r.output);
    if (!ok && r.end == CHILD_FAILED && strstr(r.said, frame_too_large)) return leave(job, "a function with too many locals", d);
    if (!ok) {
        child_tell(&child, &r, job->module->file, d);
        return NATIVE_FAILED;
    }
    if (!file_read(object, output_bytes, d, &made)) return NATIVE_FAILED;
    wr_bytes(out, made.ptr, made.size);
    file_close(&made);
    if (out->failed) diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = job->module->file), "out of memory");
    return out->failed ? NATIVE_FAILED : NATIVE_MADE;
}

/* ---- the folder -------------------------------------------------------------------------------------------------------------- */

static char *make_folder(Arena *arena, Diags *d)
{
    const char *where = getenv("TMPDIR");
    char *folder = arena_printf(arena, "%s/parigot-native-XXXXXX", where && *where == '/' ? where : "/tmp");
    if (folder && mkdtemp(folder)) return folder;
    diag_add(d, IO_WRITE, DIAG_AT(.file = folder), "cannot make a folder for cc: %s", folder ? strerror(errno) : "out of memory");
    return NULL;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    (void)remove(path);
    return 0;
}

/* What cc leaves behind when it is killed goes too. */
static void remove_folder(const char *folder) { (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT); }

NativeEnd native_make(const NativeTools *tools, const NativeJob *job, Diags *d, Writer *out)
{
    Writer wasm2c = {0};
    TextBuf source = {0};
    Arena arena = {0};
    const char *obstacle = native_obstacle(job), *folder = NULL;
    if (obstacle) return leave(job, obstacle, d);
    bool ok = run_wasm2c(tools, job, &arena, d, &wasm2c);
    if (ok && !native_source(job, (Str){(const char *)wasm2c.ptr, wasm2c.len}, &arena, &source)) {
        if (source.failed) diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = job->module->file), "out of memory");
        else diag_add(d, BUNDLE_NATIVE_TOOL, DIAG_AT(.file = job->module->file), "what wasm2c wrote has not the form that is known");
        ok = false;
    }
    wr_free(&wasm2c);
    NativeEnd end = ok && (folder = make_folder(&arena, d)) ? run_cc(tools, job, &source, folder, &arena, d, out) : NATIVE_FAILED;
    if (folder) remove_folder(folder);
    if (end != NATIVE_MADE) wr_free(out);
    text_free(&source);
    arena_free(&arena);
    return end;
}
