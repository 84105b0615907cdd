/* baseline.c: reading, applying and writing baselines. Line by line; the file may be hostile. docs/baseline.md */
#include "validator/baseline.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ERRORS = 20, HEX = 2 * BASELINE_PRINT, WORDS = 200 };

static const char first_line[] = "parigot-baseline 1";

/* ---- fingerprints ---- */

/* The same file by another spelling: ./a.wasm, /home/ci/a.wasm in the folder /home/ci. */
static const char *plain_path(const char *folder, const char *path)
{
    size_t n = folder ? strlen(folder) : 0;
    if (n && strncmp(path, folder, n) == 0 && path[n] == '/') path += n + 1;
    while (path[0] == '.' && path[1] == '/')
        for (path += 2; *path == '/';) path++;
    return path;
}

static bool fingerprint(const Baseline *b, const Diag *d, uint8_t print[BASELINE_PRINT])
{
    TextBuf t = {0};
    Diag plain = *d;
    if (plain.place.file) plain.place.file = plain_path(b->folder, plain.place.file);
    diag_identity(&t, &plain);
    bool ok = !t.failed;
    if (ok) crypto_generichash(print, BASELINE_PRINT, (const unsigned char *)t.ptr, t.len, NULL, 0);
    text_free(&t);
    return ok;
}

static bool rule_of(const Diag *d, ValRule *rule)
{
    return val_rule_find(str_of(diag_code_text(d->code)), rule) && strcmp(d->text, val_more_findings) != 0;
}

/* ---- reading ---- */

typedef struct Parse {
    Arena *arena;
    Diags *diags;
    const char *name;
    Baseline *out;
    unsigned line;
    size_t errors;
} Parse;

static void bad_line(Parse *p, const char *what)
{
    p->errors++;
    diag_add(p->diags, BASELINE_LINE, DIAG_AT(.src_file = p->name, .src_line = p->line), "%s", what);
}

/* The characters up to the next space; the space is taken away with them. */
static Str next_word(Str *line)
{
    const char *space = line->len ? memchr(line->ptr, ' ', line->len) : NULL;
    Str word = {line->ptr, space ? (size_t)(space - line->ptr) : line->len};
    size_t used = word.len + (space != NULL);
    *line = (Str){line->ptr + used, line->len - used};
    return word;
}

static bool parse_count(Str s, uint32_t *out)
{
    uint32_t n = 0;
    if (s.len == 0 || s.len > 9 || s.ptr[0] == '0') return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        n = n * 10 + (uint32_t)(s.ptr[i] - '0');
    }
    *out = n;
    return true;
}

