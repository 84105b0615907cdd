/* validator.h: is a module valid, and which isolation rules does it keep?
 *
 * One pass over the module checks the specification (core 2.0 §3 with SIMD, extended constant expressions and tail
 * calls) and proves the rules of docs/rules.md, as far as a policy asks for them. Linker, bundle maker, loader and
 * parigot-validate all call val_module; there is no second opinion in the tree. Others embed it: this header and
 * wasm/wasm.h below it are installed with libparigot-validator (pkg-config: parigot-validator; docs/library.md).
 *
 *     Arena arena = {0};                                   what the report refers to; .limit_bytes bounds it
 *     Diags diags = {.limit = 100};                        findings, in the order found
 *     ValReport report;                                    verdicts
 *     ValOptions options = {.policy = val_builtin_policy(str_of("strict")), .now = time(NULL)};
 *     bool ok = val_module(&arena, bytes, size, "plugin.wasm", &options, &diags, &report);
 *     ...                                                  ok: no error; diags.items[i].text, report.rules[i].verdict
 *     diag_free(&diags);
 *     arena_free(&arena);
 *
 * Shapes   Structures are the caller's, {0} is a valid empty one, and none is opaque. A Str is bytes with a length, not
 *          ended by NUL. Optional pointers say so; all others must not be NULL.
 * Units    sizes and offsets in bytes, offsets from the start of the file; memory sizes of a module in pages of 64 KiB,
 *          of limits in bytes; times in seconds since 1970 UTC; indices as the module has them, imports first.
 *          DIAG_NOWHERE32: there is none.
 * Errors   Nothing prints or exits. What is wrong becomes a Diag with a code that never changes its meaning
 *          (docs/messages.md), and the function returns false. Memory that runs out is a Diag too (OUT_OF_MEMORY), or,
 *          when not even that could be stored, diags.out_of_memory; false then never means more than "not proved".
 * Ownership  The caller's bytes, names and options are borrowed, and must live as long as what was made of them; they are
 *          never written. Results lie in the caller's arena and end with it; each Diags owns its texts.
 * Threads  No global state: calls from several threads need only different arenas and Diags. Threads of its own only where
 *          ValOptions.threads asks for them.
 * Hostile  bytes, policy files and descriptions may be: time and memory are linear in their size, and nothing is read
 *          outside them. */
#ifndef PARIGOT_VALIDATOR_H
#define PARIGOT_VALIDATOR_H

#include "wasm/wasm.h"

#pragma GCC visibility push(default) /* what follows is what libparigot-validator exports */

/* ---- rules and limits: the tables ---------------------------------------------------------------------------- */

typedef enum ValRule {
#define RULE(code, name, waivable, strict, reset, audit) RULE_##code,
#include "validator/rules.def"
#undef RULE
    VAL_RULE_COUNT
} ValRule;

typedef struct ValRuleInfo {
    const char *code, *name; /* "P104", "writable static data" */
    DiagCode diag;           /* of its findings: summary and help are there */
    bool waivable;
} ValRuleInfo;
extern const ValRuleInfo val_rule_info[VAL_RULE_COUNT];
bool val_rule_find(Str code, ValRule *out);

typedef enum ValLimit {
#define LIMIT(NAME, key, unit, value, rule) VAL_LIMIT_##NAME,
#include "validator/limits.def"
#undef LIMIT
    VAL_LIMIT_COUNT
} ValLimit;

typedef enum ValUnit { VAL_UNIT_BYTES, VAL_UNIT_COUNT } ValUnit;
typedef struct ValLimitInfo {
    const char *key;
    ValUnit unit;
    uint64_t value; /* of the built-in policies */
    ValRule rule;
} ValLimitInfo;
extern const ValLimitInfo val_limit_info[VAL_LIMIT_COUNT];

/* No module passes these, whatever the policy: what the specification calls implementation limitations (core 2.0 §7.2).
 * The first two are those of the JavaScript API; with them, work per byte of code is bounded. */
enum { VAL_MAX_PARAMS = 1000, VAL_MAX_RESULTS = 1000, VAL_MAX_OPERANDS = 1 << 20 };

/* ---- policies -------------------------------------------------------------------------------------------------- */

