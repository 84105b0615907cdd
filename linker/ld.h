/* ld.h: what the passes of a link share: the context, its tables, and one function for each pass.
 *
 * Ownership: everything lies in ld->arena or is viewed in the input bytes, which live until the link is over.
 * Index spaces: `obj_` is an index in one object, `out_` in the module that is written. Types have a third
 * one, the interned type id: equal signatures, wherever they come from, have equal ids.
 *
 * Order is never that of hashes or addresses: objects stand in the order in which they joined the link,
 * symbols in that in which their names were first seen. */
#ifndef PARIGOT_LINKER_LD_H
#define PARIGOT_LINKER_LD_H

#include "linker/linker.h"

#include <pthread.h>
#include <setjmp.h>

enum { WASM_PAGE = 65536, STACK_ALIGN = 16, HEAP_ALIGN = 16, NULL_GUARD = 4096, HEAP_CONTROL = 256 };
#define LD_NONE UINT32_MAX /* no index yet, or none at all */

typedef struct Ld Ld;
typedef struct Obj Obj;
typedef struct Symbol Symbol;
typedef struct LdArchive LdArchive;

/* A function that may be written: a body of an object, or one that the linker makes. There can be millions,
 * and of segments too: what few of them have is elsewhere, what the object says is not said again. */
typedef struct InFunc InFunc;
typedef struct FuncExtra {
    Str export_name; /* of export_name("x"); empty when there is none */
    InFunc *thunk;   /* the entry that stands for it in the exports */
    uint8_t *check;
    uint32_t check_size, check_at; /* a frame check, and where in the body it is put */
} FuncExtra;
extern const FuncExtra ld_no_extra;
struct InFunc {
    Obj *obj;               /* NULL: made by the linker */
    const uint8_t *body;    /* locals and code, without the size */
    const FuncExtra *extra; /* to be changed through ld_func_extra */
    Str name;               /* first symbol that names it */
    uint32_t size;
    WasmRelocRange relocs; /* of the object's code relocations */
    uint32_t code_offset;  /* of the body in the object's code section payload */
    uint32_t type;         /* type id */
    uint32_t out_index, table_index;
    uint32_t out_offset;                /* of the body in the output's code section payload */
    bool live, discarded, null_address; /* discarded: a comdat elsewhere won; null_address: table index 0 */
    bool packed;                        /* by pack.c: offsets in the object say nothing of it any more */
};

/* A data segment of an object. */
typedef struct OutSegment OutSegment;
typedef struct InSegment {
    Obj *obj;
    const uint8_t *bytes;
    OutSegment *out;
    uint64_t offset;            /* in the output segment; of merged strings see pieces */
    struct StringPiece *pieces; /* merged strings: in order of the input, NULL otherwise */
    uint32_t n_pieces;
    uint32_t size;
    WasmRelocRange relocs; /* of the object's data relocations */
    uint32_t data_offset;  /* of the bytes in the object's data section payload */
    bool live, discarded;
    bool seals; /* not constant by name, but it will be among the sealed data: see LdHeld */
} InSegment;
/* One string of a mergeable segment: where it was and where it went. */
typedef struct StringPiece {
    uint32_t in_offset, string;
} StringPiece; /* string: its number among the merged; until it is added, its hash */

typedef struct InGlobal {
    Obj *obj; /* NULL: made by the linker */
    uint8_t type;
    bool mutable, live;
    const uint8_t *init; /* constant expression with its end; NULL: i32.const value */
    Symbol *address_of;  /* not NULL: value is this symbol's address */
    uint32_t init_size, value;
    Str name;
    uint32_t out_index;
} InGlobal;

typedef struct InTable {
    Obj *obj; /* NULL: the indirect function table */
    WasmTable type;
    Str name;
    uint32_t out_index;
    bool live;
} InTable;

/* What an exception carries; under --policy=none only, for the validator does not know exceptions. */
typedef struct InTag {
    Obj *obj;
    uint32_t type; /* type id */
    uint32_t out_index;
    Str name;
    bool live;
} InTag;

