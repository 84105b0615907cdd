/* options.c: the command line, from the one table options.def. An option that is not there is an error; one
 * that is there does something, asks for what is done anyway, or is refused with a reason. */
#include "linker/command.h"
#include "linker/response.h"
#include "validator/validator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef enum Argument { NONE, VALUE, OPTIONAL, JOINED } Argument;
typedef enum Action {
    ABI,
    ACCEPT,
    ALLOW_UNDEFINED,
    ALLOW_UNDEFINED_FILE,
    BUILD_ID,
    BUNDLE,
    BUNDLE_NAME,
    CHECK_FEATURES,
    CHILD_MEMORY,
    CHILD_SECONDS,
    COLOUR,
    DEMANGLE,
    COMPRESS,
    EMIT_RELOCS,
    EMULATION,
    END_LIB,
    ENTRY,
    ERROR_FILE,
    ERROR_FORMAT,
    ERROR_LIMIT,
    EXPLAIN,
    EXPORT,
    EXPORT_ALL,
    EXPORT_DYNAMIC,
    EXPORT_IF_DEFINED,
    EXPORT_MEMORY,
    EXPORT_TABLE,
    EXTRA_FEATURES,
    FATAL_WARNINGS,
    FEATURES,
    FLAVOR,
    GC,
    GLOBAL_BASE,
    GROWABLE_TABLE,
    HELP,
    HIDE_PREFIX,
    IMPORT_MEMORY,
    IMPORT_TABLE,
    IMPORT_UNDEFINED,
    INITIAL_HEAP,
    INITIAL_MEMORY,
    KEEP_SECTION,
    LIBRARY,
    LIBRARY_DIR,
    MAP,
    MAX_MEMORY,
    MEANINGLESS,
    MERGE_DATA,
    METER,
    SEAL_CTORS,
    MULTIPLE,
    NO_CHECK_FEATURES,
    NO_COLOUR,
    NO_DEMANGLE,
    NO_ENTRY,
    NO_EXPORT_DYNAMIC,
    NO_FATAL_WARNINGS,
    NO_GC,
    NO_GROWABLE_MEMORY,
    NO_MERGE_DATA,
    NO_MULTIPLE,
    NO_PRINT_GC,
    NO_STACK_FIRST,
    NO_WHOLE_ARCHIVE,
    NOINHIBIT_EXEC,
    OPTIMIZE,
    OUTPUT,
    PAGE_SIZE,
    PASSWORD_ENV,
    PASSWORD_FILE,
    POLICY,
    PRINT_GC,
    PRINT_MAP,
    REFUSE,
    RELOCATABLE,
    REPRODUCE,
    REWRITE,
    RSP_QUOTING,
    SEAL,
    SEAL_ALIGN,
    SERVICE,
    SIGN,
    SONAME,
    STACK_FIRST,
    STACK_REPORT,
    START_EXPORT,
    START_LIB,
    STRIP_ALL,
    STRIP_DEBUG,
    TABLE_BASE,
    THREADS,
    TRACE,
    TRACE_SYMBOL,
    UNDEFINED,
    UNRESOLVED,
    UNRESOLVED_ERROR,
    UNRESOLVED_WARN,
    VERBOSE,
    VERSION,
    VERSION_AND_GO_ON,
    WAIVE,
    WORLD_FILE,
    LINKED_MODULE,
    WHOLE_ARCHIVE,
    WHY_EXTRACT,
    WRAP,
    Z
} Action;

typedef struct Option {
    const char *text;
    uint8_t argument, action;
    const char *value, *help;
} Option;
static const Option table[] = {
#define OPT(text, argument, value, action, help) {text, argument, action, value, help},
#include "linker/options.def"
#undef OPT
};

typedef struct Parser {
    LdCommand *out;
    Arena *arena;
    Diags *diags;
    char **args;
    size_t n, at;
    bool reproducing; /* arguments are kept */
    bool ignore_unresolved, warn_unresolved;
    bool whole_archive, lazy, max_memory_given;
    bool policy_given, entry_given, gc_given, merge_given; /* as the last option about it has it */
    const char *level;                /* -O */
    const char *refused_in_rewrite;   /* an option that is about linking */
    const char *refused_under_policy; /* an option that only --policy=none allows */
} Parser;

#define PUSH(p, items, n, cap) ARENA_PUSH((p)->arena, items, n, cap)

static void add_name(Parser *p, LdNames *names, const char *name)
{
    PUSH(p, names->items, names->n, names->cap) = name;
}

static void usage(Parser *p, const char *format, ...) PRINTF(2, 3);
static void usage(Parser *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_vadd(p->diags, USAGE, DIAG_AT(), format, args);
    va_end(args);
}

/* ---- finding a row ---- */

static const Option *find_exact(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (strlen(table[i].text) == len && memcmp(table[i].text, name, len) == 0) return &table[i];
    return NULL;
}

static const Option *find_joined(const char *name, bool one_dash)
{
    const Option *best = NULL;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        size_t len = strlen(table[i].text);
        if (table[i].argument != JOINED || strncmp(table[i].text, name, len) != 0 || (len == 1 && !one_dash))
            continue;
        if (!best || len > strlen(best->text)) best = &table[i];
    }
    return best;
}

