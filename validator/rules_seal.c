/* rules_seal.c: P403 and P404, store checks: is each write kept out of the null guard and of the sealed data by the code
 * itself? docs/seal-check.md. What can be known of a write is writes.c; here it is compared with the layout that
 * parigot.module records, and told. One finding a function. */
#include "validator/state.h"
#include "wasm/writes.h"

typedef struct Judge {
    Val *v;
    uint32_t func;
    bool said; /* of this function */
} Judge;

static bool is_recorded(const Val *v)
{
    const ValReport *r = v->report;
    return r->section == PM_PRESENT && r->pm.has_layout && r->pm.layout.seal == PM_SEAL_CHECK;
}

/* `local 3 and 8 bytes`, `an address that is not followed` */
static const char *operand_words(Val *v, const Operand *o)
{
    const char *words = NULL;
    if (!worth_words(v, RULE_P403)) return "";
    if (o->kind != OPERAND_VALUE || o->id == VALUE_UNKNOWN) return "a computed address";
    if (o->id == VALUE_ZERO) words = arena_printf(&v->scratch, "0x%x", o->distance);
    else if (o->local != NO_LOCAL) words = arena_printf(&v->scratch, "local %u", o->local);
    return words ? words : "a computed address";
}

/* Nothing closes a gap here. Where a frame begins there is none yet: what is done with it tells. */
static bool report_gap(void *ctx, Gap *gap)
{
    Judge *j = ctx;
    Val *v = j->v;
    if (gap->kind == GAP_FRAME) return false;
    v->seal_ok = false;
    if (j->said) return false;
    j->said = true;
    const Site site = {(uint32_t)(gap->at - v->m->bytes), j->func};
    const char *text = wasm_op_text(gap->instr->op), *words = operand_words(v, &gap->address);
    if (gap->kind == GAP_POINTER)
        violated(v, RULE_P403, site, (Str){0}, "the stack pointer is set to %s, which is not shown to be within the stack, 0x%x to 0x%x",
                 words, v->stack_low, v->stack_high);
    else if (gap->kind == GAP_BULK)
        violated(v, RULE_P403, site, (Str){0}, "%s to %s is not shown to stay in the stack or above the sealed data", text, words);
    else
        violated(v, RULE_P403, site, (Str){0}, "%s of %llu byte%s at %s, offset %llu, is not shown to stay in the stack or above the sealed data",
                 text, (unsigned long long)gap->size, gap->size == 1 ? "" : "s", words, (unsigned long long)gap->offset);
    return false;
}

/* ---- all functions, in threads: these say nothing; one with a gap is walked again afterwards, aloud, in the order of the module ---- */

typedef struct Worker {
    WriteWalk walk;
    Arena arena;
    bool marked;
} Worker;

typedef struct Crew {
    Worker *workers;
    CodeChunks chunks;
    uint8_t *again; /* by body */
} Crew;

static bool mark_gap(void *ctx, Gap *gap)
{
    Worker *w = ctx;
    w->marked |= gap->kind != GAP_FRAME;
    return false;
}

static void walk_chunk(void *ctx, uint32_t chunk, unsigned worker)
{
    Crew *c = ctx;
    Worker *w = &c->workers[worker];
    for (uint32_t i = c->chunks.first[chunk]; i < c->chunks.first[chunk + 1]; i++) {
        w->marked = false;
        c->again[i] = !writes_walk(&w->walk, i) || w->marked;
    }
}

/* Which bodies are to be walked here; NULL: all. */
static const uint8_t *walk_in_threads(Val *v, const WriteWalk *walk)
{
    unsigned n = v->o.threads > PARALLEL_MOST ? PARALLEL_MOST : v->o.threads;
    if (n < 2 || wasm_code_bytes(v->m) < WORTH_THREADS) return NULL;
    Crew c = {.workers = arena_array(&v->scratch, n, sizeof *c.workers), .again = arena_alloc(&v->scratch, v->m->n_bodies)};
    if (!c.workers || !c.again || !wasm_code_chunks(v->m, CHUNK, &v->scratch, &c.chunks)) return NULL;
    for (unsigned i = 0; i < n; i++) {
        Worker *w = &c.workers[i];
        *w = (Worker){.walk = *walk, .arena = {.limit_bytes = v->scratch.limit_bytes}};
        w->walk.arena = &w->arena;
        w->walk.gap = mark_gap;
        w->walk.ctx = w;
    }
    parallel_for(n, c.chunks.n, walk_chunk, &c);
    for (unsigned i = 0; i < n; i++) {
        v->workers_bytes += c.workers[i].arena.used_bytes;
        arena_free(&c.workers[i].arena);
    }
    return c.again;
}

static void walk_all(Val *v)
{
    const PmLayout *l = &v->report->pm.layout;
    Judge j = {.v = v};
    WriteWalk w = {.m = v->m, .arena = &v->scratch, .gap = report_gap, .ctx = &j,
                   .bounds = {l->stack_low, l->stack_high, l->sealed_high},
                   .stack_pointer = v->report->pm.stack_pointer ? v->report->pm.stack_pointer - 1 : NO_LOCAL};
    const uint8_t *again = walk_in_threads(v, &w);
    for (uint32_t i = 0; i < v->m->n_bodies; i++) {
        if (again && !again[i]) continue;
        j.func = v->m->n_imported[KIND_FUNC] + i;
        j.said = false;
        if (writes_walk(&w, i)) continue;
        out_of_memory(v);
        v->seal_ok = false;
        return;
    }
}

/* Does anybody but the code set the stack pointer? */
static bool pointer_is_shared(const Val *v)
{
    uint32_t sp = v->report->pm.stack_pointer;
    return sp && v->globals[sp - 1].export;
}

void check_seal(Val *v)
{
    v->seal_recorded = is_recorded(v);
    if (!v->seal_recorded && v->m->n_memories)
        violated(v, RULE_P404, SITE_OF_MODULE, (Str){0},
                 v->report->section == PM_PRESENT && v->report->pm.has_layout
                     ? "the module leaves its seal to the engine: its record says of no store checks"
                     : "no layout is recorded: nothing says what must not be written");
    if (!v->seal_recorded) return;
    v->seal_ok = v->numbers_ok;
    if (!v->numbers_ok)
        not_provable(v, RULE_P403, SITE_OF_MODULE, (Str){0}, "the recorded layout, by which stores would be judged, is broken (P104)");
    else if (pointer_is_shared(v)) {
        v->seal_ok = false;
        not_provable(v, RULE_P403, SITE(v->globals[v->stack_pointer].export->offset), (Str){0},
                     "the stack pointer is exported: the host can set it");
    } else walk_all(v);
}
