/* main.c: parigot-ld: the command line, the link, and what is told about it. */
#include "linker/package.h"
#include "linker/reproduce.h"
#include "linker/tell.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { EXIT_CLEAN = 0, EXIT_FINDINGS = 1, EXIT_USAGE = 2, EXIT_INTERNAL = 3 };
enum { MANY_FILES = 1 << 16 };

static void out_of_memory(void *ctx)
{
    (void)ctx;
    fputs("parigot-ld: fatal error: out of memory [I0104]\n", stderr);
    _exit(EXIT_INTERNAL);
}

/* 2 when the command line or the files were at fault, 1 for everything that is wrong in them. */
static int status_of(const Diags *d)
{
    bool findings = d->errors > d->n; /* not all are stored */
    int status = EXIT_CLEAN;
    for (size_t i = 0; i < d->n; i++) {
        if (d->items[i].severity < SEV_ERROR) continue;
        switch (d->items[i].code) {
        case OUT_OF_MEMORY: return EXIT_INTERNAL;
        case IO_READ:
        case IO_WRITE:
        case IO_TOO_BIG:
        case CFG_SYNTAX:
        case CFG_INCLUDE:
        case CFG_VERSION:
        case CFG_UNKNOWN_KEY:
        case CFG_TYPE:
        case CFG_MISSING:
        case CFG_VALUE:
        case USAGE: status = EXIT_USAGE; break;
        default: findings = true;
        }
    }
    return status ? status : findings ? EXIT_FINDINGS : EXIT_CLEAN;
}

static int explain(const char *tool, const char *code_text)
{
    DiagCode code = diag_find(code_text);
    if (code == DIAG_NONE) {
        fprintf(stderr, "%s: error: no such code: %s [U0101]\n", tool, code_text);
        return EXIT_USAGE;
    }
    printf("%s: %s\n", diag_code_text(code), diag_summary(code));
    if (*diag_help(code)) printf("\n%s\n", diag_help(code));
    return EXIT_CLEAN;
}

static int print_help(void)
{
    TextBuf t = {0};
    ld_print_help(&t);
    fwrite(t.ptr, 1, t.len, stdout);
    text_free(&t);
    return EXIT_CLEAN;
}

static void print_version(void)
{
    puts("parigot-ld " PARIGOT_VERSION " (in place of LLD 19.1 for static wasm32 links)");
}

/* What was linked, told on standard output by --trace and --print-gc-sections. */
static void print_messages(const TextBuf *t)
{
    if (t->len) fwrite(t->ptr, 1, t->len, stdout);
    fflush(stdout); /* a map may follow, not through stdio */
}

/* What was said there did not all get out: whoever waits for it must not take it for all. */
static int check_stdout(const char *tool, int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    fprintf(stderr, "%s: fatal error: standard output: cannot write [I0102]\n", tool);
    return status > EXIT_USAGE ? status : EXIT_USAGE;
}

/* What is told of a link in a file of its own. */
static bool write_text(const char *path, const TextBuf *t, Diags *d)
{
    if (!path) return true;
    if (t->failed) diag_add(d, OUT_OF_MEMORY, DIAG_AT(), "out of memory");
    return !t->failed && file_write(path, t->ptr, t->len, 0666, false, d);
}

static bool report_stack(const LdCommand *c, Diags *d, const Writer *module)
{
    TextBuf t = {0};
    bool ok = ld_report_stack(&c->link, d, module, &t) && write_text(c->stack_report, &t, d);
    text_free(&t);
    return ok;
}

static bool write_module(LdCommand *c, BundleSignerProcess *signer, Arena *arena, Diags *d, Writer *module)
{
    if (c->bundle && !ld_package(c, signer, arena, d, module)) return false;
    return file_write(c->link.output, module->ptr, module->len, c->bundle ? 0666 : 0777, c->bundle, d);
}

/* The file that is being written, for when somebody loses patience. */
static const char *volatile unfinished;

static void remove_unfinished(int signal_number)
{
    if (unfinished) (void)unlink(unfinished);
    (void)raise(signal_number); /* once more, as if nobody had caught it */
}

