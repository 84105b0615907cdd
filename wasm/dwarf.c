/* dwarf.c: from a place in the code, or from a symbol, to the source line, as far as diagnostics need it.
 *
 * Two questions, each answered from an index that is built when it is first asked:
 * - line of code: .debug_line is run through once for its sequences (one a function, as clang and rustc write it); a
 *   sequence's rows are kept once somebody asks for it. Then two binary searches.
 * - line of a symbol: .debug_info is walked once, flat; every entry whose location is an address, and every function,
 *   is kept with its declaration and found by binary search.
 * In an object, addresses are what relocations say they are; in a linked module they stand there, and the same index
 * answers a third question: which variable lies at an address of linear memory.
 *
 * A bad value ends what it was found in (a row, a sequence, a unit), and there is no place for that: never an error.
 * What hostile tables can cost is bounded: tables by the bytes that are left, by MAX_FORMATS and MAX_FILES; the walk by
 * a budget in proportion to the sections' size.
 *
 * Sources: DWARF 5 and 4: §7.5 "Format of Debugging Information", §6.2 "Line Number Information";
 * tool-conventions "DWARF for WebAssembly". */
#include "wasm/dwarf_read.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PATH_BYTES = 4096 };
enum { MAX_FORMATS = 16 };          /* of a DWARF 5 file table; LLVM writes four */
enum { MAX_FILES = 1 << 22 };       /* in all tables together */
static const uint32_t none = UINT32_MAX;

/* ---- line tables ---- */

/* The name of a directory or file: a string in place, or an offset in another section. */
typedef struct LineName {
    Str in_place;
    uint64_t form, offset;
} LineName;

typedef struct LineFile {
    LineName name;
    uint32_t dir;
    const char *path; /* arena; made when first asked for */
    uint32_t number;  /* among the files of dwarf_all_lines, + 1; 0: not one of them yet */
} LineFile;

typedef struct LineUnit {
    LineHeader head;
    bool has_files, bad_files; /* the tables have been looked at */
    LineName *dirs;
    LineFile *files;
    uint32_t n_dirs, n_files;
} LineUnit;

typedef struct LineRow { uint32_t address, file, line; } LineRow;

typedef struct Sequence {
    uint32_t low, high; /* addresses [low, high) */
    uint32_t unit, program;
    LineRow *rows; /* NULL: not yet asked for */
    uint32_t n_rows;
} Sequence;

/* ---- declarations ---- */

enum { SPACE_FUNCTION = UINT32_MAX, SPACE_MEMORY = 0 }; /* else a data segment; in a linked module linear memory */
typedef struct Decl {
    uint32_t space, at;        /* function index, or offset in the segment, or address */
    uint32_t unit, file, line; /* line unit */
    uint32_t order;
    uint32_t info, type;       /* linked: index into infos; where its type stands in that section, 0 = not known */
    uint32_t name_form;        /* linked: DW_FORM of its name, 0 = none, and where that is */
    uint32_t name;
    uint32_t size;             /* of the type, once somebody has asked: sized */
    bool sized;
} Decl;

struct Dwarf {
    DwarfInput in;
    bool has_lines, has_decls; /* the indexes have been built, as far as possible */
    LineUnit *units;       size_t n_units, cap_units;
    Sequence *sequences;   size_t n_sequences, cap_sequences;
    Decl *decls;           size_t n_decls, cap_decls;
    struct InfoUnit *infos; size_t n_infos, cap_infos; /* linked */
    uint32_t files_left;
};

/* An address in the code that stands at `at`, as an offset in the code section's payload. */
static bool code_address(const Dwarf *d, const Section *s, uint32_t at, uint64_t in_place, uint32_t *out)
{
    uint64_t address = in_place;
    if (d->in.object) {
        const WasmModule *m = d->in.module;
        const WasmReloc *r = dw_find_reloc(s, at);
        if (!r || r->type != R_WASM_FUNCTION_OFFSET_I32) return false;
        const WasmSymbol *f = &d->in.object->symbols[r->index];
        if (f->flags & SYM_UNDEFINED) return false;
        uint32_t body = f->index - m->n_imported[KIND_FUNC];
        if (body >= m->n_bodies) return false;
        address = (uint64_t)(m->bodies[body].offset - d->in.code_offset) + (uint32_t)r->addend;
    }
    if (address >= d->in.code_size) return false; /* a dead function's tombstone, too */
    *out = (uint32_t)address;
    return true;
}

/* An address of data in a linked module; those of what was not linked are 0 or -1. */
static bool memory_address(Dwarf *d, const Section *s, uint32_t at, Decl *out)
{
    uint64_t address;
    Reader r = dw_reader(&d->in, s, at, (uint64_t)at + 4);
    if (!dw_fixed(&r, 4, &address) || address == 0 || address == UINT32_MAX) return false;
    out->space = SPACE_MEMORY;
    out->at = (uint32_t)address;
    return true;
}

