/* demangle.c: symbol names as the source has them: Itanium C++ ABI §5.1 "External Names", Rust's legacy and v0 names
 * (RFC 2603). The work is libiberty's; where that is not there, names stay as they are.
 *
 * Names come from hostile objects, and a short one can stand for a long one (substitutions, for<'a, 'b, ...>): the name
 * is bounded before libiberty sees it, and what it prints is cut off, by a jump out of it, when it is too much.
 * libiberty itself bounds how deep it recurses. What comes out may hold any character: it is escaped where it is shown. */
#include "wasm/wasm.h"

#include <setjmp.h>
#include <string.h>

enum { MOST_ADDED = 1 << 16, MOST_NAMES = 100000 }; /* bytes that names may make a text longer by; names in a list of Diags */

#ifdef PARIGOT_LIBIBERTY
#include <libiberty/demangle.h>

typedef struct Output {
    char text[DEMANGLED_BYTES + 1];
    size_t len;
    bool cut;
    jmp_buf stop;
} Output;

static bool is_ascii(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] >= 0x80) return false;
    return true;
}

/* What is longer ends the work. Not in the middle of a punycode identifier, which always has a character that is not
 * ASCII: libiberty holds memory then. */
static void take(const char *text, size_t len, void *opaque)
{
    Output *o = opaque;
    size_t room = DEMANGLED_BYTES - o->len, n = len < room ? len : room;
    if (n) memcpy(o->text + o->len, text, n); /* text may be NULL when there is nothing */
    o->len += n;
    o->cut |= n < len;
    if (o->cut && is_ascii(text, len)) longjmp(o->stop, 1);
}

/* "G" and a base-62 number introduce so many lifetimes, and libiberty counts them one by one, also where it prints
 * nothing. Two digits are 63 at least: nobody has that. An identifier can look the same, and stays as it is. */
static bool has_many_lifetimes(const char *name)
{
    for (const char *g = name; name[1] == 'R' && (g = strchr(g, 'G')); g++) {
        size_t digits = 0;
        while (g[1 + digits] && g[1 + digits] != '_' && g[1 + digits] != '$' && g[1 + digits] != '.') digits++;
        if (digits >= 2 && g[1 + digits] == '_') return true;
    }
    return false;
}

static bool demangle(const char *name, Output *o)
{
    if (has_many_lifetimes(name)) return false;
    if (setjmp(o->stop)) return true;
    if (rust_demangle_callback(name, DMGL_NO_OPTS, take, o)) return true;
    o->len = 0;
    o->cut = false;
    return name[1] == 'Z' && cplus_demangle_v3_callback(name, DMGL_PARAMS | DMGL_ANSI, take, o);
}

const char *demangle_name(Arena *a, Str name)
{
    if (!demangle_is_mangled(name)) return NULL;
    char z[MANGLED_BYTES + 1];
    memcpy(z, name.ptr, name.len);
    z[name.len] = 0;
    Output o = {.len = 0};
    if (!demangle(z, &o) || o.len == 0) return NULL;
    return o.cut ? arena_printf(a, "%.*s...", (int)o.len, o.text) : arena_strndup(a, o.text, o.len);
}
#else
const char *demangle_name(Arena *a, Str name)
{
    (void)a;
    (void)name;
    return NULL;
}
#endif

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '.';
}

static size_t name_length(const char *text)
{
    size_t n = 0;
    while (is_name_byte(text[n])) n++;
    return n;
}

bool demangle_is_mangled(Str name)
{
    if (name.len < 3 || name.len > MANGLED_BYTES || name.ptr[0] != '_' || (name.ptr[1] != 'Z' && name.ptr[1] != 'R'))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_name_byte(name.ptr[i])) return false;
    return true;
}

/* clang calls a main with arguments by a name of its own. */
static const char *source_name(Arena *a, Str name, uint32_t *names_left)
{
    if (str_eq(name, STR("__main_argc_argv"))) return "main";
    if (!demangle_is_mangled(name) || *names_left == 0) return NULL;
    --*names_left;
    return demangle_name(a, name);
}

static const char *text_with_names(Arena *a, const char *text, uint32_t *names_left)
{
    Arena scratch = {0};
    TextBuf out = {0};
    size_t added = 0;
    for (const char *p = text; *p;) {
        size_t n = name_length(p);
        const char *shown = n && added < MOST_ADDED ? source_name(&scratch, (Str){p, n}, names_left) : NULL;
        if (shown) {
            text_add(&out, str_of(shown));
            added += strlen(shown);
        } else text_add(&out, (Str){p, n ? n : 1});
        p += n ? n : 1;
        arena_free(&scratch);
    }
    const char *result = out.failed || !added ? NULL : arena_strndup(a, out.ptr, out.len);
    text_free(&out);
    return result ? result : text;
}

const char *demangle_text(Arena *a, const char *text)
{
    uint32_t names_left = MOST_NAMES;
    return text_with_names(a, text, &names_left);
}

void demangle_diags(Diags *d)
{
    uint32_t left = MOST_NAMES;
    for (size_t i = 0; i < d->n; i++) {
        Diag *it = &d->items[i];
        it->text = text_with_names(&d->arena, it->text, &left);
        if (it->note) it->note = text_with_names(&d->arena, it->note, &left);
        for (DiagRelated *r = it->related; r; r = r->next) r->text = text_with_names(&d->arena, r->text, &left);
        const char *func = left ? demangle_name(&d->arena, it->place.func_name) : NULL;
        if (!func) continue;
        it->place.func_name = str_of(func);
        left--;
    }
}
