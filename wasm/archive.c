/* archive.c: ar files as linkers know them: GNU's and LLVM's (index "/" or "/SYM64/", long names in "//", thin archives
 * whose members are files beside them), BSD's (names "#1/length" in front of the member, index "__.SYMDEF").
 *
 * Members and names are views of the file. One pass over the headers, one over the index; memory is linear in both.
 * A thin archive holds only headers, index and long names.
 *
 * Sources: <ar.h>; GNU binutils and LLVM agree on the rest. */
#include "wasm/wasm.h"

#include <ar.h>
#include <string.h>

static const char thin_magic[] = "!<thin>\n";
_Static_assert(sizeof(struct ar_hdr) == 60, "a header is 60 characters");
_Static_assert(sizeof thin_magic - 1 == SARMAG, "both magics have one length");

/* Names are looked for once for each member: this keeps many members with one long name from costing their product. */
enum { MAX_NAME = 4096 };

typedef enum IndexForm { INDEX_NONE, INDEX_GNU32, INDEX_GNU64, INDEX_BSD32, INDEX_BSD64 } IndexForm;

typedef struct ArReader {
    Arena *arena;
    Archive *ar;
    Reader r;
    size_t cap_members;
    Reader long_names, index; /* base == NULL: there is none */
    IndexForm index_form;
} ArReader;

bool ar_is_archive(const uint8_t *bytes, size_t size)
{
    return size >= SARMAG && (memcmp(bytes, ARMAG, SARMAG) == 0 || memcmp(bytes, thin_magic, SARMAG) == 0);
}

/* A decimal number, padded with spaces on the right; at most ten digits in any field. */
static bool parse_number(Str field, uint64_t *out)
{
    uint64_t n = 0;
    size_t i = 0;
    for (; i < field.len && field.ptr[i] >= '0' && field.ptr[i] <= '9'; i++) n = n * 10 + (uint64_t)(field.ptr[i] - '0');
    if (i == 0) return false;
    for (; i < field.len; i++)
        if (field.ptr[i] != ' ') return false;
    *out = n;
    return true;
}

/* ---- names ---- */

static Str trimmed(const char field[16])
{
    size_t len = 16;
    while (len && field[len - 1] == ' ') len--;
    return (Str){field, len};
}

static bool check_name(ArReader *a, Str name)
{
    if (name.len == 0 || memchr(name.ptr, 0, name.len)) return rd_fail(&a->r, AR_BAD, "malformed archive: member without a name");
    return true;
}

/* "/123": the name that starts there in "//" and ends with "/\n" */
static bool long_name(ArReader *a, Str digits, Str *out)
{
    uint64_t at;
    if (!parse_number(digits, &at)) return rd_fail(&a->r, AR_BAD, "malformed archive: member name /%.*s", STR_ARG(digits));
    if (!a->long_names.base) return rd_fail(&a->r, AR_BAD, "malformed archive: a long name, but no table of them");
    if (at >= rd_left(&a->long_names)) return rd_fail(&a->r, AR_BAD, "malformed archive: long name beyond the table of them");
    const char *start = (const char *)a->long_names.pos + at;
    size_t left = rd_left(&a->long_names) - at;
    const char *end = memchr(start, '\n', left < MAX_NAME ? left : MAX_NAME);
    if (!end) return rd_fail(&a->r, AR_BAD, "malformed archive: long name does not end");
    size_t len = (size_t)(end - start);
    if (len && start[len - 1] == '/') len--;
    *out = (Str){start, len};
    return check_name(a, *out);
}

/* "#1/20": the name is the first 20 bytes of the member, padded with NUL */
static bool bsd_name(ArReader *a, Str digits, Reader *body, Str *out)
{
    uint64_t len;
    const uint8_t *p;
    if (!parse_number(digits, &len) || len > MAX_NAME) return rd_fail(&a->r, AR_BAD, "malformed archive: member name #1/%.*s", STR_ARG(digits));
    if (!rd_bytes(body, "archive member's name", (size_t)len, &p)) return false;
    while (len && p[len - 1] == 0) len--;
    *out = (Str){(const char *)p, (size_t)len};
    return check_name(a, *out);
}

static Str without(Str s, size_t n) { return (Str){s.ptr + n, s.len - n}; }

