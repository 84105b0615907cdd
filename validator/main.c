/* main.c: parigot-validate: options in, verdicts out. validate_all is the tool; the rest is manners. */
#include "validator/validator.h"
#include "validator/baseline.h"
#include "validator/batch.h"
#include "validator/inputs.h"
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
    const char *policy_name; /* NULL: strict */
    ValPolicy policy;
    ValOptions options;
    const char **abi_files; /* as many as there are arguments */
    size_t n_abi_files;
    Str *services;
    ValAbi abi;
    ReportFormat format;
    FailLevel fail_level;
    const char *baseline_file, *write_baseline;
    Baseline baseline;
    bool capabilities; /* --report=capabilities */
    size_t error_limit;
    unsigned jobs;     /* 0: one a processor */
    char **files;      /* arguments: also folders and patterns */
    int n_files;
    Inputs inputs;
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
    if (strcmp(name, "-h") == 0) return "--help";
    if (strcmp(name, "-v") == 0 || strcmp(name, "-V") == 0) return "--version";
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
        text_printf(&t, "  %-24s %s\n", left, option_rows[i].help);
    }
    text_add(
        &t,
        STR("\nExit status: 0 all files pass, 1 some do not, 2 usage or I/O, 3 internal error.\n"
            "Rules: docs/rules.md. Policies: docs/policy.md. Manual: parigot-validate(1).\n"));
    return print_and_free(&t);
}

static int show_explanation(const char *code)
{
    TextBuf t = {0};
    if (!report_explain(&t, code)) return usage("no such code: %s (--list-rules has those of rules)", code);
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
    if (val_load_policy(&arena, name, &diags, &policy)) {
        val_policy_text(&t, &policy);
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
} formats[] = {{"text", REPORT_TEXT},   {"gnu", REPORT_GNU},     {"json", REPORT_JSON},
               {"sarif", REPORT_SARIF}, {"junit", REPORT_JUNIT}, {"github", REPORT_GITHUB}};

static int set_format(Tool *tool, const char *value)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (strcmp(value, formats[i].name) == 0) {
            tool->format = formats[i].format;
            return EXIT_CLEAN;
        }
    return usage("--format=%s: expected text, gnu, json, sarif, junit or github", value);
}

static int set_fail_level(Tool *tool, const char *value)
{
    static const char *const words[] = {
        [FAIL_ERROR] = "error", [FAIL_WARNING] = "warning", [FAIL_NOTE] = "note", [FAIL_NEVER] = "never"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(value, words[i]) == 0) {
            tool->fail_level = (FailLevel)i;
            return EXIT_CLEAN;
        }
    return usage("--fail-level=%s: expected error, warning, note or never", value);
}

static int set_report(Tool *tool, const char *value)
{
    tool->capabilities = strcmp(value, "capabilities") == 0;
    if (tool->capabilities || strcmp(value, "findings") == 0) return EXIT_CLEAN;
    return usage("--report=%s: expected findings or capabilities", value);
}

/* Names, separated by commas. */
static int set_features(Tool *tool, const char *value)
{
    ValOptions *o = &tool->options;
    o->features = FEATURE_BIT(MVP);
    o->wamr = false;
    for (const char *p = value;;) {
        size_t n = strcspn(p, ",");
        const char *why = val_add_feature(&tool->arena, (Str){p, n}, &o->features, &o->wamr);
        if (why) return usage("--features=%s: %s", value, why);
        if (!p[n]) return EXIT_CLEAN;
        p += n + 1;
    }
}

static bool parse_number(const char *value, unsigned long most, unsigned long *out)
{
    char *end;
    *out = strtoul(value, &end, 10);
    return *value >= '0' && *value <= '9' && !*end && *out <= most;
}

static int set_jobs(Tool *tool, const char *value)
{
    unsigned long n;
    if (!parse_number(value, BATCH_MAX_JOBS, &n))
        return usage("--jobs=%s: expected 1 to %d, 0 for one a processor", value, BATCH_MAX_JOBS);
    tool->jobs = (unsigned)n;
    return EXIT_CLEAN;
}

