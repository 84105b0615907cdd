/* inputs.c: from paths to objects and archives. Files are mapped, never copied; an object's arrays are views
 * of them.
 *
 * After wasm_read_object every index in an object is in range and every relocation lies in one function body,
 * one data segment or one custom section; what is added here is the linker's own view: who owns which
 * relocations, and what type each signature is among all types of the link. Work is linear in the object. */
#include "linker/ld.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static Str last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return str_of(slash ? slash + 1 : path);
}

/* ---- one object ---- */

static const WasmRelocs *relocs_of(const Obj *obj, uint8_t section_id, uint32_t *payload)
{
    const WasmModule *m = &obj->o.module;
    for (uint32_t i = 0; i < m->n_sections; i++)
        if (m->sections[i].id == section_id) {
            *payload = m->sections[i].payload.offset;
            return wasm_section_relocs(&obj->o, i);
        }
    return NULL;
}

/* A walk over a section's relocations, range by range. */
typedef struct Taker {
    const WasmRelocs *relocs;
    WasmRelocCursor next;
    uint32_t at;      /* of `reloc` among the entries */
    WasmReloc reloc;  /* the first that is not taken yet */
    bool has;
} Taker;

static void step(Taker *t)
{
    if (t->next.pos) t->at = (uint32_t)(t->next.pos - t->relocs->bytes);
    t->has = wasm_next_reloc(&t->next, &t->reloc);
}

static Taker take_from(const WasmRelocs *r)
{
    Taker t = {.relocs = r, .next = wasm_relocs_all(r)};
    step(&t);
    return t;
}

/* The relocations in [from, from + size): ranges ascend. */
static WasmRelocRange take_relocs(Taker *t, uint32_t from, uint32_t size)
{
    while (t->has && t->reloc.offset < from) step(t);
    WasmRelocRange range = {t->at, 0};
    for (; t->has && t->reloc.offset - from < size; step(t)) range.n++;
    return range;
}

static void view_functions(Ld *ld, Obj *obj)
{
    const WasmModule *m = &obj->o.module;
    uint32_t imported = m->n_imported[KIND_FUNC];
    obj->code_relocs = relocs_of(obj, SEC_CODE, &obj->code_payload);
    Taker taker = take_from(obj->code_relocs);
    obj->funcs = arena_array(&ld->arena, m->n_bodies, sizeof *obj->funcs);
    for (uint32_t i = 0; i < m->n_bodies; i++) {
        InFunc *f = &obj->funcs[i];
        WasmRange body = m->bodies[i];
        *f = (InFunc){.obj = obj,
                      .body = wasm_at(m, body),
                      .extra = &ld_no_extra,
                      .size = body.size,
                      .out_index = LD_NONE,
                      .table_index = LD_NONE,
                      .code_offset = body.offset - obj->code_payload,
                      .type = obj->type_ids[m->func_types[imported + i]]};
        f->relocs = take_relocs(&taker, f->code_offset, f->size);
    }
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (m->exports[i].kind == KIND_FUNC && m->exports[i].index >= imported)
            ld_func_extra(ld, &obj->funcs[m->exports[i].index - imported])->export_name = m->exports[i].name;
}

static void view_segments(Ld *ld, Obj *obj)
{
    const WasmModule *m = &obj->o.module;
    obj->data_relocs = relocs_of(obj, SEC_DATA, &obj->data_payload);
    Taker taker = take_from(obj->data_relocs);
    obj->segments = arena_array(&ld->arena, obj->o.n_segments, sizeof *obj->segments);
    for (uint32_t i = 0; i < obj->o.n_segments; i++) {
        WasmRange bytes = m->datas[i].bytes;
        InSegment *s = &obj->segments[i];
        *s = (InSegment){.obj = obj,
                         .bytes = wasm_at(m, bytes),
                         .size = bytes.size,
                         .data_offset = bytes.offset - obj->data_payload};
        s->relocs = take_relocs(&taker, s->data_offset, s->size);
    }
}