/* The option that an argument is, and its value where it stands in the same argument. Whole names win over
 * letters with something behind them, as in wasm-ld: -entry is not -e ntry. */
static const Option *match(const char *arg, const char **value)
{
    bool one_dash = arg[1] != '-';
    const char *name = arg + (one_dash ? 1 : 2), *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    const Option *o = find_exact(name, len);
    *value = NULL;
    if (o && len == 1 && !one_dash) o = NULL;
    if (o && equals && len > 1 && (o->argument == VALUE || o->argument == OPTIONAL)) {
        *value = equals + 1;
        return o;
    }
    if (o && !equals) return o;
    o = find_joined(name, one_dash);
    if (o) {
        *value = name + strlen(o->text);
        if (**value == '=' && o->text[1]) ++*value;
    }
    return o;
}

/* ---- values ---- */

static bool is_number(const char *value, uint64_t most, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(value, &end, 0);
    if (*value < '0' || *value > '9' || *end || errno || v > most) return false;
    *out = v;
    return true;
}

/* option: as it is written, dashes included. */
static uint64_t number(Parser *p, const char *option, const char *value, uint64_t most)
{
    uint64_t v = 0;
    if (!is_number(value, most, &v))
        usage(p, "%s: '%s' is not a number from 0 to %llu", option, value, (unsigned long long)most);
    return v;
}

static void split_commas(Parser *p, LdNames *names, const char *value)
{
    while (*value) {
        size_t len = strcspn(value, ",");
        if (len) add_name(p, names, arena_strndup(p->arena, value, len));
        value += len + (value[len] == ',');
    }
}

static void warn(Parser *p, const char *format, ...) PRINTF(2, 3);
static void warn(Parser *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Arena a = {0};
    const char *text = arena_vprintf(&a, format, args);
    diag_add_as(p->diags, SEV_WARNING, USAGE, DIAG_AT(), "%s", text ? text : format);
    arena_free(&a);
    va_end(args);
}

enum { LEAST_STACK = 16 }; /* of -z stack-size=auto: a strict module has one */

static void z_option(Parser *p, const char *value)
{
    LdOptions *l = &p->out->link;
    l->stack_auto = strcmp(value, "stack-size=auto") == 0 || (l->stack_auto && strncmp(value, "stack-size=", 11) != 0);
    if (strcmp(value, "stack-size=auto") == 0) l->stack_size = LEAST_STACK;
    else if (strncmp(value, "stack-size=", 11) == 0)
        l->stack_size = (uint32_t)number(p, "-z stack-size", value + 11, UINT32_MAX);
    else if (strcmp(value, "muldefs") == 0) p->out->link.multiple_definitions = true;
    else warn(p, "unknown -z value: %s (known: stack-size=BYTES, stack-size=auto, muldefs)", value);
}

static void import_memory(Parser *p, const char *value)
{
    LdOptions *o = &p->out->link;
    o->import_memory = true;
    p->refused_under_policy = "--import-memory";
    const char *comma = value ? strchr(value, ',') : NULL;
    if (value && !comma) {
        usage(p, "--import-memory=%s: expected MODULE,NAME", value);
        return;
    }
    if (!value) return;
    o->import_memory_module = arena_strndup(p->arena, value, (size_t)(comma - value));
    o->import_memory_name = comma + 1;
}

static void unresolved(Parser *p, const char *value)
{
    static const struct {
        const char *text;
        LdUnresolved what;
    } rows[] = {{"report-all", LD_UNRESOLVED_ERROR}, {"ignore-all", LD_UNRESOLVED_IGNORE}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].text, value) == 0) {
            p->out->link.unresolved = rows[i].what;
            return;
        }
    if (strcmp(value, "import-dynamic") == 0)
        usage(p, "--unresolved-symbols=import-dynamic is not supported: dynamic linking is not done "
                 "(--import-undefined "
                 "imports functions)");
    else usage(p, "unknown --unresolved-symbols value: %s (known: report-all, ignore-all)", value);
}

/* RULE:SYMBOL:REASON */
static void waive(Parser *p, const char *value)
{
    const char *symbol = strchr(value, ':'), *reason = symbol ? strchr(symbol + 1, ':') : NULL;
    if (!reason || !reason[1] || reason == symbol + 1) {
        usage(p, "--waive=%s: expected RULE:SYMBOL:REASON", value);
        return;
    }
    LdOptions *o = &p->out->link;
    PUSH(p, o->waivers, o->n_waivers, o->waivers_cap) =
        (LdWaiver){arena_strndup(p->arena, value, (size_t)(symbol - value)),
                   arena_strndup(p->arena, symbol + 1, (size_t)(reason - symbol - 1)), reason + 1};
}