/* The data or function that the address at `at` in an object belongs to; in a linked module the address. */
static bool symbol_address(Dwarf *d, const Section *s, uint32_t at, Decl *out)
{
    if (!d->in.object) return memory_address(d, s, at, out);
    const WasmReloc *r = dw_find_reloc(s, at);
    const WasmRelocInfo *info = r ? wasm_reloc_info(r->type) : NULL;
    if (!info || (info->index_kind != RI_DATA && info->index_kind != RI_FUNC_OFFSET)) return false;
    const WasmSymbol *symbol = &d->in.object->symbols[r->index];
    if (symbol->flags & (SYM_UNDEFINED | SYM_ABSOLUTE)) return false;
    bool is_data = info->index_kind == RI_DATA;
    if (!is_data && r->addend != 0) return false;
    out->space = is_data ? symbol->index : SPACE_FUNCTION;
    out->at = is_data ? symbol->data_offset + (uint32_t)r->addend : symbol->index;
    return true;
}

/* ---- .debug_line: directories and files, read when a path is first asked for ---- */

static Str string_at(const Section *s, uint64_t offset)
{
    if (offset >= s->size) return (Str){0};
    const uint8_t *start = s->bytes + offset;
    size_t left = s->size - (size_t)offset;
    const uint8_t *end = memchr(start, 0, left < MAX_PATH_BYTES ? left : MAX_PATH_BYTES);
    return end ? (Str){(const char *)start, (size_t)(end - start)} : (Str){0};
}

static Str name_string(const Dwarf *d, const LineName *name)
{
    switch (name->form) {
    case DW_FORM_string: return name->in_place;
    case DW_FORM_strp: return string_at(&d->in.str, name->offset);
    case DW_FORM_line_strp: return string_at(&d->in.line_str, name->offset);
    default: return (Str){0};
    }
}

static LineName name_of(const Dwarf *d, const Value *v)
{
    return (LineName){v->bytes, v->form, dw_section_offset(&d->in.line, v->at, v->number)};
}

/* Room for n more directories or files; n is already known to be possible in the bytes that are left. */
static bool take_files(Dwarf *d, uint64_t n)
{
    if (n > d->files_left) return false;
    d->files_left -= (uint32_t)n;
    return true;
}

/* DWARF 2 to 4: strings, ended by an empty one. Directory 0 is the compilation's own. */
static bool read_old_dirs(Dwarf *d, Reader *r, LineUnit *u)
{
    Reader count = *r;
    uint32_t n = 0;
    Value v;
    while (dw_string(&count, &v) && v.bytes.len) n++;
    if (!take_files(d, n + 1) || !(u->dirs = arena_array(d->in.arena, n + 1, sizeof *u->dirs))) return false;
    for (u->n_dirs = 1; u->n_dirs <= n; u->n_dirs++) {
        if (!dw_string(r, &v)) return false;
        u->dirs[u->n_dirs] = (LineName){v.bytes, DW_FORM_string, 0};
    }
    return dw_string(r, &v);
}

/* A name, a directory, a time, a size each; ended by an empty name. The first is file 1. */
static bool read_old_file(Reader *r, LineFile *f)
{
    Value v;
    uint64_t dir, ignored;
    if (!dw_string(r, &v) || v.bytes.len == 0) return false;
    if (!rd_u64(r, "", &dir) || !rd_u64(r, "", &ignored) || !rd_u64(r, "", &ignored)) return false;
    *f = (LineFile){.name = {v.bytes, DW_FORM_string, 0}, .dir = dir < UINT32_MAX ? (uint32_t)dir : none};
    return true;
}

static bool read_old_files(Dwarf *d, Reader *r, LineUnit *u)
{
    Reader count = *r;
    uint32_t n = 1;
    for (LineFile f; read_old_file(&count, &f);) n++;
    if (!take_files(d, n) || !(u->files = arena_array(d->in.arena, n, sizeof *u->files))) return false;
    for (u->n_files = 1; u->n_files < n; u->n_files++)
        if (!read_old_file(r, &u->files[u->n_files])) return false;
    return true;
}

enum { DW_LNCT_path = 1, DW_LNCT_directory_index = 2 };

/* DWARF 5: a description of what each entry holds, then the entries. "6.2.4.1 Standard Content Descriptions" */
static bool read_entry(Dwarf *d, Reader *r, const Encoding *enc, const uint64_t formats[][2], unsigned n_formats, LineFile *f)
{
    const uint8_t *start = r->pos;
    for (unsigned i = 0; i < n_formats; i++) {
        Value v;
        if (!dw_value(r, formats[i][1], 0, enc, &v)) return false;
        if (formats[i][0] == DW_LNCT_path) f->name = name_of(d, &v);
        if (formats[i][0] == DW_LNCT_directory_index) f->dir = v.number < UINT32_MAX ? (uint32_t)v.number : none;
    }
    return r->pos != start; /* entries without bytes would need no end */
}

