/* wasm.h: the binary format, for everybody above: bytes in (reader, module, object, archive, DWARF lines),
 * bytes out (writer), what was wrong (diagnostics), and where it all lives (arena).
 *
 * Everything here reads hostile input. A reader never looks past its range, a count is compared with the bytes
 * that are left before anything is allocated for it, and every failure is a Diag with a code and a place.
 * Input bytes are viewed, not copied: a WasmModule is valid as long as its bytes are.
 *
 * Sources: WebAssembly core 2.0 §5 "Binary Format"; tool-conventions Linking.md (objects, relocations). */
#ifndef PARIGOT_WASM_H
#define PARIGOT_WASM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE     __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof *(a))

#pragma GCC visibility push(default) /* also in libparigot-validator, see validator/validator.h */

/* Text or bytes owned by somebody else; no NUL behind it. {0} is the empty string. */
typedef struct Str {
    const char *ptr;
    size_t len;
} Str;

#define STR(literal) ((Str){(literal), sizeof(literal) - 1})
#define STR_ARG(s)   (int)(s).len, (s).ptr /* for "%.*s" */
Str  str_of(const char *nul_terminated);
bool str_eq(Str a, Str b);
int  str_cmp(Str a, Str b); /* bytewise; a prefix comes first */
bool str_has_prefix(Str s, Str prefix);
bool str_has_suffix(Str s, Str suffix);
size_t str_distance(Str a, Str b); /* how many letters must change to make b of a; 31 when one is longer than that */
bool str_is_utf8(Str s); /* core 2.0 §5.2.4 "Names": no surrogates, no overlong forms */

/* ---- arena.c: memory owned by a context, freed as a whole ------------------------------------------------- */

typedef struct ArenaChunk ArenaChunk;
typedef struct Arena {
    ArenaChunk *head;
    size_t used_bytes;           /* taken from malloc, all chunks                                              */
    size_t limit_bytes;          /* 0 = no limit                                                               */
    void (*on_oom)(void *ctx);   /* when set and memory is out, called; must not return. A tool's choice: with
                                    it, no arena function returns NULL. Libraries leave it alone.              */
    void *oom_ctx;
} Arena;

/* All return zeroed memory aligned to 16, or NULL when out of memory, over the limit, or n * size overflows. */
void *arena_alloc(Arena *, size_t size);
void *arena_array(Arena *, size_t n, size_t size);
char *arena_strndup(Arena *, const char *s, size_t len); /* NUL-terminated copy */
char *arena_printf(Arena *, const char *format, ...) PRINTF(2, 3);
char *arena_vprintf(Arena *, const char *format, va_list) PRINTF(2, 0);
/* arena_grow: room for one more item in a growing array of n items; returns the (possibly moved) array.
 * *cap is doubled as needed. Nothing may point into the array while it grows. */
void *arena_grow(Arena *, void *items, size_t n, size_t *cap, size_t item_size);
/* Appends: the lvalues are an array, its count and its capacity. Only where no arena function returns NULL (on_oom). */
#define ARENA_PUSH(arena, items, n, cap)                                                                               \
    (*((items) = arena_grow((arena), (items), (n), &(cap), sizeof *(items)), &(items)[(n)++]))
void arena_free(Arena *); /* frees all; the Arena can be used again */

/* ---- diag.c: what is wrong, and where --------------------------------------------------------------------- */

#define DIAG_NOWHERE   UINT64_MAX
#define DIAG_NOWHERE32 UINT32_MAX

typedef enum DiagCode {
    DIAG_NONE,
#define DIAG(name, code, severity, summary, help) name,
#include "wasm/diags.def"
#undef DIAG
    DIAG_CODE_COUNT
} DiagCode;

typedef enum DiagSeverity { SEV_NOTE, SEV_WARNING, SEV_ERROR, SEV_FATAL } DiagSeverity;

/* Where something is wrong. Zero-initialise with DIAG_AT(...): what is not said is nowhere. */
typedef struct DiagPlace {
    const char *file;      /* as the user named it; archive members as "lib.a(member.o)"; NULL = none         */
    uint64_t offset;       /* byte offset in that file, or DIAG_NOWHERE                                       */
    uint32_t func;         /* function index, or DIAG_NOWHERE32                                               */
    Str func_name;         /* when known                                                                      */
    Str symbol;            /* the symbol that the finding is about, when there is one                         */
    const char *src_file;  /* from DWARF, or NULL                                                             */
    uint32_t src_line;     /* 1-based; 0 = unknown                                                            */
    bool src_in_note;      /* a note says it: the text's first line does not say it again                     */
} DiagPlace;
#define DIAG_AT(...) ((DiagPlace){.offset = DIAG_NOWHERE, .func = DIAG_NOWHERE32, __VA_ARGS__})

/* Another place that a diagnostic is about; a note says the same in words. */
typedef struct DiagRelated {
    DiagPlace place;
    const char *text;
    struct DiagRelated *next;
} DiagRelated;

typedef struct Diag {
    DiagCode code;
    DiagSeverity severity;
    DiagPlace place;  /* its strings are copied into the Diags                                                */
    const char *text; /* one line, starts with the test suite's or wasm-ld's phrase where there is one        */
    const char *note; /* further lines ("\n" between), each shown after ">>> "; or NULL                       */
    DiagRelated *related; /* in order; or NULL                                                                */
} Diag;

/* All diagnostics of a run, in the order found. Zero is a valid empty list without limit. */
typedef struct Diags {
    Arena arena;
    Diag *items;
    size_t n, cap;
    size_t errors, warnings; /* counted also beyond the limit                                                 */
    size_t errors_stored;    /* so many of them were                                                          */
    size_t limit;            /* store at most so many errors; 0 = all. errors > limit: say so                 */
    bool out_of_memory;      /* a Diag could not be stored: errors is right, items is not complete            */
} Diags;

/* Full from the start: stores nothing, so that nobody need free it. For readers whose failures are no errors. */
#define DIAGS_NOTHING ((Diags){.limit = 1, .errors_stored = 1})

/* diag_add: record one diagnostic with the severity of its row in diags.def.
 * out:   returned so that a note can follow with diag_note; NULL when over the limit or out of memory (pass it on). */
Diag *diag_add(Diags *, DiagCode, DiagPlace, const char *format, ...) PRINTF(4, 5);
Diag *diag_vadd(Diags *, DiagCode, DiagPlace, const char *format, va_list) PRINTF(4, 0);
Diag *diag_add_as(Diags *, DiagSeverity, DiagCode, DiagPlace, const char *format, ...) PRINTF(5, 6);
void diag_note(Diags *, Diag *, const char *format, ...) PRINTF(3, 4); /* appends a ">>>" line */
/* A place of a note, for formats that have places: text, how it is concerned ("defined here"). */
void diag_relate(Diags *, Diag *, DiagPlace, const char *text);
void diag_free(Diags *);

const char *diag_code_text(DiagCode);    /* "V0207"                                                           */
const char *diag_summary(DiagCode);      /* one line                                                          */
const char *diag_help(DiagCode);         /* reason, example, cure; may be ""                                  */
DiagSeverity diag_severity(DiagCode);
DiagCode diag_find(const char *code_text); /* DIAG_NONE when there is none                                    */

