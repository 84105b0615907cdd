/* graph.c: the world as a graph in Graphviz's DOT language: a box for each module with the services that it provides, a line
 * for each service that it calls, ovals for services of the host, dashed boxes for services elsewhere. The kernel, which
 * everybody calls, is left out. See show.h
 *
 * Names of nodes are made of numbers; what the manifest says stands in labels alone, through dot_add. */
#include "bundle/show.h"
#include "wasm/child.h"

#include <stdlib.h>
#include <string.h>

enum { METHODS_SHOWN = 4, HOST = -1, ELSEWHERE = -2 };

typedef struct Graph {
    Show show;
    int32_t *provider; /* of each service: a module's index, HOST or ELSEWHERE */
    bool *routed;      /* of each service: a route says who answers            */
} Graph;

/* Text of a label, of records too. A label's own escapes are \N, \G, \l and so on, \{ \} \| \< \> in records, and entities of
 * HTML: so backslash, quote, brackets, bar and ampersand. */
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

static void add_cut(Graph *g, const char *text, size_t columns) { dot_add(g->show.text, show_cut(&g->show, text, columns)); }

/* The manifest's list of services is sorted and complete: bundle_check_manifest. */
static size_t find_service(const BundleManifest *m, const char *name)
{
    size_t low = 0, high = m->n_services;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(m->services[mid]->name, name) <= 0) low = mid;
        else high = mid;
    }
    return low;
}

/* ---- services and methods of one module, grouped ---- */

typedef struct Use {
    size_t service;
    const char *method; /* NULL: granted */
} Use;

static int by_service(const void *a, const void *b)
{
    const Use *x = a, *y = b;
    if (x->service != y->service) return x->service < y->service ? -1 : 1;
    if (!x->method || !y->method) return !x->method - !y->method; /* grants last */
    return strcmp(x->method, y->method);
}

static size_t end_of_group(const Use *uses, size_t n, size_t i)
{
    size_t end = i + 1;
    while (end < n && uses[end].service == uses[i].service) end++;
    return end;
}

/* "Do, Undo, Redo and 2 more" */
static void add_methods(Graph *g, const Use *uses, size_t n)
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
    if (mod->n_waivers) text_printf(g->show.text, "\\n%zu finding%s waived", mod->n_waivers, show_plural(mod->n_waivers));
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
    Use *uses = show_array(&g->show, mod->n_provides, sizeof *uses);
    if (!uses) return;
    for (size_t i = 0; i < mod->n_provides; i++)
        uses[i] = (Use){find_service(m, mod->provides[i]->service), mod->provides[i]->method};
    qsort(uses, mod->n_provides, sizeof *uses, by_service);
    for (size_t i = 0, end; i < mod->n_provides; i = end) {
        end = end_of_group(uses, mod->n_provides, i);
        size_t service = uses[i].service;
        text_printf(t, "|<p%zu> ", service);
        dot_add(t, m->services[service]->name);
        if (g->routed[service]) text_add(t, g->provider[service] == (int32_t)index ? STR(" (routed here)") : STR(" (not routed)"));
        text_add(t, STR("\\n"));
        add_methods(g, uses + i, end - i);
    }
    text_add(t, STR("\"];\n"));
}

static void add_services(Graph *g, int32_t provider, const char *cluster, const char *label, const char *shape)
{
    TextBuf *t = g->show.text;
    bool any = false;
    for (size_t i = 0; i < g->show.m->n_services; i++) {
        const char *name = g->show.m->services[i]->name;
        if (g->provider[i] != provider || show_is_kernel(name)) continue;
        if (!any) text_printf(t, "  subgraph cluster_%s {\n    label=\"%s\"; color=gray;\n", cluster, label);
        any = true;
        text_printf(t, "    s%zu [%s, label=\"", i, shape);
        dot_add(t, name);
        text_add(t, STR("\"];\n"));
    }
    if (any) text_add(t, STR("  }\n"));
}

/* ---- edges ---- */