static bool read_entries(Dwarf *d, Reader *r, const Encoding *enc, LineFile **files, uint32_t *n_files)
{
    uint8_t n_formats;
    uint64_t formats[MAX_FORMATS][2], n;
    if (!rd_byte(r, "", &n_formats) || n_formats > MAX_FORMATS) return false;
    for (unsigned i = 0; i < n_formats; i++)
        if (!rd_u64(r, "", &formats[i][0]) || !rd_u64(r, "", &formats[i][1])) return false;
    if (!rd_u64(r, "", &n) || n > rd_left(r) || !take_files(d, n)) return false;
    if (!(*files = arena_array(d->in.arena, (size_t)n, sizeof **files))) return false;
    for (; *n_files < n; ++*n_files)
        if (!read_entry(d, r, enc, formats, n_formats, &(*files)[*n_files])) return false;
    return true;
}

static bool read_tables(Dwarf *d, LineUnit *u)
{
    Reader r = dw_reader(&d->in, &d->in.line, u->head.tables, u->head.program);
    if (u->head.enc.version < 5) return read_old_dirs(d, &r, u) && read_old_files(d, &r, u);
    LineFile *dirs = NULL;
    uint32_t n = 0;
    if (!read_entries(d, &r, &u->head.enc, &dirs, &n)) return false;
    if (!(u->dirs = arena_array(d->in.arena, n, sizeof *u->dirs))) return false;
    for (u->n_dirs = 0; u->n_dirs < n; u->n_dirs++) u->dirs[u->n_dirs] = dirs[u->n_dirs].name;
    return read_entries(d, &r, &u->head.enc, &u->files, &u->n_files);
}

static Str without_dot(Str s)
{
    while (str_has_prefix(s, STR("./"))) s = (Str){s.ptr + 2, s.len - 2};
    return s;
}

/* As the compiler was given it: below the folder that it ran in (directory 0), without that. */
static const char *file_path(Dwarf *d, uint32_t unit, uint32_t file)
{
    if (unit >= d->n_units) return NULL;
    LineUnit *u = &d->units[unit];
    if (!u->has_files) {
        u->has_files = true;
        u->bad_files = !read_tables(d, u);
    }
    if (u->bad_files || file >= u->n_files) return NULL;
    LineFile *f = &u->files[file];
    if (f->path) return f->path;
    Str name = without_dot(name_string(d, &f->name)), dir = {0};
    if (name.len == 0) return NULL;
    if (name.ptr[0] != '/' && f->dir > 0 && f->dir < u->n_dirs) dir = without_dot(name_string(d, &u->dirs[f->dir]));
    if (name.len > MAX_PATH_BYTES || dir.len > MAX_PATH_BYTES) return NULL;
    bool slash = dir.len && dir.ptr[dir.len - 1] != '/';
    f->path = arena_printf(d->in.arena, "%.*s%s%.*s", STR_ARG(dir), slash ? "/" : "", STR_ARG(name));
    return f->path;
}

/* ---- .debug_line: programs. "6.2.5 The Line Number Program" ---- */

typedef enum LineEvent { EVENT_NONE, EVENT_ROW, EVENT_END, EVENT_BROKEN } LineEvent;

typedef struct LineState {
    uint32_t address, file, line;
    bool has_address; /* DW_LNE_set_address named code that is there */
} LineState;
static const LineState line_start = {.file = 1, .line = 1};

static bool advance(LineState *s, uint64_t by)
{
    if (by > UINT32_MAX - s->address) return false;
    s->address += (uint32_t)by;
    return true;
}

static bool set_address(const Dwarf *d, const LineOp *op, LineState *s)
{
    uint32_t address;
    bool found = code_address(d, &d->in.line, op->at, op->number, &address);
    if (found && s->has_address && address < s->address) return false; /* rows ascend */
    s->has_address = found;
    if (found) s->address = address;
    return true;
}

/* Runs to the next row, the end of the sequence, or the end of the program (then broken). */
static LineEvent next_event(const Dwarf *d, const LineUnit *u, Reader *r, LineState *s)
{
    for (LineOp op;;) {
        if (!dw_line_op(&u->head, r, &op) || !advance(s, op.advance)) return EVENT_BROKEN;
        s->line += op.line;
        switch (op.kind) {
        case LINE_ROW: return EVENT_ROW;
        case LINE_END: return EVENT_END;
        case LINE_FILE: s->file = op.number < UINT32_MAX ? (uint32_t)op.number : none; break;
        case LINE_ADDRESS:
            if (!set_address(d, &op, s)) return EVENT_BROKEN;
            break;
        case LINE_ADVANCE:
        case LINE_OTHER: break;
        }
    }
}

static bool add_sequence(Dwarf *d, Sequence s)
{
    Sequence *items = arena_grow(d->in.arena, d->sequences, d->n_sequences, &d->cap_sequences, sizeof *items);
    if (!items) return false;
    d->sequences = items;
    items[d->n_sequences++] = s;
    return true;
}