static bool read_name(ArReader *a, const struct ar_hdr *h, Reader *body, Str *out)
{
    Str raw = trimmed(h->ar_name);
    if (str_has_prefix(raw, STR("#1/"))) return bsd_name(a, without(raw, 3), body, out);
    if (raw.len > 1 && raw.ptr[0] == '/') return long_name(a, without(raw, 1), out);
    if (raw.len > 1 && raw.ptr[raw.len - 1] == '/') raw.len--;
    *out = raw;
    return check_name(a, raw);
}

/* ---- members ---- */

static IndexForm index_form(Str name)
{
    static const struct { Str name; IndexForm form; } forms[] = {
        {{"/", 1}, INDEX_GNU32},
        {{"/SYM64/", 7}, INDEX_GNU64},
        {{"__.SYMDEF", 9}, INDEX_BSD32},
        {{"__.SYMDEF SORTED", 16}, INDEX_BSD32},
        {{"__.SYMDEF_64", 12}, INDEX_BSD64},
        {{"__.SYMDEF_64 SORTED", 19}, INDEX_BSD64},
    };
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        if (str_eq(name, forms[i].name)) return forms[i].form;
    return INDEX_NONE;
}

/* Keeps an index or a table of names, which may be there once. */
static bool keep_table(ArReader *a, Reader *table, const Reader *body, const char *what)
{
    if (table->base) return rd_fail(&a->r, AR_BAD, "malformed archive: a second %s", what);
    *table = *body;
    return true;
}

static bool keep_index(ArReader *a, IndexForm form, const Reader *body)
{
    if (!keep_table(a, &a->index, body, "index")) return false;
    a->index_form = form;
    return true;
}

static bool add_member(ArReader *a, ArMember member)
{
    ArMember *items = arena_grow(a->arena, a->ar->members, a->ar->n_members, &a->cap_members, sizeof *items);
    if (!items) return rd_fail(&a->r, OUT_OF_MEMORY, "out of memory while reading an archive");
    a->ar->members = items;
    items[a->ar->n_members++] = member;
    return true;
}

static bool is_table(Str name) { return str_eq(name, STR("//")) || index_form(name) != INDEX_NONE; }

static bool read_member(ArReader *a)
{
    Reader *r = &a->r, body;
    uint64_t offset = rd_offset(r), size;
    const uint8_t *p;
    if (!rd_bytes(r, "archive member header", sizeof(struct ar_hdr), &p)) return false;
    const struct ar_hdr *h = (const void *)p; /* characters only: any address is aligned */
    bool is_header = memcmp(h->ar_fmag, ARFMAG, sizeof h->ar_fmag) == 0;
    if (!is_header || !parse_number((Str){h->ar_size, sizeof h->ar_size}, &size)) {
        r->pos = p;
        return rd_fail(r, AR_BAD, "malformed archive: %s", is_header ? "member size is not a number" : "member header expected");
    }
    Str raw = trimmed(h->ar_name), name;
    bool outside = a->ar->thin && !is_table(raw);
    if (!rd_sub(r, "archive member", outside ? 0 : (size_t)size, &body)) return false;
    if (!outside && size % 2 && rd_left(r)) r->pos++; /* a newline fills up to even */

    if (str_eq(raw, STR("//"))) return keep_table(a, &a->long_names, &body, "table of long names");
    if (index_form(raw)) return keep_index(a, index_form(raw), &body);
    if (!read_name(a, h, &body, &name)) return false;
    if (index_form(name)) return keep_index(a, index_form(name), &body); /* a BSD index under a "#1/" name */
    return add_member(a, (ArMember){.name = name,
                                    .bytes = outside ? NULL : body.pos,
                                    .size = outside ? (size_t)size : rd_left(&body),
                                    .offset = offset});
}

const ArMember *ar_member_at(const Archive *ar, uint64_t offset)
{
    uint32_t low = 0, high = ar->n_members;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (ar->members[mid].offset < offset) low = mid + 1;
        else high = mid;
    }
    return low < ar->n_members && ar->members[low].offset == offset ? &ar->members[low] : NULL;
}

/* ---- the index ---- */

static bool read_int(Reader *r, unsigned width, bool big_endian, uint64_t *out)
{
    const uint8_t *p;
    if (!rd_bytes(r, "archive index", width, &p)) return false;
    uint64_t v = 0;
    for (unsigned i = 0; i < width; i++) v = v << 8 | p[big_endian ? i : width - 1 - i];
    *out = v;
    return true;
}

