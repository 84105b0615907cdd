/* inspect.c: the commands that look, inspect and diff: what is asked for. The views themselves: show.h */
#include "bundle/create.h"
#include "bundle/show.h"
#include "bundle/tool.h"

#include <stdlib.h>
#include <string.h>

typedef enum View {
    VIEW_NONE,
    VIEW_SUMMARY,
    VIEW_FULL,
    VIEW_JSON,
    VIEW_SPDX,
    VIEW_CYCLONEDX,
    VIEW_DOT,
    VIEW_SVG,
    VIEW_MEMORY
} View;

typedef struct Inspecting {
    ToolTrust trust;
    View view;
    int64_t created; /* what SOURCE_DATE_EPOCH says; < 0: nothing */
    int64_t now;     /* the same, else the clock's                */
} Inspecting;

static const int64_t END_OF_9999 =
    INT64_C(253402300799); /* dates of SPDX and CycloneDX have four digits for the year */

static bool read_clock(Tool *tool, int64_t *created)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    *created = -1;
    if (!epoch || !*epoch) return true; /* no clock: the same bundle gives the same bytes */
    if (!bundle_clock(&tool->diags, created)) return false;
    return *created <= END_OF_9999 || tool_usage(tool, "SOURCE_DATE_EPOCH is after the year 9999: %s", epoch);
}

const char inspect_help[] = "usage: parigot-bundle inspect [OPTION ...] BUNDLE\n"
                            "What is in a bundle, what was proved about it, who has signed it.\n"
                            "      --full, -v, --verbose everything that people read, at any length\n"
                            "      --format=FORMAT       text, json (every field; -j or --json), spdx or\n"
                            "                            cyclonedx: what it is made of\n"
                            "      --graph[=dot|svg]     modules, services and calls; svg needs graphviz\n"
                            "      --memory-map          what lies where in each module's memory, and what\n"
                            "                            keeps it so\n" TOOL_TRUST_HELP
                            "Signatures are checked when keys are named, else only listed.\n";

/* One view a run: two of them on one standard output are of no use to anybody. */
static void choose(Tool *tool, Inspecting *in, View view)
{
    if (in->view != VIEW_NONE && in->view != view)
        tool_usage(tool, "inspect: one view at a time: --full, --format, --json, --graph or --memory-map");
    in->view = view;
}

static void choose_format(Tool *tool, Inspecting *in, const char *word)
{
    static const struct {
        const char *word;
        View view;
    } formats[] = {
        {"text", VIEW_SUMMARY}, {"json", VIEW_JSON}, {"spdx", VIEW_SPDX}, {"cyclonedx", VIEW_CYCLONEDX}};
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (strcmp(formats[i].word, word) == 0) {
            choose(tool, in, formats[i].view);
            return;
        }
    tool_usage(tool, "--format: expected text, json, spdx or cyclonedx, found \"%s\"", word);
}

static void choose_graph(Tool *tool, Inspecting *in, const char *word)
{
    if (!word || strcmp(word, "dot") == 0) choose(tool, in, VIEW_DOT);
    else if (strcmp(word, "svg") == 0) choose(tool, in, VIEW_SVG);
    else tool_usage(tool, "--graph: expected dot or svg, found \"%s\"", word);
}

static void show(Tool *tool, const Inspecting *in, const Bundle *b)
{
    bool ok = true;
    switch (in->view) {
    case VIEW_JSON: bundle_show_json(&tool->out, b, in->trust.given); break;
    case VIEW_NONE:
    case VIEW_SUMMARY:
    case VIEW_FULL:
        bundle_show_summary(&tool->out, b, in->now, in->trust.given, in->view == VIEW_FULL);
        break;
    case VIEW_SPDX: bundle_show_spdx(&tool->out, b, in->created); break;
    case VIEW_CYCLONEDX: bundle_show_cyclonedx(&tool->out, b, in->created); break;
    case VIEW_DOT: bundle_show_graph(&tool->out, b); break;
    case VIEW_SVG: ok = bundle_show_svg(&tool->out, b, &tool->diags); break;
    case VIEW_MEMORY: ok = bundle_show_memory_map(&tool->out, b, &tool->diags); break;
    }
    (void)ok; /* what is wrong has been recorded */
}