static void add_call(Graph *g, uint32_t from, const Use *uses, size_t n)
{
    TextBuf *t = g->show.text;
    size_t service = uses->service;
    int32_t to = g->provider[service];
    text_printf(t, "  m%u -> ", from);
    if (to >= 0) text_printf(t, "m%d:p%zu", (int)to, service);
    else text_printf(t, "s%zu", service);
    if (!uses->method) {
        text_add(t, STR(" [style=dotted, label=\"granted, not called\"];\n"));
        return;
    }
    text_printf(t, " [%slabel=\"", g->routed[service] ? "style=bold, " : to == ELSEWHERE ? "style=dashed, " : "");
    add_methods(g, uses, n);
    text_add(t, STR("\"];\n"));
}

static void add_calls(Graph *g, uint32_t index)
{
    const BundleManifest *m = g->show.m;
    const BundleModule *mod = m->modules[index];
    size_t n = 0;
    Use *uses = show_array(&g->show, mod->n_imports + mod->n_grants, sizeof *uses);
    if (!uses) return;
    for (size_t i = 0; i < mod->n_imports; i++)
        if (!show_is_kernel(mod->imports[i]->service))
            uses[n++] = (Use){find_service(m, mod->imports[i]->service), mod->imports[i]->method};
    for (size_t i = 0; i < mod->n_grants; i++)
        if (!show_is_kernel(mod->grants[i])) uses[n++] = (Use){find_service(m, mod->grants[i]), NULL};
    qsort(uses, n, sizeof *uses, by_service);
    for (size_t i = 0, end; i < n; i = end) {
        end = end_of_group(uses, n, i);
        add_call(g, index, uses + i, end - i);
    }
}

/* ---- all of it ---- */

static bool find_providers(Graph *g)
{
    const BundleManifest *m = g->show.m;
    g->provider = show_array(&g->show, m->n_services, sizeof *g->provider);
    g->routed = show_array(&g->show, m->n_services, sizeof *g->routed);
    if (!g->provider || !g->routed) return false;
    for (size_t i = 0; i < m->n_services; i++)
        g->provider[i] = bundle_is_system_service(m->services[i]->name) ? HOST : ELSEWHERE;
    for (uint32_t i = 0; i < m->n_modules; i++)
        for (size_t j = 0; j < m->modules[i]->n_provides; j++)
            g->provider[find_service(m, m->modules[i]->provides[j]->service)] = (int32_t)i;
    for (size_t i = 0; i < m->n_routes; i++) {
        const BundleRoute *r = m->routes[i];
        size_t service = find_service(m, r->service);
        const BundleModule *to = bundle_find_module(m, r->module);
        g->routed[service] = true;
        for (uint32_t j = 0; j < m->n_modules; j++)
            if (m->modules[j] == to) g->provider[service] = (int32_t)j;
    }
    return true;
}

void bundle_show_graph(TextBuf *t, const Bundle *b)
{
    Graph g = {.show = {.text = t, .bundle = b, .m = b->manifest}};
    const BundleManifest *m = b->manifest;
    if (find_providers(&g)) {
        text_printf(t, "digraph world {\n  rankdir=LR; labelloc=t; fontname=\"sans-serif\";\n"
                       "  node [fontname=\"sans-serif\", fontsize=11]; edge [fontname=\"sans-serif\", fontsize=9];\n"
                       "  label=\"%s ",
                    m->name);
        add_cut(&g, m->version, 40);
        text_printf(t, " (generation %llu)\";\n", (unsigned long long)m->generation);
        for (uint32_t i = 0; i < m->n_modules; i++) add_module(&g, i);
        add_services(&g, HOST, "host", "the host", "shape=ellipse");
        add_services(&g, ELSEWHERE, "remote", "elsewhere", "shape=box, style=\"rounded,dashed\"");
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
    if (!ok) child_missing("dot", "--graph=svg", "it comes with the package graphviz; --graph alone needs nothing", d);
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
                        .limits = {.memory_bytes = UINT64_C(2) << 30, .output_bytes = 256 << 20, .seconds = 60, .processors = 1}};
        ok = child_run(&job, &result);
        if (ok) text_add(t, (Str){(const char *)result.output.ptr, result.output.len});
        else child_tell(&job, &result, b->file, d);
        wr_free(&result.output);
    }
    text_free(&dot);
    arena_free(&arena);
    return ok;
}