static void view_globals_and_tables(Ld *ld, Obj *obj)
{
    const WasmModule *m = &obj->o.module;
    uint32_t first = m->n_imported[KIND_GLOBAL];
    obj->globals = arena_array(&ld->arena, m->n_globals - first, sizeof *obj->globals);
    for (uint32_t i = first; i < m->n_globals; i++)
        obj->globals[i - first] = (InGlobal){.obj = obj,
                                             .type = m->globals[i].type,
                                             .mutable = m->globals[i].mutable,
                                             .init = wasm_at(m, m->globals[i].init),
                                             .init_size = m->globals[i].init.size,
                                             .out_index = LD_NONE};
    first = m->n_imported[KIND_TABLE];
    obj->tables = arena_array(&ld->arena, m->n_tables - first, sizeof *obj->tables);
    for (uint32_t i = first; i < m->n_tables; i++)
        obj->tables[i - first] = (InTable){.obj = obj, .type = m->tables[i], .out_index = LD_NONE};
}

static void view_customs(Ld *ld, Obj *obj)
{
    const WasmModule *m = &obj->o.module;
    obj->custom_of_section = arena_array(&ld->arena, m->n_sections, sizeof *obj->custom_of_section);
    for (uint32_t i = 0; i < m->n_sections; i++) obj->custom_of_section[i] = LD_NONE;
    obj->customs = arena_array(&ld->arena, m->n_customs, sizeof *obj->customs);
    obj->n_customs = m->n_customs;
    for (uint32_t i = 0; i < m->n_customs; i++) {
        const WasmCustom *c = &m->customs[i];
        obj->custom_of_section[c->order] = i;
        obj->customs[i] = (InCustom){.obj = obj,
                                     .section = c->order,
                                     .name = c->name,
                                     .bytes = wasm_at(m, c->payload),
                                     .size = c->payload.size,
                                     .relocs = wasm_section_relocs(&obj->o, c->order)};
    }
}

/* Which symbols the object calls: only those callers care for a function's type. */
static void note_calls(Ld *ld, Obj *obj)
{
    obj->called = arena_array(&ld->arena, obj->o.n_symbols, 1);
    WasmReloc r;
    for (WasmRelocCursor c = wasm_relocs_all(obj->code_relocs); wasm_next_reloc(&c, &r);)
        if (r.type == R_WASM_FUNCTION_INDEX_LEB) obj->called[r.index] = 1;
}

/* What an object may hold and we cannot link. */
static bool is_linkable(Ld *ld, Obj *obj)
{
    const WasmModule *m = &obj->o.module;
    if (m->has_start) {
        diag_add(ld->diags, LD_BAD_OBJECT, DIAG_AT(.file = obj->file, .offset = m->start_offset),
                 "a start section in an object cannot be linked");
        return false;
    }
    for (uint32_t i = 0; i < obj->o.n_relocs; i++) {
        uint8_t id = m->sections[obj->o.relocs[i].section].id;
        if (id == SEC_CODE || id == SEC_DATA || id == SEC_CUSTOM) continue;
        diag_add(ld->diags, LD_BAD_OBJECT,
                 DIAG_AT(.file = obj->file, .offset = m->sections[obj->o.relocs[i].section].payload.offset),
                 "relocations of a section other than code, data and custom ones cannot be applied");
        return false;
    }
    return true;
}