typedef enum ValLevel { VAL_OFF, VAL_NOTE, VAL_WARNING, VAL_ERROR } ValLevel; /* ordered */
typedef enum ValBase { VAL_BASE_STRICT, VAL_BASE_RESET, VAL_BASE_AUDIT, VAL_BASE_NONE } ValBase;

/* Lets named findings through, with a reason. Exactly one of symbol, archive and finding is there. */
typedef struct ValWaiver {
    Str name;
    ValRule rule;
    Str symbol;            /* of the global or datum */
    bool has_object;       /* symbol: of the object file that defines it */
    uint8_t object[32];
    bool has_archive;      /* BLAKE2b-256 of the whole .a */
    uint8_t archive[32];
    Str finding;           /* "P105@function": the function's name, or its index */
    Str reason;
    int64_t expires;       /* seconds since 1970 UTC: the end of that day; 0 = never */
    uint64_t bytes;        /* with archive: the most that it may admit */
} ValWaiver;

typedef struct ValPolicy {
    Str name;
    ValBase base;          /* the built-in policy that it goes back to: VAL_BASE_RESET asks for fresh instances */
    struct {
        ValLevel violated, not_provable;
    } rules[VAL_RULE_COUNT];
    /* Patterns over "service/Method": `*` stands for any characters within the service or within the method. An import
     * must match one of allow and none of deny. The kernel's own service needs no line. */
    const Str *imports_allow;  uint32_t n_imports_allow;
    const Str *imports_deny;   uint32_t n_imports_deny;
    const Str *exports_allow;  uint32_t n_exports_allow; /* patterns over names, besides what the ABI names */
    bool exports_memory;
    WasmFeatures features; /* MVP and mutable-global are always in it */
    uint64_t limits[VAL_LIMIT_COUNT]; /* UINT64_MAX = none */
    ValWaiver *waivers;  uint32_t n_waivers;
} ValPolicy;

/* strict, reset, audit, none; NULL when it is none of them. Never freed. A copy may be changed. */
const ValPolicy *val_builtin_policy(Str name);
const char *val_base_text(ValBase);

/* The last second of a day that is written 2027-06-30; false: it is not, or no such day. And back: returns the text. */
enum { VAL_DAY_SIZE = 20 };
bool val_parse_day(Str, int64_t *seconds);
const char *val_day_text(char text[VAL_DAY_SIZE], int64_t seconds);

/* Policy files, docs/policy.md. (In libparigot-policy within the build: they need libconfig and libsodium.)
 * val_load_policy: what --policy= takes: a built-in name (strict, reset, audit, none), else a file.
 * out:    *out's arrays and strings are in the arena
 * errors: IO_READ, C01 codes, each with file and line */
MUST_USE bool val_load_policy(Arena *, const char *name_or_file, Diags *, ValPolicy *out);
/* val_parse_policy: the same for the text of a file; name is for messages. */
MUST_USE bool val_parse_policy(Arena *, Str text, const char *name, Diags *, ValPolicy *out);
/* val_policy_text: the canonical text: base resolved, every key written, in the order of docs/policy.md, lists sorted
 * bytewise. It is a policy file itself, and its own canonical text. Appended; TextBuf.failed when memory is out. */
void val_policy_text(TextBuf *, const ValPolicy *);
/* val_policy_digest: BLAKE2b-256 of the canonical text. false: out of memory. */
MUST_USE bool val_policy_digest(const ValPolicy *, uint8_t digest[32]);
/* "blake2b-256:" and 64 hexadecimal digits, as policies write digests. */
bool val_parse_digest(Str, uint8_t digest[32]);
void val_digest_text(TextBuf *, const uint8_t digest[32]);

/* val_add_feature: what one word of --features, or of a policy's features, stands for: a feature, or a set of them.
 * in:     word       "simd", "all" (what is supported) or "wamr" (what WAMR 2.4 runs whatever its build)
 * out:    *features  grows by it; *wamr becomes true for "wamr": P606 is asked for as well
 * returns NULL; else why it stands for none, in words, with the nearest one and the list; in the arena */
const char *val_add_feature(Arena *, Str word, WasmFeatures *features, bool *wamr);

/* ---- descriptions of services ------------------------------------------------------------------------------------ */