static int set_error_limit(Tool *tool, const char *value)
{
    unsigned long n;
    if (!parse_number(value, UINT32_MAX - 1, &n))
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
    case OPT_FAIL_LEVEL: return set_fail_level(tool, value);
    case OPT_BASELINE: tool->baseline_file = value; return EXIT_CLEAN;
    case OPT_WRITE_BASELINE: tool->write_baseline = value; return EXIT_CLEAN;
    case OPT_REPORT: return set_report(tool, value);
    case OPT_JOBS: return set_jobs(tool, value);
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

/* What fits together; only where files are to be validated. */
static int check_arguments(const Tool *tool)
{
    int n_stdin = 0;
    for (int i = 0; i < tool->n_files; i++) n_stdin += strcmp(tool->files[i], "-") == 0;
    if (tool->n_files == 0) return usage("no file");
    if (n_stdin > 1) return usage("standard input (-) can be read once");
    if (tool->baseline_file && tool->write_baseline) return usage("--write-baseline takes no --baseline: it writes all findings");
    if (tool->capabilities && (tool->policy_name || tool->options.strict || tool->options.wamr || tool->n_abi_files ||
                               tool->options.named.n_services || tool->baseline_file || tool->write_baseline))
        return usage("--report=capabilities judges by no rule: it takes no policy, services or baseline");
    if (tool->capabilities && tool->format != REPORT_TEXT && tool->format != REPORT_JSON)
        return usage("--report=capabilities is shown as text or json");
    if (tool->policy_name && strcmp(tool->policy_name, "none") == 0 && (tool->n_abi_files || tool->options.named.n_services))
        return usage("--abi and --service have no meaning with --policy=none");
    return EXIT_CLEAN;
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
    return *action == OPT_COUNT ? check_arguments(tool) : EXIT_CLEAN;
}

/* ---- validating ---- */

static int worse(int a, int b) { return a > b ? a : b; }

/* Of each rule at most error_limit findings are stored, whatever the others bring; so there is room for all of them. */
static size_t room_for(size_t error_limit)
{
    return error_limit ? (error_limit + 1) * (VAL_RULE_COUNT + 1) : 0;
}

/* Errors of the specification may take the room of findings: what is beyond the limit is left out. A feature that is refused is
 * told once, not for each of ten thousand functions. */
static void trim(Diags *d, size_t error_limit)
{
    size_t kept = 0, errors = 0;
    WasmFeatures told = 0;
    WasmFeature f;
    for (size_t i = 0; i < d->n; i++) {
        bool of_rule = diag_code_text(d->items[i].code)[0] == 'P';
        if (error_limit && report_refused_feature(&d->items[i], &f)) {
            if (told >> f & 1) continue;
            told |= UINT64_C(1) << f;
        }
        if (!of_rule && d->items[i].severity >= SEV_ERROR && error_limit && errors++ >= error_limit) continue;
        d->items[kept++] = d->items[i];
    }
    d->n = kept;
}

/* What is known is taken away among all findings; then at most error_limit of each rule are shown. */
static void show_at_most(Diags *d, size_t error_limit)
{
    size_t kept = 0, n[DIAG_CODE_COUNT] = {0};
    for (size_t i = 0; i < d->n; i++) {
        Diag *it = &d->items[i];
        if (diag_code_text(it->code)[0] == 'P' && n[it->code]++ >= error_limit) {
            if (n[it->code] > error_limit + 1) continue;
            it->place = DIAG_AT(.file = it->place.file);
            it->text = val_more_findings;
            it->note = NULL;
            it->related = NULL;
        }
        d->items[kept++] = *it;
    }
    d->n = kept;
}

static bool has_baseline(const Tool *tool) { return tool->baseline_file || tool->write_baseline; }

/* One file on its way from a worker to the report. */
typedef struct Checked {
    Arena arena;
    FileBytes bytes;
    Diags diags;
    ValReport report;
    bool read;
} Checked;

typedef struct Run {
    Tool *tool;
    Reporter reporter;
    Checked *slots; /* of the batch */
    TextBuf out;
    bool broken; /* standard output takes no more; said once */
    int status;
} Run;

static void flush(Run *run)
{
    int status = run->broken ? EXIT_CLEAN : print(&run->out, EXIT_CLEAN);
    if (status != EXIT_CLEAN) run->broken = true;
    run->out.len = 0;
    run->status = worse(run->status, status);
}

/* In any thread: touches nothing but its slot. */
static void check_file(void *ctx, size_t item, size_t slot)
{
    Run *run = ctx;
    const Tool *tool = run->tool;
    const Input *in = &tool->inputs.items[item];
    Checked *c = &run->slots[slot];
    size_t limit = has_baseline(tool) ? BASELINE_FINDINGS : tool->error_limit;
    *c = (Checked){.diags.limit = room_for(limit)};
    if (in->problem) diag_add(&c->diags, in->code, DIAG_AT(.file = in->path), "%s", in->problem);
    else c->read = file_read(in->path, 0, &c->diags, &c->bytes);
    if (!c->read) return;
    bool ok = val_module(&c->arena, c->bytes.ptr, c->bytes.size, in->path, &tool->options, &c->diags, &c->report);
    if (!ok && c->diags.errors == 0) c->diags.out_of_memory = true; /* never a pass without a proof */
    trim(&c->diags, tool->error_limit);
}

/* Without a level that fails, a file that has errors is still not said to pass. */
static bool passes(const Tool *tool, const Checked *c)
{
    DiagSeverity lowest = report_lowest(tool->fail_level == FAIL_NEVER ? FAIL_ERROR : tool->fail_level);
    if (!c->read || c->diags.errors || c->diags.out_of_memory) return false;
    if (lowest <= SEV_WARNING && c->diags.warnings) return false;
    return lowest > SEV_NOTE || c->diags.n == 0;
}

static int status_of(const Tool *tool, const Checked *c, bool pass)
{
    if (c->diags.out_of_memory) return EXIT_INTERNAL;
    for (size_t i = 0; i < c->diags.n; i++)
        if (c->diags.items[i].code == OUT_OF_MEMORY) return EXIT_INTERNAL;
    if (!c->read) return EXIT_USAGE;
    return pass || tool->fail_level == FAIL_NEVER ? EXIT_CLEAN : EXIT_FINDINGS;
}

/* In order, in the thread of main: baseline and report are nobody else's. */
static void report_checked(void *ctx, size_t item, size_t slot)
{
    Run *run = ctx;
    Tool *tool = run->tool;
    Checked *c = &run->slots[slot];
    FileReport f = {.file = tool->inputs.items[item].path, .read = c->read, .report = &c->report, .diags = &c->diags};
    if (tool->baseline_file) f.known = baseline_filter(&tool->baseline, &c->diags);
    if (tool->write_baseline) f.known = baseline_collect(&tool->arena, &tool->baseline, &c->diags);
    if (has_baseline(tool) && tool->error_limit) show_at_most(&c->diags, tool->error_limit);
    f.passes = passes(tool, c);
    run->status = worse(run->status, status_of(tool, c, f.passes));
    if (tool->capabilities) capabilities_file(&run->reporter, &run->out, &f);
    else report_file(&run->reporter, &run->out, &f);
    flush(run);
    file_close(&c->bytes);
    diag_free(&c->diags);
    arena_free(&c->arena);
}

/* The policy, and what --abi and --service say. */
static bool load_options(Tool *tool, Diags *diags, uint8_t digest[32])
{
    if (!val_load_policy(&tool->arena, tool->policy_name, diags, &tool->policy)) return false;
    if (!val_policy_digest(&tool->policy, digest)) {
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(), "out of memory");
        return false;
    }
    if (!tool->n_abi_files) return true;
    tool->options.abi = &tool->abi;
    return val_load_abi(&tool->arena, tool->abi_files, tool->n_abi_files, diags, &tool->abi) &&
           val_check_named(&tool->abi, &tool->options.named, diags);
}