/* Escapes what could not be shown safely: control characters, DEL, C1, invalid UTF-8, bidi overrides, as \xNN; also the
 * second of two #, since CI systems take commands from logs: ##vso[...], ##[...], ##teamcity[...]. */
const char *diag_escape(Arena *, Str);

/* A growing text, for everything that is printed. */
typedef struct TextBuf {
    char *ptr; /* malloc; NUL-terminated once anything was added */
    size_t len, cap;
    bool failed; /* out of memory: the text is incomplete */
} TextBuf;
void text_printf(TextBuf *, const char *format, ...) PRINTF(2, 3);
void text_add(TextBuf *, Str);
void text_add_escaped(TextBuf *, Str); /* as diag_escape makes it */
void text_add_json(TextBuf *, Str); /* as a JSON string, quotes included; invalid UTF-8 as U+FFFD */
void text_free(TextBuf *);

typedef enum DiagStyle { DIAG_TEXT, DIAG_COLOUR } DiagStyle;
/* "tool: error: file:0x1f3: text (func 12 "start") [V0207]\n>>> note\n"; source place first when known. */
void diag_format(TextBuf *, const Diag *, const char *tool, DiagStyle);
void diag_format_json(TextBuf *, const Diag *); /* one object, no newline */
/* One line, "a.c:12: error: text [L0103]": what editors and CI systems read. tool: stands for a place that is not known. */
void diag_format_gnu(TextBuf *, const Diag *, const char *tool);
/* What makes two diagnostics the same one, also after unrelated changes: code, file, symbol, function's name, and the text
 * with # for each number outside of quotes (addresses, indices, counts). Not for showing. */
void diag_identity(TextBuf *, const Diag *);
#pragma GCC visibility pop
/* sarif.c: a whole SARIF 2.1.0 log with one run of this tool.
 * in:  folder     paths below it are made relative (the working folder, without / at the end), or NULL
 *      completed  false: the tool could not do its work (usage, unreadable file), so what it found is not all       */
typedef struct SarifRun {
    const char *tool, *folder;
    const Diags *const *diags; size_t n;
    size_t left_out; /* results that the caller has dropped: there are more than a log holds anyway */
    bool completed;
} SarifRun;
void sarif_write(TextBuf *, const SarifRun *);
void sarif_format(TextBuf *, const char *tool, const char *folder, const Diags *const *, size_t n, bool completed);

/* ---- demangle.c: names as the source has them --------------------------------------------------------------- */

enum { MANGLED_BYTES = 1024, DEMANGLED_BYTES = 2048 }; /* longer names stay as they are; longer results end in "..." */
bool demangle_is_mangled(Str name);            /* by its form: _Z or _R, letters, digits, _ $ . ; not too long */
/* C++ or Rust; NULL: it is neither, or parigot was built without libiberty. Not escaped. */
const char *demangle_name(Arena *, Str name);
/* The text with each mangled name in it demangled; the text itself when there is none, or no memory. */
const char *demangle_text(Arena *, const char *text);
void demangle_diags(Diags *); /* texts, notes and functions' names; symbols keep the object's name */

/* ---- reader.c: the only code that touches input bytes ------------------------------------------------------ */

typedef struct Reader {
    const uint8_t *base; /* start of the file: offsets in diagnostics count from here                         */
    const uint8_t *pos, *end;
    Diags *diags;
    const char *file;
} Reader;

Reader rd_open(const uint8_t *bytes, size_t size, const char *file, Diags *);
/* Each of these reads one thing, named by `what` in the diagnostic. false: one Diag was recorded, *out and the
 * position are unchanged. LEB128 as core 2.0 §5.2.2: at most ceil(N/7) bytes, unused bits are zero or sign. */
MUST_USE static inline bool rd_byte(Reader *, const char *what, uint8_t *out);
MUST_USE static inline bool rd_u32(Reader *, const char *what, uint32_t *out);
MUST_USE bool rd_u64(Reader *, const char *what, uint64_t *out);
MUST_USE static inline bool rd_s32(Reader *, const char *what, int32_t *out);
MUST_USE bool rd_s33(Reader *, const char *what, int64_t *out);
MUST_USE bool rd_s64(Reader *, const char *what, int64_t *out);
MUST_USE bool rd_bytes(Reader *, const char *what, size_t n, const uint8_t **out);
MUST_USE bool rd_name(Reader *, const char *what, Str *out); /* length and UTF-8 */
/* rd_count: number of items in a vector that follows.
 * in:     min_item  smallest encoding of one item, in bytes (>= 1)
 * out:    *out      items; *out * min_item <= bytes left. Unchanged on failure.
 * errors: WASM_TRUNCATED, WASM_BAD_LEB
 * source: core 2.0 §5.1.3 "Vectors" */
MUST_USE bool rd_count(Reader *, const char *what, size_t min_item, uint32_t *out);
MUST_USE bool rd_sub(Reader *, const char *what, size_t size, Reader *out); /* cannot see past its range */
MUST_USE bool rd_end(Reader *, const char *what);                            /* must be used up exactly    */
MUST_USE bool rd_section(Reader *, uint8_t *id, Reader *section); /* the next one, core 2.0 §5.5.2: who only hops over them */
static inline size_t rd_left(const Reader *r) { return (size_t)(r->end - r->pos); }
static inline uint64_t rd_offset(const Reader *r) { return (uint64_t)(r->pos - r->base); }
void rd_record(Reader *, DiagCode, const char *format, ...) PRINTF(3, 4); /* a Diag at pos */
/* What most bytes are read by: inline where nothing can be wrong (up to four bytes of a LEB128, and those are there),
 * all else by these. */
void rd_truncated(Reader *, const char *what);
MUST_USE bool rd_u32_any(Reader *, const char *what, uint32_t *out);
MUST_USE bool rd_s32_any(Reader *, const char *what, int32_t *out);

static inline bool rd_byte(Reader *r, const char *what, uint8_t *out)
{
    if (r->pos == r->end) return rd_truncated(r, what), false;
    *out = *r->pos++;
    return true;
}

/* A LEB128 of up to four bytes, of which all four can be read. Returns how many it has; 0: more. Bits beyond are zero. */
static inline unsigned short_leb(const uint8_t *p, uint32_t *out)
{
    uint32_t v = p[0];
    if (!(v & 0x80)) return *out = v, 1;
    v = (v & 0x7f) | (uint32_t)p[1] << 7;
    if (!(v & 0x80u << 7)) return *out = v, 2;
    v = (v & 0x3fff) | (uint32_t)p[2] << 14;
    if (!(v & 0x80u << 14)) return *out = v, 3;
    v = (v & 0x1fffff) | (uint32_t)p[3] << 21;
    return *out = v, v & 0x80u << 21 ? 0 : 4;
}

static inline int32_t short_leb_signed(uint32_t v, unsigned n)
{
    uint32_t sign = UINT32_C(1) << (7 * n - 1);
    return (int32_t)((v ^ sign) - sign);
}

static inline unsigned rd_short_leb(const Reader *r, uint32_t *out)
{
    return r->end - r->pos < 4 ? 0 : short_leb(r->pos, out);
}