typedef struct ValMethod {
    Str name;
    bool streams_request; /* which the ABI has no form for */
} ValMethod;
typedef struct ValService {
    Str name;             /* "greeting.v1.Greeter" */
    ValMethod *methods;  uint32_t n_methods; /* by name, bytewise; each once */
    bool has_digest;      /* every type that it reaches was described */
    uint8_t digest[32];   /* of its description: docs/abi.md "Service description" */
} ValService;
/* What --abi=FILE says: val_load_abi reads it. */
typedef struct ValAbi {
    ValService *services; uint32_t n_services; /* by name, bytewise; each once */
} ValAbi;
const ValService *val_find_service(const ValAbi *, Str name); /* or NULL */
const ValMethod *val_find_method(const ValService *, Str name);

/* The services that --service names; none: all. */
typedef struct ValNamed {
    const Str *services; uint32_t n_services;
} ValNamed;
bool val_is_named(const ValNamed *, Str service);

/* Descriptions of services, from the FileDescriptorSets that protoc writes, docs/abi.md. (In libparigot-abi within the
 * build: they need protobuf-c and libsodium.) */
typedef struct ValAbiSet {
    const char *file; /* for messages */
    Str bytes;        /* a google.protobuf.FileDescriptorSet; not looked at any more when val_parse_abi is done */
} ValAbiSet;
/* val_parse_abi: what some sets, taken together, describe. A type or service may be in several, if they agree on it.
 * out:    *out in the arena. A service whose types are not all described (protoc without --include_imports) has no digest
 * errors: C02 codes; a service without a package is a warning */
MUST_USE bool val_parse_abi(Arena *, const ValAbiSet *, size_t n, Diags *, ValAbi *out);
/* val_load_abi: the host's own services, and those of some files.
 * errors: IO_READ, IO_TOO_BIG, and those of val_parse_abi */
MUST_USE bool val_load_abi(Arena *, const char *const *files, size_t n, Diags *, ValAbi *out);
/* val_check_named: is each service that is named there? One Diag (ABI_NO_SERVICE) for each that is not. */
MUST_USE bool val_check_named(const ValAbi *, const ValNamed *, Diags *);

/* val_nearest_method: the method that was probably meant, of the services that are named.
 * in:     service  as it was written; if it is one that is described, only its methods are looked at
 *         budget   steps that may still be spent on such questions; counted down. Spent: nothing is near
 * returns false when nothing is near
 * val_nearest_symbol: the same for the name of a C function: greeting_v1_Greeter_Hello_call is near greeting.v1.Greeter/Hello */
enum { VAL_NEAREST_BUDGET = 20000000 };
typedef struct ValNearest {
    const ValService *service;
    const ValMethod *method;
    uint32_t distance; /* letters that differ */
} ValNearest;
bool val_nearest_method(const ValAbi *, const ValNamed *, Str service, Str method, uint64_t *budget, ValNearest *out);
bool val_nearest_symbol(const ValAbi *, const ValNamed *, Str symbol, uint64_t *budget, ValNearest *out);

/* ---- validation ------------------------------------------------------------------------------------------------- */

typedef struct ValOptions {
    const ValPolicy *policy; /* NULL: none, the specification alone */
    const ValPolicy *also;   /* NULL, or a second one that must be kept too (the operator's floor and the bundle's own):
                                for each rule the higher level counts; both lists must let an import through; limits are
                                the smaller; a waiver counts for its own policy only */
    WasmFeatures features;   /* what the validator takes for WebAssembly at all; 0 = FEATURES_ALL */
    bool strict;             /* not provable counts as violated */
    bool meter;              /* a meter that is recorded is proved (report.metered), also where no rule asks for it */
    bool world;              /* will run in a world: P503 also where neither service nor entry is named */
    bool wamr;               /* P606 is an error, whatever the policy */
    int64_t now;             /* seconds since 1970, for the end of waivers; 0 = not looked at */
    const ValAbi *abi;       /* NULL: services are not described; else P301, P305 and P504 ask for methods that are, also
                                where the policy has them off */
    ValNamed named;          /* services that may be imported (P303, also where it is off) and provided (P501); none: those
                                that the policy lets through */
    unsigned threads;        /* that may check function bodies; 0, 1: the caller's alone. The result is the same */
    uint32_t findings_limit; /* Diags stored for one rule (all are counted); 0 = 100 */
} ValOptions;