/* One name a line; # begins a comment. */
static void names_from_file(Parser *p, const char *path)
{
    FileBytes f;
    if (!file_read(path, 16 << 20, p->diags, &f)) return;
    const char *text = arena_strndup(p->arena, (const char *)f.ptr, f.size);
    while (*text) {
        size_t line = strcspn(text, "\n"), len = strcspn(text, "#\n");
        while (len && strchr(" \t\r", text[len - 1])) len--;
        size_t skip = strspn(text, " \t");
        if (len > skip)
            add_name(p, &p->out->link.allow_undefined, arena_strndup(p->arena, text + skip, len - skip));
        text += line + (text[line] == '\n');
    }
    file_close(&f);
}

static void add_input(Parser *p, const char *path, bool is_library)
{
    LdOptions *o = &p->out->link;
    PUSH(p, o->inputs, o->n_inputs, o->inputs_cap) =
        (LdInput){.path = path, .is_library = is_library, .whole_archive = p->whole_archive, .lazy = p->lazy};
}

/* ---- one option ---- */

static void colour(Parser *p, const char *value)
{
    if (!value || strcmp(value, "always") == 0) p->out->colour = LD_COLOUR_ALWAYS;
    else if (strcmp(value, "never") == 0) p->out->colour = LD_COLOUR_NEVER;
    else if (strcmp(value, "auto") == 0) p->out->colour = LD_COLOUR_AUTO;
    else usage(p, "unknown --color-diagnostics value: %s (known: auto, always, never)", value);
}

static void error_format(Parser *p, const char *value)
{
    static const char *const formats[] = {[LD_FORMAT_TEXT] = "text",
                                          [LD_FORMAT_GNU] = "gnu",
                                          [LD_FORMAT_JSON] = "json",
                                          [LD_FORMAT_SARIF] = "sarif"};
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (strcmp(value, formats[i]) == 0) {
            p->out->format = (LdErrorFormat)i;
            return;
        }
    usage(p, "unknown --error-format: %s (known: text, gnu, json, sarif)", value);
}

/* Only an even number of digits is bytes. */
static void build_id_hex(Parser *p, const char *digits)
{
    enum { MOST = 1024 };
    LdOptions *l = &p->out->link;
    size_t n = strlen(digits);
    uint8_t *bytes = arena_alloc(p->arena, n / 2 + 1);
    if (n % 2 || n / 2 > MOST || strspn(digits, "0123456789abcdefABCDEF") != n) {
        usage(p, "--build-id=0x%s: expected an even number of hexadecimal digits, at most %d", digits,
              2 * MOST);
        return;
    }
    for (size_t i = 0; i < n / 2; i++) {
        char pair[3] = {digits[2 * i], digits[2 * i + 1]};
        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    l->build_id = LD_BUILD_ID_HEX;
    l->build_id_bytes = bytes;
    l->build_id_size = (uint32_t)(n / 2);
}

static void build_id(Parser *p, const char *value)
{
    static const struct {
        const char *text;
        LdBuildId what;
    } rows[] = {{"fast", LD_BUILD_ID_FAST},
                {"sha1", LD_BUILD_ID_SHA1},
                {"tree", LD_BUILD_ID_SHA1},
                {"uuid", LD_BUILD_ID_UUID},
                {"none", LD_BUILD_ID_NONE}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].text, value ? value : "fast") == 0) {
            p->out->link.build_id = rows[i].what;
            return;
        }
    if (strncmp(value, "0x", 2) == 0) build_id_hex(p, value + 2);
    else usage(p, "unknown --build-id style: %s (known: fast, sha1, uuid, 0xHEX, none)", value);
}

static void seal_align(Parser *p, const char *value)
{
    uint64_t v;
    if (!is_number(value, 65536, &v) || v < 4096 || (v & (v - 1)))
        usage(p, "--seal-align=%s: a power of two from 4096 to 65536 is needed", value);
    else p->out->link.seal_align = (uint32_t)v;
}

static void seal(Parser *p, const char *kind)
{
    if (strcmp(kind, "engine") == 0) p->out->link.seal_check = false;
    else if (strcmp(kind, "check") == 0) p->out->link.seal_check = true;
    else usage(p, "unknown --seal kind: %s (known: engine, check)", kind);
}

static void page_size(Parser *p, const char *value)
{
    uint64_t v;
    if (!is_number(value, 65536, &v) || (v != 1 && v != 65536)) {
        usage(p, "--page-size=%s: a page has 1 or 65536 bytes", value);
        return;
    }
    p->out->link.page_size = (uint32_t)v;
    if (v != 65536) p->refused_under_policy = "--page-size";
}

static void meter(Parser *p, const char *kind)
{
    if (!kind || strcmp(kind, "coarse") == 0) p->out->link.meter = METER_COARSE;
    else if (strcmp(kind, "exact") == 0) p->out->link.meter = METER_EXACT;
    else usage(p, "unknown --meter kind: %s (known: coarse, exact)", kind);
}

static void child_seconds(Parser *p, const char *value)
{
    enum { A_DAY = 86400 };
    uint64_t v = number(p, "--child-seconds", value, A_DAY);
    p->out->link.child.seconds = v ? (unsigned)v : A_DAY;
}

