/* graph.c: the world as a graph in Graphviz's DOT language: a box for each module with the services that it
 * provides, a line for each service that it calls, ovals for services of the host, dashed boxes for services
 * elsewhere. The kernel, which everybody calls, is left out. See show.h
 *
 * Names of nodes are made of numbers; what the manifest says stands in labels alone, through dot_add. */
#include "bundle/show.h"
#include "wasm/child.h"

#include <string.h>

enum { METHODS_SHOWN = 4 };

typedef struct Graph {
    Show show;
    ShowServices services;
} Graph;

/* Text of a label, of records too. A label's own escapes are \N, \G, \l and so on, \{ \} \| \< \> in records,
 * and entities of HTML: so backslash, quote, brackets, bar and ampersand. */
static void dot_add(TextBuf *t, const char *escaped)
{
    for (; *escaped; escaped++) {
        if (*escaped == '&') text_add(t, STR("&amp;"));
        else {
            if (strchr("\"\\{}|<>", *escaped)) text_add(t, STR("\\"));
            text_add(t, (Str){escaped, 1});
        }
    }
}

static void add_cut(Graph *g, const char *text, size_t columns)
{
    dot_add(g->show.text, show_cut(&g->show, text, columns));
}

/* "Do, Undo, Redo and 2 more" */
static void add_methods(Graph *g, const ShowUse *uses, size_t n)
{
    size_t shown = 0, methods = 0;
    for (size_t i = 0; i < n; i++) methods += uses[i].method != NULL;
    for (size_t i = 0; i < methods && shown < METHODS_SHOWN; i++, shown++) {
        if (shown) text_add(g->show.text, STR(", "));
        add_cut(g, uses[i].method, 40);
    }
    if (shown < methods) text_printf(g->show.text, " and %zu more", methods - shown);
}

/* ---- nodes ---- */

static void add_verdict(Graph *g, const BundleModule *mod)
{
    size_t proved = 0, open = 0;
    for (size_t i = 0; i < mod->n_verdicts; i++) {
        proved += mod->verdicts[i]->result == PARIGOT__BUNDLE__V1__RESULT__RESULT_PROVED;
        open += mod->verdicts[i]->result == PARIGOT__BUNDLE__V1__RESULT__RESULT_VIOLATED ||
                mod->verdicts[i]->result == PARIGOT__BUNDLE__V1__RESULT__RESULT_NOT_PROVABLE;
    }
    text_printf(g->show.text, ": %zu rule%s proved", proved, show_plural(proved));
    if (open) text_printf(g->show.text, ", %zu NOT PROVED", open);
    if (mod->n_waivers)
        text_printf(g->show.text, "\\n%zu finding%s waived", mod->n_waivers, show_plural(mod->n_waivers));
}

static bool is_open(const BundleModule *mod)
{
    for (size_t i = 0; i < mod->n_verdicts; i++)
        if (mod->verdicts[i]->result == PARIGOT__BUNDLE__V1__RESULT__RESULT_VIOLATED ||
            mod->verdicts[i]->result == PARIGOT__BUNDLE__V1__RESULT__RESULT_NOT_PROVABLE)
            return true;
    return mod->n_verdicts == 0;
}

static void add_module(Graph *g, uint32_t index)
{
    TextBuf *t = g->show.text;
    const BundleManifest *m = g->show.m;
    const BundleModule *mod = m->modules[index];
    bool is_main = strcmp(m->main, mod->name) == 0;
    text_printf(t, "  m%u [shape=record%s%s, label=\"%u. %s%s\\n", index, is_main ? ", penwidth=2" : "",
                is_open(mod) ? ", color=red" : "", index + 1, mod->name, is_main ? " (main)" : "");
    add_cut(g, m->policies[mod->policy]->name, 40);
    add_verdict(g, mod);
    size_t n;
    const ShowUse *uses = show_provides(&g->show, mod, &n);
    for (size_t i = 0, end; i < n; i = end) {
        end = show_group_end(uses, n, i);
        size_t service = uses[i].service;
        text_printf(t, "|<p%zu> ", service);
        dot_add(t, m->services[service]->name);
        if (g->services.routed[service])
            text_add(t, g->services.provider[service] == (int32_t)index ? STR(" (routed here)")
                                                                        : STR(" (not routed)"));
        text_add(t, STR("\\n"));
        add_methods(g, uses + i, end - i);
    }
    text_add(t, STR("\"];\n"));
}