/* NULL: errors were recorded. */
Obj *ld_open_object(Ld *ld, const char *file, Str input, Str member, const uint8_t *bytes, size_t size)
{
    Obj *obj = arena_alloc(&ld->arena, sizeof *obj);
    *obj = (Obj){.file = file, .input = input, .member = member, .bytes = bytes, .size = size};
    if (!wasm_read_object(&ld->arena, bytes, size, file, ld->diags, &obj->o) || !is_linkable(ld, obj))
        return NULL;

    const WasmModule *m = &obj->o.module;
    obj->symbols = arena_array(&ld->arena, obj->o.n_symbols, sizeof *obj->symbols);
    obj->type_ids = arena_array(&ld->arena, m->n_types, sizeof *obj->type_ids);
    for (uint32_t i = 0; i < m->n_types; i++) obj->type_ids[i] = ld_type_id(ld, &m->types[i]);
    view_functions(ld, obj);
    view_segments(ld, obj);
    view_globals_and_tables(ld, obj);
    view_customs(ld, obj);
    note_calls(ld, obj);
    return obj;
}

/* ---- archives ---- */

const char *ld_member_text(Ld *ld, const LdArchive *a, uint32_t member)
{
    return arena_printf(&ld->arena, "%s(%s)", a->file, ld_name_text(ld, a->ar.members[member].name));
}

static bool keep_file(Ld *ld, const char *path, FileBytes *out)
{
    if (!file_map(path, 0, ld->diags, out)) return false;
    LD_PUSH(ld, ld->files, ld->n_files, ld->files_cap) = *out;
    return true;
}

/* A thin archive's members are files beside it; it cannot make us wait for a pipe or a device. */
static bool thin_member(Ld *ld, const LdArchive *a, ArMember *m)
{
    const char *slash = strrchr(a->file, '/');
    int folder = slash && m->name.len && m->name.ptr[0] != '/' ? (int)(slash - a->file + 1) : 0;
    const char *path = arena_printf(&ld->arena, "%.*s%.*s", folder, a->file, STR_ARG(m->name));
    struct stat st;
    FileBytes f;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        diag_add(ld->diags, AR_BAD, DIAG_AT(.file = a->file), "member of a thin archive is not a file: %s",
                 ld_name_text(ld, m->name));
        return false;
    }
    if (!keep_file(ld, path, &f)) return false;
    m->bytes = f.ptr;
    m->size = f.size;
    return true;
}

/* The member as an object; NULL when it is none (Rust's archives hold lib.rmeta) or an error was recorded. */
Obj *ld_open_member(Ld *ld, LdArchive *a, uint32_t i)
{
    ArMember *m = &a->ar.members[i];
    if (a->tried[i]) return a->members[i];
    a->tried[i] = 1;
    if (!m->bytes && a->ar.thin && !thin_member(ld, a, m)) return NULL;
    if (!wasm_is_object(m->bytes, m->size)) return NULL;
    Obj *obj = ld_open_object(ld, ld_member_text(ld, a, i), last_part(a->file), m->name, m->bytes, m->size);
    if (obj) obj->archive = a;
    return a->members[i] = obj;
}

static void add_object(Ld *ld, Obj *obj, bool lazy)
{
    if (!obj) return;
    obj->lazy = lazy;
    LD_PUSH(ld, ld->sources, ld->n_sources, ld->sources_cap) = (struct LdSource){.obj = obj};
}

static void add_archive(Ld *ld, const LdInput *in, const char *file, const uint8_t *bytes, size_t size)
{
    LdArchive *a = arena_alloc(&ld->arena, sizeof *a);
    *a = (LdArchive){.file = file, .bytes = bytes, .size = size};
    if (!ar_read(&ld->arena, bytes, size, file, ld->diags, &a->ar)) return;
    a->members = arena_array(&ld->arena, a->ar.n_members, sizeof *a->members);
    a->tried = arena_array(&ld->arena, a->ar.n_members, 1);
    if (!in->whole_archive && a->ar.n_symbols) {
        LD_PUSH(ld, ld->sources, ld->n_sources, ld->sources_cap) = (struct LdSource){.archive = a};
        return;
    }
    /* No index: the members' own symbol tables are looked at, as wasm-ld does with every archive. */
    for (uint32_t i = 0; i < a->ar.n_members; i++) {
        Obj *obj = ld_open_member(ld, a, i);
        if (obj && in->whole_archive) obj->live = true;
        add_object(ld, obj, !in->whole_archive);
    }
}

