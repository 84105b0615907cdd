/* near.c: how near two names are, for "did you mean".
 *
 * Names of C++ and of Rust's legacy form are compared by the identifiers in them; what else they hold (arguments of
 * templates, types of parameters) is read over without being understood. A name that cannot be read so is taken whole:
 * the worst is a hint that is missing. Everything is linear in the names but the distance, which is computed in a band.
 *
 * Source: Itanium C++ ABI §5.1.2 "General Structure", §5.1.4 "Operator Encodings". */
#include "linker/words.h"

#include <string.h>

enum { MOST_PARTS = 16, MOST_COMPARED = 128, MOST_EDITS = 2 };

/* ---- identifiers of a mangled name ---- */

typedef struct Path {
    Str parts[MOST_PARTS];
    uint32_t n;
} Path;
typedef struct Cursor {
    const char *pos, *end;
} Cursor;

static int peek(const Cursor *c, size_t ahead) { return (size_t)(c->end - c->pos) > ahead ? c->pos[ahead] : 0; }
static bool is_digit(int c) { return c >= '0' && c <= '9'; }

static void skip(Cursor *c, size_t n)
{
    size_t left = (size_t)(c->end - c->pos);
    c->pos += n < left ? n : left;
}

/* <source-name>: its length, and so many bytes */
static bool read_identifier(Cursor *c, Str *out)
{
    size_t n = 0;
    while (is_digit(peek(c, 0)) && n < MANGLED_BYTES) n = n * 10 + (size_t)(*c->pos++ - '0');
    if (n == 0 || n > (size_t)(c->end - c->pos)) return false;
    *out = (Str){c->pos, n};
    c->pos += n;
    return true;
}

static void skip_past(Cursor *c, char last)
{
    const char *found = memchr(c->pos, last, (size_t)(c->end - c->pos));
    c->pos = found ? found + 1 : c->end;
}

/* <substitution>, <template-param>: S_, S1_, Sa, T_, T0_ */
static void skip_reference(Cursor *c)
{
    int next = peek(c, 1);
    if (next == '_' || is_digit(next) || (next >= 'A' && next <= 'Z')) skip_past(c, '_');
    else skip(c, 2);
}

/* Behind I: up to the E that belongs to it. */
static bool skip_arguments(Cursor *c)
{
    Str ignored;
    for (uint32_t depth = 1; depth;) {
        int ch = peek(c, 0);
        if (!ch) return false;
        if (is_digit(ch)) {
            if (!read_identifier(c, &ignored)) return false;
            continue;
        }
        switch (ch) {
        case 'S':
        case 'T': skip_reference(c); continue;
        case 'L': skip_past(c, 'E'); continue;
        case 'A': /* of so many elements */
            skip(c, 1);
            while (is_digit(peek(c, 0))) skip(c, 1);
            continue;
        case 'D':
            depth += peek(c, 1) == 't' || peek(c, 1) == 'T'; /* decltype */
            skip(c, 2);
            continue;
        case 'I':
        case 'N':
        case 'X':
        case 'J':
        case 'F': depth++; break;
        case 'E': depth--; break;
        default: break;
        }
        skip(c, 1);
    }
    return true;
}

static bool add_part(Path *p, Str part)
{
    if (p->n == MOST_PARTS) return false;
    p->parts[p->n++] = part;
    return true;
}

/* <nested-name>, behind N */
static bool read_nested(Cursor *c, Path *p)
{
    for (;;) {
        int ch = peek(c, 0), next = peek(c, 1);
        Str part;
        if (!ch) return false;
        if (is_digit(ch)) {
            if (!read_identifier(c, &part) || !add_part(p, part)) return false;
            continue;
        }
        switch (ch) {
        case 'E': return p->n > 0;
        case 'K':
        case 'V':
        case 'r':
        case 'R':
        case 'O':
        case 'L': skip(c, 1); break;
        case 'I':
            skip(c, 1);
            if (!skip_arguments(c)) return false;
            break;
        case 'S':
            if (next == 't' && !add_part(p, STR("std"))) return false;
            skip_reference(c);
            break;
        case 'T': skip_reference(c); break;
        case 'B': /* an ABI tag */
            skip(c, 1);
            if (!read_identifier(c, &part)) return false;
            break;
        case 'C':
        case 'D': skip(c, 2); break; /* constructor, destructor */
        default:
            if (ch < 'a' || ch > 'z' || (ch == 'c' && next == 'v')) return false;
            skip(c, 2); /* an operator */
        }
    }
}

/* h and 16 hexadecimal digits: what Rust puts behind a path to keep builds apart */
static bool is_rust_hash(Str s)
{
    if (s.len != 17 || s.ptr[0] != 'h') return false;
    for (size_t i = 1; i < s.len; i++)
        if (!is_digit(s.ptr[i]) && (s.ptr[i] < 'a' || s.ptr[i] > 'f')) return false;
    return true;
}

