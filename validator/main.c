/* main.c: parigot-validate: options in, verdicts out. validate_all is the tool; the rest is manners. */
#include "validator/abi.h"
#include "validator/policy.h"
#include "validator/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_CLEAN = 0, EXIT_FINDINGS = 1, EXIT_USAGE = 2, EXIT_INTERNAL = 3 };
enum { ERROR_LIMIT = 100 };

typedef enum OptionId {
#define OPTION(id, name, argument, help) OPT_##id,
#include "validator/options.def"
#undef OPTION
    OPT_COUNT
} OptionId;

static const struct {
    const char *name, *argument, *help; /* argument NULL: takes none */
} option_rows[OPT_COUNT] = {
#define OPTION(id, name, argument, help) [OPT_##id] = {name, argument, help},
#include "validator/options.def"
#undef OPTION
};

typedef struct Tool {
    Arena arena;
    const char *policy_name;
    ValPolicy policy;
    ValOptions options;
    const char **abi_files; /* as many as there are arguments */
    size_t n_abi_files;
    Str *services;
    ValAbi abi;
    ReportFormat format;
    size_t error_limit;
    char **files;
    int n_files;
} Tool;

/* ---- errors of usage ---- */

static int usage(const char *format, ...) PRINTF(1, 2);
static int usage(const char *format, ...)
{
    va_list args;
    fputs("parigot-validate: error: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs(" [U0101]\n>>> parigot-validate --help lists the options\n", stderr);
    return EXIT_USAGE;
}

/* Length of the beginning that two words share. */
static size_t common(const char *a, const char *b)
{
    size_t n = 0;
    while (a[n] && a[n] == b[n]) n++;
    return n;
}

static const char *nearest_option(const char *name)
{
    const char *best = NULL;
    size_t most = 3; /* "--" and a letter */
    for (int i = 0; i < OPT_COUNT; i++)
        if (common(name, option_rows[i].name) > most) {
            most = common(name, option_rows[i].name);
            best = option_rows[i].name;
        }
    return best;
}

static int print_diags(const Diags *d)
{
    TextBuf t = {0};
    int status = EXIT_USAGE;
    for (size_t i = 0; i < d->n; i++) {
        diag_format(&t, &d->items[i], "parigot-validate",
                    isatty(STDERR_FILENO) && !getenv("NO_COLOR") ? DIAG_COLOUR : DIAG_TEXT);
        if (d->items[i].code == OUT_OF_MEMORY) status = EXIT_INTERNAL;
    }
    if (t.ptr) fputs(t.ptr, stderr);
    text_free(&t);
    return status;
}

/* ---- what is asked instead of validating ---- */

static int print(TextBuf *t, int status)
{
    bool ok = !t->failed && (!t->ptr || fwrite(t->ptr, 1, t->len, stdout) == t->len) && fflush(stdout) == 0;
    if (t->failed) {
        fputs("parigot-validate: fatal error: out of memory [I0104]\n", stderr);
        status = EXIT_INTERNAL;
    } else if (!ok) {
        perror("parigot-validate: standard output");
        status = EXIT_USAGE;
    }
    t->len = 0;
    return status;
}

static int print_and_free(TextBuf *t)
{
    int status = print(t, EXIT_CLEAN);
    text_free(t);
    return status;
}

static int show_help(void)
{
    TextBuf t = {0};
    text_add(&t, STR("usage: parigot-validate [OPTION ...] FILE...        (- is standard input)\n"
                     "Proves WebAssembly modules valid, and the isolation rules of a policy on them.\n\n"));
    for (int i = 0; i < OPT_COUNT; i++) {
        char left[40];
        snprintf(left, sizeof left, "%s%s%s", option_rows[i].name, option_rows[i].argument ? "=" : "",
                 option_rows[i].argument ? option_rows[i].argument : "");
        text_printf(&t, "  %-26s %s\n", left, option_rows[i].help);
    }
    text_add(
        &t,
        STR("\nExit status: 0 all files pass, 1 some do not, 2 usage or input/output, 3 internal error.\n"
            "Rules: --list-rules, docs/rules.md. Policies: docs/policy.md. Manual: parigot-validate(1).\n"));
    return print_and_free(&t);
}

static int show_explanation(const char *code)
{
    TextBuf t = {0};
    if (!report_explain(&t, code)) return usage("no such code: %s", code);
    return print_and_free(&t);
}

static int show_rules(void)
{
    TextBuf t = {0};
    report_rules(&t);
    return print_and_free(&t);
}

static int show_policy(const char *name)
{
    Arena arena = {0};
    Diags diags = {0};
    TextBuf t = {0};
    ValPolicy policy;
    int status;
    if (policy_load(&arena, name, &diags, &policy)) {
        policy_text(&t, &policy);
        status = print_and_free(&t);
    } else {
        status = print_diags(&diags);
    }
    diag_free(&diags);
    arena_free(&arena);
    return status;
}

static int show_version(void)
{
    puts("parigot-validate " PARIGOT_VERSION);
    return EXIT_CLEAN;
}

/* ---- options ---- */

static const struct {
    const char *name;
    ReportFormat format;
} formats[] = {{"text", REPORT_TEXT}, {"gnu", REPORT_GNU}, {"json", REPORT_JSON}};

static int set_format(Tool *tool, const char *value)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (strcmp(value, formats[i].name) == 0) {
            tool->format = formats[i].format;
            return EXIT_CLEAN;
        }
    return usage("--format=%s: expected text, gnu or json", value);
}