/* A custom section of an object that is copied to the output. */
typedef struct OutCustom OutCustom;
typedef struct InCustom {
    Obj *obj;
    uint32_t section; /* number of the section in the object */
    Str name;
    const uint8_t *bytes;
    uint32_t size;
    const WasmRelocs *relocs; /* or NULL */
    OutCustom *out;
    uint64_t offset;            /* in the output section */
    struct StringPiece *pieces; /* .debug_str */
    uint32_t n_pieces;
    bool discarded;
} InCustom;

typedef struct FirstCall {
    const InFunc *func;
    uint32_t offset;
} FirstCall;

/* One relocatable object that is part of the link. */
struct Obj {
    const char *file;  /* as shown: "main.o", "lib.a(member.o)" */
    Str input, member; /* last parts of the path, for the record */
    const uint8_t *bytes;
    size_t size;
    WasmObject o;
    Symbol **symbols;    /* [o.n_symbols] */
    uint8_t *called;     /* [o.n_symbols] 1: called directly by this object */
    uint32_t *type_ids;  /* [o.module.n_types] */
    InFunc *funcs;       /* [o.module.n_bodies] */
    InSegment *segments; /* [o.n_segments] */
    InGlobal *globals;   /* defined ones */
    InTable *tables;     /* defined ones */
    InTag *tags;         /* defined ones */
    InCustom *customs;
    uint32_t n_customs;
    uint32_t *custom_of_section;                 /* [o.module.n_sections] index in customs, LD_NONE */
    const WasmRelocs *code_relocs, *data_relocs; /* or NULL */
    uint32_t code_payload, data_payload;         /* file offsets of the sections */
    bool live;                  /* on the command line, or something in it is live: its constructors count */
    LdArchive *archive;         /* that it is a member of, or NULL */
    bool in_link, lazy, mapped; /* mapped: the bytes are a file's */
    int fd;                     /* of the very file that is mapped; -1: none */
    WasmRange debug;            /* all debug sections, and what is between them */
    uint8_t digest[32];
    bool digest_known; /* BLAKE2b-256 of the bytes: ld_object_digest */
    Dwarf *dwarf;
    bool dwarf_tried;
    struct SymbolLists *map_lists; /* map.c */
    FirstCall *first_call;         /* [o.n_symbols], for messages; NULL: not looked for yet */
};

/* Name, alignment and flags of a segment. */
static inline const WasmSegmentInfo *ld_segment_info(const InSegment *s)
{
    return &s->obj->o.segments[s - s->obj->segments];
}
bool ld_is_tls(const InSegment *); /* thread-local, by flag or by name: layout.c */

typedef enum SymState {
    SYM_NEW,  /* a name and nothing else */
    SYM_LAZY, /* an archive member, or a lazy object, would define it */
    SYM_IS_UNDEFINED,
    SYM_DEFINED
} SymState;

/* There can be millions, each of a cache line: what few of them have is elsewhere, or shares a place. */
typedef struct SymbolExtra {
    const WasmImport *import; /* undefined: as an object imports it; NULL: as obj does, or by its name from "env" */
    Symbol *variants;         /* stubs for callers of another type */
    uint32_t got;             /* index of the global that holds its address, LD_NONE */
    uint32_t table_place;     /* undefined function: its index in the function table */
    uint32_t undefined_as;    /* index + 1 among the undefined symbols that will be reported */
} SymbolExtra;
extern const SymbolExtra ld_no_symbol_extra;
struct Symbol {
    Str name;
    union { /* by kind, once defined; by where it would come from, while lazy */
        InFunc *func;
        InGlobal *global;
        InTable *table;
        InTag *tag;
        InSegment *segment;
        InCustom *custom;
        LdArchive *archive;
        Obj *lazy_obj;
    };
    Obj *obj;                 /* that defines it, or refers to it first; NULL: the linker, the command line */
    const SymbolExtra *extra; /* to be changed through ld_symbol_extra */
    uint32_t obj_symbol;      /* its index there */
    uint32_t type;            /* function: type id, LD_NONE unknown */
    uint32_t value;           /* data: offset in the segment, or the address; lazy: the member; see ld_out_symbol */
    uint32_t out_index;       /* of an imported function, global or table */
    uint8_t kind, state;      /* SYM_FUNCTION.., SymState */
    bool weak : 1, hidden : 1, local : 1, no_strip : 1, absolute : 1;
    bool explicit_import : 1, called : 1; /* undefined: import_name given; called directly by somebody */
    bool exported : 1;                    /* by attribute or by option */
    bool used : 1;                        /* an object refers to it */
    bool provided : 1;                    /* a stub library has it: it is imported */
    bool weak_lazy : 1;                   /* lazy, and something refers to it weakly */
    bool lazy_is_obj : 1;                 /* lazy_obj, not archive */
    bool live : 1, imported : 1;
    bool linker : 1;   /* defined by us */
    bool in_table : 1; /* undefined function whose address is taken */
    bool tls : 1;      /* thread-local: its address counts from the start of .tdata */
};
_Static_assert(sizeof(Symbol) <= 64, "a cache line");
/* Index + 1 in the symbol table that is written, 0: not in it; from ld_number_symbols on, in a field that its kind has
 * no use for. */