static bool read_path(Str name, Path *p)
{
    p->n = 0;
    if (!demangle_is_mangled(name) || name.ptr[1] != 'Z') return false;
    Cursor c = {name.ptr + 2, name.ptr + name.len};
    Str part;
    if (peek(&c, 0) == 'T' && strchr("VTIS", peek(&c, 1)) && peek(&c, 1)) { /* vtable, VTT, type info, its name */
        if (!add_part(p, (Str){c.pos, 2})) return false;
        skip(&c, 2);
    }
    if (peek(&c, 0) == 'N') {
        skip(&c, 1);
        if (!read_nested(&c, p)) return false;
        if (p->n > 1 && is_rust_hash(p->parts[p->n - 1])) p->n--;
        return true;
    }
    if (peek(&c, 0) == 'S' && peek(&c, 1) == 't') {
        if (!add_part(p, STR("std"))) return false;
        skip(&c, 2);
    }
    if (peek(&c, 0) == 'L') skip(&c, 1);
    return read_identifier(&c, &part) && add_part(p, part);
}

Str ld_base_name(Str name)
{
    Path p;
    if (read_path(name, &p)) return p.parts[p.n - 1];
    while (name.len > 1 && *name.ptr == '_') name.ptr++, name.len--;
    return name;
}

bool ld_is_path(Str name)
{
    Path p;
    return read_path(name, &p);
}

bool ld_same_path(Str a, Str b)
{
    Path p, q;
    if (!read_path(a, &p) || !read_path(b, &q) || p.n != q.n) return false;
    for (uint32_t i = 0; i < p.n; i++)
        if (!str_eq(p.parts[i], q.parts[i])) return false;
    return true;
}

bool ld_has_rust_hash(Str name)
{
    return name.len > 21 && demangle_is_mangled(name) && str_eq((Str){name.ptr + name.len - 20, 2}, STR("17")) &&
           is_rust_hash((Str){name.ptr + name.len - 18, 17}) && name.ptr[name.len - 1] == 'E';
}

bool ld_same_scope(Str a, Str b)
{
    Path p, q;
    if (!read_path(a, &p) || !read_path(b, &q)) return false;
    if (p.n == 1 || q.n == 1) return true;
    if (p.n != q.n) return false;
    for (uint32_t i = 0; i + 1 < p.n; i++)
        if (!ld_same_letters(p.parts[i], q.parts[i])) return false;
    return true;
}

/* ---- letters ---- */

uint8_t ld_fold(char c) { return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c); }

bool ld_same_letters(Str a, Str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (ld_fold(a.ptr[i]) != ld_fold(b.ptr[i])) return false;
    return true;
}

uint64_t ld_letters(Str s)
{
    uint64_t set = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = ld_fold(s.ptr[i]);
        set |= UINT64_C(1) << (c >= 'a' && c <= 'z' ? c - 'a' : is_digit(c) ? 26 + c - '0' : 36 + c % 28);
    }
    return set;
}

unsigned ld_most_edits(Str s) { return s.len < 3 || s.len > MOST_COMPARED ? 0 : s.len < 6 ? 1 : MOST_EDITS; }

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Optimal string alignment: letters put in, left out, changed, or two neighbours exchanged. rows[i % 3] is row i of the
 * table of distances between beginnings; only columns within `most` of the diagonal can matter. */
unsigned ld_distance(Str a, Str b, unsigned most)
{
    unsigned rows[3][MOST_COMPARED + 1], far = most + 1;
    size_t difference = a.len > b.len ? a.len - b.len : b.len - a.len;
    if (a.len > MOST_COMPARED || b.len > MOST_COMPARED || difference > most) return far;
    for (size_t j = 0; j <= b.len; j++) rows[0][j] = j > most ? far : (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *above_2 = rows[(i + 1) % 3], best = far;
        size_t low = i > most ? i - most : 1, high = i + most < b.len ? i + most : b.len;
        for (size_t j = 0; j <= b.len; j++) row[j] = far;
        if (i <= most) row[0] = (unsigned)i;
        for (size_t j = low; j <= high; j++) {
            uint8_t x = ld_fold(a.ptr[i - 1]), y = ld_fold(b.ptr[j - 1]);
            unsigned d = least(above[j - 1] + (x != y), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && x == ld_fold(b.ptr[j - 2]) && y == ld_fold(a.ptr[i - 2])) d = least(d, above_2[j - 2] + 1);
            row[j] = least(d, far);
            best = least(best, row[j]);
        }
        if (best == far && (i > most)) return far;
    }
    return rows[a.len % 3][b.len];
}
