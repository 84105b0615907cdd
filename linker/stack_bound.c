/* stack_bound.c: the deepest chain of calls: --stack-report and -z stack-size=auto.
 *
 * Functions are nodes, and so is each type that is called by pointer: it calls all functions of that type that a
 * table may hold. Tarjan's algorithm finds the circles, each before whoever leads to it, so the deepest chain from
 * a node is known as soon as its circle is complete: all in time linear in the code, and without recursion here. A
 * circle in which nobody holds anything while he calls (functions without frames) needs no stack of ours and has a
 * bound; any other has none.
 *
 * Imports cost nothing: what the host calls back comes through an export, and under a policy each is a thunk that
 * sets the pointer to its start. So the bound is of one entry at a time. */
#include "linker/stack_bound.h"
#include "linker/ld.h"

#include <string.h>

enum { MOST_TOLD = 32, MOST_NAMES = 16, MOST_CHAIN = 48, MOST_NAME = 200 };

/* Nodes that call each other in circles; or one node. */
typedef struct Circle {
    uint32_t first, n;  /* in `order` */
    uint64_t bound;     /* STACK_NO_BOUND */
    uint32_t deepest;   /* member where the deepest chain leaves it or ends */
    uint32_t next;      /* node where it goes on, or STACK_NOBODY */
    uint32_t length;    /* functions of that chain */
    uint32_t blame;     /* without a bound: node that prevents it: one of a recursion, or one with a frame that is not constant */
    bool recursive;     /* it is itself a recursion that holds frames */
} Circle;

typedef struct Bound {
    StackGraph g;
    WasmNames names;
    uint32_t *circle_of; /* each node's */
    uint32_t *order;     /* nodes, those of a circle together */
    Circle *circles;
    uint32_t n_circles;
    uint32_t *came;      /* room for way_around */
    const char **told;   /* for each circle the words of its recursion, once they were asked for */
} Bound;

/* ---- circles ---- */

typedef struct Visit {
    uint32_t node;
    size_t next_edge;
} Visit;

typedef struct Tarjan {
    Bound *b;
    uint32_t *number, *low; /* 0: not seen */
    uint32_t *open;         /* nodes whose circle is not complete */
    Visit *visits;
    uint32_t n_open, n_visits, n_numbers, n_ordered;
} Tarjan;

static bool is_function(const Bound *b, uint32_t node) { return node < b->g.m->n_funcs; }

static void prevent(Circle *c, uint32_t blame)
{
    if (c->bound == STACK_NO_BOUND) return;
    c->bound = STACK_NO_BOUND;
    c->blame = blame;
}

static void deepen(Circle *c, uint64_t bytes, uint32_t member, uint32_t next, uint32_t length)
{
    if (c->bound == STACK_NO_BOUND || (c->deepest != STACK_NOBODY && bytes <= c->bound)) return;
    c->bound = bytes;
    c->deepest = member;
    c->next = next;
    c->length = length;
}

static void follow_edges(Bound *b, Circle *c, uint32_t member)
{
    const StackNode *node = &b->g.nodes[member];
    const uint32_t self = b->circle_of[member], counts = is_function(b, member);
    deepen(c, node->frame, member, STACK_NOBODY, counts);
    if (node->problem_at) prevent(c, member);
    for (size_t i = 0; i < node->n_edges; i++) {
        const StackEdge *e = &b->g.edges[node->first_edge + i];
        const Circle *to = &b->circles[b->circle_of[e->to]];
        if (to == c) {
            if (e->held) c->recursive = true;
        } else if (to->bound == STACK_NO_BOUND) prevent(c, to->blame);
        else deepen(c, e->held + to->bound, member, e->to, to->length + counts);
    }
    if (c->recursive) prevent(c, b->order[b->circles[self].first]);
}

static void complete(Tarjan *t, uint32_t root)
{
    Bound *b = t->b;
    Circle *c = &b->circles[b->n_circles];
    *c = (Circle){.first = t->n_ordered, .deepest = STACK_NOBODY, .next = STACK_NOBODY};
    uint32_t node;
    do {
        node = t->open[--t->n_open];
        b->circle_of[node] = b->n_circles;
        b->order[t->n_ordered++] = node;
    } while (node != root);
    b->n_circles++;
    c->n = t->n_ordered - c->first;
    for (uint32_t i = 0; i < c->n; i++) follow_edges(b, c, b->order[c->first + i]);
}