static inline uint32_t *ld_out_symbol(Symbol *s) { return s->kind == SYM_DATA ? &s->out_index : &s->value; }

/* ---- tables.c ---- */

/* Names to numbers 0, 1, 2.. in the order of insertion; open addressing, seeded so that nobody can choose
 * collisions. */
typedef struct NameTable {
    struct NameSlot {
        uint32_t hash, index_plus_1;
    } * slots;
    uint32_t mask, n;
    Str *names;
    size_t names_cap;
} NameTable;
uint64_t ld_hash(const Ld *, const void *, size_t);
uint32_t ld_name_add(Ld *, NameTable *, Str, bool *added); /* its number */
/* The same in steps, for many names: their hashes, memory fetched ahead of use, the names added. */
uint32_t ld_name_hash(const Ld *, Str);
static inline void ld_name_prefetch(const NameTable *t, uint32_t hash)
{
    if (t->slots) __builtin_prefetch(&t->slots[hash & t->mask]);
}
uint32_t ld_name_add_hashed(Arena *, NameTable *, Str, uint32_t hash, bool *added);
uint32_t ld_name_find(const Ld *, const NameTable *, Str); /* or LD_NONE */

typedef struct TypeInfo {
    WasmType type;
    uint32_t out_index;
} TypeInfo;
uint32_t ld_type_id(Ld *, const WasmType *);
const char *ld_type_text(Ld *, uint32_t type); /* "(i32) -> i32" */

SymbolExtra *ld_symbol_extra(Ld *, Symbol *); /* its own, to be changed */
const WasmImport *ld_import_of(const Symbol *);
Str ld_import_module(const Symbol *); /* of one that is imported */
Str ld_import_name(const Symbol *);
Symbol *ld_symbol(Ld *, Str name);            /* found or made */
Symbol *ld_find_symbol(const Ld *, Str name); /* or NULL */

/* ---- the output ---- */

typedef enum OutArea { AREA_SEALED, AREA_WAIVED } OutArea;
struct OutSegment {
    Str name, comdat; /* the group that it belongs to, in relocatable output; empty: none */
    InSegment **parts;
    size_t n, cap;
    uint32_t align_log2;
    bool bss; /* zero: not written */
    OutArea area;
    uint64_t address, size;
    struct MergedStrings *merged; /* or NULL */
    uint64_t place;               /* of its head, in the data section's payload */
    uint32_t head_size;
    uint32_t index; /* of the data segment; LD_NONE: not written */
};
/* Strings of several segments put together, each once. */
typedef struct MergedStrings {
    NameTable strings;        /* distinct ones, each with its NUL */
    uint64_t *offsets;        /* of each */
    uint32_t *order, n_order; /* those that are written: a tail of another is not */
    uint64_t offset, size;    /* in the output segment */
} MergedStrings;

struct OutCustom {
    Str name;
    InCustom **parts;
    size_t n, cap;
    MergedStrings *merged; /* .debug_str */
    uint64_t size;
    uint64_t at, whole_size; /* of the section, in the module */
    uint32_t out_symbol;     /* of the section: as Symbol's */
};

