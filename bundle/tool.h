/* tool.h: parigot-bundle, the commands. Each takes its own argv (argv[0] is the command's name), prints its result and
 * records what is wrong; main.c prints that and turns it into an exit status.  docs/man/parigot-bundle.1 */
#ifndef PARIGOT_BUNDLE_TOOL_H
#define PARIGOT_BUNDLE_TOOL_H

#include "bundle/bundle.h"

#include <getopt.h>

typedef struct Tool {
    Diags diags;
    Arena arena;        /* of the run */
    TextBuf out;        /* what goes to standard output when all is done */
    const char *command; /* its name, NULL when there is none            */
    bool findings;      /* there is something to find, though no error: status 1 */
} Tool;

typedef void ToolCommand(Tool *, int argc, char **argv);
ToolCommand tool_keygen, tool_create, tool_sign, tool_verify; /* commands.c */
ToolCommand tool_inspect, tool_diff;                          /* inspect.c */
ToolCommand tool_extract;                                     /* extract.c */
ToolCommand tool_export_oci, tool_import_oci;                 /* oci_commands.c */
/* What `parigot-bundle COMMAND --help` prints, beside each command: at most 24 lines of 80 columns. */
extern const char export_oci_help[], import_oci_help[];
extern const char keygen_help[], create_help[], sign_help[], verify_help[], inspect_help[], diff_help[], extract_help[];
/* The options of TOOL_TRUST_LONG, for these texts. */
#define TOOL_TRUST_HELP                                                                                                \
    "  -p, --public-key=FILE     a public key to verify with; can be repeated\n"                                        \
    "  -P, --public-key-text=B   the same in base64\n"                                                                  \
    "      --trust=FOLDER        a folder's *.pub, *.rotation and revoked\n"                                            \
    "      --revoked=FILE        keys that count no longer\n"                                                           \
    "      --require=N           so many distinct keys must have signed; default 1\n"
#define TOOL_PASSWORD_HELP                                                                                             \
    "      --password-file=FILE  first line is the password; else it is asked for\n"                                   \
    "      --password-env=NAME   variable that holds the password\n"

/* The next option's value for getopt_long, -1 at the end, '?' after recording what is wrong. */
int tool_option(Tool *, int argc, char **argv, const char *short_options, const struct option *);
/* tool_operands: what is left of argv; false (USAGE) when it is not min to max of them. */
bool tool_operands(Tool *, int argc, char **argv, int min, int max, const char *what, char ***out);
bool tool_usage(Tool *, const char *format, ...) PRINTF(2, 3); /* records, returns false */
bool tool_out_of_memory(Tool *);                               /* the same */

/* Options that name keys to verify with: -p FILE, -P BASE64, --trust DIR, --revoked=FILE, --require=N. */
typedef struct ToolTrust {
    BundleTrust trust;
    uint32_t require;
    bool given;         /* any of them */
} ToolTrust;
#define TOOL_TRUST_SHORT "p:P:"
#define TOOL_TRUST_LONG                                                                                                \
    {"public-key", required_argument, NULL, 'p'}, {"public-key-text", required_argument, NULL, 'P'},                   \
        {"trust", required_argument, NULL, 'T'}, {"require", required_argument, NULL, 'R'},                            \
        {"revoked", required_argument, NULL, 'V'}
void tool_trust_option(Tool *, ToolTrust *, int option); /* one of p P T R V */
/* Opens with the keys that were given; without any, signatures are not checked (and nothing is said about it). */
bool tool_open(Tool *, const char *path, const ToolTrust *, Bundle *out);
/* The same for bytes in memory, named by the place they came from. */
bool tool_open_bytes(Tool *, const void *bytes, size_t size, const char *name, const ToolTrust *, Bundle *out);

#endif