static int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static bool parse_print(Str s, uint8_t print[BASELINE_PRINT])
{
    if (s.len != HEX) return false;
    for (size_t i = 0; i < BASELINE_PRINT; i++) {
        int high = hex_digit(s.ptr[2 * i]), low = hex_digit(s.ptr[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        print[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static void parse_line(Parse *p, Str line)
{
    BaselineEntry e = {0};
    if (line.len == 0 || line.ptr[0] == '#') return;
    if (!val_rule_find(next_word(&line), &e.rule)) {
        bad_line(p, "expected the code of a rule first, P104 (parigot-validate --list-rules names them)");
    } else if (!parse_count(next_word(&line), &e.count)) {
        bad_line(p, "expected a count after the rule, 1 to 999999999");
    } else if (!parse_print(next_word(&line), e.print)) {
        bad_line(p, "expected a fingerprint after the count, 32 hexadecimal digits in lower case");
    } else {
        Baseline *b = p->out;
        BaselineEntry *items = arena_grow(p->arena, b->items, b->n, &b->cap, sizeof *items);
        if (!items) {
            b->failed = true;
            return;
        }
        e.left = e.count;
        b->items = items;
        items[b->n++] = e;
    }
}

static int by_print(const void *a, const void *b)
{
    return memcmp(((const BaselineEntry *)a)->print, ((const BaselineEntry *)b)->print, BASELINE_PRINT);
}

/* Sorts. Two lines of one fingerprint could be a merge gone wrong: which count is meant cannot be told. */
static void refuse_twice(Parse *p)
{
    Baseline *b = p->out;
    if (b->n) qsort(b->items, b->n, sizeof *b->items, by_print);
    for (size_t i = 1; i < b->n && p->errors < MOST_ERRORS; i++) {
        if (by_print(&b->items[i - 1], &b->items[i]) != 0) continue;
        char hex[HEX + 1];
        p->errors++;
        diag_add(p->diags, BASELINE_LINE, DIAG_AT(.src_file = p->name), "two lines have the fingerprint %s",
                 sodium_bin2hex(hex, sizeof hex, b->items[i].print, BASELINE_PRINT));
    }
}

bool baseline_parse(Arena *arena, Str text, const char *name, Diags *diags, Baseline *out)
{
    Parse p = {.arena = arena, .diags = diags, .name = name, .out = out};
    while (text.len && p.errors < MOST_ERRORS && !out->failed) {
        const char *end = memchr(text.ptr, '\n', text.len);
        Str line = {text.ptr, end ? (size_t)(end - text.ptr) : text.len};
        size_t used = line.len + (end != NULL);
        text = (Str){text.ptr + used, text.len - used};
        if (line.len && line.ptr[line.len - 1] == '\r') line.len--; /* a checkout may have changed the ends of lines */
        if (p.line++ == 0) {
            if (str_eq(line, str_of(first_line))) continue;
            diag_add(diags, BASELINE_VERSION, DIAG_AT(.src_file = name, .src_line = 1), "expected \"%s\" in the first line",
                     first_line);
            return false;
        }
        parse_line(&p, line);
    }
    if (p.line == 0)
        diag_add(diags, BASELINE_VERSION, DIAG_AT(.src_file = name), "an empty file, expected \"%s\" in the first line",
                 first_line);
    refuse_twice(&p);
    if (out->failed) diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.src_file = name), "out of memory");
    return p.line && p.errors == 0 && !out->failed;
}

bool baseline_read(Arena *arena, const char *path, Diags *diags, Baseline *out)
{
    FileBytes bytes;
    if (!file_read(path, BASELINE_MAX_BYTES, diags, &bytes)) return false;
    bool ok = baseline_parse(arena, (Str){(const char *)bytes.ptr, bytes.size}, path, diags, out);
    file_close(&bytes);
    return ok;
}

/* ---- applying ---- */

static bool take_known(Baseline *b, const Diag *d)
{
    BaselineEntry wanted;
    if (b->n == 0 || !rule_of(d, &wanted.rule)) return false;
    if (!fingerprint(b, d, wanted.print)) return b->failed = true, false;
    BaselineEntry *e = bsearch(&wanted, b->items, b->n, sizeof *b->items, by_print);
    if (!e || e->rule != wanted.rule || e->left == 0) return false;
    e->left--;
    return true;
}

static bool add_known(Arena *arena, Baseline *b, const Diag *d)
{
    BaselineEntry e = {.count = 1};
    TextBuf words = {0};
    if (!rule_of(d, &e.rule)) return false;
    const char *file = d->place.file ? plain_path(b->folder, d->place.file) : "";
    text_add_escaped(&words, d->place.func_name);
    if (d->place.func_name.len) text_add(&words, STR(": "));
    text_add_escaped(&words, str_of(d->text));
    e.file = arena_strndup(arena, file, strlen(file));
    e.words = arena_strndup(arena, words.ptr ? words.ptr : "", words.len > WORDS ? WORDS : words.len);
    bool ok = !words.failed && e.file && e.words && fingerprint(b, d, e.print);
    BaselineEntry *items = ok ? arena_grow(arena, b->items, b->n, &b->cap, sizeof *items) : NULL;
    text_free(&words);
    if (!items) return b->failed = true, false;
    b->items = items;
    items[b->n++] = e;
    return true;
}

static size_t take(Arena *arena, Baseline *b, Diags *diags)
{
    size_t kept = 0, n = diags->n;
    for (size_t i = 0; i < n; i++) {
        const Diag *d = &diags->items[i];
        if (arena ? !add_known(arena, b, d) : !take_known(b, d)) {
            diags->items[kept++] = *d;
            continue;
        }
        if (d->severity >= SEV_ERROR) diags->errors--;
        if (d->severity == SEV_WARNING) diags->warnings--;
    }
    diags->n = kept;
    return n - kept;
}

size_t baseline_filter(Baseline *b, Diags *diags) { return take(NULL, b, diags); }
size_t baseline_collect(Arena *arena, Baseline *b, Diags *diags) { return take(arena, b, diags); }

size_t baseline_stale(const Baseline *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) n += b->items[i].left;
    return n;
}

/* ---- writing ---- */

static int by_place(const void *a, const void *b)
{
    const BaselineEntry *x = a, *y = b;
    int c = strcmp(x->file, y->file);
    if (c == 0) c = x->rule < y->rule ? -1 : x->rule > y->rule;
    if (c == 0) c = by_print(a, b);
    return c ? c : strcmp(x->words, y->words);
}

/* A cut can leave half a character at the end; it goes, as anything that is not UTF-8. */
static void add_words(TextBuf *t, const char *words)
{
    size_t n = strlen(words);
    while (n && !str_is_utf8((Str){words, n})) n--;
    text_add(t, (Str){words, n});
}

void baseline_text(TextBuf *t, Baseline *b)
{
    if (b->n) qsort(b->items, b->n, sizeof *b->items, by_place);
    text_printf(t, "%s\n# rule, count, fingerprint; what follows is for the reader. parigot-validate --write-baseline makes this file.\n",
                first_line);
    for (size_t i = 0; i < b->n;) {
        const BaselineEntry *e = &b->items[i];
        char hex[HEX + 1];
        uint32_t count = 0;
        for (; i < b->n && by_print(&b->items[i], e) == 0; i++) count++;
        text_printf(t, "%s %u %s ", val_rule_info[e->rule].code, count, sodium_bin2hex(hex, sizeof hex, e->print, BASELINE_PRINT));
        text_add_escaped(t, str_of(e->file));
        text_add(t, STR(": "));
        add_words(t, e->words);
        text_add(t, STR("\n"));
    }
}