typedef struct OutExport {
    Str name;
    uint8_t kind;
    uint32_t index;
    const InFunc *func; /* defined here; else NULL */
} OutExport;
typedef struct OutImport {
    Symbol *symbol;
} OutImport;

typedef struct LdLayout {
    uint32_t null_guard, stack_low, stack_high, sealed_low, sealed_high, waived_low, waived_high;
    uint32_t global_base, data_end, heap_base, heap_control, heap_end;
    uint32_t pages, max_pages;
    bool has_max;
} LdLayout;

/* A stub library: what the host provides, and what it needs of the program then. */
typedef struct LdStubs {
    const char *file;
    struct LdStub {
        Str name, *needs;
        size_t n, cap;
    } * items;
    size_t n, cap;
    NameTable names; /* of items, in their order */
} LdStubs;

struct LdArchive {
    Archive ar;
    const char *file;
    const uint8_t *bytes;
    size_t size;
    Obj **members;  /* [ar.n_members] once extracted; NULL */
    uint8_t *tried; /* [ar.n_members] it was opened, or could not be */
    uint8_t digest[32];
    bool digest_known;
    bool whole;
    bool mapped;
};

/* A finding that a waiver let through. */
typedef struct LdWaived {
    const struct ValWaiver *waiver;
    Obj *obj;
    Str symbol;
    InSegment *segment;    /* P104: the data; else NULL */
    uint32_t offset, size; /* in the segment */
    uint64_t until;        /* address of what is behind it */
} LdWaived;

/* A finding that is none once the constructors have been run by the linker: P106 of a constructor; with --seal-ctors
 * P104 of data that they may be what writes it. */
typedef struct LdHeld {
    Obj *obj;
    ValObjectFinding finding;
    InSegment *segment; /* P104 */
    const Symbol *ctor; /* P106 */
    const char *note;   /* why it is one, or NULL */
    bool settled;
} LdHeld;

struct Ld {
    const LdOptions *opt;
    Diags *diags;
    size_t survivable;     /* errors that leave the symbols sound: the link goes on to find more of them */
    struct LdWords *words; /* what messages need; NULL: there were none that did */
    Arena arena;
    TextBuf *messages, *why_extract, *map;
    uint64_t hash_seed;
    jmp_buf out_of_memory;
    Arena *worker_arenas; /* what threads read */
    unsigned n_worker_arenas;
    struct LdAside { /* custom sections are gathered by a thread of their own */
        Arena arena;
        pthread_t thread;
        bool running, failed;
        jmp_buf out_of_memory;
    } aside;

    struct LdFile {
        FileBytes bytes;
        int fd; /* -1: closed */
    } * files;
    long spare_fds;
    size_t n_files, files_cap; /* to be closed at the end */
    struct LdSource {          /* inputs in the order of the command line, opened */
        Obj *obj;              /* one of the two */
        LdArchive *archive;
    } * sources;
    size_t n_sources, sources_cap;

    NameTable names; /* of global symbols */
    Symbol **symbols;
    size_t symbols_cap; /* [names.n] */
    NameTable comdats;
    NameTable may_be_undefined; /* --allow-undefined-file, and .imports beside an archive */
    LdStubs **stub_libraries;
    size_t n_stub_libraries, stub_libraries_cap;
    NameTable traced; /* names that --trace-symbol follows */
    NameTable wraps;  /* names whose references change their target: wrap_to[] */
    struct Wrap {
        Symbol *from, *to;
    } * wrap_to;
    size_t wraps_cap;
    NameTable type_names;
    TypeInfo *types;
    size_t types_cap;
    Obj **objs;
    size_t n_objs, objs_cap; /* objects that are linked */