static inline bool rd_u32(Reader *r, const char *what, uint32_t *out)
{
    uint32_t v;
    unsigned n = rd_short_leb(r, &v);
    if (n == 0) return rd_u32_any(r, what, out);
    *out = v;
    r->pos += n;
    return true;
}

static inline bool rd_s32(Reader *r, const char *what, int32_t *out)
{
    uint32_t v;
    unsigned n = rd_short_leb(r, &v);
    if (n == 0) return rd_s32_any(r, what, out);
    *out = short_leb_signed(v, n);
    r->pos += n;
    return true;
}
#define rd_fail(...) (rd_record(__VA_ARGS__), false) /* `return rd_fail(r, ...)`; a macro so that callers see the false */

/* ---- writer.c: a growing byte buffer ------------------------------------------------------------------------ */

typedef struct Writer {
    uint8_t *ptr; /* malloc */
    size_t len, cap;
    size_t limit_bytes; /* 0 = none */
    bool failed;        /* out of memory or over the limit: what was written since is lost; check once at the end */
} Writer;
void wr_byte(Writer *, uint8_t);
void wr_bytes(Writer *, const void *, size_t);
void wr_zeros(Writer *, size_t);
void wr_u32(Writer *, uint32_t);          /* minimal LEB128 */
void wr_u64(Writer *, uint64_t);
void wr_s32(Writer *, int32_t);
void wr_s64(Writer *, int64_t);
void wr_u32_padded(Writer *, uint32_t);   /* five bytes */
void wr_le32(Writer *, uint32_t);
void wr_name(Writer *, Str);              /* length, bytes */
size_t wr_begin_size(Writer *);           /* reserves a size; returns the mark for wr_end_size */
void wr_end_size(Writer *, size_t mark);  /* fills it in as a minimal LEB128 of what came since (moves the bytes) */
void wr_free(Writer *);
static inline uint32_t wr_u32_size(uint32_t v) /* bytes that wr_u32 takes for it */
{
    uint32_t n = 1;
    for (; v >= 0x80; v >>= 7) n++;
    return n;
}
/* In place, for relocations; the caller has checked that the field is whole. */
void put_u32_padded5(uint8_t *at, uint32_t);
void put_s32_padded5(uint8_t *at, int32_t);
void put_le32(uint8_t *at, uint32_t);

/* ---- parallel.c: the same work on many things ----------------------------------------------------------------- */

enum { PARALLEL_MOST = 64 };
typedef void ParallelWork(void *ctx, uint32_t i, unsigned worker);
unsigned parallel_processors(void); /* that this process may use, 1 to PARALLEL_MOST */
/* parallel_for: work(ctx, i, worker) once for each i < n, by at most so many threads, the caller's among them; returns when
 * all is done. A worker (0 is the caller's thread) takes ever higher i. Where no more threads can be had, those that there
 * are do it all. threads <= PARALLEL_MOST. */
void parallel_for(unsigned threads, uint32_t n, ParallelWork *, void *ctx);

/* ---- io.c: files ---------------------------------------------------------------------------------------------- */

typedef struct FileBytes {
    uint8_t *ptr;
    size_t size;
    bool mapped; /* by mmap, private; else malloc */
} FileBytes;
/* file_read: the whole file, privately: no later change of the file is seen. "-" is standard input.
 * errors: IO_READ (name and errno's words), IO_TOO_BIG when larger than limit_bytes (0 = 4 GiB - 1). */
MUST_USE bool file_read(const char *path, size_t limit_bytes, Diags *, FileBytes *out);
/* file_map: the same by mmap, for inputs that nobody changes under a build (objects); falls back to reading. */
MUST_USE bool file_map(const char *path, size_t limit_bytes, Diags *, FileBytes *out);
/* The same, and the file stays open, the caller's to close, for reading parts of it without a map; -1 when it is no
 * regular file. */
MUST_USE bool file_map_open(const char *path, size_t limit_bytes, Diags *, FileBytes *out, int *fd);
void file_close(FileBytes *);
/* Part of a mapped file that is not needed soon: its pages need not stay in memory. */
void file_forget(const uint8_t *, size_t);
/* Part that will be read once, from its beginning to its end; pages around it do not bring it into memory. */
void file_set_apart(const uint8_t *, size_t);
/* file_write: all or nothing: a temporary file in the same folder, written, renamed. With `sync` its bytes are on the disk
 * before the rename, and the rename before the return: after a loss of power the path has what was there before or all of
 * the new, and the new when true was returned. A temporary file is left behind only by a kill or a crash. "-" is
 * standard output. mode as for open(2), subject to the umask.   errors: IO_WRITE */
MUST_USE bool file_write(const char *path, const void *bytes, size_t size, unsigned mode, bool sync, Diags *);
/* The same for who writes the bytes himself: file_begin, then file_commit or file_abandon. What cannot be replaced
 * (file_is_special: standard output, pipes, devices) is opened as it is: bytes in order, and nothing is taken back;
 * all else is written at any offset of fd. */
typedef struct FileOutput {
    int fd;
    const char *path; /* the caller's */
    char *temporary;  /* malloc; NULL: special */
} FileOutput;
bool file_is_special(const char *path);
MUST_USE bool file_begin(const char *path, Diags *, FileOutput *out);
MUST_USE bool file_append(FileOutput *, const void *bytes, size_t size, Diags *); /* then commit, or when false abandon */
MUST_USE bool file_commit(FileOutput *, unsigned mode, bool sync, Diags *); /* false: as if abandoned */
void file_abandon(FileOutput *);

#pragma GCC visibility push(default) /* also in libparigot-validator, see validator/validator.h */

/* ---- opcodes.def, features.def: core 2.0 §5.4 ------------------------------------------------------------------- */

typedef enum WasmFeature {
#define FEATURE(name, text, supported, summary) FEATURE_##name,
#include "wasm/features.def"
#undef FEATURE
    FEATURE_COUNT
} WasmFeature;
typedef uint64_t WasmFeatures; /* set of 1 << WasmFeature */
#define FEATURE_BIT(name) (UINT64_C(1) << FEATURE_##name)
#define FEATURES_CORE                                                                                                  \
    (FEATURE_BIT(MVP) | FEATURE_BIT(MUTABLE_GLOBAL) | FEATURE_BIT(SIGN_EXT) | FEATURE_BIT(SAT_FLOAT) |                 \
     FEATURE_BIT(MULTI_VALUE) | FEATURE_BIT(BULK_MEMORY) | FEATURE_BIT(REFERENCE_TYPES))
#define FEATURES_ALL (FEATURES_CORE | FEATURE_BIT(SIMD) | FEATURE_BIT(EXTENDED_CONST) | FEATURE_BIT(TAIL_CALL))
const char *wasm_feature_text(WasmFeature);
bool wasm_feature_supported(WasmFeature);
bool wasm_feature_find(Str text, WasmFeature *out);

