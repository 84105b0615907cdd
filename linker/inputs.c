/* inputs.c: from paths to objects and archives. Files are mapped, never copied; an object's arrays are views
 * of them.
 *
 * Objects of the command line are read by several threads, each into an arena of its own; what they are to
 * each other comes after that, in their order.
 *
 * After wasm_read_object every index in an object is in range and every relocation lies in one function body,
 * one data segment or one custom section; what is added here is the linker's own view: who owns which
 * relocations, and what type each signature is among all types of the link. Work is linear in the object. */
#include "linker/ld.h"

#include <string.h>
#include <sys/resource.h>
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
    uint32_t at;     /* of `reloc` among the entries */
    WasmReloc reloc; /* the first that is not taken yet */
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

/* The relocations in [from, from + size): ranges ascend. Which symbols are called is noted on the way (only
 * callers care for a function's type). */
static WasmRelocRange take_relocs(Taker *t, uint32_t from, uint32_t size, uint8_t *called)
{
    while (t->has && t->reloc.offset < from) step(t);
    WasmRelocRange range = {t->at, 0};
    for (; t->has && t->reloc.offset - from < size; step(t)) {
        range.n++;
        if (t->reloc.type == R_WASM_FUNCTION_INDEX_LEB) called[t->reloc.index] = 1;
    }
    return range;
}

static void view_functions(Arena *arena, Obj *obj)
{
    const WasmModule *m = &obj->o.module;
    uint32_t imported = m->n_imported[KIND_FUNC];
    obj->code_relocs = relocs_of(obj, SEC_CODE, &obj->code_payload);
    Taker taker = take_from(obj->code_relocs);
    obj->called = arena_array(arena, obj->o.n_symbols, 1);
    obj->funcs = arena_array(arena, m->n_bodies, sizeof *obj->funcs);
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
                      .type = LD_NONE};
        f->relocs = take_relocs(&taker, f->code_offset, f->size, obj->called);
    }
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (m->exports[i].kind == KIND_FUNC && m->exports[i].index >= imported)
            ld_func_extra(arena, &obj->funcs[m->exports[i].index - imported])->export_name =
                m->exports[i].name;
}

static void view_segments(Arena *arena, Obj *obj)
{
    const WasmModule *m = &obj->o.module;
    obj->data_relocs = relocs_of(obj, SEC_DATA, &obj->data_payload);
    Taker taker = take_from(obj->data_relocs);
    obj->segments = arena_array(arena, obj->o.n_segments, sizeof *obj->segments);
    for (uint32_t i = 0; i < obj->o.n_segments; i++) {
        WasmRange bytes = m->datas[i].bytes;
        InSegment *s = &obj->segments[i];
        *s = (InSegment){.obj = obj,
                         .bytes = wasm_at(m, bytes),
                         .size = bytes.size,
                         .data_offset = bytes.offset - obj->data_payload};
        s->relocs = take_relocs(&taker, s->data_offset, s->size, obj->called);
    }
}

static void view_globals_and_tables(Arena *arena, Obj *obj)
{
    const WasmModule *m = &obj->o.module;
    uint32_t first = m->n_imported[KIND_GLOBAL];
    obj->globals = arena_array(arena, m->n_globals - first, sizeof *obj->globals);
    for (uint32_t i = first; i < m->n_globals; i++)
        obj->globals[i - first] = (InGlobal){.obj = obj,
                                             .type = m->globals[i].type,
                                             .mutable = m->globals[i].mutable,
                                             .init = wasm_at(m, m->globals[i].init),
                                             .init_size = m->globals[i].init.size,
                                             .out_index = LD_NONE};
    first = m->n_imported[KIND_TABLE];
    obj->tables = arena_array(arena, m->n_tables - first, sizeof *obj->tables);
    for (uint32_t i = first; i < m->n_tables; i++)
        obj->tables[i - first] = (InTable){.obj = obj, .type = m->tables[i], .out_index = LD_NONE};
    first = m->n_imported[KIND_TAG];
    obj->tags = arena_array(arena, m->n_tags - first, sizeof *obj->tags);
    for (uint32_t i = first; i < m->n_tags; i++)
        obj->tags[i - first] = (InTag){.obj = obj, .type = LD_NONE, .out_index = LD_NONE};
}