static void threads(Parser *p, const char *value)
{
    enum { MOST = 1024 };
    uint64_t v = 0;
    if (is_number(value, MOST, &v) && v > 0) p->out->link.threads = (unsigned)v;
    else usage(p, "--threads: expected a positive integer, but got '%s' (at most %d)", value, MOST);
}

static void optimize(Parser *p, const char *value)
{
    if (strlen(value) != 1 || !((*value >= '0' && *value <= '9') || *value == 's' || *value == 'z')) {
        usage(p, "invalid optimization level: -O%s", value);
        return;
    }
    p->out->link.optimize = *value == '0' ? 0 : *value == '1' ? 1 : 2;
    p->level = value;
}

/* Options about how the linker works and speaks. */
static bool act_on_command(Parser *p, const Option *o, const char *v)
{
    LdCommand *c = p->out;
    switch ((Action)o->action) {
    case ACCEPT: break;
    case MEANINGLESS: warn(p, "--%s %s", o->text, o->help); break;
    case REFUSE: usage(p, "--%s is not supported: %s", o->text, o->help); break;
    case ABI: add_name(p, &c->abi_files, v); break;
    case SERVICE: add_name(p, &c->services, v); break;
    case BUNDLE: c->bundle = true; break;
    case BUNDLE_NAME: c->bundle_name = v; break;
    case SIGN: c->sign_key = v; break;
    case WORLD_FILE: c->world_file = v; break;
    case LINKED_MODULE: c->world_module = v; break;
    case PASSWORD_ENV: c->password.environment = v; break;
    case PASSWORD_FILE: c->password.file = v; break;
    case COLOUR: colour(p, v); break;
    case NO_COLOUR: c->colour = LD_COLOUR_NEVER; break;
    case DEMANGLE: c->link.no_demangle = false; break;
    case NO_DEMANGLE: c->link.no_demangle = true; break;
    case EMULATION:
        if (strcmp(v, "wasm32") != 0) usage(p, "-m %s is not supported: only wasm32 is", v);
        break;
    case ERROR_FILE: c->error_file = v; break;
    case ERROR_FORMAT: error_format(p, v); break;
    case ERROR_LIMIT: c->error_limit = (size_t)number(p, "--error-limit", v, UINT32_MAX); break;
    case EXPLAIN:
        c->mode = LD_MODE_EXPLAIN;
        c->explain = v;
        break;
    case FATAL_WARNINGS: c->fatal_warnings = true; break;
    case NO_FATAL_WARNINGS: c->fatal_warnings = false; break;
    case FLAVOR:
        if (strcmp(v, "wasm") != 0) usage(p, "-flavor %s is not supported: only wasm is", v);
        break;
    case HIDE_PREFIX: c->link.hide_prefix = v; break;
    case HELP: c->mode = LD_MODE_HELP; break;
    case VERSION: c->mode = LD_MODE_VERSION; break;
    case VERSION_AND_GO_ON: c->show_version = true; break;
    case VERBOSE: c->link.notes = true; break;
    case POLICY: c->policy = v; break;
    case REPRODUCE: c->reproduce = v; break;
    case RSP_QUOTING: break; /* seen to when the files were read */
    case THREADS: threads(p, v); break;
    default: return false;
    }
    return true;
}

/* Options about inputs and symbols. */
static bool act_on_symbols(Parser *p, const Option *o, const char *v)
{
    LdOptions *l = &p->out->link;
    switch ((Action)o->action) {
    case LIBRARY: add_input(p, v, true); break;
    case LIBRARY_DIR: add_name(p, &l->library_dirs, v); break;
    case WHOLE_ARCHIVE: p->whole_archive = true; break;
    case NO_WHOLE_ARCHIVE: p->whole_archive = false; break;
    case START_LIB:
        if (p->lazy) usage(p, "nested --start-lib");
        p->lazy = true;
        break;
    case END_LIB:
        if (!p->lazy) usage(p, "stray --end-lib");
        p->lazy = false;
        break;
    case ENTRY:
        l->entry = v;
        p->entry_given = true;
        break;
    case NO_ENTRY:
        l->entry = NULL;
        p->entry_given = false;
        break;
    case EXPORT: add_name(p, &l->exports, v); break;
    case EXPORT_IF_DEFINED: add_name(p, &l->exports_if_defined, v); break;
    case EXPORT_ALL: l->export_all = true; break;
    case EXPORT_DYNAMIC: l->export_dynamic = true; break;
    case NO_EXPORT_DYNAMIC: l->export_dynamic = false; break;
    case UNDEFINED: add_name(p, &l->undefined, v); break;
    case MULTIPLE: l->multiple_definitions = true; break;
    case NO_MULTIPLE: l->multiple_definitions = false; break;
    case NOINHIBIT_EXEC: l->go_on_after_duplicates = true; break;
    case REWRITE:
        if (p->out->rewrite) usage(p, "--rewrite takes one module");
        p->out->rewrite = true;
        add_input(p, v, false);
        break;
    case START_EXPORT: l->start_export = v; break;
    case WRAP: add_name(p, &l->wrap, v); break;
    case TRACE_SYMBOL: add_name(p, &l->trace_symbols, v); break;
    case WHY_EXTRACT:
        p->out->why_extract = v;
        l->tell_why_extracted = true;
        break;
    case ALLOW_UNDEFINED:
        l->allow_undefined_functions = true;
        p->ignore_unresolved = true;
        break;
    case IMPORT_UNDEFINED: l->allow_undefined_functions = true; break;
    case ALLOW_UNDEFINED_FILE: names_from_file(p, v); break;
    case UNRESOLVED: unresolved(p, v); break;
    case UNRESOLVED_ERROR: p->warn_unresolved = false; break;
    case UNRESOLVED_WARN: p->warn_unresolved = true; break;
    case CHECK_FEATURES: l->no_check_features = false; break;
    case NO_CHECK_FEATURES: l->no_check_features = true; break;
    case FEATURES:
        l->has_features = true;
        l->features.n = 0; /* the last one counts */
        split_commas(p, &l->features, v);
        break;
    case EXTRA_FEATURES:
        l->extra_features.n = 0;
        split_commas(p, &l->extra_features, v);
        break;
    case WAIVE: waive(p, v); break;
    default: return false;
    }
    return true;
}