static void enter(Tarjan *t, uint32_t node)
{
    t->number[node] = t->low[node] = ++t->n_numbers;
    t->open[t->n_open++] = node;
    t->visits[t->n_visits++] = (Visit){.node = node};
}

static void visit_from(Tarjan *t, uint32_t start)
{
    enter(t, start);
    while (t->n_visits) {
        Visit *v = &t->visits[t->n_visits - 1];
        const StackNode *node = &t->b->g.nodes[v->node];
        if (v->next_edge < node->n_edges) {
            uint32_t to = t->b->g.edges[node->first_edge + v->next_edge++].to;
            if (!t->number[to]) enter(t, to);
            else if (t->b->circle_of[to] == STACK_NOBODY && t->number[to] < t->low[v->node])
                t->low[v->node] = t->number[to];
            continue;
        }
        uint32_t done = v->node;
        if (t->low[done] == t->number[done]) complete(t, done);
        if (--t->n_visits == 0) break;
        uint32_t above = t->visits[t->n_visits - 1].node;
        if (t->low[done] < t->low[above]) t->low[above] = t->low[done];
    }
}

static void find_circles(Bound *b)
{
    Arena *a = b->g.arena;
    uint32_t n = b->g.n_nodes;
    b->circle_of = arena_array(a, n, sizeof *b->circle_of);
    b->order = arena_array(a, n, sizeof *b->order);
    b->circles = arena_array(a, n, sizeof *b->circles);
    Tarjan t = {.b = b,
                .number = arena_array(a, n, sizeof *t.number),
                .low = arena_array(a, n, sizeof *t.low),
                .open = arena_array(a, n, sizeof *t.open),
                .visits = arena_array(a, n, sizeof *t.visits)};
    for (uint32_t i = 0; i < n; i++) b->circle_of[i] = STACK_NOBODY;
    for (uint32_t i = 0; i < n; i++)
        if (!t.number[i]) visit_from(&t, i);
}

/* ---- a module ---- */

static void find_pointer(StackGraph *g, const ValReport *report)
{
    const WasmModule *m = g->m;
    g->pointer = STACK_NOBODY;
    if (report->section == PM_PRESENT && report->pm.stack_pointer && report->pm.stack_pointer <= m->n_globals)
        g->pointer = report->pm.stack_pointer - 1;
    for (uint32_t i = 0; i < m->n_globals && g->pointer == STACK_NOBODY; i++)
        if (m->globals[i].mutable && m->globals[i].type == TYPE_I32) g->pointer = i;
    if (g->pointer != STACK_NOBODY && m->globals[g->pointer].init.size)
        g->has_top = wasm_const_i32(m, m->globals[g->pointer].init, &g->top);
}

static bool is_shared(const StackGraph *g)
{
    if (g->pointer == STACK_NOBODY) return false;
    for (uint32_t i = 0; i < g->m->n_exports; i++)
        if (g->m->exports[i].kind == KIND_GLOBAL && g->m->exports[i].index == g->pointer) return true;
    return g->pointer < g->m->n_imported[KIND_GLOBAL];
}

/* *report's module is looked at as long as *b is. */
static bool open_module(Bound *b, ValReport *report, Arena *arena, const uint8_t *bytes, size_t size, const char *file,
                        Diags *diags)
{
    if (!val_module(arena, bytes, size, file, NULL, diags, report)) return false;
    report->section = pm_read(&report->module, arena, diags, &report->pm); /* without rules nobody has */
    *b = (Bound){.g = {.m = &report->module, .arena = arena}};
    find_pointer(&b->g, report);
    wasm_read_names(b->g.m, arena, &b->names);
    if (!stack_scan(&b->g)) {
        diag_add(diags, LD_BAD_OBJECT, DIAG_AT(.file = file), "a body that was found valid cannot be read");
        return false;
    }
    find_circles(b);
    b->came = arena_array(arena, b->g.n_nodes, sizeof *b->came);
    b->told = arena_array(arena, b->n_circles, sizeof *b->told);
    return true;
}