    /* made by the linker */
    Symbol *stack_pointer, *call_ctors, *call_dtors, *table_symbol, *heap_control;
    Symbol *heap_base, *heap_end, *data_end, *stack_low, *stack_high, *global_base, *dso_handle, *table_base;
    Symbol *tls_base;
    InFunc *init_memory; /* the start function, which clears imported memory; NULL: none */
    struct Bounds {      /* __start_NAME and __stop_NAME of a segment; either may be NULL */
        Str name;
        Symbol *start, *stop;
    } * bounds;
    size_t n_bounds, bounds_cap;
    NameTable bound_names; /* of bounds, in their order */
    Str *features; /* what the module uses, by name */
    size_t n_features, features_cap;
    InFunc **synthetic;
    size_t n_synthetic, synthetic_cap;
    struct CtorCall {
        uint32_t priority;
        Symbol *symbol;
        uint32_t order;
    } * ctors;
    size_t n_ctors, ctors_cap;
    struct Thunk {
        InFunc *func, *of;
        bool resets_stack, runs_ctors, runs_dtors;
    } * thunks;
    size_t n_thunks, thunks_cap;
    bool ctors_run; /* by an entry */
    LdHeld *held;   /* from ld_check_objects to ld_run_constructors */
    size_t n_held, held_cap;
    struct Judge *judge; /* rules.c */

    /* the output, from assign on */
    OutImport *imports;
    size_t n_imports, imports_cap;
    uint32_t n_imported_funcs, n_imported_globals, n_imported_tables, n_imported_tags;
    InFunc **funcs;
    size_t n_funcs, funcs_cap; /* defined, in order */
    InGlobal **globals;
    size_t n_globals, globals_cap;
    InTable **tables;
    size_t n_tables, tables_cap;
    InTag **tags;
    size_t n_tags, tags_cap;
    InTable *indirect_table; /* NULL: not needed */
    bool table_is_first;     /* it has to be table 0 */
    Symbol **elems;
    size_t n_elems, elems_cap; /* functions in the table, from table_base on */
    Symbol **gots;
    size_t n_gots, gots_cap;
    OutExport *exports;
    size_t n_exports, exports_cap;
    uint32_t *out_types;
    size_t n_out_types, out_types_cap; /* type ids in order */
    OutSegment **segments;
    size_t n_segments, segments_cap;
    OutCustom **customs;
    size_t n_customs, customs_cap;
    Symbol **out_symbols; /* for a later link: relocatable.c */
    size_t n_out_symbols, out_symbols_cap;
    uint64_t nearest_budget; /* for "nearest: .." of undefined symbols */
    LdWaived *waived;
    size_t n_waived, waived_cap;
    uint64_t *admitted; /* [policy's waivers] bytes let through by each so far */
    uint32_t n_data_segments;
    LdLayout layout;
    uint32_t stack_size; /* measured for -z stack-size=auto; 0: as the options say */
};

/* Appends to a growing array of the arena; the lvalues are an array, its count and its capacity. */
#define LD_PUSH(ld, items, n, cap) ARENA_PUSH(&(ld)->arena, items, n, cap)

/* ---- the passes, in their order ---- */

/* inputs.c */
void ld_read_inputs(Ld *);
Obj *ld_open_member(Ld *, LdArchive *, uint32_t member);
bool ld_map_member(Ld *, const LdArchive *, ArMember *); /* of a thin archive */
const char *ld_member_text(Ld *, const LdArchive *, uint32_t member); /* "lib.a(member.o)" */
void ld_close_inputs(Ld *);
void ld_forget_debug(const Obj *); /* not looked at for a while */
/* resolve.c */
void ld_resolve_symbols(Ld *);
bool ld_is_discarded(const Obj *,
                     const WasmSymbol *); /* defined in a comdat group that gave way to another */
void ld_wrap_symbols(Ld *);
void ld_export_symbols(Ld *);
void ld_report_exports(Ld *);
void ld_declare_synthetic(Ld *);
/* signatures.c */
void ld_check_signatures(Ld *);
/* mark_live.c */
void ld_mark_live(Ld *);
void ld_mark_functions_again(Ld *); /* there are fewer constructors now */
bool ld_is_exported(const Ld *, const Symbol *);
/* rules.c */
void ld_check_objects(Ld *);
void ld_report_held(Ld *);
const uint8_t *ld_object_digest(Obj *);
/* undefined.c */
void ld_stub_weak(Ld *);
void ld_check_undefined(Ld *);
/* services.c: what the module will be judged by; its imports, where there are errors and so no module; the code
 * of an undefined symbol, and where --abi describes services: the method that was meant, or NULL */