/* Options about the output. */
static void act_on_output(Parser *p, const Option *o, const char *v)
{
    LdOptions *l = &p->out->link;
    switch ((Action)o->action) {
    case OUTPUT: l->output = v; break;
    case Z: z_option(p, v); break;
    case MAX_MEMORY:
        l->max_memory = number(p, "--max-memory", v, UINT64_C(1) << 33);
        p->max_memory_given = true;
        break;
    case INITIAL_MEMORY: l->initial_memory = number(p, "--initial-memory", v, UINT64_C(1) << 33); break;
    case INITIAL_HEAP: l->initial_heap = number(p, "--initial-heap", v, UINT64_C(1) << 33); break;
    case PAGE_SIZE: page_size(p, v); break;
    case BUILD_ID: build_id(p, v); break;
    case COMPRESS: l->compress_relocations = true; break;
    case MAP:
    case PRINT_MAP:
        p->out->map = o->action == MAP ? v : "-";
        l->tell_map = true;
        break;
    case METER: meter(p, v); break;
    case CHILD_MEMORY: l->child.memory_bytes = number(p, "--child-memory", v, UINT64_MAX); break;
    case CHILD_SECONDS: child_seconds(p, v); break;
    case SEAL_CTORS: l->seal_ctors = true; break;
    case STACK_REPORT: p->out->stack_report = v ? v : "-"; break;
    case NO_GROWABLE_MEMORY: l->no_growable_memory = true; break;
    case GLOBAL_BASE:
        l->has_global_base = true;
        l->global_base = (uint32_t)number(p, "--global-base", v, UINT32_MAX);
        if (!l->global_base) l->has_global_base = false; /* as in wasm-ld: the usual one */
        p->refused_under_policy = "--global-base";
        break;
    case STACK_FIRST: l->stack_first = true; break;
    case NO_STACK_FIRST:
        l->stack_first = false;
        p->refused_under_policy = "--no-stack-first";
        break;
    case IMPORT_MEMORY: import_memory(p, v); break;
    case EXPORT_MEMORY:
        l->export_memory = true;
        if (v) l->export_memory_name = v;
        break;
    case EXPORT_TABLE: l->export_table = true; break;
    case IMPORT_TABLE:
        l->import_table = true;
        p->refused_under_policy = "--import-table";
        break;
    case GROWABLE_TABLE: l->growable_table = true; break;
    case TABLE_BASE: /* 0 is the null pointer's, and means the usual one */
        l->table_base = (uint32_t)number(p, "--table-base", v, 10000000);
        if (!l->table_base) l->table_base = 1;
        break;
    case EMIT_RELOCS:
        l->emit_relocs = true;
        p->refused_under_policy = "--emit-relocs";
        break;
    case RELOCATABLE: l->relocatable = true; break;
    case GC:
        l->no_gc = false;
        p->gc_given = true;
        break;
    case NO_GC:
        l->no_gc = true;
        p->gc_given = false;
        break;
    case PRINT_GC: l->print_gc = true; break;
    case NO_PRINT_GC: l->print_gc = false; break;
    case KEEP_SECTION: add_name(p, &l->keep_sections, v); break;
    case MERGE_DATA:
        l->no_merge_data = false;
        p->merge_given = true;
        break;
    case NO_MERGE_DATA:
        l->no_merge_data = true;
        p->merge_given = false;
        break;
    case OPTIMIZE: optimize(p, v); break;
    case SEAL: seal(p, v); break;
    case SEAL_ALIGN: seal_align(p, v); break;
    case SONAME: l->soname = v; break;
    case STRIP_ALL: l->strip = LD_STRIP_ALL; break;
    case STRIP_DEBUG:
        if (l->strip == LD_STRIP_NONE) l->strip = LD_STRIP_DEBUG;
        break;
    case TRACE: l->trace = true; break;
    default: break;
    }
}

