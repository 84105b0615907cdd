/* main.c: parigot-bundle: which command, and what comes of it. */
#include "bundle/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_CLEAN = 0, EXIT_FINDINGS = 1, EXIT_USAGE = 2, EXIT_INTERNAL = 3 };

static const struct {
    const char *name;
    ToolCommand *run;
    const char *help;
} commands[] = {
    {"keygen", tool_keygen, keygen_help},    {"create", tool_create, create_help},
    {"sign", tool_sign, sign_help},          {"verify", tool_verify, verify_help},
    {"inspect", tool_inspect, inspect_help}, {"extract", tool_extract, extract_help},
    {"diff", tool_diff, diff_help},
    {"export-oci", tool_export_oci, export_oci_help},
    {"import-oci", tool_import_oci, import_oci_help},
};

static const char help[] =
    "usage: parigot-bundle COMMAND [OPTION ...]\n"
    "  keygen      make a pair of keys, minisign's own files\n"
    "  create      make a bundle of modules, or of the world that a file describes\n"
    "  sign        add a signature, ours or one that minisign -S made\n"
    "  verify      is it whole, and who has signed it?\n"
    "  inspect     what is in it, what was proved\n"
    "  diff        what is different between two, capabilities gained first\n"
    "  extract     take manifest, signatures or modules out of it\n"
    "  export-oci  write it as an OCI artifact, or an image that runs it\n"
    "  import-oci  take it out of an OCI image layout\n"
    "parigot-bundle COMMAND --help shows the options of each.\n"
    "  --help, --version\n"
    "Exit status: 0 good, 1 refused, 2 usage or input/output, 3 internal error.\n"
    "Manual: parigot-bundle(1)\n";

/* Not the bundle's fault but the caller's: what the command names cannot be used. */
static bool is_usage(DiagCode code)
{
    char letter = diag_code_text(code)[0];
    return letter == 'I' || letter == 'U' || letter == 'C' || code == BUNDLE_BAD_KEY ||
           code == BUNDLE_BAD_PASSWORD || code == BUNDLE_NO_KEYS || code == BUNDLE_BAD_STATE ||
           code == BUNDLE_BAD_ROTATION || letter == 'L'; /* a program that was to help: no bundle is linked here */
}

static int exit_status(const Diags *d)
{
    int status = d->errors ? EXIT_FINDINGS : EXIT_CLEAN;
    for (size_t i = 0; i < d->n; i++) {
        if (d->items[i].severity < SEV_ERROR) continue;
        if (d->items[i].code == OUT_OF_MEMORY) return EXIT_INTERNAL;
        if (is_usage(d->items[i].code)) status = EXIT_USAGE;
    }
    return d->out_of_memory ? EXIT_INTERNAL : status;
}

static void print_diags(const Diags *d)
{
    TextBuf t = {0};
    bool colour = isatty(STDERR_FILENO) && !getenv("NO_COLOR");
    for (size_t i = 0; i < d->n; i++)
        diag_format(&t, &d->items[i], "parigot-bundle", colour ? DIAG_COLOUR : DIAG_TEXT);
    if (d->limit && d->errors > d->limit)
        text_printf(&t, "parigot-bundle: %zu more errors are not shown\n", d->errors - d->limit);
    if (t.ptr) fputs(t.ptr, stderr);
    if (d->out_of_memory || t.failed)
        fputs("parigot-bundle: out of memory: not everything is shown\n", stderr);
    text_free(&t);
}

bool tool_usage(Tool *tool, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Diag *d = diag_vadd(&tool->diags, USAGE, DIAG_AT(.file = NULL), format, args);
    va_end(args);
    diag_note(&tool->diags, d, "parigot-bundle%s%s --help shows what there is", tool->command ? " " : "",
              tool->command ? tool->command : "");
    return false;
}

bool tool_out_of_memory(Tool *tool)
{
    diag_add(&tool->diags, OUT_OF_MEMORY, DIAG_AT(.file = NULL), "out of memory");
    return false;
}

int tool_option(Tool *tool, int argc, char **argv, const char *short_options,
                const struct option *long_options)
{
    opterr = 0;
    int c = getopt_long(argc, argv, short_options, long_options, NULL);
    if (c == ':') tool_usage(tool, "%s: %s needs a value", argv[0], argv[optind - 1]);
    else if (c == '?' && optopt) tool_usage(tool, "%s: unknown option -%c", argv[0], optopt);
    else if (c == '?') tool_usage(tool, "%s: unknown or ambiguous option %s", argv[0], argv[optind - 1]);
    return c == ':' ? '?' : c;
}

