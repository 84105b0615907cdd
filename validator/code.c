/* code.c: all function bodies, one after the other or in several threads.
 *
 * Threads do not record anything. Each has a Val of its own in which findings and errors only leave a mark
 * (quiet); a body that left one is checked again afterwards, by the caller's thread and in the order of the
 * module. Most bodies leave none. So what is found, and in which order it is said, cannot depend on the number
 * of threads: it is always found in one. What bodies add to (facts of globals, features, counters) is kept by
 * each thread and summed up in the end, where the first place counts. */
#include "validator/body.h"

#include <stdlib.h>
#include <string.h>

typedef struct Worker {
    Val v;
    ValReport report;
    Diags diags;
    Arena arena; /* stands for the caller's */
    Body *body;  /* NULL: no memory; then nobody starts */
} Worker;

typedef struct Crew {
    const Val *v;
    Worker *workers;
    CodeChunks chunks;
    uint8_t *again;   /* by body: to be checked again, aloud */
} Crew;

/* ---- in threads ---- */

static bool left_a_mark(Worker *w)
{
    bool marked = w->v.marked || w->diags.n || w->diags.errors;
    w->v.marked = false;
    if (w->diags.n) diag_free(&w->diags);
    w->diags.errors = 0;
    w->diags.limit = 1;
    return marked;
}

static void check_chunk(void *ctx, uint32_t chunk, unsigned worker)
{
    Crew *c = ctx;
    Worker *w = &c->workers[worker];
    for (uint32_t i = c->chunks.first[chunk]; i < c->chunks.first[chunk + 1]; i++) {
        check_body(w->body, i);
        c->again[i] = left_a_mark(w);
    }
}

/* ---- before and after ---- */

static void start_worker(const Val *v, Worker *w)
{
    w->v = *v;
    w->report = *v->report;
    w->report.type_comparisons = 0;
    w->arena = (Arena){.limit_bytes = v->arena->limit_bytes};
    w->v.scratch = (Arena){.limit_bytes = v->scratch.limit_bytes};
    w->v.report = &w->report;
    w->v.diags = &w->diags;
    w->v.arena = &w->arena;
    w->v.errors_before = w->v.rule_errors = 0;
    w->v.table_writes = 0;
    w->v.quiet = true;
    w->v.globals = arena_array(&w->v.scratch, v->m->n_globals, sizeof *w->v.globals);
    if (w->v.globals) {
        memcpy(w->v.globals, v->globals, v->m->n_globals * sizeof *w->v.globals);
        w->body = body_new(&w->v);
    }
    (void)left_a_mark(w);
}

static void add_facts(GlobalFacts *to, const GlobalFacts *from)
{
    if (from->sets && (to->sets == 0 || from->first_set < to->first_set)) {
        to->first_set = from->first_set;
        to->first_func = from->first_func;
    }
    if (from->left_by && (to->left_by == 0 || from->left_at < to->left_at)) {
        to->left_by = from->left_by;
        to->left_func = from->left_func;
        to->left_at = from->left_at;
    }
    to->sets += from->sets;
    to->frames += from->frames;
    to->unlike_stack |= from->unlike_stack;
}

static void add_worker(Val *v, Worker *w)
{
    if (w->body) {
        for (uint32_t i = 0; i < v->m->n_globals; i++) add_facts(&v->globals[i], &w->v.globals[i]);
        for (int f = 0; f < FEATURE_COUNT; f++) {
            if (!(w->v.used >> f & 1)) continue;
            if (!(v->used >> f & 1) || w->v.feature_site[f].offset < v->feature_site[f].offset)
                v->feature_site[f] = w->v.feature_site[f];
            v->used |= UINT64_C(1) << f;
        }
        v->memory_written |= w->v.memory_written;
        v->table_writes += w->v.table_writes;
        v->report->type_comparisons += w->report.type_comparisons;
        v->workers_bytes += w->v.scratch.used_bytes;
    }
    diag_free(&w->diags);
    arena_free(&w->v.scratch);
    arena_free(&w->arena);
}

/* What is said is said here. The facts of these bodies are there already. */
static void check_again(Val *v, const uint8_t *again)
{
    uint32_t table_writes = v->table_writes;
    GlobalFacts *facts = v->globals, *unused = arena_array(&v->scratch, v->m->n_globals, sizeof *unused);
    Body *b = unused ? body_new(v) : NULL;
    if (!b) {
        if (!unused) out_of_memory(v);
        return;
    }
    memcpy(unused, facts, v->m->n_globals * sizeof *unused);
    v->globals = unused;
    for (uint32_t i = 0; i < v->m->n_bodies; i++)
        if (again[i]) check_body(b, i);
    v->globals = facts;
    v->table_writes = table_writes;
}

static bool check_in_threads(Val *v, unsigned threads)
{
    Crew c = {.v = v};
    if (wasm_code_bytes(v->m) < WORTH_THREADS) return false;
    c.again = arena_alloc(&v->scratch, v->m->n_bodies);
    c.workers = arena_array(&v->scratch, threads, sizeof *c.workers);
    if (!c.again || !c.workers || !wasm_code_chunks(v->m, CHUNK, &v->scratch, &c.chunks)) return false;
    bool ready = true;
    for (unsigned i = 0; i < threads; i++) {
        start_worker(v, &c.workers[i]);
        ready &= c.workers[i].body != NULL;
    }
    if (ready) parallel_for(threads, c.chunks.n, check_chunk, &c);
    for (unsigned i = 0; i < threads; i++) add_worker(v, &c.workers[i]);
    if (!ready) return false; /* a body that one left out would be checked again, but its facts be lost */
    if (memchr(c.again, true, v->m->n_bodies)) check_again(v, c.again);
    return true;
}

void check_code(Val *v)
{
    unsigned threads = v->o.threads > PARALLEL_MOST ? PARALLEL_MOST : v->o.threads;
    if (threads > 1 && check_in_threads(v, threads)) return;
    Body *b = body_new(v);
    for (uint32_t i = 0; b && i < v->m->n_bodies; i++) check_body(b, i);
}