static const Circle *circle(const Bound *b, uint32_t node) { return &b->circles[b->circle_of[node]]; }

static Str name_of(const Bound *b, uint32_t func)
{
    Str none = {0};
    return func < b->names.n_funcs ? b->names.funcs[func] : none;
}

static void add_name(const Bound *b, TextBuf *t, uint32_t func)
{
    Str name = name_of(b, func);
    bool cut = name.len > MOST_NAME;
    if (cut) name.len = MOST_NAME;
    if (name.len) text_add_escaped(t, name);
    else text_printf(t, "func %u", func);
    if (cut) text_printf(t, "...");
}

/* ---- what prevents a bound ---- */

/* A shortest way around this node's circle over an edge that holds a frame: breadth first. Returns nodes in *way, the
 * first one not repeated at the end. */
static uint32_t way_around(const Bound *b, uint32_t in, uint32_t **way)
{
    const Circle *c = circle(b, in);
    uint32_t from = STACK_NOBODY, to = STACK_NOBODY;
    for (uint32_t i = 0; i < c->n; i++) { /* the holding edge of the lowest function */
        uint32_t node = b->order[c->first + i];
        const StackNode *n = &b->g.nodes[node];
        for (size_t k = 0; k < n->n_edges && node < from; k++) {
            const StackEdge *e = &b->g.edges[n->first_edge + k];
            if (!e->held || circle(b, e->to) != c) continue;
            from = node;
            to = e->to;
        }
    }
    Arena *a = b->g.arena;
    uint32_t *came = b->came, *queue = arena_array(a, c->n, sizeof *queue);
    for (uint32_t i = 0; i < c->n; i++) came[b->order[c->first + i]] = STACK_NOBODY;
    uint32_t n_queue = 0, at = 0, n = 1;
    came[to] = from;
    queue[n_queue++] = to;
    while (to != from && at < n_queue && came[from] == STACK_NOBODY) {
        uint32_t node = queue[at++];
        for (size_t k = 0; k < b->g.nodes[node].n_edges; k++) {
            uint32_t next = b->g.edges[b->g.nodes[node].first_edge + k].to;
            if (circle(b, next) != c || came[next] != STACK_NOBODY) continue;
            came[next] = node;
            queue[n_queue++] = next;
        }
    }
    for (uint32_t node = came[from]; node != from; node = came[node]) n++;
    *way = arena_array(a, n, sizeof **way);
    (*way)[0] = from;
    uint32_t node = from;
    for (uint32_t i = n; i > 1; i--) (*way)[i - 1] = node = came[node];
    return n;
}

/* "a -> b -> (by pointer) c -> a" */
static void write_recursion(const Bound *b, TextBuf *t, uint32_t in)
{
    uint32_t *way, n = way_around(b, in, &way), told = 0, left = 0;
    for (uint32_t i = 0; i <= n; i++) {
        uint32_t node = way[i % n];
        bool last = i == n;
        if (!is_function(b, node)) continue;
        if (told >= MOST_NAMES && !last) {
            left++;
            continue;
        }
        if (last && left) text_printf(t, " -> ... %u more", left);
        if (i) text_printf(t, is_function(b, way[i - 1]) ? " -> " : " -> (by pointer) ");
        add_name(b, t, node);
        told++;
    }
}

/* The same circle may be in the way of many entries. */
static const char *recursion(const Bound *b, uint32_t in)
{
    const char **told = &b->told[b->circle_of[in]];
    TextBuf t = {0};
    if (*told) return *told;
    write_recursion(b, &t, in);
    *told = arena_strndup(b->g.arena, t.ptr ? t.ptr : "", t.len);
    text_free(&t);
    return *told;
}

static void tell_recursion(const Bound *b, Diags *diags, uint32_t node)
{
    diag_add(diags, LD_STACK_RECURSION, DIAG_AT(.file = b->g.m->file), "-z stack-size=auto: recursion: %s",
             recursion(b, node));
}

static void tell_dynamic(const Bound *b, Diags *diags, uint32_t func)
{
    Str name = name_of(b, func);
    diag_add(diags, LD_STACK_DYNAMIC,
             DIAG_AT(.file = b->g.m->file, .offset = b->g.nodes[func].problem_at, .func = func, .func_name = name),
             "-z stack-size=auto: the frame has no constant size");
}