void ld_check_imports(Ld *);
DiagCode ld_undefined_code(Ld *, const Symbol *, const char **note);
/* assign.c */
void ld_assign_indices(Ld *);
void ld_assign_functions_again(Ld *);
uint32_t ld_out_type(Ld *, uint32_t type);
/* layout.c */
void ld_layout_memory(Ld *);
void ld_resize_stack(Ld *, uint32_t size);
void ld_number_segments(Ld *);
void ld_split_strings(Ld *, Arena *, const uint8_t *bytes, uint32_t size, StringPiece **pieces, uint32_t *n);
void ld_add_strings(Arena *, MergedStrings *, const uint8_t *bytes, uint32_t size, StringPiece *, uint32_t n);
void ld_place_strings(Arena *, MergedStrings *, bool tails);
uint64_t ld_piece_offset_from(const MergedStrings *, const StringPiece *, uint32_t n, uint64_t in_offset, uint32_t *piece);
uint64_t ld_piece_offset(const MergedStrings *, const StringPiece *, uint32_t n, uint64_t in_offset);
uint64_t ld_data_address(const Symbol *, int64_t addend);
/* synth.c */
void ld_define_linker_symbols(Ld *); /* those that something asks for */
void ld_define_bounds(Ld *);         /* __start_NAME, __stop_NAME of live segments */
void ld_declare_entries(Ld *);       /* after this: every function that will be written is known */
void ld_fill_bodies(Ld *);
void ld_check_constructors_run(Ld *);
void ld_forget_constructors(Ld *); /* what called them calls those that are left */
typedef struct ValFrame ValFrame;
void ld_add_frame_checks(Ld *, const ValFrame *, uint32_t n);
void ld_write_frame_check(Writer *, uint32_t stack_pointer, uint32_t least); /* the form alone */
InFunc *ld_new_function(Ld *, Str name, uint32_t type);
FuncExtra *ld_func_extra(Arena *, InFunc *); /* its own, to be changed */
Symbol *ld_stub(Ld *, Str name, uint32_t type);
/* run_ctors.c */
MUST_USE bool ld_run_constructors(Ld *);
/* reloc.c */
typedef struct RelocSite { /* bytes that were copied to the output and whose relocations are applied there */
    uint8_t *at;
    uint64_t address;      /* of data: in memory */
    uint32_t in_offset;    /* of the bytes in the object's section payload */
    uint32_t size;         /* of them there */
    uint32_t split, shift; /* what lay at in_offset + split or behind it is `shift` bytes further now */
    Obj *obj;
    const InFunc *func; /* NULL: not code */
    Str section;        /* name of a custom section; empty in code and data */
    bool quiet;         /* say nothing of what is wrong; the link's tables are only read */
} RelocSite;
bool ld_apply_relocs(Ld *, const RelocSite *, WasmRelocCursor); /* false: something was wrong */
const WasmRelocInfo *ld_reloc_fits(const RelocSite *, const WasmReloc *); /* NULL: the input was changed since it was read */
bool ld_is_there(const Ld *, const Symbol *);                   /* it has an index or address in the output */
uint64_t ld_section_offset(const Symbol *, uint64_t in_offset); /* of a custom section's byte, in the output */
/* relocatable.c: symbols and relocations of the output, for -r and --emit-relocs */
const uint32_t *ld_comdats_of_segments(Ld *, const Obj *); /* index + 1 for each, 0: in none; NULL: all of them */
void ld_number_symbols(Ld *);
static inline bool ld_keeps_relocs(const Ld *ld) { return ld->opt->relocatable || ld->opt->emit_relocs; }
void ld_write_linking(Ld *, Writer *, uint32_t first_custom);
typedef struct RelocOutput {
    uint8_t *at, *end; /* NULL: nothing is written, only counted */
    uint64_t size;     /* in bytes, */
    uint32_t n;        /* and relocations */
} RelocOutput;
/* out_offset: of the site's first byte in the output's section payload. false: the input was changed */
bool ld_copy_relocs(Ld *, const RelocSite *, WasmRelocCursor, uint64_t out_offset, RelocOutput *);
/* custom.c */
void ld_gather_customs(Ld *, Arena *);
void ld_write_producers(Ld *, Writer *);
Str ld_producers_text(Ld *, const Obj *);
bool ld_is_kept(const Ld *, Str section); /* --keep-section */
/* features.c */
void ld_gather_features(Ld *);
bool ld_has_feature(const Ld *, const char *);
void ld_write_features(Ld *, Writer *);
/* record.c: the section parigot.module */
void ld_write_record(Ld *, Writer *);
/* write.c */
/* map.c */
typedef struct LdRelocSection { /* size 0: there is none, for there are no relocations */
    Str name;
    uint32_t section; /* that they are of */
    size_t first;     /* of its pieces */
    uint64_t at, size;
} LdRelocSection;
typedef struct LdPlaces { /* of sections in the module, from their first byte on */
    const Writer *head, *linking, *tail;
    const LdRelocSection *relocs; /* [n_relocs] */
    size_t n_relocs;
    uint64_t code_at, code_size, data_at, data_size, relocs_at, tail_at;
} LdPlaces;
void ld_make_map(Ld *, const LdPlaces *, TextBuf *);
/* build_id.c */
void ld_write_build_id(const Ld *, Writer *);
void ld_set_build_id(Ld *, Writer *, uint64_t size); /* NULL: in the file opt->output_fd */
/* pack.c */
void ld_pack_code(Ld *);
/* write.c */
void ld_write_head(Ld *, Writer *);
void ld_write_op(Writer *, WasmOp); /* one without a prefix */
void ld_write_const(Writer *, uint32_t);
void ld_write_const_expr(Writer *, uint32_t);
Str ld_shown_name(Ld *, Str); /* as the name section and maps have it: demangled under no policy */
void ld_write_tail(Ld *, Writer *);
/* output.c */
RelocSite ld_code_site(const InFunc *, uint8_t *at); /* of a body that was copied to `at` */
void ld_write_module(Ld *, Writer *); /* NULL: into the file opt->output_fd */
unsigned ld_threads(const LdOptions *); /* link.c: how many may run */