static void view_customs(Arena *arena, Obj *obj)
{
    const WasmModule *m = &obj->o.module;
    obj->custom_of_section = arena_array(arena, m->n_sections, sizeof *obj->custom_of_section);
    for (uint32_t i = 0; i < m->n_sections; i++) obj->custom_of_section[i] = LD_NONE;
    obj->customs = arena_array(arena, m->n_customs, sizeof *obj->customs);
    obj->n_customs = m->n_customs;
    for (uint32_t i = 0; i < m->n_customs; i++) {
        const WasmCustom *c = &m->customs[i];
        obj->custom_of_section[c->order] = i;
        obj->customs[i] = (InCustom){.obj = obj,
                                     .section = c->order,
                                     .name = {arena_strndup(arena, c->name.ptr, c->name.len), c->name.len},
                                     .bytes = wasm_at(m, c->payload),
                                     .size = c->payload.size,
                                     .relocs = wasm_section_relocs(&obj->o, c->order)};
    }
}

/* What an object may hold and we cannot link. */
static bool is_linkable(Diags *diags, Obj *obj)
{
    const WasmModule *m = &obj->o.module;
    if (m->has_start) {
        diag_add(diags, LD_BAD_OBJECT, DIAG_AT(.file = obj->file, .offset = m->start_offset),
                 "a start section in an object cannot be linked");
        return false;
    }
    for (uint32_t i = 0; i < obj->o.n_relocs; i++) {
        uint8_t id = m->sections[obj->o.relocs[i].section].id;
        if (id == SEC_CODE || id == SEC_DATA || id == SEC_CUSTOM) continue;
        diag_add(diags, LD_BAD_OBJECT,
                 DIAG_AT(.file = obj->file, .offset = m->sections[obj->o.relocs[i].section].payload.offset),
                 "relocations of a section other than code, data and custom ones cannot be applied");
        return false;
    }
    return true;
}

/* Debug information is most of an object, and only copied; what is mapped beside it need not bring it into memory. Of
 * an open file it is read where it is wanted, all but the strings; else it leaves memory when it was copied. */
void ld_forget_debug(const Obj *obj)
{
    if (obj->mapped && obj->fd < 0 && obj->debug.size) file_forget(obj->bytes + obj->debug.offset, obj->debug.size);
}

static void set_debug_apart(Obj *obj)
{
    enum { WORTH_A_CALL = 16 * 1024 };
    const WasmModule *m = &obj->o.module;
    uint32_t low = UINT32_MAX, high = 0;
    WasmRange strings = {0};
    for (uint32_t i = 0; i < m->n_customs; i++) {
        if (!str_has_prefix(m->customs[i].name, STR(".debug_"))) continue;
        WasmRange r = m->customs[i].payload;
        if (r.offset < low) low = r.offset;
        if (r.offset + r.size > high) high = r.offset + r.size;
        if (str_eq(m->customs[i].name, STR(".debug_str"))) strings = r;
    }
    if (low >= high) return;
    obj->debug = (WasmRange){low, high - low};
    if (!obj->mapped || high - low < WORTH_A_CALL) return;
    if (obj->fd >= 0 && strings.size) {
        uint32_t end = strings.offset + strings.size;
        file_set_apart(obj->bytes + low, strings.offset - low);
        file_set_apart(obj->bytes + end, high - end);
    } else file_set_apart(obj->bytes + low, high - low);
    file_forget(obj->bytes + low, high - low);
}