/* Only notes where each sequence begins and which addresses it has. */
static void find_sequences(Dwarf *d, uint32_t unit)
{
    const LineUnit *u = &d->units[unit];
    Reader r = dw_reader(&d->in, &d->in.line, u->head.program, u->head.end);
    while (rd_left(&r)) {
        Sequence seq = {.unit = unit, .program = (uint32_t)rd_offset(&r)};
        LineState s = line_start;
        bool has_low = false;
        LineEvent event;
        while ((event = next_event(d, u, &r, &s)) == EVENT_ROW)
            if (s.has_address && !has_low) {
                seq.low = s.address;
                has_low = true;
            }
        if (event != EVENT_END) return;
        seq.high = s.address;
        if (has_low && s.has_address && seq.low < seq.high && !add_sequence(d, seq)) return;
    }
}

static int by_address(const void *a, const void *b)
{
    const Sequence *x = a, *y = b;
    if (x->low != y->low) return x->low < y->low ? -1 : 1;
    return x->program < y->program ? -1 : x->program > y->program;
}

static void index_lines(Dwarf *d)
{
    if (d->has_lines) return;
    d->has_lines = true;
    Reader r = dw_reader(&d->in, &d->in.line, 0, d->in.line.size), unit;
    while (rd_left(&r)) {
        LineUnit u = {.head.offset = (uint32_t)rd_offset(&r)};
        if (!dw_unit(&r, &unit, &u.head.enc.offset_size)) break;
        if (!dw_line_header(&unit, &u.head)) continue;
        LineUnit *items = arena_grow(d->in.arena, d->units, d->n_units, &d->cap_units, sizeof *items);
        if (!items) break;
        d->units = items;
        items[d->n_units++] = u;
        find_sequences(d, (uint32_t)d->n_units - 1);
    }
    if (d->n_sequences) qsort(d->sequences, d->n_sequences, sizeof *d->sequences, by_address);
}

/* Runs the sequence twice: to count its rows, to keep them. */
static bool load_rows(Dwarf *d, Sequence *seq)
{
    const LineUnit *u = &d->units[seq->unit];
    uint32_t counted = 0;
    for (int keep = 0; keep < 2; keep++) {
        Reader r = dw_reader(&d->in, &d->in.line, seq->program, u->head.end);
        LineState s = line_start;
        uint32_t n = 0;
        while (next_event(d, u, &r, &s) == EVENT_ROW) {
            if (!s.has_address || s.line == 0) continue; /* line 0: made by the compiler; the row before it stands for it */
            if (keep) seq->rows[n] = (LineRow){s.address, s.file, s.line};
            n++;
        }
        counted = n;
        if (!keep && !(seq->rows = arena_array(d->in.arena, counted, sizeof *seq->rows))) return false;
    }
    seq->n_rows = counted;
    return true;
}

/* The last row, or sequence, that begins at or before `address`; n when there is none. */
#define LAST_AT_OR_BEFORE(items, n, field, address, out)                                                               \
    do {                                                                                                               \
        size_t low_ = 0, high_ = (n);                                                                                  \
        while (low_ < high_) {                                                                                         \
            size_t mid_ = low_ + (high_ - low_) / 2;                                                                   \
            if ((items)[mid_].field <= (address)) low_ = mid_ + 1;                                                     \
            else high_ = mid_;                                                                                         \
        }                                                                                                              \
        (out) = low_ ? low_ - 1 : (n);                                                                                 \
    } while (0)

bool dwarf_line_of_code(Dwarf *d, uint32_t code_offset, const char **file, uint32_t *line)
{
    if (!d) return false;
    index_lines(d);
    size_t i, row;
    LAST_AT_OR_BEFORE(d->sequences, d->n_sequences, low, code_offset, i);
    if (i == d->n_sequences || code_offset >= d->sequences[i].high) return false;
    Sequence *seq = &d->sequences[i];
    if (!seq->rows && !load_rows(d, seq)) return false;
    LAST_AT_OR_BEFORE(seq->rows, seq->n_rows, address, code_offset, row);
    if (row == seq->n_rows) return false;
    const char *path = file_path(d, seq->unit, seq->rows[row].file);
    if (!path) return false;
    *file = path;
    *line = seq->rows[row].line;
    return true;
}

/* The number of a row's file; none: it has no name. */
static uint32_t file_number(Dwarf *d, uint32_t unit, uint32_t file, Arena *arena, DwarfLines *out)
{
    const char *path = file_path(d, unit, file);
    if (!path) return none;
    LineFile *f = &d->units[unit].files[file];
    if (f->number) return f->number - 1;
    const char **files = arena_grow(arena, out->files, out->n_files, &out->cap_files, sizeof *files);
    if (!files) return none;
    out->files = files;
    files[out->n_files++] = path;
    return (f->number = (uint32_t)out->n_files) - 1;
}