typedef enum WasmImm {
    IMM_NONE,
    IMM_BLOCK,     /* block type                                        */
    IMM_LABEL,     /* label index                                       */
    IMM_BR_TABLE,  /* vec(label) label                                  */
    IMM_FUNC,      /* function index                                    */
    IMM_CALL_IND,  /* type index, table index                           */
    IMM_LOCAL, IMM_GLOBAL, IMM_TABLE,
    IMM_MEMARG,    /* align, offset                                     */
    IMM_MEM,       /* memory index (a zero byte in core 2.0)            */
    IMM_MEM2,      /* destination, source                               */
    IMM_DATA,      /* data index                                        */
    IMM_DATA_MEM,  /* data index, memory index                          */
    IMM_ELEM,      /* element index                                     */
    IMM_ELEM_TABLE,/* element index, table index                        */
    IMM_TABLE2,    /* destination, source                               */
    IMM_I32, IMM_I64, IMM_F32, IMM_F64, IMM_V128,
    IMM_LANES16,   /* i8x16.shuffle                                     */
    IMM_LANE,      /* lane index; the row's align column holds log2 of the number of lanes                      */
    IMM_MEMARG_LANE, /* memarg, then lane; lanes = 16 bytes >> align    */
    IMM_REFTYPE,   /* ref.null                                          */
    IMM_SELECT,    /* vec(valtype)                                      */
    IMM_REFUSED    /* belongs to a feature that is not supported: known by name only */
} WasmImm;

typedef enum WasmOp {
#define OP(name, text, prefix, code, pops, pushes, imm, align, feature) OP_##name,
#include "wasm/opcodes.def"
#undef OP
    OP_COUNT
} WasmOp;

typedef struct WasmOpInfo {
    uint16_t text_at;   /* of wasm_op_text                                                                    */
    uint16_t code;      /* the byte, or the LEB128 after the prefix                                           */
    uint8_t prefix;     /* 0, 0xfb, 0xfc, 0xfd or 0xfe                                                        */
    uint8_t imm;        /* WasmImm */
    uint8_t align_log2; /* natural alignment of a memory access                                               */
    uint8_t feature;    /* WasmFeature */
    char pops[4];       /* operand types, deepest first: i I f F v r(funcref or externref), "*" = by hand     */
    char pushes[2];
} WasmOpInfo;
extern const WasmOpInfo wasm_op_info[OP_COUNT];
const char *wasm_op_text(WasmOp); /* "i32.add" */
/* The opcode with this encoding, or OP_COUNT when the code is not assigned to anything that we know. */
WasmOp wasm_op_find(uint8_t prefix, uint32_t code);

/* ---- module.c: view over the bytes of one module ------------------------------------------------------------------ */

/* Value types are their own bytes, core 2.0 §5.3.1-5.3.4 */
enum { TYPE_I32 = 0x7f, TYPE_I64 = 0x7e, TYPE_F32 = 0x7d, TYPE_F64 = 0x7c, TYPE_V128 = 0x7b,
       TYPE_FUNCREF = 0x70, TYPE_EXTERNREF = 0x6f, TYPE_FUNC = 0x60, TYPE_VOID = 0x40 };
const char *wasm_type_text(uint8_t type); /* "i32"; "?" when it is none */
bool wasm_is_value_type(uint8_t);
/* As opcodes.def has it. */
static inline uint8_t wasm_type_of_letter(char c)
{
    switch (c) {
    case 'i': return TYPE_I32;
    case 'I': return TYPE_I64;
    case 'f': return TYPE_F32;
    case 'F': return TYPE_F64;
    default: return TYPE_V128;
    }
}
bool wasm_is_ref_type(uint8_t);

typedef enum WasmKind { KIND_FUNC, KIND_TABLE, KIND_MEMORY, KIND_GLOBAL, KIND_TAG, KIND_COUNT } WasmKind;
const char *wasm_kind_text(uint8_t);

typedef enum WasmSectionId {
#define SECTION(name, id, order, text) SEC_##name = id,
#include "wasm/sections.def"
#undef SECTION
} WasmSectionId;
uint8_t wasm_section_order(WasmSectionId); /* in a module, ascending */

typedef struct WasmRange { uint32_t offset, size; } WasmRange; /* bytes of the file */

typedef struct WasmType {
    const uint8_t *params, *results; /* value type bytes, in the file */
    uint32_t n_params, n_results;
} WasmType;
typedef struct WasmLimits {
    uint32_t min, max; /* pages of 64 KiB, or elements */
    bool has_max, shared;
} WasmLimits;
typedef struct WasmTable { uint8_t elem_type; WasmLimits limits; } WasmTable;
typedef struct WasmGlobal {
    uint8_t type;
    bool mutable;
    WasmRange init; /* constant expression with its `end`; size 0 when imported */
} WasmGlobal;
typedef struct WasmImport {
    Str module, name;
    uint8_t kind;     /* WasmKind */
    uint32_t index;   /* in the index space of its kind */
    uint32_t offset;  /* of the entry in the file */
} WasmImport;
typedef struct WasmExport {
    Str name;
    uint8_t kind;
    uint32_t index;
    uint32_t offset;
} WasmExport;
typedef enum WasmSegMode { SEG_ACTIVE, SEG_PASSIVE, SEG_DECLARATIVE } WasmSegMode;
typedef struct WasmElem {
    uint8_t mode, elem_type;
    bool exprs;        /* items are constant expressions, else function indices */
    uint32_t table;
    WasmRange where;   /* offset expression of an active segment */
    uint32_t n;
    WasmRange items;   /* n of them */
    uint32_t offset;
} WasmElem;
typedef struct WasmData {
    uint8_t mode;
    uint32_t memory;
    bool has_address; /* where is i32.const: address has its value */
    uint32_t address;
    WasmRange where;
    WasmRange bytes;
    uint32_t offset;
} WasmData;
typedef struct WasmCustom {
    Str name;
    WasmRange payload; /* after the name */
    uint32_t offset;   /* of the section id byte */
    uint32_t order;    /* number of sections before it, of any kind */
} WasmCustom;
typedef struct WasmSection { uint8_t id; WasmRange payload; } WasmSection; /* in file order */

typedef struct WasmModule {
    const char *file;
    const uint8_t *bytes;
    size_t size; /* < 4 GiB */
    Arena *arena;

    WasmSection *sections;   uint32_t n_sections;
    WasmType *types;         uint32_t n_types;
    WasmImport *imports;     uint32_t n_imports;
    uint32_t n_imported[KIND_COUNT];  /* index spaces start with the imports */
    uint32_t *func_types;    uint32_t n_funcs;    /* type index of each function, imports first */
    WasmTable *tables;       uint32_t n_tables;   /* imports first, here and below */
    WasmLimits *memories;    uint32_t n_memories;
    WasmGlobal *globals;     uint32_t n_globals;
    uint32_t *tag_types;     uint32_t n_tags;     /* objects only: refused in modules */
    WasmExport *exports;     uint32_t n_exports;
    bool has_start;          uint32_t start;      uint32_t start_offset;
    WasmElem *elems;         uint32_t n_elems;
    bool has_data_count;     uint32_t data_count;
    WasmRange *bodies;       uint32_t n_bodies;   /* of function n_imported[KIND_FUNC] + i: locals and code, without the size */
    WasmData *datas;         uint32_t n_datas;
    WasmCustom *customs;     uint32_t n_customs;
} WasmModule;

