/* diag_help.c: what --explain and SARIF say about a code. A file of its own, because a program that explains nothing, such as
 * parigot-run, then has none of these texts. */
#include "wasm/wasm.h"

static const struct {
    const char *summary, *help;
} texts[DIAG_CODE_COUNT] = {
    [DIAG_NONE] = {"", ""},
#define DIAG(name, code, severity, summary, help) [name] = {summary, help},
#include "wasm/diags.def"
#undef DIAG
};

const char *diag_summary(DiagCode code) { return texts[code].summary; }
const char *diag_help(DiagCode code) { return texts[code].help; }