static size_t distance(const char *a, const char *b)
{
    enum { MOST = 40 };
    size_t la = strlen(a), lb = strlen(b), row[MOST + 1];
    if (la > MOST || lb > MOST) return MOST;
    for (size_t j = 0; j <= lb; j++) row[j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);
            if (above + 1 < best) best = above + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[lb];
}

static void unknown_option(Parser *p, const char *arg)
{
    const char *name = arg + strspn(arg, "-"), *near = NULL;
    const char *bare = arena_strndup(p->arena, name, strcspn(name, "="));
    size_t best = 3;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        size_t d = distance(bare, table[i].text);
        if (d < best && strlen(table[i].text) > 2) best = d, near = table[i].text;
    }
    if (near) usage(p, "unknown argument '%s', did you mean '--%s'", arg, near);
    else usage(p, "unknown argument: %s (--help lists the usual ones)", arg);
}

/* ---- what --reproduce will need ---- */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Libraries stand by their paths, outputs without their folders; what names a key stays here. */
static void keep_argument(Parser *p, const Option *o, const char *value)
{
    LdCommand *c = p->out;
    LdArgument a = {.option = "", .value = value};
    if (!p->reproducing) return;
    if (o && o->text[0]) a.option = arena_printf(p->arena, "%s%s", o->text[1] ? "--" : "-", o->text);
    switch (o ? (Action)o->action : LIBRARY) {
    case REPRODUCE:
    case RSP_QUOTING:
    case SIGN:
    case PASSWORD_ENV:
    case PASSWORD_FILE:
    case LIBRARY_DIR:
    case HIDE_PREFIX:
    case POLICY: return; /* it stands first already */
    case LIBRARY:
        a = (LdArgument){.kind = LD_ARGUMENT_INPUT, .option = "", .input = c->link.n_inputs - 1};
        break;
    case OUTPUT:
    case MAP:
    case ERROR_FILE:
    case WHY_EXTRACT: a.value = last_part(value); break;
    case STACK_REPORT: a.value = value ? last_part(value) : NULL; break;
    case ABI:
    case ALLOW_UNDEFINED_FILE: a.kind = LD_ARGUMENT_FILE; break;
    default: break;
    }
    PUSH(p, c->arguments, c->n_arguments, c->arguments_cap) = a;
}

static void keep_policy(Parser *p)
{
    static const char *const built_in[] = {"none", "strict", "reset", "audit"};
    LdArgument a = {.kind = LD_ARGUMENT_FILE, .option = "--policy", .value = p->out->policy};
    for (size_t i = 0; i < ARRAY_LEN(built_in); i++)
        if (strcmp(built_in[i], a.value) == 0) a.kind = LD_ARGUMENT_PLAIN;
    if (p->reproducing) PUSH(p, p->out->arguments, p->out->n_arguments, p->out->arguments_cap) = a;
}

/* Options that are about what comes out, or about the tool. With --rewrite nothing is linked. */
static bool goes_with_rewrite(const Option *o)
{
    static const Action actions[] = {
        ABI,         ACCEPT,       BUNDLE,       BUNDLE_NAME,  COLOUR,            DEMANGLE,      EMULATION,
        ERROR_FILE,  ERROR_FORMAT, ERROR_LIMIT,  EXPLAIN,      FATAL_WARNINGS,    FLAVOR,        HELP,
        CHILD_MEMORY, CHILD_SECONDS, HIDE_PREFIX, METER,        NO_COLOUR,    NO_DEMANGLE,  NO_FATAL_WARNINGS, OPTIMIZE, OUTPUT, PASSWORD_ENV,
        POLICY,      REFUSE,       REWRITE,      RSP_QUOTING,  SEAL,         SERVICE,           SIGN,          STRIP_ALL,
        STACK_REPORT, START_EXPORT, STRIP_DEBUG, THREADS,      VERBOSE,      VERSION,      VERSION_AND_GO_ON, PASSWORD_FILE, WAIVE,
        WORLD_FILE, LINKED_MODULE};
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (actions[i] == o->action) return true;
    return false;
}

static void parse_one(Parser *p)
{
    const char *arg = p->args[p->at++], *value;
    if (!*arg) return; /* a makefile's empty variable, in quotes; as in wasm-ld */
    if (arg[0] != '-' || !arg[1]) {
        add_input(p, arg, false);
        keep_argument(p, NULL, arg);
        return;
    }
    const Option *o = match(arg, &value);
    if (!o) {
        unknown_option(p, arg);
        return;
    }
    bool needs = o->argument == VALUE || o->argument == JOINED;
    if (!goes_with_rewrite(o) && !p->refused_in_rewrite) p->refused_in_rewrite = arg;
    if (needs && (!value || (o->argument == JOINED && !*value))) {
        if (p->at == p->n) {
            usage(p, "%s: missing argument", arg);
            return;
        }
        value = p->args[p->at++];
    }
    if (!act_on_command(p, o, value) && !act_on_symbols(p, o, value)) act_on_output(p, o, value);
    keep_argument(p, o, value);
}