typedef struct WasmReadOptions {
    bool object;           /* a relocatable object: tags and shared memories are read (to be refused by rule, by name) */
    WasmFeatures features; /* encodings of other features are refused by their names; 0 = FEATURES_ALL */
} WasmReadOptions;

/* wasm_read_module: section structure, counts, names, limits, segment headers, ranges of bodies and of constant
 * expressions. Indices and code are not looked at: that is validation (validator/). Continues after an error where
 * the section frame allows it.
 * in:     bytes stay the caller's and must outlive *out; arena takes the arrays (linear in the file)
 * errors: W codes; false when there was any
 * source: core 2.0 §5.5 "Modules" */
MUST_USE bool wasm_read_module(Arena *, const uint8_t *bytes, size_t size, const char *file, const WasmReadOptions *,
                               Diags *, WasmModule *out);
static inline const uint8_t *wasm_at(const WasmModule *m, WasmRange r) { return m->bytes + r.offset; }
/* A reader over a range of the module: offsets in its diagnostics are the file's. */
Reader wasm_reader(const WasmModule *, WasmRange, Diags *);
const WasmCustom *wasm_find_custom(const WasmModule *, Str name); /* first of that name, or NULL */
const WasmType *wasm_func_type(const WasmModule *, uint32_t func); /* NULL when an index is out of range */
bool wasm_same_type(const WasmType *, const WasmType *);
/* wasm_file_kind: what a file is that does not begin as a module does, in words for a message; NULL when that is not known. */
const char *wasm_file_kind(const uint8_t *bytes, size_t size);
const char *wasm_type_signature(Arena *, const WasmType *);       /* "(i32, i64) -> i32"; no results: "-> void" */
/* Value of a constant expression of one `i32.const n end`; false when it is anything else. */
bool wasm_const_i32(const WasmModule *, WasmRange expr, uint32_t *out);
/* One instruction: its opcode (refused features by name, WASM_FEATURE; unassigned codes WASM_BAD_OPCODE), and its
 * immediates, which are read over but not judged. *op is set in both cases when the code is known. */
MUST_USE bool rd_op(Reader *, WasmFeatures allowed, WasmOp *op);
MUST_USE bool rd_skip_imm(Reader *, WasmOp op);
/* One whole instruction of a body that was found valid: for passes over code after validation. */
enum { BLOCK_VOID = -64 }; /* the block type 0x40 as the number that it reads as; value types are 0x7f -> -1 and so on */
typedef struct WasmInstr {
    WasmOp op;
    const uint8_t *at;     /* its first byte */
    uint32_t index;        /* the first index: label, function, local, global, type, table, segment; br_table: its default */
    uint32_t n_labels;     /* of br_table, besides the default */
    const uint8_t *labels; /* their LEB128s */
    int64_t value;         /* i32.const, i64.const; block, loop, if: block type, negative unless it is a type index; of loads
                              and stores the offset */
} WasmInstr;
/* What a body declares before its first instruction. */
typedef struct WasmLocals {
    uint32_t groups, declared; /* as they are encoded; how many locals that is, without parameters */
    uint8_t last_type;         /* of the last one, 0: none is declared */
    WasmRange group_bytes;     /* behind their number */
    uint32_t code_at;          /* offset of what stands behind them */
} WasmLocals;
MUST_USE bool rd_locals(Reader *, WasmLocals *out); /* likewise of a valid body, from its start */
MUST_USE bool rd_instr(Reader *, WasmInstr *out); /* false: it is not valid; a Diag was recorded */
/* Operands that a block of this type takes and leaves. */
uint32_t wasm_block_params(const WasmModule *, int64_t block_type);
uint32_t wasm_block_results(const WasmModule *, int64_t block_type);

/* ---- price.c: what instructions cost: docs/metering.md ---- */

enum { WASM_PRICES = 1 /* version of the table */, WASM_PRICE_ENTRY = 2, WASM_PRICE_OTHERS = 1 };
typedef enum WasmSized { SIZED_NOT, SIZED_EACH /* n for each of the operand */, SIZED_POWER /* 1 for 2^n */ } WasmSized;
typedef struct WasmSizedPrice { WasmSized per; uint32_t n; } WasmSizedPrice;
/* The constant part. carried: values that the branch takes along, for br, br_if, br_table and return. */
uint32_t wasm_price(const WasmModule *, const WasmInstr *, uint32_t carried);
WasmSizedPrice wasm_sized_price(WasmOp);

/* ---- code_chunks.c: bodies for threads to share ---- */

uint64_t wasm_code_bytes(const WasmModule *); /* of all bodies */
typedef struct CodeChunks {
    uint32_t *first; /* body of each, and behind the last one the number of bodies */
    uint32_t n;
} CodeChunks;
/* Of `bytes` each, or more by a body. false: no memory (an arena without on_oom). */
MUST_USE bool wasm_code_chunks(const WasmModule *, uint32_t bytes, Arena *, CodeChunks *out);

/* ---- plain.c: runs of instructions that matter to nobody but for their price ---- */

typedef struct WasmPlainOp { uint8_t form, price; } WasmPlainOp;
typedef struct WasmPlain {
    WasmPlainOp ops[256];   /* by first byte */
    uint32_t local, global; /* their accesses end a run; UINT32_MAX: none do */
} WasmPlain;
void wasm_plain_begin(WasmPlain *);
/* Steps over as many as there are in valid code, but for the last few bytes. Returns their price.
 * out: *last  the last of them, NULL: there was none */
uint64_t wasm_skip_plain(const WasmPlain *, Reader *, const uint8_t **last);

/* ---- charge.c: the forms of charges: docs/metering.md ---- */

enum { GAUGE_F = 1, GAUGE_L = 2 }; /* where the gauge is: in the global, in the local */
/* A local, or a constant. */
typedef struct WasmOperand { bool is_local; uint32_t value; } WasmOperand;
/* A loop that goes around (high - low) / 2^shift times: each time low is raised by 2^shift, or high lowered by it. */
typedef struct WasmCounted { WasmOperand high, low; uint8_t shift; } WasmCounted;
enum { WASM_COUNTED_SHIFT = 16 /* at most */ };
typedef struct WasmCharge {
    uint8_t from, kept;   /* where it was read, where the rest is kept */
    int64_t amount;       /* counted: each time around */
    WasmSizedPrice sized; /* of charges by size */
    WasmCounted counted;  /* of charges of counted loops */
    const uint8_t *end;   /* behind the form */
} WasmCharge;
/* Is there such a form at `at`, within the code of r? fuel: index of F. local: index of L, UINT32_MAX: there is none.
 * wasm_read_charge: a constant amount. gauge_move: load or store. sized_charge: by the operand on top of the stack. */
bool wasm_read_charge(Reader r, const uint8_t *at, uint32_t fuel, uint32_t local, WasmCharge *out);
/* Steps over a charge of a constant amount, when one stands next. */
void wasm_skip_charge(Reader *r, uint32_t fuel, uint32_t local);
/* wasm_frame_check: the `unreachable` of a function's frame check (validator.h "Frame check"), as its number among those of
 * the function, from 1 on; 0: there is none.
 * in:     fuel    global index + 1 of a proved meter, 0 = none
 * out:    offset  of it in the file; may be NULL */