/* ---- entries ---- */

/* Calls back for each: the exports in their order, the start function, what the host can call through a table. */
typedef void OnEntry(void *ctx, const Bound *, const char *what, Str name, uint32_t func);

static void each_entry(const Bound *b, OnEntry *on, void *ctx)
{
    const WasmModule *m = b->g.m;
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (m->exports[i].kind == KIND_FUNC) on(ctx, b, "entry ", m->exports[i].name, m->exports[i].index);
    if (m->has_start) on(ctx, b, "start function ", name_of(b, m->start), m->start);
    for (uint32_t f = 0; b->g.open_table && f < m->n_funcs; f++)
        if (b->g.taken[f]) on(ctx, b, "in a table: ", name_of(b, f), f);
}

typedef struct Reach {
    bool *seen;
    uint32_t *queue, n;
    uint64_t bound;
} Reach;

static void reach(void *ctx, const Bound *b, const char *what, Str name, uint32_t func)
{
    (void)what, (void)name;
    Reach *r = ctx;
    uint64_t bound = circle(b, func)->bound;
    if (bound > r->bound) r->bound = bound;
    if (!r->seen[func]) r->queue[r->n++] = func;
    r->seen[func] = true;
}

/* What entries lead to, and the most that one of them needs. */
static Reach reach_all(const Bound *b)
{
    Reach r = {.seen = arena_array(b->g.arena, b->g.n_nodes, sizeof *r.seen),
               .queue = arena_array(b->g.arena, b->g.n_nodes, sizeof *r.queue)};
    each_entry(b, reach, &r);
    for (uint32_t at = 0; at < r.n; at++) {
        const StackNode *n = &b->g.nodes[r.queue[at]];
        for (size_t k = 0; k < n->n_edges; k++) {
            uint32_t to = b->g.edges[n->first_edge + k].to;
            if (!r.seen[to]) r.queue[r.n++] = to;
            r.seen[to] = true;
        }
    }
    return r;
}

static void tell_all(const Bound *b, Diags *diags, const bool *seen)
{
    bool *told = arena_array(b->g.arena, b->n_circles, sizeof *told);
    uint32_t n = 0;
    for (uint32_t f = 0; f < b->g.m->n_funcs; f++) {
        if (!seen[f]) continue;
        if (b->g.nodes[f].problem_at && n++ < MOST_TOLD) tell_dynamic(b, diags, f);
        if (!circle(b, f)->recursive || told[b->circle_of[f]]) continue;
        told[b->circle_of[f]] = true;
        if (n++ < MOST_TOLD) tell_recursion(b, diags, f);
    }
    if (n > MOST_TOLD)
        diag_add(diags, LD_STACK_RECURSION, DIAG_AT(.file = b->g.m->file),
                 "-z stack-size=auto: %u more recursions and frames prevent a bound", n - MOST_TOLD);
}

bool ld_stack_bound(Arena *arena, const uint8_t *bytes, size_t size, const char *file, Diags *diags, uint64_t *bound)
{
    Bound b;
    ValReport report;
    if (!open_module(&b, &report, arena, bytes, size, file, diags)) return false;
    Reach r = reach_all(&b);
    *bound = r.bound;
    if (is_shared(&b.g))
        diag_add(diags, LD_STACK_SHARED, DIAG_AT(.file = file), "-z stack-size=auto: the stack pointer is shared");
    else if (r.bound == STACK_NO_BOUND) tell_all(&b, diags, r.seen);
    else return true;
    return false;
}

/* ---- the report ---- */

typedef struct Report {
    TextBuf *t;
    Dwarf *dwarf;
    uint32_t code_start; /* of the code section's payload */
    const char *hide_prefix;
} Report;

static void add_line(const Report *r, const Bound *b, uint32_t func)
{
    const char *path;
    uint32_t line, at = b->g.nodes[func].code_at;
    if (!at || !r->dwarf || !dwarf_line_of_code(r->dwarf, at - r->code_start, &path, &line)) return;
    size_t hidden = r->hide_prefix ? strlen(r->hide_prefix) : 0;
    if (hidden && strncmp(path, r->hide_prefix, hidden) == 0) path += hidden;
    text_printf(r->t, "  ");
    text_add_escaped(r->t, str_of(path));
    text_printf(r->t, ":%u", line);
}