/* Everything about the object that no other object has a say in: so several can be read at once. */
static bool parse(Arena *arena, Diags *diags, Obj *obj)
{
    if (!wasm_read_object(arena, obj->bytes, obj->size, obj->file, diags, &obj->o) ||
        !is_linkable(diags, obj))
        return false;
    obj->symbols = arena_array(arena, obj->o.n_symbols, sizeof *obj->symbols);
    obj->type_ids = arena_array(arena, obj->o.module.n_types, sizeof *obj->type_ids);
    view_functions(arena, obj);
    view_segments(arena, obj);
    view_globals_and_tables(arena, obj);
    view_customs(arena, obj);
    set_debug_apart(obj);
    return true;
}

/* Its types among those of all objects. */
static void join_types(Ld *ld, Obj *obj)
{
    const WasmModule *m = &obj->o.module;
    const uint32_t *types = m->n_bodies ? m->func_types + m->n_imported[KIND_FUNC] : NULL;
    for (uint32_t i = 0; i < m->n_types; i++) obj->type_ids[i] = ld_type_id(ld, &m->types[i]);
    for (uint32_t i = 0; i < m->n_bodies; i++) obj->funcs[i].type = obj->type_ids[types[i]];
    for (uint32_t i = m->n_imported[KIND_TAG]; i < m->n_tags; i++)
        obj->tags[i - m->n_imported[KIND_TAG]].type = obj->type_ids[m->tag_types[i]];
}

/* A driver's temporary folder says nothing to the user. */
static const char *shown_name(const Ld *ld, const char *path)
{
    const char *hidden = ld->opt->hide_prefix;
    size_t n = hidden ? strlen(hidden) : 0;
    return n && strncmp(path, hidden, n) == 0 ? path + n : path;
}

/* ---- what is no object ---- */

static bool is_bitcode(const uint8_t *bytes, size_t size)
{
    static const char *const raw = "BC\xc0\xde", *const wrapped = "\xde\xc0\x17\x0b";
    return size >= 4 && (memcmp(bytes, raw, 4) == 0 || memcmp(bytes, wrapped, 4) == 0);
}

static void refuse_bitcode(Ld *ld, const char *file)
{
    diag_add(ld->diags, LD_BITCODE, DIAG_AT(.file = file),
             "LLVM bitcode cannot be linked: compile without -flto");
}

/* Shared libraries begin with a section that says so. */
static bool is_shared_library(const uint8_t *bytes, size_t size)
{
    Diags ignored = {.limit = 1};
    Reader r = rd_open(bytes, size, NULL, &ignored), section;
    uint8_t id = 0;
    Str name = {0};
    r.pos += 8;
    if (!rd_section(&r, &id, &section) || id != SEC_CUSTOM || !rd_name(&section, "name", &name)) name.len = 0;
    diag_free(&ignored);
    return str_eq(name, STR("dylink.0")) || str_eq(name, STR("dylink"));
}

/* Cut short, by a full disk or a compiler that was stopped: its last section is longer than what is left. */
static bool is_cut(const uint8_t *bytes, size_t size)
{
    Diags ignored = {.limit = 1};
    Reader r = rd_open(bytes, size, NULL, &ignored), section;
    uint8_t id;
    bool whole = true;
    r.pos += 8;
    while (whole && rd_left(&r)) whole = rd_section(&r, &id, &section);
    diag_free(&ignored);
    return !whole;
}

static void refuse_file(Ld *ld, const char *file, const uint8_t *bytes, size_t size)
{
    if (is_bitcode(bytes, size)) refuse_bitcode(ld, file);
    else if (size >= 8 && memcmp(bytes, "\0asm\1\0\0\0", 8) == 0)
        diag_add(ld->diags, OBJ_NOT_OBJECT, DIAG_AT(.file = file), "not a relocatable wasm file%s",
                 is_shared_library(bytes, size) ? ": a shared library, and dynamic linking is not done"
                 : is_cut(bytes, size)          ? ": it ends within a section"
                                                : "");
    else if (size >= 8 && memcmp(bytes, "\0asm", 4) == 0)
        diag_add(
            ld->diags, LD_UNKNOWN_FILE, DIAG_AT(.file = file),
            "unknown file type: a component or a version of WebAssembly that is not known, not an object");
    else if (size >= 4 && memcmp(bytes, "\177ELF", 4) == 0)
        diag_add(ld->diags, LD_UNKNOWN_FILE, DIAG_AT(.file = file),
                 "unknown file type: an ELF file, not WebAssembly (compile with --target=wasm32)");
    else diag_add(ld->diags, LD_UNKNOWN_FILE, DIAG_AT(.file = file), "unknown file type");
}

