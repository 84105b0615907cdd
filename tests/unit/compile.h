/* compile.h: objects and archives made by the LLVM tools while a test runs, in a temporary folder that is gone again
 * when the call returns. Without clang-19 or llvm-ar-19 the calls say so on standard error and return false. */
#ifndef PARIGOT_TESTS_COMPILE_H
#define PARIGOT_TESTS_COMPILE_H
#include "wasm/wasm.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Bytes {
    uint8_t *ptr; /* malloc */
    size_t size;
} Bytes;

static inline void bytes_free(Bytes *b)
{
    free(b->ptr);
    *b = (Bytes){0};
}

static inline bool have_tool(const char *name)
{
    char command[256];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", name);
    if (system(command) == 0) return true;
    fprintf(stderr, "skipped: %s is not there\n", name);
    return false;
}

static inline void put_file(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[256];
    Diags d = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert(file_write(path, bytes, size, 0600, false, &d));
}

static inline Bytes get_file(const char *folder, const char *name)
{
    char path[256];
    FileBytes f;
    Diags d = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_msg(file_read(path, 0, &d, &f), "%s", path);
    return (Bytes){f.ptr, f.size};
}

static inline void run_in(const char *folder, const char *command)
{
    char line[1024];
    snprintf(line, sizeof line, "cd %s && %s", folder, command);
    ck_assert_msg(system(line) == 0, "%s", line);
}

static inline void temporary_folder(char folder[static 32])
{
    strcpy(folder, "/tmp/parigot-test-XXXXXX");
    ck_assert(mkdtemp(folder));
}

static inline void remove_folder(const char *folder)
{
    char line[64];
    snprintf(line, sizeof line, "rm -r %s", folder);
    ck_assert_int_eq(system(line), 0);
}

/* language: "c", "c++" or "assembler" as for clang -x. The source is called "prog". */
static inline bool compile(const char *language, const char *source, const char *flags, Bytes *out)
{
    if (!have_tool("clang-19")) return false;
    char folder[32], command[512];
    temporary_folder(folder);
    put_file(folder, "prog", source, strlen(source));
    snprintf(command, sizeof command, "clang-19 --target=wasm32 -ffreestanding -Qunused-arguments %s -x %s -c prog -o prog.o", flags, language);
    run_in(folder, command);
    *out = get_file(folder, "prog.o");
    remove_folder(folder);
    return true;
}

/* The oracle's link of one object, with its DWARF. */
static inline bool link_by_wasm_ld(Bytes object, const char *flags, Bytes *out)
{
    if (!have_tool("wasm-ld-19")) return false;
    char folder[32], command[256];
    temporary_folder(folder);
    put_file(folder, "prog.o", object.ptr, object.size);
    snprintf(command, sizeof command, "wasm-ld-19 %s prog.o -o prog.wasm", flags);
    run_in(folder, command);
    *out = get_file(folder, "prog.wasm");
    remove_folder(folder);
    return true;
}

/* Two members, both of this object. */
static inline bool make_archive(const char *form, Bytes object, Bytes *out)
{
    if (!have_tool("llvm-ar-19")) return false;
    char folder[32], command[256];
    temporary_folder(folder);
    put_file(folder, "a-member-with-a-long-name.o", object.ptr, object.size);
    put_file(folder, "b.o", object.ptr, object.size);
    snprintf(command, sizeof command, "llvm-ar-19 rcs %s out.a a-member-with-a-long-name.o b.o", form);
    run_in(folder, command);
    *out = get_file(folder, "out.a");
    remove_folder(folder);
    return true;
}
#endif
