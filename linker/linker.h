/* linker.h: objects in, module out, all in memory. What parigot-ld's main(), the tests and the fuzzer call.
 *
 * A link is a list of passes over one context (ld.h, link.c). It reads files and writes none: the module
 * comes back as bytes, whole or not at all, and every reason why not is in the Diags. */
#ifndef PARIGOT_LINKER_H
#define PARIGOT_LINKER_H

#include "wasm/child.h"
#include "linker/meter.h"
#include "validator/validator.h"

/* One input of the command line, in its order. */
typedef struct LdInput {
    const char *path;     /* a file's path; for -l what stood behind it */
    const uint8_t *bytes; /* not NULL: the input is in memory and path is only its name */
    size_t size;
    bool is_library;    /* -l: searched in the library folders */
    bool whole_archive; /* every member is linked */
    bool lazy;          /* between --start-lib and --end-lib: linked when something needs it */
} LdInput;

typedef struct LdNames {
    const char **items;
    size_t n, cap;
} LdNames;

/* What happens to a symbol that nobody defines and no import attribute names. */
typedef enum LdUnresolved {
    LD_UNRESOLVED_ERROR,
    LD_UNRESOLVED_WARN,  /* a warning; calls trap, addresses are zero */
    LD_UNRESOLVED_IGNORE /* the same without the warning */
} LdUnresolved;

typedef enum LdBuildId {
    LD_BUILD_ID_NONE,
    LD_BUILD_ID_FAST,
    LD_BUILD_ID_SHA1,
    LD_BUILD_ID_UUID,
    LD_BUILD_ID_HEX
} LdBuildId;

typedef enum LdStrip { LD_STRIP_NONE, LD_STRIP_DEBUG, LD_STRIP_ALL } LdStrip;

/* A waiver given on the command line: --waive=RULE:SYMBOL:REASON. */
typedef struct LdWaiver {
    const char *rule, *symbol, *reason;
} LdWaiver;

/* Told of each file that is opened, with its bytes, which are there only while it is called. input: which of the
 * command line, NULL for a file that an input names. */
typedef void LdOnInput(void *ctx, const LdInput *input, const char *path, const uint8_t *bytes, size_t size);