/* ---- the whole command line ---- */

/* The policy decides what the other options' defaults are, wherever it stands. */
static bool find_policy(Parser *p)
{
    bool relocatable = false, world = false;
    for (size_t i = 0; i < p->n; i++) {
        const char *value, *arg = p->args[i];
        const Option *o = arg[0] == '-' && arg[1] ? match(arg, &value) : NULL;
        if (!o) continue;
        if (o->action == REPRODUCE) p->reproducing = true;
        if (o->action == POLICY) {
            p->out->policy = value ? value : i + 1 < p->n ? p->args[i + 1] : "";
            p->policy_given = true;
        }
        if (o->action == RELOCATABLE) relocatable = true;
        if (o->action == WORLD_FILE) world = true;
        if (!value && (o->argument == VALUE || o->argument == JOINED)) i++;
    }
    p->out->policy_given = p->policy_given;
    if (world && !p->policy_given) p->out->policy = "strict"; /* in place of the world file's, which is never none */
    if (relocatable && !p->policy_given) p->out->policy = "none"; /* what is no module yet is not judged */
    return strcmp(p->out->policy, "none") != 0;
}

/* -r, with wasm-ld's words; where an option has no meaning, wasm-ld ignores it. */
static void check_relocatable(Parser *p)
{
    LdOptions *l = &p->out->link;
    if (l->isolate)
        usage(p, "-r and --policy=%s may not be used together: an object is judged when it is linked into a module, "
                 "so give the policy to that link",
              p->out->policy);
    if (p->out->bundle) usage(p, "-r makes an object, not a module: it cannot be bundled or signed");
    if (l->export_table) usage(p, "--relocatable is incompatible with --export-table");
    if (l->growable_table) usage(p, "--relocatable is incompatible with --growable-table");
    if (p->entry_given) usage(p, "entry point specified for relocatable output file");
    if (p->gc_given) usage(p, "-r and --gc-sections may not be used together");
    if (l->stack_auto) usage(p, "-r makes an object, not a module: its stack gets its size in the last link");
    if (p->out->stack_report) usage(p, "-r makes an object, not a module: its calls are not all known yet");
    if (l->meter) usage(p, "-r makes an object, not a module: it cannot be metered");
    if (l->seal_check) usage(p, "-r makes an object, not a module: it gets its store checks in the last link");
    if (l->compress_relocations) usage(p, "-r -and --compress-relocations may not be used together");
    if (l->undefined.n) usage(p, "-r -and --undefined may not be used together");
    if (l->has_global_base) usage(p, "-r and --global-base may not by used together");
    l->entry = NULL;
    l->import_table = true;
    l->no_gc = true;
    l->no_merge_data = !p->merge_given;
    l->print_gc = false;
}

/* Binaryen's levels; under --policy=none, which links as wasm-ld does, -O is about strings alone. */
static void choose_level(Parser *p)
{
    if (!p->level || *p->level == '0' || !(p->out->link.isolate || p->out->rewrite)) return;
    if (*p->level >= '5' && *p->level <= '9') usage(p, "invalid optimization level: -O%s (known: 0 to 4, s, z)", p->level);
    p->out->link.binaryen = p->level;
}

/* Of several options that write to standard output each would spoil what the other has there. */
static void check_stdout_once(Parser *p)
{
    const LdCommand *c = p->out;
    const struct {
        const char *option;
        bool writes;
    } rows[] = {{"-o -", strcmp(c->link.output, "-") == 0},
                {"--reproduce=-", c->reproduce && strcmp(c->reproduce, "-") == 0},
                {"a map", c->map && strcmp(c->map, "-") == 0},
                {"--why-extract=-", c->why_extract && strcmp(c->why_extract, "-") == 0},
                {"--stack-report", c->stack_report && strcmp(c->stack_report, "-") == 0},
                {"--trace", c->link.trace},
                {"--trace-symbol", c->link.trace_symbols.n > 0},
                {"--print-gc-sections", c->link.print_gc},
                {"-v", c->show_version}};
    enum { BINARY = 2 }; /* texts may follow each other */
    for (size_t i = 0; i < BINARY; i++)
        for (size_t k = i + 1; rows[i].writes && k < ARRAY_LEN(rows); k++)
            if (rows[k].writes)
                usage(p, "%s and %s would be mixed on standard output", rows[i].option, rows[k].option);
}