void tool_inspect(Tool *tool, int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"format", required_argument, NULL, 'f'},
                                            {"full", no_argument, NULL, 'v'},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {"graph", optional_argument, NULL, 'g'},
                                            {"memory-map", no_argument, NULL, 'm'},
                                            TOOL_TRUST_LONG,
                                            {0}};
    Inspecting in = {0};
    char **file;
    for (int c; (c = tool_option(tool, argc, argv, ":jv" TOOL_TRUST_SHORT, options)) != -1;) {
        if (c == '?') return;
        if (c == 'j') choose(tool, &in, VIEW_JSON);
        else if (c == 'v') choose(tool, &in, VIEW_FULL);
        else if (c == 'm') choose(tool, &in, VIEW_MEMORY);
        else if (c == 'g') choose_graph(tool, &in, optarg);
        else if (c == 'f') choose_format(tool, &in, optarg);
        else tool_trust_option(tool, &in.trust, c);
    }
    if (!tool_operands(tool, argc, argv, 1, 1, "the bundle", &file) || tool->diags.errors) return;
    if ((in.view == VIEW_SPDX || in.view == VIEW_CYCLONEDX) && !read_clock(tool, &in.created)) return;
    if (!bundle_clock(&tool->diags, &in.now)) return;
    Bundle b;
    if (!tool_open(tool, file[0], &in.trust, &b)) return;
    show(tool, &in, &b);
    bundle_close(&b);
}

/* ---- diff ---- */

typedef enum FailOn { FAIL_ON_ANY, FAIL_ON_GAINED, FAIL_ON_NONE } FailOn;

const char diff_help[] = "usage: parigot-bundle diff [OPTION ...] OLD NEW\n"
                         "What the new bundle may do that the old one may not, what it may not any more,\n"
                         "what else is different.\n"
                         "  -j, --json                for programs\n"
                         "      --fail-on=any         status 1 when anything is different: the default\n"
                         "      --fail-on=gained      only when something was gained, as gates want it\n"
                         "      --fail-on=none        never because of a difference\n" TOOL_TRUST_HELP
                         "Both must be signed as required when keys are named. A bundle that is refused is\n"
                         "status 1 with an error, whatever was asked for.\n";

static void choose_failure(Tool *tool, FailOn *out, const char *word)
{
    static const char *const words[] = {
        [FAIL_ON_ANY] = "any", [FAIL_ON_GAINED] = "gained", [FAIL_ON_NONE] = "none"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(words[i], word) == 0) {
            *out = (FailOn)i;
            return;
        }
    tool_usage(tool, "--fail-on: expected any, gained or none, found \"%s\"", word);
}

static bool is_failure(FailOn on, ShowDiff found)
{
    if (on == FAIL_ON_NONE) return false;
    return found.gained || (on == FAIL_ON_ANY && (found.lost || found.changed));
}

void tool_diff(Tool *tool, int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"fail-on", required_argument, NULL, 'f'}, TOOL_TRUST_LONG, {0}};
    ToolTrust trust = {0};
    FailOn on = FAIL_ON_ANY;
    bool json = false;
    char **file;
    for (int c; (c = tool_option(tool, argc, argv, ":j" TOOL_TRUST_SHORT, options)) != -1;) {
        if (c == '?') return;
        if (c == 'j') json = true;
        else if (c == 'f') choose_failure(tool, &on, optarg);
        else tool_trust_option(tool, &trust, c);
    }
    if (!tool_operands(tool, argc, argv, 2, 2, "one of two bundles", &file) || tool->diags.errors) return;
    Bundle before, after;
    if (!tool_open(tool, file[0], &trust, &before)) return;
    if (tool_open(tool, file[1], &trust, &after)) {
        tool->findings = is_failure(on, bundle_show_diff(&tool->out, &before, &after, json));
        bundle_close(&after);
    }
    bundle_close(&before);
}