/* ---- archives ---- */

const char *ld_member_text(Ld *ld, const LdArchive *a, uint32_t member)
{
    return arena_printf(&ld->arena, "%s(%s)", a->file, ld_name_text(ld, a->ar.members[member].name));
}

static bool keep_file(Ld *ld, const char *path, FileBytes *out)
{
    if (!file_map(path, 0, ld->diags, out)) return false;
    if (ld->opt->on_input) ld->opt->on_input(ld->opt->on_input_ctx, NULL, path, out->ptr, out->size);
    LD_PUSH(ld, ld->files, ld->n_files, ld->files_cap) = (struct LdFile){*out, -1};
    return true;
}

/* A thin archive's members are files beside it; it cannot make us wait for a pipe or a device. */
bool ld_map_member(Ld *ld, const LdArchive *a, ArMember *m)
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
    size_t before = ld->diags->n;
    if (!keep_file(ld, path, &f)) {
        if (ld->diags->n > before)
            diag_note(ld->diags, &ld->diags->items[before], "a member of the thin archive %s", a->file);
        return false;
    }
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
    if (!m->bytes && a->ar.thin && !ld_map_member(ld, a, m)) return NULL;
    if (!wasm_is_object(m->bytes, m->size)) {
        if (is_bitcode(m->bytes, m->size))
            refuse_bitcode(ld, ld_member_text(ld, a, i)); /* somebody needs it */
        return NULL;
    }
    Obj *obj = arena_alloc(&ld->arena, sizeof *obj);
    *obj = (Obj){.file = ld_member_text(ld, a, i),
                 .input = last_part(a->file),
                 .member = m->name,
                 .bytes = m->bytes,
                 .size = m->size,
                 .mapped = a->mapped,
                 .fd = -1,
                 .archive = a};
    if (!parse(&ld->arena, ld->diags, obj)) return NULL;
    join_types(ld, obj);
    return a->members[i] = obj;
}

static void add_object(Ld *ld, Obj *obj, bool lazy)
{
    if (!obj) return;
    obj->lazy = lazy;
    LD_PUSH(ld, ld->sources, ld->n_sources, ld->sources_cap) = (struct LdSource){.obj = obj};
}

