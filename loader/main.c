/* main.c: parigot-run: verifies, validates and runs a bundle, or calls one export of a bare module. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "loader/run.h"
#include "validator/config.h"
#include "validator/validator.h"

static const char help[] =
    "usage: parigot-run [--trust=FOLDER] [-p KEY.pub] [OPTION ...] FILE.pbundle\n"
    "       parigot-run --allow-unsigned --invoke=EXPORT [OPTION ...] FILE.wasm [ARG]\n"
    "Verifies a bundle and runs its world; or calls one export of a bare module.\n"
    "      --trust=FOLDER    trust the keys in a folder: *.pub, *.rotation, revoked\n"
    "  -p, --key=KEY.pub     trust the public key in a file; -P KEY: in base64\n"
    "      --revoked=FILE    keys that count no more; --require=N: how many must sign\n"
    "      --state=FILE      of generations seen (in ~/.local/state/parigot), or none\n"
    "      --allow-unsigned  run what nobody who is trusted has signed\n"
    "      --policy=POLICY   strict, reset (default), audit, none, or a file\n"
    "      --grant=SERVICE,..  what modules may use of what the bundle grants (all)\n"
    "Limits, with their defaults; the smaller of these and the bundle's holds:\n"
    "      --deadline=30s    for a call; --entry=10s: for one entry of a module\n"
    "      --fuel=N          of an entry, --fuel-total=N: of a process (none)\n"
    "      --memory=SIZE     the module's own; --stack=1MiB: frames; --table=10000000\n"
    "      --calls=1024      in flight; --queue=64: pieces waiting, a call\n"
    "      --message=4MiB    longest; --waiting=SIZE: sent, not taken (16 messages)\n"
    "      --instances=8     of a module that is reset; --restarts=N: a minute (none)\n"
    "      --invoke=EXPORT   call this exported function with ARGs, print its results\n"
    "      --checked         compare each access; --engine=wamr; --canonical-nans\n"
    "      --trust-native=KEY  run native code that this key has signed\n"
    "      --trace=calls     a line a call; --stats: a table; --profile=FILE: folded\n"
    "  -v, --verbose         each step; --times: of log lines; --grace=2s: at signals\n"
    "Exit status: 1 refused, 2 usage or I/O, 3 internal error; then the main module's\n"
    "own, or 134 when it was killed. Manual: parigot-run(1)\n";

/* ---- command line ---- */

static void add_usage(Diags *diags, const char *format, ...) PRINTF(2, 3);
static void add_usage(Diags *diags, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_vadd(diags, USAGE, DIAG_AT(.file = NULL), format, args);
    va_end(args);
}
#define usage(...) (add_usage(__VA_ARGS__), false)

typedef enum ValueKind { VALUE_NONE, VALUE_TEXT, VALUE_TIME, VALUE_SIZE, VALUE_SIZE32, VALUE_NUMBER, VALUE_NUMBER64, VALUE_POLICY, VALUE_GRANTS, VALUE_TRACE, VALUE_ENGINE,
                         VALUE_FOLDER, VALUE_KEY_FILE, VALUE_KEY_TEXT, VALUE_REVOKED } ValueKind;
/* For which of the two forms: the other refuses it. */
typedef enum Form { ANY_FORM, WORLD_FORM, INVOKE_FORM } Form;

