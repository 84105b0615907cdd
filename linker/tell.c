/* tell.c: what parigot-ld says about a link, in the format that was asked for, on standard error or into a file. */
#include "linker/tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool use_colour(const LdCommand *c)
{
    if (c->colour != LD_COLOUR_AUTO) return c->colour == LD_COLOUR_ALWAYS;
    const char *no = getenv("NO_COLOR");
    return !(no && *no) && isatty(STDERR_FILENO);
}

/* What holds of the diagnostics of a whole run. */
static void finish(const LdCommand *c, Diags *d)
{
    size_t more = d->limit && d->errors > d->limit ? d->errors - d->limit : 0;
    if (c->fatal_warnings)
        for (size_t i = 0; i < d->n; i++)
            if (d->items[i].severity == SEV_WARNING) d->items[i].severity = SEV_ERROR;
    if (!more) return;
    d->limit = 0;
    Diag *it = diag_add(d, LD_TOO_MANY, DIAG_AT(),
                        "too many errors emitted, stopping now (use --error-limit=0 to see all errors)");
    diag_note(d, it, "%zu more", more);
}

static void add_sarif(TextBuf *t, const Diags *d, bool completed)
{
    char *folder = getcwd(NULL, 0);
    sarif_format(t, "parigot-ld", folder, &d, 1, completed);
    free(folder);
}

static void add_all(TextBuf *t, const LdCommand *c, LdErrorFormat format, DiagStyle style, const Diags *d, bool completed)
{
    if (format == LD_FORMAT_SARIF) add_sarif(t, d, completed);
    for (size_t i = 0; i < d->n; i++) {
        switch (format) {
        case LD_FORMAT_TEXT: diag_format(t, &d->items[i], c->tool, style); break;
        case LD_FORMAT_GNU: diag_format_gnu(t, &d->items[i], c->tool); break;
        case LD_FORMAT_JSON:
            diag_format_json(t, &d->items[i]);
            text_add(t, STR("\n"));
            break;
        case LD_FORMAT_SARIF: break;
        }
    }
}

static bool say(TextBuf *t)
{
    bool ok = !t->failed && fwrite(t->ptr ? t->ptr : "", 1, t->len, stderr) == t->len;
    text_free(t);
    return ok;
}

/* The file has the format; whoever reads standard error, behind a compiler driver, has text. */
static bool write_file(const LdCommand *c, TextBuf *t)
{
    TextBuf words = {0};
    Diags d = {0};
    bool ok = !t->failed && file_write(c->error_file, t->ptr ? t->ptr : "", t->len, 0666, false, &d);
    add_all(&words, c, LD_FORMAT_TEXT, DIAG_TEXT, &d, true);
    diag_free(&d);
    return say(&words) && ok;
}

bool tell_diags(const LdCommand *c, Diags *d, bool completed)
{
    TextBuf formatted = {0}, words = {0};
    DiagStyle style = use_colour(c) ? DIAG_COLOUR : DIAG_TEXT;
    bool raw = c->format == LD_FORMAT_JSON, to_file = c->error_file != NULL;
    finish(c, d);
    if (raw) add_all(&formatted, c, c->format, DIAG_TEXT, d, completed);
    if (!c->link.no_demangle && !(raw && !to_file)) demangle_diags(d);
    if (!raw) add_all(&formatted, c, c->format, to_file ? DIAG_TEXT : style, d, completed);
    if (!to_file) return say(&formatted);
    add_all(&words, c, LD_FORMAT_TEXT, style, d, completed);
    bool said = say(&words), written = write_file(c, &formatted);
    text_free(&formatted);
    return said && written;
}