static void add_services(Graph *g, int32_t provider, const char *cluster, const char *label,
                         const char *shape)
{
    TextBuf *t = g->show.text;
    bool any = false;
    for (size_t i = 0; i < g->show.m->n_services; i++) {
        const char *name = g->show.m->services[i]->name;
        if (g->services.provider[i] != provider || show_is_kernel(name)) continue;
        if (!any) text_printf(t, "  subgraph cluster_%s {\n    label=\"%s\"; color=gray;\n", cluster, label);
        any = true;
        text_printf(t, "    s%zu [%s, label=\"", i, shape);
        dot_add(t, name);
        text_add(t, STR("\"];\n"));
    }
    if (any) text_add(t, STR("  }\n"));
}

/* ---- edges ---- */

static void add_call(Graph *g, uint32_t from, const ShowUse *uses, size_t n)
{
    TextBuf *t = g->show.text;
    size_t service = uses->service;
    int32_t to = g->services.provider[service];
    text_printf(t, "  m%u -> ", from);
    if (to >= 0) text_printf(t, "m%d:p%zu", (int)to, service);
    else text_printf(t, "s%zu", service);
    if (!uses->method) {
        text_add(t, STR(" [style=dotted, label=\"granted, not called\"];\n"));
        return;
    }
    text_printf(t, " [%slabel=\"",
                g->services.routed[service] ? "style=bold, "
                : to == SHOW_ELSEWHERE      ? "style=dashed, "
                                            : "");
    add_methods(g, uses, n);
    text_add(t, STR("\"];\n"));
}

static void add_calls(Graph *g, uint32_t index)
{
    size_t n;
    const ShowUse *uses = show_requires(&g->show, g->show.m->modules[index], &n);
    for (size_t i = 0, end; i < n; i = end) {
        end = show_group_end(uses, n, i);
        add_call(g, index, uses + i, end - i);
    }
}

/* ---- all of it ---- */

void bundle_show_graph(TextBuf *t, const Bundle *b)
{
    Graph g = {.show = {.text = t, .bundle = b, .m = b->manifest}};
    const BundleManifest *m = b->manifest;
    if (show_services(&g.show, &g.services)) {
        text_printf(
            t,
            "digraph world {\n  rankdir=LR; labelloc=t; fontname=\"sans-serif\";\n"
            "  node [fontname=\"sans-serif\", fontsize=11]; edge [fontname=\"sans-serif\", fontsize=9];\n"
            "  label=\"%s ",
            m->name);
        add_cut(&g, m->version, 40);
        text_printf(t, " (generation %llu)\";\n", (unsigned long long)m->generation);
        for (uint32_t i = 0; i < m->n_modules; i++) add_module(&g, i);
        add_services(&g, SHOW_HOST, "host", "the host", "shape=ellipse");
        add_services(&g, SHOW_ELSEWHERE, "remote", "elsewhere", "shape=box, style=\"rounded,dashed\"");
        for (uint32_t i = 0; i < m->n_modules; i++) add_calls(&g, i);
        text_add(t, STR("}\n"));
    }
    arena_free(&g.show.arena);
}

/* ---- as a picture ---- */

bool bundle_show_svg(TextBuf *t, const Bundle *b, Diags *d)
{
    Arena arena = {0};
    TextBuf dot = {0};
    ChildResult result = {0};
    const char *program = child_find(&arena, "dot", true);
    bool ok = program != NULL;
    if (!ok)
        child_missing("dot", "--graph=svg", "it comes with the package graphviz; --graph alone needs nothing",
                      d);
    if (ok) bundle_show_graph(&dot, b);
    if (ok && dot.failed) {
        diag_add(d, OUT_OF_MEMORY, DIAG_AT(.file = b->file), "out of memory");
        ok = false;
    }
    if (ok) {
        ChildJob job = {.program = program,
                        .arguments = (const char *const[]){"dot", "-Tsvg", NULL},
                        .input = (const uint8_t *)dot.ptr,
                        .input_size = dot.len,
                        .limits = {.memory_bytes = UINT64_C(2) << 30,
                                   .output_bytes = 256 << 20,
                                   .seconds = 60,
                                   .processors = 1}};
        ok = child_run(&job, &result);
        if (ok) text_add(t, (Str){(const char *)result.output.ptr, result.output.len});
        else child_tell(&job, &result, b->file, d);
        wr_free(&result.output);
    }
    text_free(&dot);
    arena_free(&arena);
    return ok;
}
