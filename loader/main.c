/* main.c: parigot-run: verifies, validates and runs a bundle, or calls one export of a bare module. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "loader/run.h"
#include "validator/config.h"

static const char help[] =
    "usage: parigot-run FILE.wasm --allow-unsigned --invoke=EXPORT [OPTION ...] [ARG ...]\n"
    "Calls one export of a bare module and prints its results, one a line.\n"
    "      --invoke=EXPORT     the exported function to call; ARGs are its arguments\n"
    "      --allow-unsigned    a bare module carries no signature: run it all the same\n"
    "      --policy=POLICY     what a module must keep to: strict, reset (default), audit, none\n"
    "      --deadline=TIME     longest time for the call, e.g. 500ms, 2s; default none\n"
    "      --memory=SIZE       upper bound of the module's memory, e.g. 16MiB; default the module's own\n"
    "      --stack=SIZE        for the frames of guest functions; default 1MiB\n"
    "      --checked           compare every memory access with the size, as where address space is short\n"
    "      --help              this text\n"
    "      --version           version\n"
    "Exit status: 0 done, 1 refused, 2 usage or I/O, 3 internal error, 134 trap.\n";

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

static bool set_invoke(RunOptions *o, const char *value, Diags *diags)
{
    (void)diags;
    o->invoke = value;
    return true;
}
static bool set_allow_unsigned(RunOptions *o, const char *value, Diags *diags)
{
    (void)value;
    (void)diags;
    o->allow_unsigned = true;
    return true;
}
static bool set_policy(RunOptions *o, const char *value, Diags *diags)
{
    o->policy = val_builtin_policy(str_of(value));
    return o->policy != NULL || usage(diags, "no policy \"%s\"; there are strict, reset, audit, none", value);
}
static bool set_deadline(RunOptions *o, const char *value, Diags *diags)
{
    return (cfg_parse_duration(str_of(value), &o->deadline_ns) && o->deadline_ns > 0) ||
           usage(diags, "--deadline wants a time such as 500ms, not \"%s\"", value);
}
static bool set_size(uint64_t *to, const char *value, const char *name, Diags *diags)
{
    return (cfg_parse_size(str_of(value), to) && *to > 0) ||
           usage(diags, "--%s wants a size such as 16MiB, not \"%s\"", name, value);
}
static bool set_memory(RunOptions *o, const char *value, Diags *diags)
{
    return set_size(&o->memory_bytes, value, "memory", diags);
}
static bool set_stack(RunOptions *o, const char *value, Diags *diags)
{
    return set_size(&o->stack_bytes, value, "stack", diags);
}
static bool set_checked(RunOptions *o, const char *value, Diags *diags)
{
    (void)value;
    (void)diags;
    o->checked = true;
    return true;
}

static const struct {
    const char *name;
    bool has_value;
    bool (*set)(RunOptions *, const char *value, Diags *);
} options[] = {
    {"invoke", true, set_invoke},     {"allow-unsigned", false, set_allow_unsigned},
    {"policy", true, set_policy},     {"deadline", true, set_deadline},
    {"memory", true, set_memory},     {"stack", true, set_stack},
    {"checked", false, set_checked},
};

/* One option. --name=value and --name value; *i moves on in the second form. */
static bool read_option(int argc, char **argv, int *i, RunOptions *o, Diags *diags)
{
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    for (size_t k = 0; k < ARRAY_LEN(options); k++) {
        if (strlen(options[k].name) != len || memcmp(options[k].name, name, len) != 0) continue;
        const char *value = equals ? equals + 1 : NULL;
        if (!options[k].has_value && value) return usage(diags, "--%s takes no value", options[k].name);
        if (options[k].has_value && !value) value = *i + 1 < argc ? argv[++*i] : NULL;
        if (options[k].has_value && !value) return usage(diags, "--%s wants a value", options[k].name);
        return options[k].set(o, value, diags);
    }
    return usage(diags, "unknown option \"%s\"", argv[*i]);
}

/* Not getopt: arguments such as -1 are numbers here. The first word that is no option is the file, the others are
 * arguments; all after -- are words. */
static bool read_command_line(int argc, char **argv, RunOptions *o, Diags *diags)
{
    bool only_words = false, ok = true;
    char **words = argv; /* argv's own places are reused: a word never moves up */
    size_t n = 0;
    for (int i = 1; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) only_words = true;
        else if (!only_words && strncmp(argv[i], "--", 2) == 0) ok = read_option(argc, argv, &i, o, diags) && ok;
        else words[n++] = argv[i];
    }
    if (n == 0) return usage(diags, "no file") && ok;
    o->file = words[0];
    o->args = words + 1;
    o->n_args = n - 1;
    if (ok && o->invoke == NULL) return usage(diags, "what is to be called? --invoke=EXPORT");
    return ok;
}

/* ---- main ---- */

static void print_diags(const Diags *diags)
{
    TextBuf out = {0};
    DiagStyle style = isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL ? DIAG_COLOUR : DIAG_TEXT;
    for (size_t i = 0; i < diags->n; i++) diag_format(&out, &diags->items[i], "parigot-run", style);
    if (out.ptr != NULL) fputs(out.ptr, stderr);
    if (diags->out_of_memory || out.failed) fputs("parigot-run: error: out of memory [I0104]\n", stderr);
    text_free(&out);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0) return fputs(help, stdout) < 0 ? EXIT_USAGE : EXIT_SUCCESS;
        if (strcmp(argv[i], "--version") == 0) return puts("parigot-run " PARIGOT_VERSION) < 0 ? EXIT_USAGE : EXIT_SUCCESS;
    }
    Diags diags = {0};
    RunOptions o = {.policy = val_builtin_policy(STR("reset"))};
    int status = EXIT_USAGE;
    if (read_command_line(argc, argv, &o, &diags)) status = run_invoke(&o, &diags);
    print_diags(&diags);
    if (status == EXIT_USAGE && diags.n > 0 && diags.items[0].code == USAGE) fputs("parigot-run: try --help\n", stderr);
    diag_free(&diags);
    return status;
}