static int validate_inputs(Run *run)
{
    Tool *tool = run->tool;
    size_t n = tool->inputs.n ? tool->inputs.n : 1;
    unsigned threads = tool->jobs ? tool->jobs : parallel_processors(), jobs = threads < n ? threads : (unsigned)n;
    tool->options.threads = (threads + jobs - 1) / jobs; /* of few files each is checked by several */
    Batch batch = {.n = tool->inputs.n, .jobs = jobs, .ctx = run, .work = check_file, .take = report_checked};
    run->slots = arena_array(&tool->arena, jobs * BATCH_SLOTS_PER_JOB, sizeof *run->slots);
    if (!run->slots || !run->reporter.let_through) {
        run->out.failed = true;
        flush(run);
        return run->status;
    }
    if (tool->capabilities) capabilities_begin(&run->reporter, &run->out);
    else report_begin(&run->reporter, &run->out);
    batch_run(&batch);
    if (tool->capabilities) capabilities_end(&run->reporter, &run->out);
    else report_end(&run->reporter, &run->out);
    flush(run);
    return run->status;
}

/* After the report: what was found is then known, or what was known is no more. */
static int finish_baseline(Tool *tool, int status)
{
    Diags diags = {0};
    TextBuf text = {0};
    if (tool->write_baseline) {
        baseline_text(&text, &tool->baseline);
        if (text.failed) tool->baseline.failed = true;
        else if (!tool->baseline.failed && !file_write(tool->write_baseline, text.ptr, text.len, 0666, false, &diags))
            status = worse(status, EXIT_USAGE);
    } else if (tool->baseline_file && tool->format == REPORT_TEXT && baseline_stale(&tool->baseline)) {
        size_t n = baseline_stale(&tool->baseline);
        text_printf(&text, "%zu finding%s of the baseline %s no more: --write-baseline brings it up to date\n", n,
                    n == 1 ? "" : "s", n == 1 ? "is" : "are");
        status = print(&text, status);
    }
    if (tool->baseline.failed) diag_add(&diags, OUT_OF_MEMORY, DIAG_AT(), "out of memory");
    if (diags.n) status = worse(status, print_diags(&diags));
    text_free(&text);
    diag_free(&diags);
    return status;
}