bool tool_operands(Tool *tool, int argc, char **argv, int min, int max, const char *what, char ***out)
{
    int n = argc - optind;
    *out = argv + optind;
    if (n < min) return tool_usage(tool, "%s: %s is missing", argv[0], what);
    if (n > max) return tool_usage(tool, "%s: one thing too many: %s", argv[0], argv[optind + max]);
    return true;
}

void tool_trust_option(Tool *tool, ToolTrust *t, int option)
{
    t->trust.arena = &tool->arena;
    t->given = true;
    bool ok = true; /* what is wrong has been recorded */
    if (option == 'p') ok = bundle_trust_file(&t->trust, optarg, &tool->diags);
    else if (option == 'P') ok = bundle_trust_text(&t->trust, optarg, &tool->diags);
    else if (option == 'T') ok = bundle_trust_folder(&t->trust, optarg, &tool->diags);
    else if (option == 'V') ok = bundle_trust_revoke(&t->trust, optarg, &tool->diags);
    else {
        char *end;
        unsigned long n = strtoul(optarg, &end, 10);
        ok = *optarg >= '1' && *optarg <= '9' && *end == 0 && n <= BUNDLE_MAX_SIGNATURES;
        if (ok) t->require = (uint32_t)n;
        else tool_usage(tool, "--require: expected 1 to %d, found \"%s\"", BUNDLE_MAX_SIGNATURES, optarg);
    }
    (void)ok;
}

/* bytes: NULL when the bundle is the file of that name. */
static bool open_any(Tool *tool, const void *bytes, size_t size, const char *path, const ToolTrust *t,
                     Bundle *out)
{
    BundleOpenOptions o = {.trust = &t->trust, .require = t->require, .ignore_signers = !t->given};
    if (t->given && t->trust.n == 0) {
        diag_add(&tool->diags, BUNDLE_NO_KEYS, DIAG_AT(.file = path), "no public key to verify with");
        return false;
    }
    return bytes ? bundle_open_bytes(bytes, size, path, &o, &tool->diags, out)
                 : bundle_open(path, &o, &tool->diags, out);
}

bool tool_open(Tool *tool, const char *path, const ToolTrust *t, Bundle *out)
{
    return open_any(tool, NULL, 0, path, t, out);
}

bool tool_open_bytes(Tool *tool, const void *bytes, size_t size, const char *name, const ToolTrust *t,
                     Bundle *out)
{
    return open_any(tool, bytes, size, name, t, out);
}

/* Index into commands; -1: there is none of that name. */
static int find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, name) == 0) return (int)i;
    return -1;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || (i == 1 && strcmp(argv[i], "-h") == 0)) return true;
    return false;
}

int main(int argc, char **argv)
{
    Tool tool = {.diags.limit = 100};
    const char *name = argc > 1 ? argv[1] : "";
    int command = find_command(name);
    if (command >= 0) tool.command = commands[command].name;
    if (asks_for_help(argc, argv)) text_add(&tool.out, str_of(command >= 0 ? commands[command].help : help));
    else if (strcmp(name, "--version") == 0) text_add(&tool.out, STR("parigot-bundle " PARIGOT_VERSION "\n"));
    else if (command >= 0) commands[command].run(&tool, argc - 1, argv + 1);
    else tool_usage(&tool, *name ? "unknown command: %s" : "no command%s", name);

    print_diags(&tool.diags);
    int status = tool.out.failed ? EXIT_INTERNAL : exit_status(&tool.diags);
    if (tool.findings && status == EXIT_CLEAN) status = EXIT_FINDINGS;
    /* a text that is not complete is not shown */
    if (!tool.out.failed && tool.out.ptr && (fputs(tool.out.ptr, stdout) < 0 || fflush(stdout) != 0) && status <= EXIT_FINDINGS) {
        perror("parigot-bundle: cannot write to standard output");
        status = EXIT_USAGE;
    }
    text_free(&tool.out);
    diag_free(&tool.diags);
    arena_free(&tool.arena);
    return status;
}