static void add_chain(const Report *r, const Bound *b, uint32_t node)
{
    uint32_t told = 0, length = circle(b, node)->length;
    while (node != STACK_NOBODY && told < MOST_CHAIN) {
        const Circle *c = circle(b, node);
        if (is_function(b, node)) {
            text_printf(r->t, "%10llu  ", (unsigned long long)b->g.nodes[node].frame);
            add_name(b, r->t, node);
            add_line(r, b, node);
            text_printf(r->t, "\n");
            told++;
        }
        node = node == c->deepest ? c->next : c->deepest; /* around in a circle that holds nothing */
    }
    if (node != STACK_NOBODY && length > told) text_printf(r->t, "%10s  ... and %u more\n", "", length - told);
}

static void report_entry(void *ctx, const Bound *b, const char *what, Str name, uint32_t func)
{
    const Report *r = ctx;
    const Circle *c = circle(b, func);
    text_printf(r->t, "\n%s", what);
    if (name.len) text_add_escaped(r->t, name);
    else text_printf(r->t, "func %u", func);
    if (c->bound != STACK_NO_BOUND) {
        text_printf(r->t, ": %llu bytes\n", (unsigned long long)c->bound);
        add_chain(r, b, func);
        return;
    }
    const StackNode *blamed = &b->g.nodes[c->blame];
    text_printf(r->t, ": no bound: ");
    if (blamed->problem_at) {
        text_printf(r->t, "no constant frame: ");
        add_name(b, r->t, c->blame);
        add_line(r, b, c->blame);
    } else {
        text_printf(r->t, "recursion: %s", recursion(b, c->blame));
    }
    text_printf(r->t, "\n");
}

static void report_head(const Report *r, const Bound *b, const ValReport *report)
{
    Reach all = reach_all(b);
    text_printf(r->t, "stack: ");
    if (is_shared(&b->g)) text_printf(r->t, "shared with other modules: their part is not counted; ");
    if (all.bound == STACK_NO_BOUND) text_printf(r->t, "no bound");
    else text_printf(r->t, "at most %llu bytes", (unsigned long long)all.bound);
    if (report->section == PM_PRESENT && report->pm.has_layout)
        text_printf(r->t, " of %u", report->pm.layout.stack_high - report->pm.layout.stack_low);
    text_printf(r->t, "\n");
}

static bool report_all(const LdOptions *o, Arena *arena, Diags *diags, const Writer *module, TextBuf *t)
{
    Bound b;
    ValReport report;
    if (!open_module(&b, &report, arena, module->ptr, module->len, o->output, diags)) return false;
    Report r = {.t = t, .dwarf = dwarf_open_module(b.g.m, arena), .hide_prefix = o->hide_prefix};
    for (uint32_t i = 0; i < b.g.m->n_sections; i++)
        if (b.g.m->sections[i].id == SEC_CODE) r.code_start = b.g.m->sections[i].payload.offset;
    report_head(&r, &b, &report);
    each_entry(&b, report_entry, &r);
    return true;
}

typedef struct ReportRun {
    Arena arena;
    jmp_buf out_of_memory;
} ReportRun;

static void give_up(void *ctx) { longjmp(((ReportRun *)ctx)->out_of_memory, 1); }

static bool report_guarded(ReportRun *run, const LdOptions *o, Diags *diags, const Writer *module, TextBuf *t)
{
    if (setjmp(run->out_of_memory) == 0) return report_all(o, &run->arena, diags, module, t);
    diag_add(diags, OUT_OF_MEMORY, DIAG_AT(), "out of memory");
    return false;
}

bool ld_report_stack(const LdOptions *o, Diags *diags, const Writer *module, TextBuf *t)
{
    ReportRun run = {.arena = {.limit_bytes = o->memory_limit, .on_oom = give_up}};
    run.arena.oom_ctx = &run;
    bool ok = report_guarded(&run, o, diags, module, t);
    arena_free(&run.arena);
    return ok;
}