/* Names, separated by commas; wamr and all stand for sets. */
static int set_features(Tool *tool, const char *value)
{
    ValOptions *o = &tool->options;
    o->features = FEATURE_BIT(MVP);
    o->wamr = false;
    for (const char *p = value;;) {
        size_t n = strcspn(p, ",");
        Str name = {p, n};
        WasmFeature f;
        if (str_eq(name, STR("wamr"))) {
            o->features |= FEATURES_CORE;
            o->wamr = true;
        } else if (str_eq(name, STR("all"))) {
            o->features |= FEATURES_ALL;
        } else if (!wasm_feature_find(name, &f)) {
            return usage("--features=%s: expected names of features, wamr or all, separated by commas",
                         value);
        } else if (!wasm_feature_supported(f)) {
            return usage("--features: %s is not supported", wasm_feature_text(f));
        } else {
            o->features |= UINT64_C(1) << f;
        }
        if (!p[n]) return EXIT_CLEAN;
        p += n + 1;
    }
}

static int set_error_limit(Tool *tool, const char *value)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || n > UINT32_MAX - 1)
        return usage("--error-limit=%s: expected a number, 0 for all", value);
    tool->error_limit = n;
    tool->options.findings_limit = n ? (uint32_t)n : UINT32_MAX;
    return EXIT_CLEAN;
}

/* One option; *action is set to it where it asks for something else than validating. */
static int set_option(Tool *tool, OptionId id, const char *value, OptionId *action, const char **action_value)
{
    switch (id) {
    case OPT_POLICY: tool->policy_name = value; return EXIT_CLEAN;
    case OPT_ABI: tool->abi_files[tool->n_abi_files++] = value; return EXIT_CLEAN;
    case OPT_SERVICE:
        tool->services[tool->options.named.n_services++] = str_of(value);
        tool->options.named.services = tool->services;
        return EXIT_CLEAN;
    case OPT_STRICT: tool->options.strict = true; return EXIT_CLEAN;
    case OPT_FORMAT: return set_format(tool, value);
    case OPT_FEATURES: return set_features(tool, value);
    case OPT_ERROR_LIMIT: return set_error_limit(tool, value);
    case OPT_EXPLAIN:
    case OPT_LIST_RULES:
    case OPT_PRINT_POLICY:
    case OPT_HELP:
    case OPT_VERSION:
        if (*action == OPT_COUNT) {
            *action = id;
            *action_value = value;
        }
        return EXIT_CLEAN;
    case OPT_COUNT: break;
    }
    return EXIT_INTERNAL;
}

static int parse_option(Tool *tool, char **argv, int *i, OptionId *action, const char **action_value)
{
    const char *word = argv[*i], *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word);
    for (int id = 0; id < OPT_COUNT; id++) {
        const char *name = option_rows[id].name;
        if (strlen(name) != n || memcmp(word, name, n) != 0) continue;
        const char *value = equals ? equals + 1 : NULL;
        if (!option_rows[id].argument && value) return usage("%s takes no value", name);
        if (option_rows[id].argument && !value && !(value = argv[++*i]))
            return usage("%s needs a value", name);
        return set_option(tool, (OptionId)id, value, action, action_value);
    }
    const char *nearest = nearest_option(word);
    return nearest ? usage("unknown option %s, did you mean %s?", word, nearest)
                   : usage("unknown option %s", word);
}

/* Options first to last; *action is OPT_COUNT when files are to be validated. */
static int parse_arguments(Tool *tool, int argc, char **argv, OptionId *action, const char **action_value)
{
    bool options = true;
    for (int i = 1; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && argv[i][0] == '-' && argv[i][1]) {
            int status = parse_option(tool, argv, &i, action, action_value);
            if (status) return status;
        } else {
            tool->files[tool->n_files++] = argv[i];
        }
    }
    if (*action == OPT_COUNT && tool->n_files == 0) return usage("no file");
    if (strcmp(tool->policy_name, "none") == 0 && (tool->n_abi_files || tool->options.named.n_services))
        return usage("--abi and --service have no meaning with --policy=none");
    return EXIT_CLEAN;
}