/* ---- one input ---- */

static void refuse_file(Ld *ld, const char *file, const uint8_t *bytes, size_t size)
{
    static const char *const bitcode = "BC\xc0\xde", *const wrapped = "\xde\xc0\x17\x0b";
    if (size >= 4 && (memcmp(bytes, bitcode, 4) == 0 || memcmp(bytes, wrapped, 4) == 0))
        diag_add(ld->diags, LD_BITCODE, DIAG_AT(.file = file),
                 "LLVM bitcode cannot be linked: compile without -flto");
    else if (size >= 8 && memcmp(bytes, "\0asm\1\0\0\0", 8) == 0)
        diag_add(ld->diags, OBJ_NOT_OBJECT, DIAG_AT(.file = file), "not a relocatable wasm file");
    else if (size >= 4 && memcmp(bytes, "\177ELF", 4) == 0)
        diag_add(ld->diags, LD_UNKNOWN_FILE, DIAG_AT(.file = file),
                 "unknown file type: an ELF file, not WebAssembly (compile with --target=wasm32)");
    else diag_add(ld->diags, LD_UNKNOWN_FILE, DIAG_AT(.file = file), "unknown file type");
}

/* A driver's temporary folder says nothing to the user. */
static const char *shown_name(const Ld *ld, const char *path)
{
    const char *hidden = ld->opt->hide_prefix;
    size_t n = hidden ? strlen(hidden) : 0;
    return n && strncmp(path, hidden, n) == 0 ? path + n : path;
}

static void add_input(Ld *ld, const LdInput *in, const char *path, const uint8_t *bytes, size_t size)
{
    const char *file = shown_name(ld, path);
    if (ar_is_archive(bytes, size)) add_archive(ld, in, file, bytes, size);
    else if (wasm_is_object(bytes, size)) {
        Obj *obj = ld_open_object(ld, file, last_part(file), (Str){0}, bytes, size);
        if (obj) obj->live = true;
        add_object(ld, obj, in->lazy && !in->whole_archive);
    } else refuse_file(ld, file, bytes, size);
}

/* -lNAME is libNAME.a, -l:NAME is NAME, in the first library folder that has it. */
static const char *find_library(Ld *ld, const char *name)
{
    for (size_t i = 0; i < ld->opt->library_dirs.n; i++) {
        const char *dir = ld->opt->library_dirs.items[i];
        const char *path = name[0] == ':' ? arena_printf(&ld->arena, "%s/%s", dir, name + 1)
                                          : arena_printf(&ld->arena, "%s/lib%s.a", dir, name);
        if (access(path, R_OK) == 0) return path;
    }
    Diag *d = diag_add(ld->diags, LD_NO_LIBRARY, DIAG_AT(), "unable to find library -l%s", name);
    for (size_t i = 0; i < ld->opt->library_dirs.n; i++)
        diag_note(ld->diags, d, "searched in %s", ld->opt->library_dirs.items[i]);
    return NULL;
}

/* requires: options. provides: ld->sources, every object and archive of the command line opened, in its
 * order. */
void ld_read_inputs(Ld *ld)
{
    for (size_t i = 0; i < ld->opt->n_inputs; i++) {
        const LdInput *in = &ld->opt->inputs[i];
        if (in->bytes) {
            add_input(ld, in, in->path, in->bytes, in->size);
            continue;
        }
        const char *path = in->is_library ? find_library(ld, in->path) : in->path;
        FileBytes f;
        if (path && keep_file(ld, path, &f)) add_input(ld, in, path, f.ptr, f.size);
    }
    if (ld->opt->n_inputs == 0) diag_add(ld->diags, USAGE, DIAG_AT(), "no input files");
}

void ld_close_inputs(Ld *ld)
{
    for (size_t i = 0; i < ld->n_files; i++) file_close(&ld->files[i]);
    ld->n_files = 0;
}