/* A later row of the same place replaces the earlier one; a row that says nothing new is left out. */
static bool push_line(Arena *arena, DwarfLines *out, DwarfLine line)
{
    if (line.file == none) line.line = 0;
    if (out->n && out->items[out->n - 1].offset == line.offset) out->n--;
    const DwarfLine *last = out->n ? &out->items[out->n - 1] : NULL;
    if (last ? last->file == line.file && last->line == line.line : line.file == none) return true;
    DwarfLine *items = arena_grow(arena, out->items, out->n, &out->cap, sizeof *items);
    if (!items) return false;
    out->items = items;
    items[out->n++] = line;
    return true;
}

bool dwarf_all_lines(Dwarf *d, Arena *arena, DwarfLines *out)
{
    *out = (DwarfLines){0};
    if (!d) return false;
    index_lines(d);
    uint32_t behind = 0; /* of the sequences so far: those that overlap do not count */
    for (size_t i = 0; i < d->n_sequences; i++) {
        Sequence *seq = &d->sequences[i];
        if (seq->low < behind || (!seq->rows && !load_rows(d, seq))) continue;
        for (uint32_t k = 0; k < seq->n_rows; k++) {
            const LineRow *row = &seq->rows[k];
            DwarfLine line = {row->address, file_number(d, seq->unit, row->file, arena, out), row->line};
            if (row->address >= seq->high || (out->n && row->address < out->items[out->n - 1].offset)) break;
            if (!push_line(arena, out, line)) return false;
        }
        if (!push_line(arena, out, (DwarfLine){seq->high, none, 0})) return false;
        behind = seq->high;
    }
    return out->n != 0;
}

/* ---- .debug_info: entries ---- */

enum { DW_TAG_array_type = 0x01, DW_TAG_pointer_type = 0x0f, DW_TAG_reference_type = 0x10, DW_TAG_typedef = 0x16,
       DW_TAG_subrange_type = 0x21, DW_TAG_const_type = 0x26, DW_TAG_subprogram = 0x2e, DW_TAG_volatile_type = 0x35,
       DW_TAG_atomic_type = 0x47 };
enum { DW_AT_name = 0x03, DW_AT_byte_size = 0x0b, DW_AT_upper_bound = 0x2f, DW_AT_count = 0x37, DW_AT_type = 0x49,
       DW_AT_str_offsets_base = 0x72 };
enum { DW_AT_location = 0x02, DW_AT_stmt_list = 0x10, DW_AT_low_pc = 0x11, DW_AT_abstract_origin = 0x31,
       DW_AT_decl_file = 0x3a, DW_AT_decl_line = 0x3b, DW_AT_specification = 0x47, DW_AT_addr_base = 0x73,
       DW_AT_GNU_addr_base = 0x2133 };
enum { DW_OP_addr = 0x03, DW_OP_const4u = 0x0c, DW_OP_piece = 0x93, DW_OP_addrx = 0xa1, DW_OP_constx = 0xa2, DW_OP_WASM_location = 0xed,
       DW_OP_GNU_addr_index = 0xfb };
typedef struct Entry {
    uint64_t tag; /* 0: the end of a list of siblings */
    Value location, low_pc, stmt_list, addr_base, str_base, origin, file, line;
    Value name, type, size, count; /* count: DW_AT_count, or DW_AT_upper_bound plus one */
} Entry;

static bool read_entry_of_info(Dwarf *d, const InfoUnit *u, Reader *r, Entry *e)
{
    uint64_t code;
    *e = (Entry){0};
    if (!dw_step(&d->in) || !rd_u64(r, "", &code)) return false;
    if (code == 0) return true;
    const Abbrev *a = dw_find_abbrev(&d->in, code);
    if (!a) return false;
    e->tag = a->tag;
    Reader specs = dw_reader(&d->in, &d->in.abbrev, a->attributes, d->in.abbrev.size);
    for (;;) {
        Spec spec;
        Value v;
        if (!dw_spec(&d->in, &specs, &spec)) return false;
        if (spec.attribute == 0 && spec.form == 0) return true;
        if (!dw_value(r, spec.form, spec.implicit, &u->enc, &v)) return false;
        switch (spec.attribute) {
        case DW_AT_location: e->location = v; break;
        case DW_AT_low_pc: e->low_pc = v; break;
        case DW_AT_stmt_list: e->stmt_list = v; break;
        case DW_AT_GNU_addr_base:
        case DW_AT_addr_base: e->addr_base = v; break;
        case DW_AT_specification:
        case DW_AT_abstract_origin: e->origin = v; break;
        case DW_AT_decl_file: e->file = v; break;
        case DW_AT_decl_line: e->line = v; break;
        case DW_AT_name: e->name = v; break;
        case DW_AT_type: e->type = v; break;
        case DW_AT_byte_size: e->size = v; break;
        case DW_AT_count: e->count = v; break;
        case DW_AT_upper_bound: e->count = v; e->count.number++; break;
        case DW_AT_str_offsets_base: e->str_base = v; break;
        default: break;
        }
    }
}

