/* diag.c: recording, formatting and looking up diagnostics. The table is diags.def; the texts that explain
 * codes are in diag_help.c. */
#include "wasm/wasm.h"

#include <stdio.h>
#include <string.h>

#define NOTE    SEV_NOTE
#define WARNING SEV_WARNING
#define ERROR   SEV_ERROR
#define FATAL   SEV_FATAL
static const struct {
    char code[7];
    uint8_t severity;
} rows[DIAG_CODE_COUNT] = {
    [DIAG_NONE] = {"", SEV_NOTE},
#define DIAG(name, code, severity, summary, help) [name] = {code, severity},
#include "wasm/diags.def"
#undef DIAG
};
#undef NOTE
#undef WARNING
#undef ERROR
#undef FATAL

const char *diag_code_text(DiagCode code) { return rows[code].code; }
DiagSeverity diag_severity(DiagCode code) { return (DiagSeverity)rows[code].severity; }

DiagCode diag_find(const char *code_text)
{
    for (int i = DIAG_NONE + 1; i < DIAG_CODE_COUNT; i++)
        if (strcmp(rows[i].code, code_text) == 0) return (DiagCode)i;
    return DIAG_NONE;
}

/* A name stands in every diagnostic of what has it: one of megabytes, with thousands of them, would be gigabytes. */
static Str copy_name(Arena *a, Str s)
{
    enum { MOST = 512 };
    if (s.len > MOST) {
        while (s.len > MOST || (s.len && ((uint8_t)s.ptr[s.len] & 0xc0) == 0x80)) s.len--; /* no half a character */
        char *p = arena_alloc(a, s.len + sizeof "...");
        if (!p) return (Str){0};
        memcpy(p, s.ptr, s.len);
        memcpy(p + s.len, "...", sizeof "...");
        return (Str){p, s.len + 3};
    }
    const char *p = s.len ? arena_strndup(a, s.ptr, s.len) : NULL;
    return p ? (Str){p, s.len} : (Str){0};
}

/* Copies what the place points to; a part that finds no memory is left out, the diagnostic itself is not. */
static DiagPlace copy_place(Arena *a, DiagPlace p)
{
    if (p.file) p.file = arena_strndup(a, p.file, strlen(p.file));
    if (p.src_file) p.src_file = arena_strndup(a, p.src_file, strlen(p.src_file));
    p.func_name = copy_name(a, p.func_name);
    p.symbol = copy_name(a, p.symbol);
    return p;
}

PRINTF(5, 0) static Diag *add(Diags *d, DiagSeverity severity, DiagCode code, DiagPlace place, const char *format, va_list args)
{
    bool error = severity >= SEV_ERROR;
    if (error) d->errors++;
    if (severity == SEV_WARNING) d->warnings++;
    if (error && d->limit && d->errors_stored >= d->limit) return NULL;

    Diag *items = arena_grow(&d->arena, d->items, d->n, &d->cap, sizeof *items);
    if (!items) {
        d->out_of_memory = true;
        return NULL;
    }
    d->items = items;
    const char *text = arena_vprintf(&d->arena, format, args);
    if (!text) {
        d->out_of_memory = true;
        text = "out of memory while this was being told";
    }
    d->errors_stored += error;
    Diag *it = &items[d->n++];
    *it = (Diag){.code = code, .severity = severity, .place = copy_place(&d->arena, place), .text = text};
    return it;
}

Diag *diag_vadd(Diags *d, DiagCode code, DiagPlace place, const char *format, va_list args)
{
    return add(d, rows[code].severity, code, place, format, args);
}

Diag *diag_add(Diags *d, DiagCode code, DiagPlace place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Diag *it = add(d, rows[code].severity, code, place, format, args);
    va_end(args);
    return it;
}

Diag *diag_add_as(Diags *d, DiagSeverity severity, DiagCode code, DiagPlace place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Diag *it = add(d, severity, code, place, format, args);
    va_end(args);
    return it;
}

void diag_note(Diags *d, Diag *it, const char *format, ...)
{
    if (!it) return;
    va_list args;
    va_start(args, format);
    const char *line = arena_vprintf(&d->arena, format, args);
    va_end(args);
    const char *note = it->note && line ? arena_printf(&d->arena, "%s\n%s", it->note, line) : line;
    if (note) it->note = note;
    else d->out_of_memory = true;
}

void diag_relate(Diags *d, Diag *it, DiagPlace place, const char *text)
{
    DiagRelated *r = it ? arena_alloc(&d->arena, sizeof *r) : NULL;
    if (!r) return;
    *r = (DiagRelated){.place = copy_place(&d->arena, place), .text = arena_strndup(&d->arena, text, strlen(text))};
    DiagRelated **end = &it->related;
    while (*end) end = &(*end)->next;
    if (r->text) *end = r;
}

void diag_free(Diags *d)
{
    size_t limit = d->limit;
    arena_free(&d->arena);
    *d = (Diags){.limit = limit};
}

/* ---- formatting: everything that came from an input passes through an escape before it reaches a terminal ---- */

static const char *severity_text(DiagSeverity s)
{
    return s == SEV_NOTE ? "note" : s == SEV_WARNING ? "warning" : s == SEV_ERROR ? "error" : "fatal error";
}