static void add_archive(Ld *ld, const LdInput *in, const char *file, FileBytes bytes)
{
    LdArchive *a = arena_alloc(&ld->arena, sizeof *a);
    *a = (LdArchive){.file = file, .bytes = bytes.ptr, .size = bytes.size, .mapped = bytes.mapped};
    if (!ar_read(&ld->arena, bytes.ptr, bytes.size, file, ld->diags, &a->ar)) return;
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

/* ---- lists of imports ---- */

static Str next_line(Str *text)
{
    const char *end = text->len ? memchr(text->ptr, '\n', text->len) : NULL;
    size_t n = end ? (size_t)(end - text->ptr) : text->len;
    Str line = {text->ptr, n};
    text->ptr += n + (end != NULL);
    text->len -= n + (end != NULL);
    return line;
}

static Str trimmed(Str s)
{
    while (s.len && strchr(" \t\r", s.ptr[0])) s.ptr++, s.len--;
    while (s.len && strchr(" \t\r", s.ptr[s.len - 1])) s.len--;
    return s;
}

static Str cut(Str *rest, char at)
{
    const char *end = rest->len ? memchr(rest->ptr, at, rest->len) : NULL;
    size_t n = end ? (size_t)(end - rest->ptr) : rest->len;
    Str part = {rest->ptr, n};
    rest->ptr += n + (end != NULL);
    rest->len -= n + (end != NULL);
    return trimmed(part);
}

/* libc.imports beside libc.a: names, one a line, that may stay undefined. */
static void read_imports_beside(Ld *ld, const char *archive)
{
    const char *dot = strrchr(archive, '.'), *slash = strrchr(archive, '/');
    if (dot && slash && dot < slash) dot = NULL;
    int stem = dot ? (int)(dot - archive) : (int)strlen(archive);
    const char *path = arena_printf(&ld->arena, "%.*s.imports", stem, archive);
    FileBytes f;
    bool added;
    if (access(path, F_OK) != 0 || !keep_file(ld, path, &f)) return;
    for (Str text = {(const char *)f.ptr, f.size}; text.len;) {
        Str name = trimmed(next_line(&text));
        if (name.len && name.ptr[0] != '#') (void)ld_name_add(ld, &ld->may_be_undefined, name, &added);
    }
}

/* "#STUB", then a line for each function that the host provides, with what the host will need of the program:
 *     name: export, export */
static void add_stub_library(Ld *ld, const char *file, const uint8_t *bytes, size_t size)
{
    LdStubs *stubs = arena_alloc(&ld->arena, sizeof *stubs);
    stubs->file = file;
    for (Str text = {(const char *)bytes, size}; text.len;) {
        Str rest = trimmed(next_line(&text));
        if (!rest.len || rest.ptr[0] == '#') continue;
        Str name = cut(&rest, ':');
        bool added;
        (void)ld_name_add(ld, &stubs->names, name, &added);
        if (!added) continue;
        struct LdStub *stub = &LD_PUSH(ld, stubs->items, stubs->n, stubs->cap);
        *stub = (struct LdStub){.name = name};
        while (rest.len) {
            Str need = cut(&rest, ',');
            if (need.len) LD_PUSH(ld, stub->needs, stub->n, stub->cap) = need;
        }
    }
    LD_PUSH(ld, ld->stub_libraries, ld->n_stub_libraries, ld->stub_libraries_cap) = stubs;
}

/* ---- one input ---- */

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

/* One input on its way: opened and, when it is an object, read, by whichever thread gets to it. */
typedef struct Reading {
    const LdInput *in;
    const char *path; /* NULL: not found */
    FileBytes bytes;
    int fd;            /* of the file, open still; -1 */
    Obj *obj; /* read; NULL: an archive, or something is wrong, which is found out once more in its turn */
} Reading;

typedef struct ReadWork {
    Ld *ld;
    Reading *readings;
    struct ReadWorker {
        Arena *arena;
        jmp_buf out_of_memory;
    } * workers;
} ReadWork;

static void give_up(void *ctx)
{
    struct ReadWorker *w = ctx;
    longjmp(w->out_of_memory, 1);
}

/* Files stay open as long as there are descriptors enough for everybody else. */
static bool open_file(Ld *ld, Reading *r, Diags *diags)
{
    if (__atomic_sub_fetch(&ld->spare_fds, 1, __ATOMIC_RELAXED) < 0) return file_map(r->path, 0, diags, &r->bytes);
    return file_map_open(r->path, 0, diags, &r->bytes, &r->fd);
}

static Obj *new_object(Arena *arena, const Ld *ld, const Reading *r)
{
    Obj *obj = arena_alloc(arena, sizeof *obj);
    const char *file = shown_name(ld, r->path);
    *obj = (Obj){.file = file,
                 .input = last_part(file),
                 .bytes = r->bytes.ptr,
                 .size = r->bytes.size,
                 .mapped = r->bytes.mapped,
                 .fd = r->fd};
    return obj;
}

static void read_one(void *ctx, uint32_t i, unsigned worker)
{
    ReadWork *work = ctx;
    Reading *r = &work->readings[i];
    struct ReadWorker *me = &work->workers[worker];
    Diags ignored = {.limit = 1};
    if (r->path && !r->bytes.ptr && !open_file(work->ld, r, &ignored)) r->bytes = (FileBytes){0};
    if (r->bytes.ptr && setjmp(me->out_of_memory) == 0 && wasm_is_object(r->bytes.ptr, r->bytes.size)) {
        Obj *obj = new_object(me->arena, work->ld, r);
        if (parse(me->arena, &ignored, obj) && ignored.n == 0) r->obj = obj;
    }
    diag_free(&ignored);
}

/* What a thread read, put in its place; or what is no object, or cannot be read. */
static void add_input(Ld *ld, Reading *r)
{
    if (!r->path) return;
    if (!r->bytes.ptr && !open_file(ld, r, ld->diags)) return;
    if (!r->in->bytes) LD_PUSH(ld, ld->files, ld->n_files, ld->files_cap) = (struct LdFile){r->bytes, r->fd};
    if (ld->opt->on_input)
        ld->opt->on_input(ld->opt->on_input_ctx, r->in, r->path, r->bytes.ptr, r->bytes.size);
    const uint8_t *bytes = r->bytes.ptr;
    size_t size = r->bytes.size;
    if (ar_is_archive(bytes, size)) {
        read_imports_beside(ld, r->path);
        add_archive(ld, r->in, shown_name(ld, r->path), r->bytes);
    } else if (r->obj || wasm_is_object(bytes, size)) {
        if (!r->obj) {
            r->obj = new_object(&ld->arena, ld, r);
            if (!parse(&ld->arena, ld->diags, r->obj)) return;
        }
        join_types(ld, r->obj);
        r->obj->live = true;
        add_object(ld, r->obj, r->in->lazy && !r->in->whole_archive);
    } else if (size >= 5 && memcmp(bytes, "#STUB", 5) == 0)
        add_stub_library(ld, shown_name(ld, r->path), bytes, size);
    else refuse_file(ld, shown_name(ld, r->path), bytes, size);
}

static void read_at_once(Ld *ld, Reading *readings, size_t n)
{
    enum { WORTH_A_THREAD = 4 };
    unsigned threads = ld_threads(ld->opt);
    if (threads > n / WORTH_A_THREAD) threads = (unsigned)(n / WORTH_A_THREAD);
    if (threads < 2) return; /* each in its turn is as good */
    ld->worker_arenas = arena_array(&ld->arena, threads, sizeof *ld->worker_arenas);
    ReadWork work = {.ld = ld, .readings = readings};
    work.workers = arena_array(&ld->arena, threads, sizeof *work.workers);
    for (unsigned i = 0; i < threads; i++) {
        work.workers[i].arena = &ld->worker_arenas[i];
        ld->worker_arenas[i] =
            (Arena){.limit_bytes = ld->opt->memory_limit, .on_oom = give_up, .oom_ctx = &work.workers[i]};
    }
    ld->n_worker_arenas = threads;
    parallel_for(threads, (uint32_t)n, read_one, &work);
}

/* requires: options. provides: ld->sources, every object and archive of the command line opened, in its
 * order. */
void ld_read_inputs(Ld *ld)
{
    size_t n = ld->opt->n_inputs;
    Reading *readings = arena_array(&ld->arena, n, sizeof *readings);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) ld->spare_fds = files.rlim_cur > 1 << 20 ? 1 << 20 : (long)files.rlim_cur / 2;
    for (size_t i = 0; i < n; i++) {
        const LdInput *in = &ld->opt->inputs[i];
        readings[i] = (Reading){.fd = -1, .in = in, .path = in->is_library ? find_library(ld, in->path) : in->path};
        if (in->bytes)
            readings[i].bytes = (FileBytes){.ptr = (uint8_t *)(uintptr_t)in->bytes, .size = in->size};
    }
    read_at_once(ld, readings, n);
    for (size_t i = 0; i < n; i++) add_input(ld, &readings[i]);
    if (n == 0) diag_add(ld->diags, USAGE, DIAG_AT(), "no input files");
}

void ld_close_inputs(Ld *ld)
{
    for (size_t i = 0; i < ld->n_files; i++) {
        file_close(&ld->files[i].bytes);
        if (ld->files[i].fd >= 0) close(ld->files[i].fd);
    }
    ld->n_files = 0;
}