/* ---- words.c: who and where, for messages ---- */

const char *ld_name_text(Ld *, Str name); /* escaped */
Str ld_utf8(Ld *, Str);                   /* as it is, or escaped */
const char *ld_obj_text(const Obj *);     /* "main.o", or "<internal>" */
/* A place that a message names; the text is "a.c:12 (a.o: function f)", as far as known. */
typedef struct LdPlace {
    const Obj *obj; /* NULL: the linker */
    const char *text, *src_file;
    uint32_t src_line;
} LdPlace;
LdPlace ld_code_place(Ld *, Obj *, const InFunc *, uint32_t code_offset);
LdPlace ld_data_place(Ld *, Obj *, const InSegment *, uint32_t data_offset); /* "a.c:3 (a.o: data table)" */
LdPlace ld_symbol_place(Ld *, Obj *, uint32_t obj_symbol); /* where it is declared: "a.c:3 (a.o)" */
/* A note "HOW PLACE". The source line of a place in the file that the diagnostic is about (the output: in any
 * object) is that of the diagnostic; for formats that have places, the others are related ones. */
void ld_note_place(Ld *, Diag *, const char *how, LdPlace);
Dwarf *ld_dwarf(Ld *, Obj *); /* or NULL */
/* hints.c: notes on why nobody defines it: what else has that name, what is nearly called so. */
void ld_hint_undefined(Ld *, Diag *, const Symbol *);
void ld_hint_name(Ld *, Diag *, Str name); /* the same for a name of the command line */
void ld_explain_import(Ld *, Diag *, const Symbol *); /* who refers to it first */
/* Findings on the linked module, from the `first` on: where in the objects they come from. */
void ld_explain_findings(Ld *, const WasmModule *, size_t first);

#endif