static void add_place(TextBuf *t, const DiagPlace *p)
{
    if (p->src_file && !p->src_in_note) {
        text_add_escaped(t, str_of(p->src_file));
        if (p->src_line) text_printf(t, ":%u", p->src_line);
        text_add(t, STR(": "));
    }
    if (p->file) {
        text_add_escaped(t, str_of(p->file));
        if (p->offset != DIAG_NOWHERE) text_printf(t, ":0x%llx", (unsigned long long)p->offset);
        text_add(t, STR(": "));
    }
}

static void add_function(TextBuf *t, const DiagPlace *p)
{
    if (p->func == DIAG_NOWHERE32) return;
    text_printf(t, " (func %u", p->func);
    if (p->func_name.len) {
        text_add(t, STR(" \""));
        text_add_escaped(t, p->func_name);
        text_add(t, STR("\""));
    }
    text_add(t, STR(")"));
}

void diag_format(TextBuf *t, const Diag *d, const char *tool, DiagStyle style)
{
    bool colour = style == DIAG_COLOUR;
    if (tool) text_printf(t, "%s: ", tool);
    if (colour) text_add(t, d->severity >= SEV_ERROR ? STR("\033[1;31m") : d->severity == SEV_WARNING ? STR("\033[1;35m") : STR("\033[1;36m"));
    text_printf(t, "%s: ", severity_text(d->severity));
    if (colour) text_add(t, STR("\033[0m"));
    add_place(t, &d->place);
    text_add_escaped(t, str_of(d->text));
    add_function(t, &d->place);
    text_printf(t, " [%s]\n", rows[d->code].code);

    for (const char *line = d->note; line;) {
        const char *end = strchr(line, '\n');
        text_add(t, STR(">>> "));
        text_add_escaped(t, (Str){line, end ? (size_t)(end - line) : strlen(line)});
        text_add(t, STR("\n"));
        line = end ? end + 1 : NULL;
    }
}

void diag_format_gnu(TextBuf *t, const Diag *d, const char *tool)
{
    const DiagPlace *p = &d->place;
    const char *file = p->src_file ? p->src_file : p->file ? p->file : tool;
    if (*file && strchr(": \t", *file)) text_add(t, STR("./")); /* a line that begins with :: is a command to GitHub's runner */
    text_add_escaped(t, str_of(file));
    if (p->src_line) text_printf(t, ":%u", p->src_line);
    else if (p->offset != DIAG_NOWHERE) text_printf(t, ":0x%llx", (unsigned long long)p->offset);
    text_printf(t, ": %s: ", d->severity == SEV_FATAL ? "error" : severity_text(d->severity));
    text_add_escaped(t, str_of(d->text));
    add_function(t, p);
    text_printf(t, " [%s]\n", rows[d->code].code);
}

static void json_str(TextBuf *t, const char *key, Str value)
{
    if (value.len == 0) return;
    text_printf(t, ",\"%s\":", key);
    text_add_json(t, value);
}

void diag_format_json(TextBuf *t, const Diag *d)
{
    const DiagPlace *p = &d->place;
    text_printf(t, "{\"code\":\"%s\",\"severity\":\"%s\"", rows[d->code].code,
                d->severity == SEV_FATAL ? "error" : severity_text(d->severity));
    json_str(t, "file", str_of(p->file));
    if (p->offset != DIAG_NOWHERE) text_printf(t, ",\"offset\":%llu", (unsigned long long)p->offset);
    if (p->func != DIAG_NOWHERE32) text_printf(t, ",\"function\":%u", p->func);
    json_str(t, "functionName", p->func_name);
    json_str(t, "symbol", p->symbol);
    json_str(t, "sourceFile", str_of(p->src_file));
    if (p->src_line) text_printf(t, ",\"sourceLine\":%u", p->src_line);
    json_str(t, "message", str_of(d->text));
    json_str(t, "note", str_of(d->note));
    for (const DiagRelated *r = d->related; r; r = r->next) {
        text_add(t, r == d->related ? STR(",\"related\":[{\"message\":") : STR(",{\"message\":"));
        text_add_json(t, str_of(r->text));
        json_str(t, "file", str_of(r->place.file));
        json_str(t, "sourceFile", str_of(r->place.src_file));
        if (r->place.src_line) text_printf(t, ",\"sourceLine\":%u", r->place.src_line);
        text_add(t, r->next ? STR("}") : STR("}]"));
    }
    text_add(t, STR("}"));
}

/* ---- identity ---- */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void add_without_numbers(TextBuf *t, Str s)
{
    bool quoted = false;
    for (size_t i = 0; i < s.len;) {
        char c = s.ptr[i];
        if (c == '"') quoted = !quoted;
        if (quoted || c < '0' || c > '9' || (i && is_word(s.ptr[i - 1]))) {
            text_add(t, (Str){s.ptr + i++, 1});
            continue;
        }
        while (i < s.len && is_word(s.ptr[i])) i++; /* 0x1f3, 4096 */
        text_add(t, STR("#"));
    }
}

void diag_identity(TextBuf *t, const Diag *d)
{
    const Str parts[] = {str_of(diag_code_text(d->code)), str_of(d->place.file), d->place.symbol, d->place.func_name};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        text_printf(t, "%zu:", parts[i].len); /* so that no part can pass for two */
        text_add(t, parts[i]);
    }
    add_without_numbers(t, str_of(d->text));
}