uint32_t wasm_frame_check(const WasmModule *, uint32_t func, uint32_t stack_pointer, uint32_t fuel, uint32_t *offset);
bool wasm_read_gauge_move(Reader r, const uint8_t *at, uint32_t fuel, uint32_t local, WasmCharge *out);
bool wasm_read_sized_charge(Reader r, const uint8_t *at, uint32_t fuel, uint32_t local, WasmCharge *out);
/* counted_charge: of all the times that the loop behind it will go around. counted_step: the instructions that end each
 * time around such a loop; *end is behind them. find_counted_step: of which loop would these be the step? shift is set. */
bool wasm_read_counted_charge(Reader r, const uint8_t *at, uint32_t fuel, uint32_t local, WasmCharge *out);
bool wasm_read_counted_step(Reader r, const uint8_t *at, const WasmCounted *, const uint8_t **end);
bool wasm_find_counted_step(Reader r, const uint8_t *at, WasmCounted *out, const uint8_t **end);

/* A value type (a reference type); those of features that are not allowed or not supported are refused by name. */
MUST_USE bool rd_value_type(Reader *, WasmFeatures allowed, const char *what, uint8_t *out);
MUST_USE bool rd_ref_type(Reader *, WasmFeatures allowed, const char *what, uint8_t *out);
/* Reads `i32.const n end` where n has up to four bytes: what most constant expressions are. false: it is something else,
 * nothing was read and nothing recorded. */
MUST_USE bool rd_plain_i32(Reader *, uint32_t *value);
/* Skips one constant expression, leaving pos after its `end`. Blocks nest; whether it is constant is validation. */
MUST_USE bool wasm_skip_expr(Reader *, WasmFeatures allowed, WasmRange *out);

/* names.c: the "name" custom section, core 2.0 §7.4.1. A broken one is no error: it names nothing. */
typedef struct WasmNames {
    Str *funcs;   uint32_t n_funcs;   /* by index; empty where there is none */
    Str *globals; uint32_t n_globals; /* extended-name-section proposal, id 7 */
    Str *datas;   uint32_t n_datas;   /* id 9 */
} WasmNames;
void wasm_read_names(const WasmModule *, Arena *, WasmNames *out);

#pragma GCC visibility pop

/* ---- service_names.c: docs/abi.md "Names" -------------------------------------------------------------------------- */

enum { WASM_SERVICE_NAME_MAX = 255 }; /* bytes, of a service and of a method */
bool wasm_is_ident(Str);     /* [A-Za-z_][A-Za-z0-9_]*                                     */
bool wasm_is_full_name(Str); /* ident(.ident)*: of a message, an enum, a package           */
bool wasm_is_service(Str);   /* ident(.ident)+, at most 255 bytes                          */
bool wasm_is_method(Str);    /* ident, at most 255 bytes                                   */
bool wasm_split_method(Str export_name, Str *service, Str *method); /* "service/method"; else false */

/* ---- module_section.c: custom section "parigot.module", docs/module-section.md ------------------------------------- */

typedef enum PmSeal { PM_SEAL_NONE, PM_SEAL_ENGINE, PM_SEAL_CHECK } PmSeal;
typedef struct PmLayout {
    uint8_t seal, page_log2;
    uint32_t null_guard, stack_low, stack_high, sealed_low, sealed_high, waived_low, waived_high, heap_base, heap_control;
} PmLayout;
typedef struct PmWaiver {
    Str waiver, rule, symbol;
    bool has_archive;
    uint8_t archive[32];
    Str reason;
    uint64_t expires; /* seconds since 1970 UTC, 0 = never */
    uint32_t address, size;
} PmWaiver;
typedef struct PmService { Str name; uint8_t use; uint8_t digest[32]; } PmService; /* use: 1 provided, 2 required, 3 both */
typedef struct PmInput { Str name, member; uint8_t digest[32]; Str producers; } PmInput;
typedef struct PmSection {
    bool has_layout, has_globals, has_meter, has_policy, has_tool;
    PmLayout layout;
    uint32_t stack_pointer, fuel; /* global index + 1; 0 = none */
    uint8_t meter_kind;
    uint32_t meter_prices;
    Str policy_name;
    uint8_t policy_digest[32];
    PmWaiver *waivers;   uint32_t n_waivers;
    PmService *services; uint32_t n_services;
    PmInput *inputs;     uint32_t n_inputs;
    Str tool;
} PmSection;
typedef enum PmFound { PM_ABSENT, PM_PRESENT, PM_MISPLACED, PM_BROKEN } PmFound;
/* PM_MISPLACED: not the first section, or there twice: nothing in it counts, no Diag (the caller warns).
 * PM_BROKEN: errors recorded (W codes). */
PmFound pm_read(const WasmModule *, Arena *, Diags *, PmSection *out);
void pm_write(Writer *, const PmSection *); /* the whole custom section, id byte and size included */

#pragma GCC visibility push(default) /* also in libparigot-validator, see validator/validator.h */

/* ---- object.c: relocatable objects, tool-conventions Linking.md (version 2) ----------------------------------------- */

typedef enum WasmRelocType {
#define RELOC(name, number, field, index_kind, has_addend) name = number,
#include "wasm/relocs.def"
#undef RELOC
} WasmRelocType;
typedef enum RelocField { FIELD_LEB32, FIELD_SLEB32, FIELD_I32, FIELD_LEB64, FIELD_SLEB64, FIELD_I64 } RelocField;
typedef enum RelocIndexKind { RI_FUNC, RI_TABLE_ELEM, RI_DATA, RI_TYPE, RI_GLOBAL, RI_FUNC_OFFSET, RI_SECTION_OFFSET,
                              RI_TAG, RI_TABLE } RelocIndexKind;
typedef struct WasmRelocInfo {
    const char *text;
    uint8_t field, index_kind, width; /* width in bytes of the field */
    uint8_t symbols;                  /* 1 << SYM_*: kinds that its index may name; 0: it is a type's index */
    bool has_addend, known;
} WasmRelocInfo;
enum { WASM_RELOC_TYPES = R_WASM_FUNCTION_INDEX_I32 + 1 };
extern const WasmRelocInfo wasm_reloc_rows[WASM_RELOC_TYPES];
static inline const WasmRelocInfo *wasm_reloc_info(uint8_t type) /* NULL when unknown */
{
    return type < WASM_RELOC_TYPES && wasm_reloc_rows[type].known ? &wasm_reloc_rows[type] : NULL;
}

typedef struct WasmReloc {
    uint8_t type;    /* WasmRelocType; fields are four or five bytes: those of memory64 are refused */
    uint32_t offset; /* from the start of the section's contents (wasm_section_contents) */
    uint32_t index;  /* symbol, or type index for R_WASM_TYPE_INDEX_LEB */
    int32_t addend;
} WasmReloc;

enum { SYM_FUNCTION = 0, SYM_DATA = 1, SYM_GLOBAL = 2, SYM_SECTION = 3, SYM_TAG = 4, SYM_TABLE = 5 };
enum { SYM_BINDING_WEAK = 0x1, SYM_BINDING_LOCAL = 0x2, SYM_VISIBILITY_HIDDEN = 0x4, SYM_UNDEFINED = 0x10,
       SYM_EXPORTED = 0x20, SYM_EXPLICIT_NAME = 0x40, SYM_NO_STRIP = 0x80, SYM_TLS = 0x100, SYM_ABSOLUTE = 0x200 };