static void begin_unfinished(const FileOutput *file)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGXFSZ, SIGXCPU};
    struct sigaction was, act = {.sa_handler = remove_unfinished, .sa_flags = SA_RESETHAND | SA_NODEFER};
    unfinished = file->temporary;
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) /* what is ignored stays so: nohup */
        if (sigaction(signals[i], NULL, &was) == 0 && was.sa_handler == SIG_DFL) (void)sigaction(signals[i], &act, NULL);
}

/* A module that nobody judges and nobody signs need not be in memory as a whole: it goes to its file as it is made. */
static bool link_and_write(LdCommand *c, BundleSignerProcess *signer, Arena *arena, Diags *d)
{
    LdOutput out = {0};
    FileOutput file;
    if (!ld_choose_policy(c, arena, d) || !ld_load_services(c, arena, d)) return false;
    c->link.to_file = !c->link.isolate && !c->link.meter && !c->link.seal_check && !c->rewrite && !c->bundle && !c->stack_report &&
                      !c->link.stack_auto && !file_is_special(c->link.output);
    if (c->link.to_file) {
        if (!file_begin(c->link.output, d, &file)) return false;
        c->link.output_fd = file.fd;
        begin_unfinished(&file);
    }
    bool ok = c->rewrite ? ld_rewrite(&c->link, d, &out) : ld_link(&c->link, d, &out);
    print_messages(&out.messages);
    if (!write_text(c->why_extract, &out.why_extract, d)) ok = false;
    if (ok && !write_text(c->map, &out.map, d)) ok = false;
    if (ok && c->stack_report) ok = report_stack(c, d, &out.module);
    if (ok && c->fatal_warnings && d->warnings) ok = false;
    unfinished = NULL;
    if (!c->link.to_file) ok = ok && write_module(c, signer, arena, d, &out.module);
    else if (ok) ok = file_commit(&file, 0777, false, d);
    else file_abandon(&file);
    ld_free_output(&out);
    return ok;
}

/* The process that will sign is there before this one opens any input, and opens the key after all of them.
 */
static bool run(LdCommand *c, Arena *arena, Diags *d)
{
    BundleSignerProcess signer = {0};
    LdReproduce reproduce = {0};
    bool ok = (!c->sign_key || bundle_signer_start(&signer, c->sign_key, &c->password, d)) &&
              (!c->reproduce || ld_reproduce_begin(&reproduce, c, d)) && link_and_write(c, &signer, arena, d);
    if (!ld_reproduce_end(&reproduce)) ok = false; /* also when the link failed: that is what it is for */
    bundle_signer_stop(&signer);
    bundle_close_world(&c->world);
    return ok;
}

/* Inputs stay open while they are linked, a thousand of them or more. */
static void allow_many_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max > MANY_FILES ? MANY_FILES : files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv)
{
    allow_many_files();
    Arena arena = {.on_oom = out_of_memory};
    Diags diags = {0};
    LdCommand c;
    int status;
    if (!ld_parse_options(argc, argv, &arena, &diags, &c)) {
        tell_diags(&c, &diags, false);
        status = EXIT_USAGE;
    } else if (c.mode == LD_MODE_HELP) status = print_help();
    else if (c.mode == LD_MODE_EXPLAIN) status = explain(c.tool, c.explain);
    else if (c.mode == LD_MODE_VERSION) print_version(), status = EXIT_CLEAN;
    else {
        if (c.show_version) print_version();
        diags.limit = c.error_limit;
        bool ok = c.show_version && c.link.n_inputs == 0 ? true : run(&c, &arena, &diags);
        status = status_of(&diags);
        if (!ok && status == EXIT_CLEAN) status = EXIT_FINDINGS; /* --fatal-warnings */
        if (!tell_diags(&c, &diags, status <= EXIT_FINDINGS)) status = EXIT_USAGE;
    }
    status = check_stdout(c.tool, status);
    diag_free(&diags);
    arena_free(&arena);
    return status;
}