static uint32_t line_unit_at(const Dwarf *d, uint64_t offset)
{
    size_t low = 0, high = d->n_units;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (d->units[mid].head.offset < offset) low = mid + 1;
        else high = mid;
    }
    return low < d->n_units && d->units[low].head.offset == offset ? (uint32_t)low : none;
}

/* Entry `index` of this unit's part of .debug_addr. "7.27 Address Table" */
static bool indexed_address(Dwarf *d, const InfoUnit *u, uint64_t index, Decl *out)
{
    if (index > d->in.addr.size || u->addr_base > d->in.addr.size) return false;
    uint64_t at = u->addr_base + index * u->enc.address_size;
    return at < d->in.addr.size && symbol_address(d, &d->in.addr, (uint32_t)at, out);
}

/* An address, or the thread's base plus an address: `DW_OP_WASM_location 3 __tls_base, DW_OP_addr x, DW_OP_plus`. Of a
 * variable in pieces, which optimisers make, the first that is in memory; *in_pieces then. */
static bool location_address(Dwarf *d, const InfoUnit *u, const Value *location, bool *in_pieces, Decl *out)
{
    enum { GLOBAL_U32 = 3 };
    Reader r = dw_reader(&d->in, u->section, location->at, location->at + (uint64_t)location->bytes.len);
    uint8_t op;
    uint64_t n;
    do {
        if (!rd_byte(&r, "", &op)) return false;
        *in_pieces |= op == DW_OP_piece;
    } while (op == DW_OP_piece && rd_u64(&r, "", &n));
    if (op == DW_OP_WASM_location) {
        uint8_t kind;
        if (!d->in.object) return false; /* it has no address before a thread has */
        if (!rd_byte(&r, "", &kind) || !(kind == GLOBAL_U32 ? dw_fixed(&r, 4, &n) : rd_u64(&r, "", &n))) return false;
        if (!rd_byte(&r, "", &op)) return false;
    }
    switch (op) {
    case DW_OP_addr:
    case DW_OP_const4u: return symbol_address(d, u->section, (uint32_t)rd_offset(&r), out);
    case DW_OP_addrx:
    case DW_OP_constx:
    case DW_OP_GNU_addr_index: return rd_u64(&r, "", &n) && indexed_address(d, u, n, out);
    default: return false;
    }
}

/* Where the type of an entry stands; 0: it says none. */
static uint64_t type_of(const InfoUnit *u, const Entry *e)
{
    if (!e->type.form || e->type.form == DW_FORM_ref_sig8) return 0;
    return e->type.form == DW_FORM_ref_addr ? e->type.number : u->start + e->type.number;
}

static bool is_in_unit(const InfoUnit *u, uint64_t at) { return at >= u->entries && at < u->end; }

static bool entry_address(Dwarf *d, const InfoUnit *u, const Entry *e, Decl *out)
{
    bool in_pieces = false;
    if (e->location.bytes.len) {
        if (!location_address(d, u, &e->location, &in_pieces, out)) return false;
        out->type = in_pieces || !is_in_unit(u, type_of(u, e)) ? 0 : (uint32_t)type_of(u, e);
        return true;
    }
    if (!d->in.object || e->tag != DW_TAG_subprogram) return false; /* of linked code, lines are enough */
    switch (e->low_pc.form) {
    case DW_FORM_addr: return symbol_address(d, u->section, e->low_pc.at, out);
    case DW_FORM_addrx:
    case DW_FORM_addrx1:
    case DW_FORM_addrx2:
    case DW_FORM_addrx3:
    case DW_FORM_addrx4:
    case DW_FORM_GNU_addr_index: return indexed_address(d, u, e->low_pc.number, out);
    default: return false;
    }
}

/* What an entry does not say itself, the one says that it completes (DW_AT_specification) or is an instance of
 * (DW_AT_abstract_origin): one hop, within the unit. */
static void follow_origin(Dwarf *d, const InfoUnit *u, Entry *e)
{
    if (!e->origin.form || (e->file.form && e->line.form && e->name.form && e->type.form)) return;
    bool in_section = e->origin.form == DW_FORM_ref_addr;
    uint64_t at = in_section ? dw_section_offset(u->section, e->origin.at, e->origin.number) : u->start + e->origin.number;
    if (e->origin.form == DW_FORM_ref_sig8 || at < u->entries || at >= u->end) return;
    Reader r = dw_reader(&d->in, u->section, at, u->end);
    Entry origin;
    if (!read_entry_of_info(d, u, &r, &origin)) return;
    if (!e->file.form) e->file = origin.file;
    if (!e->line.form) e->line = origin.line;
    if (!e->name.form) e->name = origin.name;
    if (!e->type.form) e->type = origin.type;
}

