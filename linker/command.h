/* command.h: parigot-ld's command line: options (options.c, options.def) and the policy they name
 * (choose_policy.c). */
#ifndef PARIGOT_LINKER_COMMAND_H
#define PARIGOT_LINKER_COMMAND_H

#include "bundle/create.h"
#include "linker/linker.h"

typedef enum LdErrorFormat {
    LD_FORMAT_TEXT,
    LD_FORMAT_GNU,  /* one line each, the place first */
    LD_FORMAT_JSON, /* one object a line */
    LD_FORMAT_SARIF /* one SARIF 2.1.0 log, also when there is nothing to say */
} LdErrorFormat;

typedef enum LdMode { LD_MODE_LINK, LD_MODE_HELP, LD_MODE_VERSION, LD_MODE_EXPLAIN } LdMode;

/* An argument as it was understood, for --reproduce. */
typedef struct LdArgument {
    enum { LD_ARGUMENT_PLAIN, LD_ARGUMENT_INPUT, LD_ARGUMENT_FILE } kind; /* FILE: value is read from */
    const char *option;                                                   /* "--entry"; "" for an input */
    const char *value;                                                    /* or NULL */
    size_t input;                                                         /* index in link.inputs */
} LdArgument;

/* Everything that the command line says, the link's own part first. */
typedef struct LdCommand {
    LdOptions link;
    LdMode mode;
    const char *tool;        /* name that messages begin with */
    const char *policy;      /* built-in name or file */
    LdNames abi_files;       /* --abi */
    LdNames services;        /* --service */
    const char *explain;     /* a code */
    const char *why_extract; /* file for it; NULL: none */
    const char *map;         /* the same */
    const char *stack_report; /* the same */
    const char *reproduce;   /* a tar; NULL: none */
    LdArgument *arguments;   /* with reproduce: what links again; outputs without their folders, no keys */
    size_t n_arguments, arguments_cap;
    const char *sign_key;    /* NULL: no signature */
    BundlePassword password; /* of the key */
    const char *bundle_name; /* NULL: from the output's name */
    const char *world_file;  /* --world; NULL: a world of this one module */
    const char *world_module; /* the one that is linked; NULL: the only one */
    World world;             /* read from world_file by ld_choose_policy */
    WorldModule *linked;     /* in it */
    bool policy_given;       /* on the command line */
    bool bundle;
    bool rewrite; /* the input is a linked module */
    LdErrorFormat format;
    const char *error_file; /* messages in that format go there; NULL: to standard error */
    bool fatal_warnings, show_version;
    size_t error_limit; /* 0 = all */
    enum { LD_COLOUR_AUTO, LD_COLOUR_ALWAYS, LD_COLOUR_NEVER } colour;
} LdCommand;

/* ld_parse_options: argv with its @files expanded, and what follows from the name that the program was called
 * by. errors: USAGE, IO_READ (an @file); false when there was any owns:   strings point into argv or the
 * arena */
MUST_USE bool ld_parse_options(int argc, char **argv, Arena *, Diags *, LdCommand *out);
void ld_print_help(TextBuf *);
/* ld_load_services: --abi and --service. Fills link.abi and link.named.
 * errors: IO_READ, C02 */
MUST_USE bool ld_load_services(LdCommand *, Arena *, Diags *);
/* ld_choose_policy: --policy, a built-in name or a file, and --waive; or what the world file says of this module.
 * Fills link.policy, policy_digest and now; world and linked, which bundle_close_world frees.
 * errors: USAGE, IO_READ, C codes */
MUST_USE bool ld_choose_policy(LdCommand *, Arena *, Diags *);
/* Is this argument an option of parigot-ld (for a compiler driver, which hands it on), and is the next its
 * value? */
bool ld_knows_option(const char *arg, bool *takes_next);

#endif