typedef struct LdOptions {
    const char *output;
    LdInput *inputs;
    size_t n_inputs, inputs_cap;
    LdOnInput *on_input; /* or NULL */
    void *on_input_ctx;
    LdNames library_dirs;
    LdNames exports, exports_if_defined, undefined, allow_undefined, keep_sections;
    LdNames wrap;          /* references to X become references to __wrap_X, those to __real_X to X */
    LdNames trace_symbols; /* --trace-symbol */
    const char *entry;     /* NULL: none */
    const char *soname;    /* module name in the name section; NULL: last part of the output's path */

    const ValPolicy *policy; /* NULL: none */
    uint8_t policy_digest[32];
    const ValAbi *abi; /* descriptions of services; NULL: none were given */
    ValNamed named;    /* --service; none: all that the policy lets through */
    bool isolate; /* any policy but none: our layout, thunks, section */
    LdWaiver *waivers;
    size_t n_waivers, waivers_cap; /* as given; the policy has them too */
    int64_t now;                   /* seconds since 1970, for waivers that end; 0 = not compared */
    bool notes;                    /* findings that the policy only notes are told too */

    uint32_t stack_size;
    bool stack_auto;      /* the stack's size is what the module can use; stack_size is then the least */
    bool seal_ctors;      /* what constructors that are run by the linker write is sealed */
    uint32_t seal_align;  /* power of two, 4096..65536 */
    uint32_t global_base; /* under policy none only */
    bool has_global_base, stack_first;
    uint64_t initial_memory, initial_heap, max_memory; /* bytes; 0 = not said */
    uint32_t page_size;                                /* 65536, or 1: custom-page-sizes proposal */
    bool no_growable_memory;
    bool import_memory, export_memory, no_export_memory;
    const char *import_memory_module, *import_memory_name, *export_memory_name;
    bool import_table, export_table, growable_table;
    uint32_t table_base;

    bool relocatable; /* one object from all: nothing is laid out for good, nothing is left out; without isolation only */
    bool emit_relocs; /* the module keeps its symbols and relocations; the same */
    bool export_all, export_dynamic;
    bool allow_undefined_functions; /* --allow-undefined, --import-undefined */
    LdUnresolved unresolved;
    bool multiple_definitions;   /* the first of several definitions counts */
    bool go_on_after_duplicates; /* --noinhibit-exec: they are warnings, and the last counts */
    bool tell_why_extracted;     /* fill LdOutput.why_extract */
    bool no_gc, print_gc;
    bool no_merge_data;
    int optimize; /* -O: 0 keeps strings apart */
    const char *binaryen; /* "1" to "4", "s", "z": the finished module is optimised; NULL: it is not */
    ChildLimits child;    /* of the programs that the linker starts */
    const char *start_export; /* of a module that is rewritten: its start function becomes this export; NULL: it stays */
    LdStrip strip;
    LdBuildId build_id;
    const uint8_t *build_id_bytes; /* LD_BUILD_ID_HEX */
    uint32_t build_id_size;
    bool compress_relocations;
    bool tell_map; /* fill LdOutput.map */
    bool no_check_features;
    MeterKind meter; /* --meter */
    bool seal_check; /* --seal=check: the code itself keeps its writes out of what is sealed */
    bool has_features; /* --features: exactly these */
    LdNames features, extra_features;
    const char *hide_prefix; /* left out of file names in messages; NULL: none */
    bool no_demangle;        /* C++ and Rust names are told as the objects have them */
    bool trace;              /* -t */
    unsigned threads;        /* 0: one for each processor */
    bool to_file;            /* without isolation only: the module goes to output_fd as it is made, */
    int output_fd;           /* a regular file open for writing, empty; it is then in no LdOutput */
    size_t memory_limit;     /* of the link's own tables, in bytes; 0 = none */
} LdOptions;

/* ld_default_options: what holds when nothing is said; wasm-ld's own defaults without isolation. */
void ld_default_options(LdOptions *, bool isolate);

typedef struct LdOutput {
    Writer module;       /* the linked module; wr_free */
    TextBuf messages;    /* --trace, --print-gc-sections, --trace-symbol: for standard output; text_free */
    TextBuf map;         /* where everything went */
    TextBuf why_extract; /* a line for each archive member that was linked, also when the link fails later */
} LdOutput;

/* ld_link: the whole link.
 * in:     the options are complete (ld_parse_options); memory inputs outlive the call
 * out:    *out  empty when false
 * errors: I, W, L and P codes; false when there was any error
 * owns:   *out is the caller's */
MUST_USE bool ld_link(const LdOptions *, Diags *, LdOutput *out);
void ld_free_output(LdOutput *);

/* ld_rewrite: the same for a module that is linked already: the only one of the inputs.
 * errors: I, W, V, P codes, and those of ld_finish */
MUST_USE bool ld_rewrite(const LdOptions *, Diags *, LdOutput *out);

/* ld_finish: does to a module that was found good what is wanted; what comes out is judged once more, by the options' policy.
 * in:     the module; it may be read from the bytes in *bytes; arena with on_oom
 * out:    *bytes  replaced
 * errors: those of ld_seal_module, ld_meter_module and val_module */
MUST_USE bool ld_finish(const LdOptions *, Arena *, Diags *, const WasmModule *, const MeterOptions *how,
                        Writer *bytes);
/* ld_report_stack: what each entry of a finished module needs of the stack, and its deepest chain of calls, as text.
 * errors: V codes, when it is not valid; OUT_OF_MEMORY */
MUST_USE bool ld_report_stack(const LdOptions *, Diags *, const Writer *module, TextBuf *);
ValOptions ld_val_options(const LdOptions *);
/* How a module is judged before ld_finish: what it will get, a meter or store checks, is not asked for. *policy: room for the answer's. */
ValOptions ld_val_options_before(const LdOptions *, ValPolicy *policy);

#endif