static void check_together(Parser *p)
{
    LdCommand *c = p->out;
    if (!*c->link.output) usage(p, "no output file specified");
    if (str_has_suffix(str_of(c->link.output), STR(".pbundle")) || c->sign_key || c->world_file) c->bundle = true;
    if (c->world_module && !c->world_file) usage(p, "--world-module has a meaning only with --world");
    if (c->world_file && c->bundle_name) usage(p, "--bundle-name and --world may not be used together: the world file says the name");
    if (c->world_file && c->link.n_waivers)
        usage(p, "--waive and --world may not be used together: waivers stand in the policy that the world file names");
    if (c->world_file && c->reproduce)
        usage(p, "--reproduce and --world may not be used together: the world's other modules would not be in it");
    if (c->rewrite && c->link.n_inputs != 1) usage(p, "--rewrite takes one module, and nothing is linked to it");
    if (c->link.start_export && !c->rewrite)
        usage(p, "--start-export is for modules that are linked already (--rewrite): a link makes no start function under a policy");
    if (c->rewrite && p->refused_in_rewrite)
        usage(p, "%s has no meaning with --rewrite: that module is linked already", p->refused_in_rewrite);
    choose_level(p);
    if (c->link.relocatable) check_relocatable(p);
    else if (c->bundle && !c->link.isolate)
        usage(p, "a module linked with --policy=none cannot be bundled: nothing was proved of it");
    if ((c->abi_files.n || c->services.n) && !c->link.isolate)
        usage(p, "--abi and --service have no meaning with --policy=none");
    if (c->link.n_waivers && !c->link.isolate) usage(p, "--waive has no meaning with --policy=none");
    if (c->link.seal_ctors && !c->link.isolate) usage(p, "--seal-ctors has no meaning with --policy=none: nothing is sealed");
    if (c->link.isolate && p->refused_under_policy)
        usage(p, "%s needs --policy=none: under a policy the linker lays out memory and table",
              p->refused_under_policy);
    if (c->link.compress_relocations && c->link.strip == LD_STRIP_NONE)
        usage(p, "--compress-relocations is incompatible with output debug information. Please pass "
                 "--strip-debug or "
                 "--strip-all");
    if (c->link.emit_relocs && c->link.compress_relocations)
        usage(p, "--emit-relocs and --compress-relocations may not be used together");
    if (c->link.emit_relocs && c->link.meter)
        usage(p, "--emit-relocs and --meter may not be used together: charges move the code that relocations are for");
    if (c->link.seal_check && !c->link.isolate && !c->rewrite)
        usage(p, "--seal=check has no meaning with --policy=none: nothing is sealed");
    if (c->link.import_table && c->link.export_table)
        usage(p, "--import-table and --export-table may not be used together");
    if (c->link.max_memory && c->link.no_growable_memory && p->max_memory_given)
        usage(p, "--max-memory is incompatible with --no-growable-memory");
    /* --allow-undefined wins, then --unresolved-symbols=ignore-all, wherever they stand */
    if (p->ignore_unresolved) c->link.unresolved = LD_UNRESOLVED_IGNORE;
    if (p->warn_unresolved && c->link.unresolved == LD_UNRESOLVED_ERROR) c->link.unresolved = LD_UNRESOLVED_WARN;
    check_stdout_once(p);
}

bool ld_parse_options(int argc, char **argv, Arena *arena, Diags *diags, LdCommand *out)
{
    size_t errors = diags->errors;
    const char *tool = argc && argv[0] ? last_part(argv[0]) : "parigot-ld";
    bool drop_in = str_has_prefix(str_of(tool), STR("wasm-ld"));
    enum { ERRORS = 10000 }; /* as many as one likes are in a hostile module */
    *out = (LdCommand){.tool = drop_in ? tool : "parigot-ld", .policy = drop_in ? "none" : "strict", .error_limit = ERRORS};
    Parser p = {.out = out, .arena = arena, .diags = diags};
    if (!ld_expand_arguments(argc, argv, arena, diags, &p.args, &p.n)) return false;
    out->reproduce = getenv("LLD_REPRODUCE");
    p.reproducing = out->reproduce != NULL;
    ld_default_options(&out->link, find_policy(&p));
    keep_policy(&p);
    while (p.at < p.n) parse_one(&p);
    check_together(&p);
    return diags->errors == errors;
}

bool ld_knows_option(const char *arg, bool *takes_next)
{
    const char *value;
    const Option *o = arg[0] == '-' && arg[1] ? match(arg, &value) : NULL;
    if (!o || o->action == HELP || o->action == VERSION) return false;
    *takes_next = o->argument == VALUE && !value;
    return true;
}

static void print_option(TextBuf *t, const Option *o)
{
    static const char *const before[] = {[NONE] = "", [VALUE] = "=", [OPTIONAL] = "[=", [JOINED] = " "};
    enum { WIDTH = 30 };
    size_t start = t->len;
    text_printf(t, "  %s%s%s%s%s", o->text[1] ? "--" : "-", o->text, before[o->argument], o->value,
                o->argument == OPTIONAL ? "]" : "");
    size_t width = t->len - start;
    if (width + 2 > WIDTH) text_printf(t, "\n%*s%s\n", WIDTH, "", o->help);
    else text_printf(t, "%*s%s\n", (int)(WIDTH - width), "", o->help);
}

void ld_print_help(TextBuf *t)
{
    text_printf(t, "usage: parigot-ld [options] FILE...\n"
                   "Links WebAssembly objects and archives into a module that obeys isolation rules.\n\n");
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (*table[i].help && table[i].action != REFUSE && table[i].action != MEANINGLESS) print_option(t, &table[i]);
    text_printf(t, "All options of wasm-ld for static links are known: see parigot-ld(1).\n");
}