#define AT(field) offsetof(RunOptions, field)
static const struct {
    const char *name;
    char letter;    /* 0 = none */
    Form form;
    ValueKind kind;
    size_t at;      /* the field that it sets */
    uint64_t most;  /* VALUE_SIZE32, VALUE_NUMBER */
} options[] = {
    {"trust",          0,   WORLD_FORM,  VALUE_FOLDER,   0, 0},
    {"key",            'p', WORLD_FORM,  VALUE_KEY_FILE, 0, 0},
    {"key-text",       'P', WORLD_FORM,  VALUE_KEY_TEXT, 0, 0},
    {"revoked",        0,   WORLD_FORM,  VALUE_REVOKED,  0, 0},
    {"state",          0,   WORLD_FORM,  VALUE_TEXT,     AT(state), 0},
    {"require",        0,   WORLD_FORM,  VALUE_NUMBER,   AT(require), BUNDLE_MAX_SIGNATURES},
    {"trust-native",   0,   WORLD_FORM,  VALUE_TEXT,     AT(trust_native), 0},
    {"allow-unsigned", 0,   ANY_FORM,    VALUE_NONE,     AT(allow_unsigned), 0},
    {"policy",         0,   ANY_FORM,    VALUE_POLICY,   AT(policy), 0},
    {"grant",          0,   WORLD_FORM,  VALUE_GRANTS,   0, 0},
    {"deadline",       0,   ANY_FORM,    VALUE_TIME,     AT(deadline_ns), 0},
    {"entry",          0,   WORLD_FORM,  VALUE_TIME,     AT(limits.entry_ns), 0},
    {"fuel",           0,   ANY_FORM,    VALUE_NUMBER64, AT(fuel), INT64_MAX},
    {"fuel-total",     0,   WORLD_FORM,  VALUE_NUMBER64, AT(limits.fuel_total), INT64_MAX},
    {"memory",         0,   ANY_FORM,    VALUE_SIZE,     AT(memory_bytes), 0},
    {"stack",          0,   ANY_FORM,    VALUE_SIZE,     AT(stack_bytes), 0},
    {"table",          0,   ANY_FORM,    VALUE_NUMBER,   AT(table_elems), LOAD_TABLE_ELEMS},
    {"calls",          0,   WORLD_FORM,  VALUE_NUMBER,   AT(limits.process.calls), PROCESS_MOST_CALLS},
    {"waiting",        0,   WORLD_FORM,  VALUE_SIZE32,   AT(limits.process.waiting_bytes), PROCESS_MOST_WAITING},
    {"instances",      0,   WORLD_FORM,  VALUE_NUMBER,   AT(limits.instances), LOAD_MOST_INSTANCES},
    {"message",        0,   WORLD_FORM,  VALUE_SIZE32,   AT(limits.process.message_bytes), PROCESS_MOST_MESSAGE},
    {"queue",          0,   WORLD_FORM,  VALUE_NUMBER,   AT(limits.process.queue), PROCESS_MOST_QUEUE},
    {"restarts",       0,   WORLD_FORM,  VALUE_NUMBER,   AT(limits.process.restarts_per_minute), PROCESS_MOST_RESTARTS},
    {"grace",          0,   WORLD_FORM,  VALUE_TIME,     AT(limits.grace_ns), 0},
    {"invoke",         0,   INVOKE_FORM, VALUE_TEXT,     AT(invoke), 0},
    {"times",          0,   WORLD_FORM,  VALUE_NONE,     AT(log_times), 0},
    {"engine",         0,   ANY_FORM,    VALUE_ENGINE,   AT(engine), 0},
    {"checked",        0,   ANY_FORM,    VALUE_NONE,     AT(checked), 0},
    {"canonical-nans", 0,   ANY_FORM,    VALUE_NONE,     AT(canonical_nans), 0},
    {"trace",          0,   WORLD_FORM,  VALUE_TRACE,    AT(trace_calls), 0},
    {"profile",        0,   WORLD_FORM,  VALUE_TEXT,     AT(profile), 0},
    {"stats",          0,   WORLD_FORM,  VALUE_NONE,     AT(stats), 0},
    {"verbose",        'v', WORLD_FORM,  VALUE_NONE,     AT(verbose), 0},
};
#undef AT
enum { N_OPTIONS = ARRAY_LEN(options) };
_Static_assert(N_OPTIONS <= 64, "a bit each in Words.used");

static bool add_trust(RunOptions *o, TrustKind kind, const char *value, Diags *diags)
{
    Trust *more = realloc(o->trust, (o->n_trust + 1) * sizeof *more);
    if (!more) {
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = NULL), "out of memory");
        return false;
    }
    o->trust = more;
    more[o->n_trust++] = (Trust){kind, value};
    return true;
}

/* Names of system services, separated by commas; "none" for none of them. */
static bool add_grants(RunOptions *o, const char *value, Diags *diags)
{
    for (const char *p = value;; p++) {
        Str name = {p, strcspn(p, ",")};
        const char *nearest = bundle_nearest_system_service(name);
        bool none = str_eq(name, STR("none"));
        if (!none && !bundle_find_system_service(name))
            return usage(diags, "--grant: there is no system service \"%.*s\"%s%s%s", STR_ARG(name),
                         nearest ? ", did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
        Str *more = arena_grow(&o->arena, o->grants, o->n_grants, &o->grants_cap, sizeof *more);
        if (!more) {
            diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = NULL), "out of memory");
            return false;
        }
        o->grants = more;
        if (!none) more[o->n_grants++] = name;
        p += name.len;
        if (!*p) return true;
    }
}