/* ---- validating ---- */

static int worse(int a, int b) { return a > b ? a : b; }

/* Of each rule at most error_limit findings are stored, whatever the others bring; so there is room for all of them. */
static size_t room_for(size_t error_limit)
{
    return error_limit ? (error_limit + 1) * (VAL_RULE_COUNT + 1) : 0;
}

/* Errors of the specification may take the room of findings: what is beyond the limit is left out. */
static void trim(Diags *d, size_t error_limit)
{
    size_t kept = 0, errors = 0;
    for (size_t i = 0; i < d->n; i++) {
        bool of_rule = diag_code_text(d->items[i].code)[0] == 'P';
        if (!of_rule && d->items[i].severity >= SEV_ERROR && error_limit && errors++ >= error_limit) continue;
        d->items[kept++] = d->items[i];
    }
    d->n = kept;
}

static int validate_file(Tool *tool, Reporter *reporter, const char *path, TextBuf *out)
{
    Arena arena = {0};
    Diags diags = {.limit = room_for(tool->error_limit)};
    ValReport report = {0};
    FileBytes bytes = {0};
    int status = EXIT_CLEAN;
    bool read = file_read(path, 0, &diags, &bytes);
    bool passes = read && val_module(&arena, bytes.ptr, bytes.size, path, &tool->options, &diags, &report);
    trim(&diags, tool->error_limit);
    report_file(reporter, out, &(FileReport){path, read, passes, &report, &diags});
    if (!read) status = EXIT_USAGE;
    else if (!passes) status = EXIT_FINDINGS;
    for (size_t i = 0; i < diags.n; i++)
        if (diags.items[i].code == OUT_OF_MEMORY) status = EXIT_INTERNAL;
    if (diags.out_of_memory) status = EXIT_INTERNAL;
    file_close(&bytes);
    diag_free(&diags);
    arena_free(&arena);
    return status;
}

/* The policy, and what --abi and --service say. */
static bool load_options(Tool *tool, Diags *diags, uint8_t digest[32])
{
    if (!policy_load(&tool->arena, tool->policy_name, diags, &tool->policy)) return false;
    if (!policy_digest(&tool->policy, digest)) {
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(), "out of memory");
        return false;
    }
    if (!tool->n_abi_files) return true;
    tool->options.abi = &tool->abi;
    return abi_load(&tool->arena, tool->abi_files, tool->n_abi_files, diags, &tool->abi) &&
           abi_check_named(&tool->abi, &tool->options.named, diags);
}

static int validate_all(Tool *tool)
{
    Diags diags = {0};
    uint8_t digest[32];
    TextBuf out = {0}, digest_words = {0};
    bool loaded = load_options(tool, &diags, digest);
    int status = diags.n ? print_diags(&diags) : EXIT_CLEAN;
    diag_free(&diags);
    if (!loaded) return status;
    digest_text(&digest_words, digest);
    tool->options.policy = &tool->policy;
    tool->options.now = time(NULL);
    Reporter reporter = {.format = tool->format,
                         .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
                         .policy = tool->policy.name,
                         .digest = digest_words.ptr ? digest_words.ptr : ""};
    status = EXIT_CLEAN;
    report_begin(&reporter, &out);
    for (int i = 0; i < tool->n_files; i++) {
        status = worse(status, validate_file(tool, &reporter, tool->files[i], &out));
        status = print(&out, status);
    }
    report_end(&reporter, &out);
    status = print(&out, status);
    text_free(&out);
    text_free(&digest_words);
    return status;
}

int main(int argc, char **argv)
{
    Tool tool = {.policy_name = "strict", .error_limit = ERROR_LIMIT};
    OptionId action = OPT_COUNT;
    const char *value = NULL;
    tool.files = arena_array(&tool.arena, (size_t)argc, sizeof *tool.files);
    tool.abi_files = arena_array(&tool.arena, (size_t)argc, sizeof *tool.abi_files);
    tool.services = arena_array(&tool.arena, (size_t)argc, sizeof *tool.services);
    if (!tool.files || !tool.abi_files || !tool.services) return EXIT_INTERNAL;
    int status = parse_arguments(&tool, argc, argv, &action, &value);
    if (status == EXIT_CLEAN) {
        switch (action) {
        case OPT_HELP: status = show_help(); break;
        case OPT_VERSION: status = show_version(); break;
        case OPT_LIST_RULES: status = show_rules(); break;
        case OPT_EXPLAIN: status = show_explanation(value); break;
        case OPT_PRINT_POLICY: status = show_policy(value); break;
        default: status = validate_all(&tool); break;
        }
    }
    arena_free(&tool.arena);
    return status;
}