/* Numbers are those of parigot.bundle.v1.Result. */
typedef enum ValVerdict {
    VAL_NO_VERDICT, /* the module is not valid: nothing can be said */
    VAL_PROVED,     /* for waived > 0: but for what was waived */
    VAL_VIOLATED,
    VAL_NOT_PROVABLE,
    VAL_RULE_OFF
} ValVerdict;
const char *val_verdict_text(ValVerdict); /* "proved", "violated", "not provable", "off", "" */

typedef struct ValResult {
    ValVerdict verdict;
    ValLevel level;    /* that its findings count as */
    uint32_t findings; /* not waived */
    uint32_t waived;
} ValResult;

/* One finding that a waiver let through. */
typedef struct ValWaived {
    const ValWaiver *waiver;
    Str symbol;             /* of this finding */
    uint32_t address, size; /* P104: in memory */
    uint32_t func;          /* or DIAG_NOWHERE32 */
} ValWaived;

/* A function whose constant frame is above the null guard and lacks its check (see the end of this file). */
typedef struct ValFrame { uint32_t func, depth; } ValFrame;

typedef struct ValReport {
    bool valid;               /* by the specification; the rest means something only then */
    WasmModule module;        /* a view of the caller's bytes: its imports are the capability list */
    WasmFeatures features;    /* that the module needs */
    ValResult rules[VAL_RULE_COUNT];
    PmFound section;          /* was parigot.module there? */
    PmSection pm;             /* what it says; proved only as far as the verdicts go */
    bool layout_proved;       /* pm.layout is true for these bytes (rules 1 to 5 of docs/module-section.md) */
    bool metered;             /* pm.fuel is the gauge of a meter that was proved (P702, P703; asked when some rule is on) */
    ValWaived *waived;  uint32_t n_waived;
    uint32_t stack_to_reset;  /* global + 1 that P101 does not prove only because entries do not reset it: entry thunks would do;
                                 0: there is none (see the end of this file) */
    ValFrame *frames;   uint32_t n_frames; /* findings of P104, and what a linker has to add checks to */
    /* Work done, for tests that bound it. */
    uint64_t type_comparisons;
    size_t scratch_bytes;     /* most memory held besides the arena's */
} ValReport;

/* val_module: reads, validates and judges in one pass.
 * in:     bytes    stay the caller's and must outlive *out
 *         options  NULL: as {0}
 * out:    *out     filled as far as it got; arrays in the arena, linear in the file
 * errors: W codes (format), V codes (validation), P codes with the level that the policy gives them
 * returns true when no error was recorded: the module is valid and no rule is broken that the policy calls an error
 * owns:   scratch memory of its own, freed before it returns */
MUST_USE bool val_module(Arena *, const uint8_t *bytes, size_t size, const char *file, const ValOptions *options,
                         Diags *, ValReport *out);
extern const char val_more_findings[]; /* the text of the last Diag of a rule that has more than findings_limit */
/* val_view: the same for a module that wasm_read_module has read without error. */
MUST_USE bool val_view(Arena *, const WasmModule *, const ValOptions *options, Diags *, ValReport *out);

/* val_imports: P301 to P305 alone, for a linker that has found other errors and will make no module.
 * in:     m  has file, imports, types and func_types; the rest is not looked at
 * errors: P301 to P305, with the level that the policy gives them */
void val_imports(const WasmModule *m, const ValOptions *, Diags *);

/* ---- relocatable objects ------------------------------------------------------------------------------------------
 *
 * What a finished module can only show by its addresses and stores, an object says itself: which symbol is writable
 * data, how large, in which segment, declared on which line. The linker asks for each object that is in the link, when
 * it knows what is live: state that nothing refers to is not in the module.
 * Besides, each index in the code must be covered by one relocation, and each relocation must cover an operand: else
 * code of one object could reach what belongs to another, past every rule. */

/* What of the object counts. A function that is NULL says yes to all. */
typedef struct ValObjectScope {
    void *ctx;
    bool (*func)(void *ctx, uint32_t func);       /* will this defined function be in the module?                 */
    bool (*segment)(void *ctx, uint32_t segment); /* ... this data segment?                                       */
    bool (*global)(void *ctx, uint32_t global);   /* ... this defined global?                                     */
    bool (*symbol)(void *ctx, uint32_t symbol);   /* undefined: does nobody define it, so that it will be an import?
                                                     absolute: does anything refer to it?                         */
} ValObjectScope;

