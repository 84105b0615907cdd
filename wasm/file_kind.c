/* file_kind.c: what a file is that is no module, by its first bytes: so that a message can say it. Only ever a guess. */
#include "wasm/wasm.h"

#include <string.h>

static const struct {
    Str start;
    const char *words;
} kinds[] = {
    {{"\x1f\x8b", 2}, "this is compressed by gzip: unpack it first"},
    {{"\x28\xb5\x2f\xfd", 4}, "this is compressed by zstd: unpack it first"},
    {{"\xfd" "7zXZ", 5}, "this is compressed by xz: unpack it first"},
    {{"PK\3\4", 4}, "this is a zip archive: unpack it first"},
    {{"!<arch>\n", 8}, "this is an archive of object files, a static library: link it first"},
    {{"\177ELF", 4}, "this is an ELF file, for another machine"},
    {{"MZ", 2}, "this is a program for Windows"},
    {{"\xcf\xfa\xed\xfe", 4}, "this is a Mach-O file, for another machine"},
    {{"BC\xc0\xde", 4}, "this is LLVM bitcode: compile without -flto"},
    {{"PBUNDLE", 8}, "this is a bundle: parigot-bundle verify checks it"},
    {{"version https://git-lfs", 23}, "this is a pointer of Git LFS: git lfs pull fetches the file"},
    {{"{", 1}, "this is JSON"},
    {{"<", 1}, "this is HTML or XML"},
    {{"#!", 2}, "this is a script"},
};

/* Text, but for its first lines if they are comments (core 2.0 §6.3.3), that begins with a parenthesis. */
static bool is_text_format(const uint8_t *p, const uint8_t *end)
{
    while (p != end) {
        if (*p == ';' && end - p >= 2 && p[1] == ';') {
            const uint8_t *line = memchr(p, '\n', (size_t)(end - p));
            if (!line) return false;
            p = line + 1;
        } else if (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n') {
            p++;
        } else {
            return *p == '(';
        }
    }
    return false;
}

static bool is_text(const uint8_t *p, const uint8_t *end)
{
    for (; p != end; p++)
        if ((*p < ' ' && *p != '\t' && *p != '\r' && *p != '\n') || *p == 0x7f) return false;
    return true;
}

const char *wasm_file_kind(const uint8_t *bytes, size_t size)
{
    enum { LOOKED_AT = 4096 };
    const uint8_t *end = bytes + (size < LOOKED_AT ? size : LOOKED_AT);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (size >= kinds[i].start.len && memcmp(bytes, kinds[i].start.ptr, kinds[i].start.len) == 0) return kinds[i].words;
    if (!is_text(bytes, end)) return NULL;
    return is_text_format(bytes, end) ? "this is WebAssembly as text: wat2wasm makes a module of it" : "this is text";
}