static bool read_number(const char *value, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(value, &end, 10);
    return *value >= '0' && *value <= '9' && !*end && !errno;
}

/* The value of option k into its field. */
static bool set_option(size_t k, const char *value, RunOptions *o, Diags *diags)
{
    const char *name = options[k].name;
    char *to = (char *)o + options[k].at;
    uint64_t n;
    switch (options[k].kind) {
    case VALUE_NONE: *(bool *)to = true; return true;
    case VALUE_TEXT: *(const char **)(void *)to = value; return true;
    case VALUE_TIME:
        if (!cfg_parse_duration(str_of(value), &n) || n == 0)
            return usage(diags, "--%s wants a time such as 500ms, not \"%s\"", name, value);
        *(uint64_t *)(void *)to = n;
        return true;
    case VALUE_SIZE:
    case VALUE_SIZE32:
        if (!cfg_parse_size(str_of(value), &n) || n == 0)
            return usage(diags, "--%s wants a size such as 16MiB, not \"%s\"", name, value);
        if (options[k].kind == VALUE_SIZE) *(uint64_t *)(void *)to = n;
        else if (n <= options[k].most) *(uint32_t *)(void *)to = (uint32_t)n;
        else return usage(diags, "--%s is %llu MiB at most", name, (unsigned long long)options[k].most >> 20);
        return true;
    case VALUE_NUMBER:
    case VALUE_NUMBER64:
        if (!read_number(value, &n) || n == 0 || n > options[k].most)
            return usage(diags, "--%s wants a number from 1 to %llu, not \"%s\"", name,
                         (unsigned long long)options[k].most, value);
        if (options[k].kind == VALUE_NUMBER64) *(uint64_t *)(void *)to = n;
        else *(uint32_t *)(void *)to = (uint32_t)n;
        return true;
    case VALUE_POLICY:
        o->policy = &o->own_policy;
        if (val_load_policy(&o->arena, value, diags, &o->own_policy)) return true;
        if (diags->n && diags->items[diags->n - 1].code == IO_READ)
            diag_note(diags, &diags->items[diags->n - 1], "built in: strict, reset, audit, none");
        return false;
    case VALUE_TRACE:
        *(bool *)to = true;
        return strcmp(value, "calls") == 0 || usage(diags, "--trace wants \"calls\", not \"%s\"", value);
    case VALUE_ENGINE:
        *(const char **)(void *)to = value;
        return load_engine_is_known(value) || usage(diags, "--engine wants interp or wamr, not \"%s\"", value);
    case VALUE_GRANTS: return add_grants(o, value, diags);
    case VALUE_FOLDER: return add_trust(o, TRUST_FOLDER, value, diags);
    case VALUE_KEY_FILE: return add_trust(o, TRUST_FILE, value, diags);
    case VALUE_KEY_TEXT: return add_trust(o, TRUST_TEXT, value, diags);
    case VALUE_REVOKED: return add_trust(o, TRUST_REVOKED, value, diags);
    }
    return false;
}

typedef struct Words {
    int argc, i;
    char **argv;
    uint64_t used; /* options seen, by their row */
} Words;

/* Option k, with its value from behind '=' or the letter, or from the next word. */
static bool take_option(Words *w, size_t k, const char *value, RunOptions *o, Diags *diags)
{
    bool has_value = options[k].kind != VALUE_NONE;
    w->used |= UINT64_C(1) << k;
    if (!has_value && value) return usage(diags, "--%s takes no value", options[k].name);
    if (has_value && !value) value = w->i + 1 < w->argc ? w->argv[++w->i] : NULL;
    if (has_value && !value) return usage(diags, "--%s wants a value", options[k].name);
    return set_option(k, value, o, diags);
}

/* --name=value, --name value, -xvalue, -x value */
static bool read_option(Words *w, RunOptions *o, Diags *diags)
{
    const char *word = w->argv[w->i];
    if (word[1] != '-') {
        for (size_t k = 0; k < N_OPTIONS; k++)
            if (options[k].letter == word[1]) return take_option(w, k, word[2] ? word + 2 : NULL, o, diags);
        return usage(diags, "unknown option \"%s\"", word);
    }
    const char *name = word + 2, *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    for (size_t k = 0; k < N_OPTIONS; k++)
        if (str_eq((Str){name, len}, str_of(options[k].name)))
            return take_option(w, k, equals ? equals + 1 : NULL, o, diags);
    return usage(diags, "unknown option \"%s\"", word);
}