enum { SEGMENT_STRINGS = 0x1, SEGMENT_TLS = 0x2, SEGMENT_RETAIN = 0x4 };

typedef struct WasmSymbol {
    Str name;             /* of an undefined symbol without explicit name: the import's field name */
    uint32_t index;       /* function, global, tag, table: index in the object; data: segment, DIAG_NOWHERE32 when
                             SYM_ABSOLUTE, 0 when undefined; section: section number */
    uint32_t import;      /* undefined function, global, tag, table: index into module.imports; else DIAG_NOWHERE32 */
    uint32_t data_offset; /* data: offset in the segment (or the address when SYM_ABSOLUTE) */
    uint32_t data_size;
    uint32_t offset;      /* of the entry in the file */
    uint16_t flags;       /* those above 0xffff are left out */
    uint8_t kind;         /* SYM_* */
} WasmSymbol;
/* Flags that we do not know are kept and mean nothing. */
typedef struct WasmSegmentInfo { Str name; uint32_t align_log2, flags; } WasmSegmentInfo;
typedef struct WasmInitFunc { uint32_t priority, symbol; } WasmInitFunc;
typedef struct WasmComdatEntry { uint8_t kind; uint32_t index; } WasmComdatEntry; /* 0 data segment, 1 function, 5 section */
typedef struct WasmComdat { Str name; WasmComdatEntry *entries; uint32_t n; } WasmComdat;
/* The relocations of one section, as they are encoded: an array of them would be larger than what they are for. */
typedef struct WasmRelocs {
    uint32_t section, n;  /* index into sections; how many */
    const uint8_t *bytes; /* the entries, checked by wasm_read_object; in the file */
    uint32_t size;
} WasmRelocs;
/* Some of them in a row: from byte `at` of the entries on. */
typedef struct WasmRelocRange { uint32_t at, n; } WasmRelocRange;
typedef struct WasmRelocCursor { const uint8_t *pos, *end; uint32_t left; } WasmRelocCursor;
typedef struct WasmTargetFeature { char prefix; Str name; } WasmTargetFeature; /* '+' '-' '=' */

typedef struct WasmObject {
    WasmModule module;
    WasmSymbol *symbols;         uint32_t n_symbols;
    WasmSegmentInfo *segments;   uint32_t n_segments; /* one for each data segment */
    WasmInitFunc *inits;         uint32_t n_inits;
    WasmComdat *comdats;         uint32_t n_comdats;
    WasmRelocs *relocs;          uint32_t n_relocs;   /* one for each reloc.* section, in file order; offsets ascend */
    uint32_t *section_relocs;                         /* for each section 1 + its index in relocs, or 0 */
    WasmTargetFeature *features; uint32_t n_features;
} WasmObject;

bool wasm_is_object(const uint8_t *bytes, size_t size); /* wasm magic and a "linking" section near the front: cheap look */
/* wasm_read_object: the module, then linking, reloc.*, target_features. Afterwards, when true:
 * - a symbol is defined exactly when what it names is; its index is in range; a data symbol lies in its segment;
 *   only functions and data are both undefined and weak; section symbols and only defined ones are local
 * - an init function's symbol is a function's; a function, data segment or custom section is in at most one comdat
 * - each function's type index is in range
 * - relocations are for the code, data and custom sections, at most one reloc.* section for each; they ascend, do not
 *   overlap, and each lies wholly within one function body, one data segment or the custom section's contents; fields
 *   are LEB128 in code and not in data; the symbol is of a kind that the type can use (a GLOBAL_INDEX_LEB also of a
 *   function or data: its GOT entry, -fPIC)
 * Names may be empty, and there twice: that is the linker's to judge.
 * in:     as for wasm_read_module
 * errors: W codes, object ones included; false when there was any */
MUST_USE bool wasm_read_object(Arena *, const uint8_t *bytes, size_t size, const char *file, Diags *, WasmObject *out);
/* Relocations of the section with this number, or NULL. */
const WasmRelocs *wasm_section_relocs(const WasmObject *, uint32_t section);
/* All of them as an array of relocs->n, for who must search; NULL when out of memory. */
WasmReloc *wasm_reloc_array(const WasmRelocs *, Arena *);

/* Walking: for (WasmRelocCursor c = wasm_relocs_all(r); wasm_next_reloc(&c, &reloc);) */
static inline WasmRelocCursor wasm_relocs_all(const WasmRelocs *r) /* none of NULL */
{
    return r ? (WasmRelocCursor){r->bytes, r->bytes + r->size, r->n} : (WasmRelocCursor){0};
}
static inline WasmRelocCursor wasm_relocs_in(const WasmRelocs *r, WasmRelocRange range)
{
    return range.n ? (WasmRelocCursor){r->bytes + range.at, r->bytes + r->size, range.n} : (WasmRelocCursor){0};
}
/* The usual: no number of five bytes, and not among the last bytes. NULL: it is not so. */
static inline const uint8_t *wasm_short_reloc(const uint8_t *p, const uint8_t *end, WasmReloc *out)
{
    enum { MOST = 1 + 3 * 4 };
    unsigned n;
    uint32_t v;
    if (end - p < MOST || (out->type = *p++) >= WASM_RELOC_TYPES) return NULL;
    if ((n = short_leb(p, &out->offset)) == 0) return NULL;
    p += n;
    if ((n = short_leb(p, &out->index)) == 0) return NULL;
    p += n;
    out->addend = 0;
    if (!wasm_reloc_rows[out->type].has_addend) return p;
    if ((n = short_leb(p, &v)) == 0) return NULL;
    out->addend = short_leb_signed(v, n);
    return p + n;
}

/* The encoding was checked when the object was read; still nothing is read beyond the end. */
static inline uint32_t wasm_reloc_leb(WasmRelocCursor *c, unsigned *bits)
{
    uint32_t v = 0;
    unsigned shift = 0;
    while (c->pos < c->end) {
        uint8_t b = *c->pos++;
        v |= (uint32_t)(b & 0x7f) << shift;
        shift += 7;
        if (b < 0x80 || shift == 35) break; /* five bytes */
    }
    *bits = shift;
    return v;
}
static inline bool wasm_next_reloc(WasmRelocCursor *c, WasmReloc *out)
{
    unsigned bits;
    if (c->left == 0 || c->pos >= c->end) return false;
    c->left--;
    const uint8_t *next = wasm_short_reloc(c->pos, c->end, out);
    if (next) return c->pos = next, true;
    out->type = *c->pos++;
    out->offset = wasm_reloc_leb(c, &bits);
    out->index = wasm_reloc_leb(c, &bits);
    out->addend = 0;
    if (out->type >= WASM_RELOC_TYPES || !wasm_reloc_rows[out->type].has_addend) return true;
    uint32_t v = wasm_reloc_leb(c, &bits), sign = bits && bits < 32 ? UINT32_C(1) << (bits - 1) : 0;
    out->addend = (int32_t)((v ^ sign) - sign);
    return true;
}
/* What relocation offsets count in: the payload, of a custom section without the name in front. */
WasmRange wasm_section_contents(const WasmModule *, uint32_t section);
const char *wasm_symbol_kind_text(uint8_t kind); /* "function" */