static bool new_symbols(ArReader *a, uint64_t n)
{
    a->ar->symbols = n > UINT32_MAX ? NULL : arena_array(a->arena, (size_t)n, sizeof *a->ar->symbols);
    if (!a->ar->symbols) return rd_fail(&a->index, OUT_OF_MEMORY, "out of memory while reading an archive");
    return true;
}

static bool add_symbol(ArReader *a, Str name, uint64_t offset)
{
    if (!ar_member_at(a->ar, offset))
        return rd_fail(&a->index, AR_BAD, "malformed archive: its index names a member at %llu, where there is none",
                       (unsigned long long)offset);
    a->ar->symbols[a->ar->n_symbols++] = (ArSymbol){name, offset};
    return true;
}

/* count, that many offsets, that many names with a NUL behind each; numbers are big-endian */
static bool read_gnu_index(ArReader *a, unsigned width)
{
    Reader *r = &a->index, offsets;
    uint64_t n, offset;
    if (!read_int(r, width, true, &n)) return false;
    if (n > rd_left(r) / (width + 1)) return rd_fail(r, AR_BAD, "malformed archive: index of %llu symbols is too short", (unsigned long long)n);
    if (!rd_sub(r, "archive index", (size_t)n * width, &offsets) || !new_symbols(a, n)) return false;
    for (uint64_t i = 0; i < n; i++) {
        const uint8_t *end = memchr(r->pos, 0, rd_left(r));
        if (!end) return rd_fail(r, AR_BAD, "malformed archive: a name in its index does not end");
        Str name = {(const char *)r->pos, (size_t)(end - r->pos)};
        if (!read_int(&offsets, width, true, &offset) || !add_symbol(a, name, offset)) return false;
        r->pos = end + 1;
    }
    return true;
}

/* size in bytes of pairs (place of the name in the strings, offset), the pairs, size of the strings, the strings;
 * numbers are of the machine that made it: little-endian wherever wasm objects are made */
static bool read_bsd_index(ArReader *a, unsigned width)
{
    Reader *r = &a->index, pairs, names;
    uint64_t size, names_size, at, offset;
    if (!read_int(r, width, false, &size)) return false;
    if (size > rd_left(r) || size % (2 * width)) return rd_fail(r, AR_BAD, "malformed archive: index of %llu bytes", (unsigned long long)size);
    if (!rd_sub(r, "archive index", (size_t)size, &pairs) || !read_int(r, width, false, &names_size)) return false;
    if (names_size > rd_left(r)) return rd_fail(r, AR_BAD, "malformed archive: index with %llu bytes of names", (unsigned long long)names_size);
    if (!rd_sub(r, "archive index", (size_t)names_size, &names) || !new_symbols(a, size / (2 * width))) return false;
    while (rd_left(&pairs)) {
        if (!read_int(&pairs, width, false, &at) || !read_int(&pairs, width, false, &offset)) return false;
        if (at >= names_size) return rd_fail(r, AR_BAD, "malformed archive: a name in its index is out of range");
        size_t left = (size_t)(names_size - at);
        const char *start = (const char *)names.pos + at;
        const char *end = memchr(start, 0, left < MAX_NAME ? left : MAX_NAME); /* pairs may share a name */
        if (!end) return rd_fail(r, AR_BAD, "malformed archive: a name in its index does not end");
        if (!add_symbol(a, (Str){start, (size_t)(end - start)}, offset)) return false;
    }
    return true;
}

static bool read_index(ArReader *a)
{
    switch (a->index_form) {
    case INDEX_NONE: return true;
    case INDEX_GNU32: return read_gnu_index(a, 4);
    case INDEX_GNU64: return read_gnu_index(a, 8);
    case INDEX_BSD32: return read_bsd_index(a, 4);
    case INDEX_BSD64: return read_bsd_index(a, 8);
    }
    return true;
}

bool ar_read(Arena *arena, const uint8_t *bytes, size_t size, const char *file, Diags *diags, Archive *out)
{
    *out = (Archive){.file = file, .bytes = bytes, .size = size};
    ArReader a = {.arena = arena, .ar = out, .r = rd_open(bytes, size, file, diags)};
    if (!ar_is_archive(bytes, size)) return rd_fail(&a.r, AR_BAD, "not an archive");
    out->thin = memcmp(bytes, thin_magic, SARMAG) == 0;
    a.r.pos += SARMAG;
    while (rd_left(&a.r))
        if (!read_member(&a)) return false;
    return read_index(&a);
}