/* -1 and -inf are words, and so is -: behind the file a single letter is an option only when it is one of ours. */
static bool is_option(const char *word, bool before_file)
{
    if (word[0] != '-' || word[1] == 0) return false;
    bool is_letter = (word[1] | 0x20) >= 'a' && (word[1] | 0x20) <= 'z';
    return word[1] == '-' || (before_file ? is_letter : strchr("pPv", word[1]) != NULL);
}

static bool check_form(const Words *w, const RunOptions *o, Diags *diags)
{
    Form other = o->invoke ? WORLD_FORM : INVOKE_FORM;
    bool ok = true;
    for (size_t k = 0; k < N_OPTIONS; k++)
        if ((w->used >> k & 1) && options[k].form == other)
            ok = usage(diags, "--%s is for bundles, not for --invoke", options[k].name);
    if (o->trust_native && o->canonical_nans) ok = usage(diags, "--canonical-nans: native code leaves NaNs as they come (--trust-native)");
    if (o->trust_native && o->checked) ok = usage(diags, "--checked: native code does not compare its accesses (--trust-native)");
    if (o->trust_native && o->engine && strcmp(o->engine, load_interp.name) != 0)
        ok = usage(diags, "--engine=%s: that engine runs no native code (--trust-native)", o->engine);
    if (!o->invoke && o->n_args) ok = usage(diags, "\"%s\": a bundle takes no arguments", o->args[0]);
    return ok;
}

/* Not getopt: arguments such as -1 are numbers here. The first word that is no option is the file, the others are
 * arguments; all after -- are words. */
static bool read_command_line(int argc, char **argv, RunOptions *o, Diags *diags)
{
    bool only_words = false, ok = true;
    Words w = {.argc = argc, .argv = argv};
    size_t n = 0; /* words; they are kept in argv's own places, and never move up */
    for (w.i = 1; w.i < argc; w.i++) {
        if (!only_words && strcmp(argv[w.i], "--") == 0) only_words = true;
        else if (!only_words && is_option(argv[w.i], n == 0)) ok = read_option(&w, o, diags) && ok;
        else argv[n++] = argv[w.i];
    }
    if (n == 0) return usage(diags, "no file");
    o->file = argv[0];
    o->args = argv + 1;
    o->n_args = n - 1;
    return check_form(&w, o, diags) && ok;
}

/* ---- main ---- */

enum { ERRORS_SHOWN = 100 }; /* a hostile module has as many as it likes */

/* Shows what has been recorded, and empties the list. */
static void print_diags(Diags *diags)
{
    TextBuf out = {0};
    DiagStyle style = isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL ? DIAG_COLOUR : DIAG_TEXT;
    for (size_t i = 0; i < diags->n; i++) diag_format(&out, &diags->items[i], "parigot-run", style);
    if (diags->errors > diags->limit)
        text_printf(&out, "parigot-run: %zu more errors are not shown\n", diags->errors - diags->limit);
    if (out.ptr != NULL) fputs(out.ptr, stderr);
    if (diags->out_of_memory || out.failed) fputs("parigot-run: error: out of memory [I0104]\n", stderr);
    text_free(&out);
    diag_free(diags);
    *diags = (Diags){.limit = ERRORS_SHOWN};
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0) return fputs(help, stdout) < 0 ? EXIT_USAGE : EXIT_SUCCESS;
        if (strcmp(argv[i], "--version") == 0) return puts("parigot-run " PARIGOT_VERSION) < 0 ? EXIT_USAGE : EXIT_SUCCESS;
    }
    Diags diags = {.limit = ERRORS_SHOWN};
    RunOptions o = {.policy = val_builtin_policy(STR("reset")), .print = print_diags};
    int status = EXIT_USAGE;
    if (read_command_line(argc, argv, &o, &diags)) status = o.invoke ? run_invoke(&o, &diags) : run_world(&o, &diags);
    bool hint = diags.n > 0 && diags.items[0].code == USAGE;
    print_diags(&diags);
    if (hint) fputs("parigot-run: try --help\n", stderr);
    free(o.trust);
    arena_free(&o.arena);
    return status;
}