typedef struct ValObjectFinding {
    DiagCode code;      /* of a rule (P101 ..); or OBJ_RAW_INDEX, OBJ_RELOC_SITE, OBJ_BAD_CODE, WASM_FEATURE: errors under
                           every policy but none, and not waivable                                                */
    ValRule rule;       /* VAL_RULE_COUNT when it is not one of a rule                                            */
    uint32_t symbol;    /* that it is about, or DIAG_NOWHERE32                                                    */
    uint32_t segment;   /* P104, P203: of the data, or DIAG_NOWHERE32                                             */
    uint32_t size;      /* P104, P203: bytes                                                                      */
    uint32_t func;      /* index in the object, or DIAG_NOWHERE32                                                 */
    uint32_t offset;    /* in the file, or DIAG_NOWHERE32                                                         */
    const char *text;   /* arena                                                                                  */
} ValObjectFinding;

typedef struct ValObjectReport {
    ValObjectFinding *findings; uint32_t n_findings; /* data by segment and offset, then code by offset           */
    size_t cap_findings;
    uint32_t not_stored; /* further findings in code, of codes of which VAL_OBJECT_CODE_FINDINGS are among these and
                            which cannot be waived                                                                */
} ValObjectReport;
enum { VAL_OBJECT_CODE_FINDINGS = 100 };

/* val_object_rules: P101 to P106 and P201 to P206 by symbol, and the relocations of code.
 * P101  a mutable global is defined          P102  one is undefined, but for __stack_pointer    P103  one is exported
 * P104  a symbol in a segment that is not constant by name (val_segment_is_constant), or such a segment without symbols; an
 *       absolute symbol; a store to a constant, or to the linker's own symbols outside of the object that defines
 *       parigot_alloc
 * P105  an instruction that changes a table (the first of a function); an exported table
 * P106  a constructor, or a start section    P201  shared memory               P202  atomic instructions
 * P203  thread-local data (P104 as well)     P204, P206  undefined symbols of foreign.def
 * P205  target features atomics, shared-mem
 * in:     the object  as wasm_read_object has read it without error
 *         scope       NULL: all of it counts
 * out:    *out        what was found; arrays and texts in the arena
 * returns false when memory was out: nothing can be said then */
MUST_USE bool val_object_rules(Arena *, const WasmObject *, const ValObjectScope *scope, ValObjectReport *out);

/* val_report_finding: as a Diag with object, symbol, function, and source line when there is DWARF (NULL: there is none).
 * returns what diag_add returned, for notes */
Diag *val_report_finding(const WasmObject *, const ValObjectFinding *, Dwarf *, DiagSeverity, Diags *);

/* Constant by name (.rodata, .data.rel.ro) and not thread-local. A name proves nothing; the seal does. */
bool val_segment_is_constant(const WasmSegmentInfo *);

/* A row of foreign.def. */
typedef struct ValForeign {
    ValRule rule;
    const char *module, *name, *what;
} ValForeign;
/* The first row that matches this import; NULL when none does. */
const ValForeign *val_find_foreign(Str module, Str name);

/* ---- forms of code that the proofs recognise (docs/rules.md, P101 and P104) ------------------------------------------
 *
 * Here sp is the global that parigot.module names as stack_pointer. LEB128 may be padded. Local declarations may stand
 * before either form, and behind them the charge of a metered module's entry (docs/metering.md); nothing else may.
 *
 * Entry thunk. Every exported function of a module with a stack pointer starts with
 *         i32.const <stack_high>        (the value that sp is initialised with)
 *         global.set <sp>
 *     What follows is free: a linker pushes the parameters by local.get, calls the function proper, and ends.
 *
 * Frame check. A frame is a `global.set <sp>` of a value known to be (what global.get sp gave) - N, N a constant. Where
 *     N > null_guard, the function starts with
 *         global.get <sp>
 *         i32.const  <C>                C >= stack_low + depth, or C = -1 (0xffffffff)
 *         i32.lt_u
 *         if                            (block type empty, 0x40)
 *           unreachable
 *         end
 *     where depth is how far below its value at the start this function moves sp in all by constants: for one frame, N.
 *     A function that is both thunk and framed has the thunk first, then the frame check.
 */

#pragma GCC visibility pop

#endif