static bool add_decl(Dwarf *d, Decl decl)
{
    Decl *items = arena_grow(d->in.arena, d->decls, d->n_decls, &d->cap_decls, sizeof *items);
    if (!items) return false;
    d->decls = items;
    decl.order = (uint32_t)d->n_decls;
    items[d->n_decls++] = decl;
    return true;
}

/* The name of a variable of a linked module: not looked at before somebody asks. */
static void keep_name(Decl *decl, const Value *name)
{
    if (name->form == 0 || name->form > UINT32_MAX || name->number > UINT32_MAX) return;
    decl->name_form = (uint32_t)name->form;
    decl->name = name->form == DW_FORM_string ? name->at : (uint32_t)name->number;
}

static void walk_unit(Dwarf *d, InfoUnit *u, uint32_t index)
{
    Reader r = dw_reader(&d->in, u->section, u->entries, u->end);
    Entry e;
    if (!dw_load_abbrevs(&d->in, u->abbrevs) || !read_entry_of_info(d, u, &r, &e)) return;
    if (!e.stmt_list.form) return; /* no lines, no places */
    u->line_unit = line_unit_at(d, dw_section_offset(u->section, e.stmt_list.at, e.stmt_list.number));
    if (e.addr_base.form) u->addr_base = dw_section_offset(u->section, e.addr_base.at, e.addr_base.number);
    if (e.str_base.form) u->str_base = dw_section_offset(u->section, e.str_base.at, e.str_base.number);
    while (rd_left(&r)) {
        Decl decl = {.unit = u->line_unit, .info = index};
        if (!read_entry_of_info(d, u, &r, &e)) return;
        if (e.location.bytes.len && !d->in.object) follow_origin(d, u, &e); /* for its type */
        if (!entry_address(d, u, &e, &decl)) continue;
        follow_origin(d, u, &e);
        if (!d->in.object) keep_name(&decl, &e.name);
        if (!e.file.form || !e.line.form || e.file.number >= none || e.line.number >= none) continue;
        decl.file = (uint32_t)e.file.number;
        decl.line = (uint32_t)e.line.number;
        if (!add_decl(d, decl)) return;
    }
}

static int by_symbol(const void *a, const void *b)
{
    const Decl *x = a, *y = b;
    if (x->space != y->space) return x->space < y->space ? -1 : 1;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* For the types of its variables. */
static bool keep_info(Dwarf *d, const InfoUnit *u)
{
    InfoUnit *items = arena_grow(d->in.arena, d->infos, d->n_infos, &d->cap_infos, sizeof *items);
    if (!items) return false;
    d->infos = items;
    items[d->n_infos++] = *u;
    return true;
}

/* Every section of that name: type units come in sections of their own. */
static void index_decls(Dwarf *d)
{
    if (d->has_decls) return;
    d->has_decls = true;
    index_lines(d); /* their units have the names of files */
    const WasmModule *m = d->in.module;
    uint64_t bytes = d->in.abbrev.size;
    for (uint32_t i = 0; i < m->n_customs; i++)
        if (str_eq(m->customs[i].name, STR(".debug_info"))) bytes += m->customs[i].payload.size;
    d->in.steps_left = bytes * DW_STEPS_PER_BYTE;

    for (uint32_t i = 0; i < m->n_customs; i++) {
        if (!str_eq(m->customs[i].name, STR(".debug_info"))) continue;
        Section *info = arena_alloc(d->in.arena, sizeof *info);
        if (!info) return;
        *info = dw_section(&d->in, &m->customs[i]);
        Reader r = dw_reader(&d->in, info, 0, info->size), unit;
        while (rd_left(&r)) {
            InfoUnit u = {.section = info, .start = (uint32_t)rd_offset(&r), .line_unit = none};
            if (!dw_unit(&r, &unit, &u.enc.offset_size)) break;
            u.end = (uint32_t)(unit.end - unit.base);
            if (!dw_info_header(&unit, false, &u)) continue;
            size_t before = d->n_decls;
            walk_unit(d, &u, (uint32_t)d->n_infos);
            if (!d->in.object && d->n_decls > before && !keep_info(d, &u)) return;
        }
    }
    if (d->n_decls) qsort(d->decls, d->n_decls, sizeof *d->decls, by_symbol);
}

bool dwarf_line_of_symbol(Dwarf *d, uint32_t symbol, const char **file, uint32_t *line)
{
    if (!d || !d->in.object || symbol >= d->in.object->n_symbols) return false;
    const WasmSymbol *s = &d->in.object->symbols[symbol];
    if ((s->kind != SYM_DATA && s->kind != SYM_FUNCTION) || (s->flags & (SYM_UNDEFINED | SYM_ABSOLUTE))) return false;
    index_decls(d);
    Decl wanted = {.space = s->kind == SYM_DATA ? s->index : SPACE_FUNCTION,
                   .at = s->kind == SYM_DATA ? s->data_offset : s->index};
    size_t low = 0, high = d->n_decls; /* the first that is not before it */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (by_symbol(&d->decls[mid], &wanted) < 0) low = mid + 1;
        else high = mid;
    }
    if (low == d->n_decls) return false;
    const Decl *found = &d->decls[low];
    if (found->space != wanted.space || found->at != wanted.at) return false;
    const char *path = file_path(d, found->unit, found->file);
    if (!path) return false;
    *file = path;
    *line = found->line;
    return true;
}