#pragma GCC visibility pop

/* ---- archive.c: ar files: GNU (also thin, 64-bit index) and BSD names ------------------------------------------------ */

typedef struct ArMember {
    Str name;             /* not empty, no NUL; of a thin archive: a path, relative to the archive's folder          */
    const uint8_t *bytes; /* in the archive; NULL when it is thin                                                     */
    size_t size;
    uint64_t offset;      /* of its header                                                                            */
} ArMember;
typedef struct ArSymbol { Str name; uint64_t member_offset; } ArSymbol;
typedef struct Archive {
    const char *file;
    const uint8_t *bytes;
    size_t size;
    bool thin;                             /* members are files beside the archive                                  */
    ArMember *members; uint32_t n_members; /* by offset; index and table of names are not among them                */
    ArSymbol *symbols; uint32_t n_symbols; /* in the order of the index; none when there is no index                 */
} Archive;
bool ar_is_archive(const uint8_t *bytes, size_t size);
/* ar_read: members and index. Every symbol's member_offset is a member's.
 * in:     as for wasm_read_module; members need not be wasm
 * errors: AR_BAD, WASM_TRUNCATED; false when there was any */
MUST_USE bool ar_read(Arena *, const uint8_t *bytes, size_t size, const char *file, Diags *, Archive *out);
const ArMember *ar_member_at(const Archive *, uint64_t offset); /* binary search; NULL when there is none */

/* ---- dwarf.c: source places from DWARF 4 and 5, as far as diagnostics need them --------------------------------------- */

/* Everything is bounded; a broken or unknown form ends the search for that unit: no error, just no place. */
typedef struct Dwarf Dwarf;
#pragma GCC visibility push(default)
Dwarf *dwarf_open_object(const WasmObject *, Arena *); /* NULL when there is no debug info; relocations are looked through */
Dwarf *dwarf_open_module(const WasmModule *, Arena *); /* a linked module: addresses count from the code section's payload */
#pragma GCC visibility pop
/* Line of the code at this offset in the code section's payload. */
bool dwarf_line_of_code(Dwarf *, uint32_t code_offset, const char **file, uint32_t *line);
/* All lines of the code: from `offset` on it is line `line` of files[file], up to the next one's; file UINT32_MAX: nothing is
 * known. Offsets ascend; out: in the arena. false: out of memory, or none. */
typedef struct DwarfLine { uint32_t offset, file, line; } DwarfLine;
typedef struct DwarfLines {
    DwarfLine *items;   size_t n, cap;
    const char **files; size_t n_files, cap_files;
} DwarfLines;
bool dwarf_all_lines(Dwarf *, Arena *, DwarfLines *out);
/* The variable of a linked module in which this address of linear memory lies: by its type's size, where that is known. */
typedef struct DwarfVariable {
    Str name;         /* without namespaces; in the file */
    uint32_t address, size; /* bytes; 0 = not known */
    const char *file; /* of its declaration, or NULL */
    uint32_t line;
} DwarfVariable;
bool dwarf_variable_at(Dwarf *, uint32_t address, DwarfVariable *out);
/* Declaration of the variable or function whose address is this symbol (objects only). */
bool dwarf_line_of_symbol(Dwarf *, uint32_t symbol, const char **file, uint32_t *line);

/* ---- code_map.c: where code stands after something was put between it ------------------------------------------------- */

/* Offsets in the code section's payload, as DWARF for wasm counts them, before and after a rewrite that keeps the order of
 * the code. From `from` on code has moved by to - from, up to the next pair's; before the first pair nothing has moved.
 * Zero, with an arena, is the map of code that stays where it is.
 *
 * One question answers for beginnings and for exclusive ends: where is the boundary in front of this byte? What was
 * inserted in front of an instruction lies behind that boundary: it belongs to the instruction (to its line, its scope, the
 * range that begins there), not to what comes before. What was appended to a function, in front of its last `end`, belongs
 * to that `end`. So every inserted byte has a line, and the end of a function is its new end. */
typedef struct CodeMapPair { uint32_t from, to; } CodeMapPair;
typedef struct CodeMap {
    Arena *arena;
    CodeMapPair *pairs; /* both ascend */
    size_t n, cap;
    bool failed; /* out of memory: check once at the end, or each result */
} CodeMap;
/* Building, while a code section is copied. For each function: code_map_push(body's old offset, its new one), both behind
 * the body's size (what low_pc is; the size's own length may change); then code_map_insert for each piece of code that is
 * put in. A longer declaration of locals: push the first instruction's old and new offset; the new one is where the code
 * begins that is inserted in front of it, if there is any.
 * code_map_push:   the boundary in front of the old byte `from` is now at `to`. The same `from` again replaces the last pair.
 * code_map_insert: `size` bytes were put in front of the instruction at the old offset `at`; may be called for it again.
 * require: neither `from` nor `to` descends (asserted).  out: false when out of memory */
bool code_map_push(CodeMap *, uint32_t from, uint32_t to);
bool code_map_insert(CodeMap *, uint32_t at, uint32_t size);
/* Binary search. Never beyond the next pair's `to`, so that removed code is empty and order is kept for any pairs. */
uint32_t code_map_find(const CodeMap *, uint32_t from);
/* The same for who asks for places in their order, more or less: looks first where the last answer was. *near is 0 at first. */
uint32_t code_map_find_near(const CodeMap *, uint32_t from, size_t *near);

/* ---- dwarf_write.c: debug sections that tell lines and nothing more --------------------------------------------------- */

/* Appends the custom sections .debug_abbrev, .debug_info and .debug_line for these lines. source: DWARF 4 §6.2 */
void dwarf_write_lines(Writer *, const DwarfLines *);

/* ---- dwarf_remap.c: debug sections for code that has moved ------------------------------------------------------------- */

typedef struct DwarfSection {
    uint32_t custom;      /* index into module.customs */
    const uint8_t *bytes; /* in place of its payload (behind the name); NULL: leave the section out */
    uint32_t size;
} DwarfSection;
/* dwarf_remap: makes the debug sections of a linked module say of the moved code what they said of it before: DWARF 2 to 5.
 * .debug_info keeps its size, so whatever refers to entries stays right.
 * in:     map    of the whole code section; addresses beyond the old code (tombstones of code that was not linked) stay
 *         arena  takes the new bytes
 * out:    *sections, *n   those that change, by `custom`; all others are right as they are. None for a map without pairs.
 * errors: DEBUG_DROPPED (notes, about a dozen at most) for what cannot be read and is therefore left out: of a unit of .debug_info
 *         its entries, of .debug_line its rows, in any other section all of it. OUT_OF_MEMORY, then false.
 * source: DWARF 5 and 4; tool-conventions "DWARF for WebAssembly" */
MUST_USE bool dwarf_remap(const WasmModule *, const CodeMap *, Arena *, Diags *, DwarfSection **sections, uint32_t *n);

#endif