/* true: everything is there that validating needs; else *status says what the matter was. */
static bool prepare(Tool *tool, uint8_t digest[32], int *status)
{
    Diags diags = {0};
    if (!tool->policy_name) tool->policy_name = tool->capabilities ? "none" : "strict";
    bool ok = load_options(tool, &diags, digest) &&
              (!tool->baseline_file || baseline_read(&tool->arena, tool->baseline_file, &diags, &tool->baseline));
    if (ok) inputs_collect(&tool->arena, tool->files, tool->n_files, &tool->inputs);
    if (tool->inputs.failed) {
        diag_add(&diags, OUT_OF_MEMORY, DIAG_AT(), "out of memory");
        ok = false;
    }
    *status = diags.n ? print_diags(&diags) : EXIT_CLEAN;
    diag_free(&diags);
    return ok;
}

static int validate_all(Tool *tool)
{
    uint8_t digest[32];
    TextBuf digest_words = {0};
    char *folder = getcwd(NULL, 0); /* NULL: paths in a baseline stay as they are */
    int status;
    tool->baseline.folder = folder;
    if (prepare(tool, digest, &status)) {
        val_digest_text(&digest_words, digest);
        tool->options.policy = &tool->policy;
        tool->options.now = time(NULL);
        if (has_baseline(tool)) tool->options.findings_limit = BASELINE_FINDINGS;
        Run run = {.tool = tool,
                   .reporter = {.format = tool->format,
                                .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
                                .policy = tool->policy.name,
                                .digest = digest_words.ptr ? digest_words.ptr : "",
                                .fail_level = tool->fail_level,
                                .waivers = tool->policy.waivers,
                                .n_waivers = tool->policy.n_waivers,
                                .let_through = arena_array(&tool->arena, tool->policy.n_waivers, sizeof(uint32_t)),
                                .now = tool->options.now,
                                .baseline = tool->baseline_file ? tool->baseline_file : tool->write_baseline}};
        status = finish_baseline(tool, validate_inputs(&run));
        text_free(&run.out);
    }
    text_free(&digest_words);
    free(folder);
    return status;
}

int main(int argc, char **argv)
{
    Tool tool = {.error_limit = ERROR_LIMIT};
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