/* ---- variables of a linked module ---- */

/* Bytes of the type that stands there; 0 = not known. */
static uint64_t type_size(Dwarf *d, const InfoUnit *u, uint64_t at, unsigned hops)
{
    Entry e;
    Reader r = dw_reader(&d->in, u->section, at, u->end);
    if (hops == 0 || !is_in_unit(u, at) || !read_entry_of_info(d, u, &r, &e)) return 0;
    if (e.size.form) return e.size.number;
    switch (e.tag) {
    case DW_TAG_pointer_type:
    case DW_TAG_reference_type: return u->enc.address_size;
    case DW_TAG_typedef:
    case DW_TAG_const_type:
    case DW_TAG_volatile_type:
    case DW_TAG_atomic_type: return type_size(d, u, type_of(u, &e), hops - 1);
    case DW_TAG_array_type: break;
    default: return 0;
    }
    uint64_t size = type_size(d, u, type_of(u, &e), hops - 1);
    while (size && size <= UINT32_MAX && read_entry_of_info(d, u, &r, &e) && e.tag) /* its dimensions */
        if (e.tag == DW_TAG_subrange_type) size = e.count.number > UINT32_MAX ? 0 : size * e.count.number;
    return size <= UINT32_MAX ? size : 0;
}

/* "7.26 String Offsets Table": entry `index` of this unit's part of .debug_str_offsets */
static Str indexed_string(Dwarf *d, const InfoUnit *u, uint32_t index)
{
    uint64_t at = u->str_base + (uint64_t)index * u->enc.offset_size, offset;
    if (u->str_base > d->in.str_offsets.size) return (Str){0};
    Reader r = dw_reader(&d->in, &d->in.str_offsets, at, at + u->enc.offset_size);
    return dw_fixed(&r, u->enc.offset_size, &offset) ? string_at(&d->in.str, offset) : (Str){0};
}

static Str decl_name(Dwarf *d, const InfoUnit *u, const Decl *decl)
{
    switch (decl->name_form) {
    case DW_FORM_string: return string_at(u->section, decl->name);
    case DW_FORM_strp: return string_at(&d->in.str, decl->name);
    case DW_FORM_line_strp: return string_at(&d->in.line_str, decl->name);
    case DW_FORM_strx:
    case DW_FORM_strx1:
    case DW_FORM_strx2:
    case DW_FORM_strx3:
    case DW_FORM_strx4:
    case DW_FORM_GNU_str_index: return indexed_string(d, u, decl->name);
    default: return (Str){0};
    }
}

bool dwarf_variable_at(Dwarf *d, uint32_t address, DwarfVariable *out)
{
    if (!d || d->in.object) return false;
    index_decls(d);
    size_t i;
    LAST_AT_OR_BEFORE(d->decls, d->n_decls, at, address, i);
    if (i == d->n_decls || d->decls[i].info >= d->n_infos) return false;
    Decl *decl = &d->decls[i];
    const InfoUnit *u = &d->infos[decl->info];
    enum { HOPS = 16 };
    if (!decl->sized) {
        uint64_t size = decl->type && dw_load_abbrevs(&d->in, u->abbrevs) ? type_size(d, u, decl->type, HOPS) : 0;
        decl->size = size > UINT32_MAX ? 0 : (uint32_t)size;
        decl->sized = true;
    }
    if (address != decl->at && address - decl->at >= decl->size) return false; /* between what is known */
    *out = (DwarfVariable){.name = decl_name(d, u, decl), .address = decl->at, .size = decl->size};
    out->file = file_path(d, decl->unit, decl->file);
    out->line = out->file ? decl->line : 0;
    return out->name.len > 0;
}

/* ---- opening ---- */

static Dwarf *open_dwarf(const WasmModule *m, const WasmObject *object, Arena *arena)
{
    if (!wasm_find_custom(m, STR(".debug_line"))) return NULL; /* file names are there, too */
    Dwarf *d = arena_alloc(arena, sizeof *d);
    if (!d) return NULL;
    dw_open(&d->in, m, object, arena);
    d->files_left = MAX_FILES;
    return d;
}

Dwarf *dwarf_open_object(const WasmObject *object, Arena *arena) { return open_dwarf(&object->module, object, arena); }
Dwarf *dwarf_open_module(const WasmModule *m, Arena *arena) { return open_dwarf(m, NULL, arena); }
