/* response.c: response files. POSIX quoting, as LLVM has it: blanks part, '...' and "..." hold together, a backslash
 * takes the next character as it is, in both as well. Windows quoting: "..." keeps blanks, "" in it is a quote, backslashes
 * count only before quotes. */
#include "linker/response.h"

#include <string.h>
#include <unistd.h>

enum { MAX_DEPTH = 8, MAX_ARGUMENTS = 1 << 20, MAX_FILE_BYTES = 64 << 20 };

typedef struct Expansion {
    Arena *arena;
    Diags *diags;
    bool windows;
    char **items;
    size_t n, cap;
} Expansion;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0; }

/* One argument from *s, unquoted into `to`, which has room: unquoting never lengthens. */
static char *posix_argument(const char **s, const char *end, char *to)
{
    char quote = 0;
    const char *p = *s;
    for (; p < end && (quote || !is_blank(*p)); p++) {
        if (*p == '\\' && p + 1 < end) *to++ = *++p;
        else if (quote ? *p == quote : *p == '"' || *p == '\'') quote = quote ? 0 : *p;
        else *to++ = *p;
    }
    *s = p;
    return to;
}

static char *windows_argument(const char **s, const char *end, char *to)
{
    bool quoted = false;
    const char *p = *s;
    while (p < end && (quoted || !is_blank(*p))) {
        size_t slashes = 0;
        while (p + slashes < end && p[slashes] == '\\') slashes++;
        bool before_quote = p + slashes < end && p[slashes] == '"';
        for (size_t i = 0; i < (before_quote ? slashes / 2 : slashes); i++) *to++ = '\\';
        p += slashes;
        if (before_quote && slashes % 2) *to++ = *p++;
        else if (before_quote && quoted && p + 1 < end && p[1] == '"') *to++ = '"', p += 2;
        else if (before_quote) quoted = !quoted, p++;
        else if (slashes == 0) *to++ = *p++;
    }
    *s = p;
    return to;
}

static bool expand(Expansion *x, char *arg, int depth);

static bool expand_text(Expansion *x, const char *text, size_t size, int depth)
{
    const char *p = text, *end = text + size;
    char *unquoted = arena_alloc(x->arena, size + 1);
    for (;;) {
        while (p < end && is_blank(*p)) p++;
        if (p == end) return true;
        char *stop = x->windows ? windows_argument(&p, end, unquoted) : posix_argument(&p, end, unquoted);
        if (!expand(x, arena_strndup(x->arena, unquoted, (size_t)(stop - unquoted)), depth)) return false;
    }
}

static bool expand(Expansion *x, char *arg, int depth)
{
    if (arg[0] == '@' && access(arg + 1, F_OK) == 0) {
        FileBytes f;
        if (depth >= MAX_DEPTH) {
            diag_add(x->diags, USAGE, DIAG_AT(), "%s: response files nested more than %d deep", arg,
                     MAX_DEPTH);
            return false;
        }
        if (!file_read(arg + 1, MAX_FILE_BYTES, x->diags, &f)) return false;
        bool ok = expand_text(x, (const char *)f.ptr, f.size, depth + 1);
        file_close(&f);
        return ok;
    }
    if (x->n >= MAX_ARGUMENTS) {
        diag_add(x->diags, USAGE, DIAG_AT(), "more than %d arguments", MAX_ARGUMENTS);
        return false;
    }
    x->items = arena_grow(x->arena, x->items, x->n, &x->cap, sizeof *x->items);
    x->items[x->n++] = arg;
    return true;
}

bool ld_expand_arguments(int argc, char **argv, Arena *arena, Diags *diags, char ***out, size_t *n)
{
    Expansion x = {.arena = arena, .diags = diags};
    for (int i = 1; i < argc; i++) {
        const char *quoting = argv[i] + strspn(argv[i], "-");
        bool next = strcmp(quoting, "rsp-quoting") == 0 && i + 1 < argc;
        if (next || strncmp(quoting, "rsp-quoting=", 12) == 0) {
            const char *value = next ? argv[i + 1] : quoting + 12;
            x.windows = strcmp(value, "windows") == 0;
            if (!x.windows && strcmp(value, "posix") != 0) {
                diag_add(diags, USAGE, DIAG_AT(), "invalid response file quoting: %s", value);
                return false;
            }
        }
    }
    for (int i = 1; i < argc; i++)
        if (!expand(&x, argv[i], 0)) return false;
    *out = x.items;
    *n = x.n;
    return true;
}
