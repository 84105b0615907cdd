/* Unit tests of engine wamr, below the kernel: threads, host functions, refusals, interrupts, and the interpreter beside it in
 * one process, each with its own faults. Built where WAMR is. */
#include "loader/wamr/wamr.h"
#include "validator/validator.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "tests/unit/module_maker.h"
#include "tests/unit/tap.h"

enum { UNREACHABLE = 0x00, LOOP = 0x03, END = 0x0b, BR = 0x0c, CALL = 0x10, GET = 0x20, LOAD = 0x28, GROW = 0x40, CONST = 0x41,
       DIV_U = 0x6e, VOID = 0x40 };
enum { HOST, FUNC_LOAD, FUNC_GROW, FUNC_SPIN, FUNC_ASK, FUNC_DIVIDE, N_FUNCS }; /* by index */

#define BODY(w, ...) body(w, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
static void body(Writer *w, const uint8_t *code, uint32_t size)
{
    wr_u32(w, size + 2);
    wr_u32(w, 0); /* no locals */
    wr_bytes(w, code, size);
    wr_byte(w, END);
}

/* The names are such that C, or WAMR, would take them for others. */
static const Str export_names[N_FUNCS] = {{0}, {"f\0a", 3}, {"f\0b", 3}, {"f", 1}, {"_f", 2}, {"malloc", 6}};

static Writer make_module(void)
{
    Writer w = {0};
    write_header(&w);
    size_t mark = begin_section(&w, SEC_TYPE);
    wr_u32(&w, 2);
    write_func_type(&w, "i", "i");
    write_func_type(&w, "", "");
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_IMPORT);
    wr_u32(&w, 1);
    wr_name(&w, STR("env")); /* a library of WAMR's */
    wr_name(&w, STR("puts"));
    wr_byte(&w, KIND_FUNC);
    wr_u32(&w, 0);
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_FUNCTION);
    wr_bytes(&w, "\5\0\0\1\0\0", 6);
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_MEMORY);
    wr_bytes(&w, "\1\1\1\4", 4); /* 1 to 4 pages */
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_EXPORT);
    wr_u32(&w, N_FUNCS - 1);
    for (uint32_t i = FUNC_LOAD; i < N_FUNCS; i++) {
        wr_name(&w, export_names[i]);
        wr_byte(&w, KIND_FUNC);
        wr_u32(&w, i);
    }
    wr_end_size(&w, mark);
    mark = begin_section(&w, SEC_CODE);
    wr_u32(&w, N_FUNCS - 1);
    BODY(&w, GET, 0, LOAD, 2, 0);
    BODY(&w, GET, 0, GROW, 0);
    BODY(&w, LOOP, VOID, BR, 0, END);
    BODY(&w, GET, 0, CALL, HOST);
    BODY(&w, CONST, 7, GET, 0, DIV_U);
    wr_end_size(&w, mark);
    ck_assert(!w.failed);
    return w;
}

/* ---- what all tests start from ---- */

typedef struct Loaded {
    const LoadEngine *engine;
    Writer bytes;
    Arena arena;
    Diags diags;
    ValReport report;
    LoadModule *module;
} Loaded;

static const LoadEngine *wamr(void)
{
    const char *why;
    const LoadEngine *engine = wamr_open(&why);
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout)); /* a WAMR that dumps call stacks writes there */
    ck_assert_msg(engine != NULL, "%s", why);
    return engine;
}

static void load(Loaded *l, const LoadEngine *engine)
{
    *l = (Loaded){.engine = engine, .bytes = make_module()};
    ValOptions options = {.features = engine->features, .wamr = engine->wamr_form};
    bool valid = val_module(&l->arena, l->bytes.ptr, l->bytes.len, "test", &options, &l->diags, &l->report);
    ck_assert_msg(valid, "%s", l->diags.n ? l->diags.items[0].text : "");
    l->module = engine->compile(&l->report.module, &(LoadCompileOptions){0}, &l->diags);
    ck_assert_msg(l->module != NULL, "%s", l->diags.n ? l->diags.items[0].text : "");
}

static void unload(Loaded *l)
{
    l->engine->free_module(l->module);
    arena_free(&l->arena);
    diag_free(&l->diags);
    wr_free(&l->bytes);
}

typedef enum Answer { ANSWER, STOP, EXIT, CALL_BACK } Answer;
typedef struct Host {
    const LoadEngine *engine;
    uint64_t limit, wanted; /* of a refusal */
    LoadTrap nested;
} Host;

/* What it does is the guest's to say. */
static bool answer(LoadHostCall *c)
{
    Host *h = c->host;
    switch ((Answer)c->slots[0]) {
    case STOP: return load_host_trap(c, TRAP_MESSAGE, "as %s", "asked");
    case EXIT: return load_host_exit(c, 42);
    case CALL_BACK: {
        LoadSlot slot = 1;
        c->slots[0] = h->engine->call(c->instance, FUNC_DIVIDE, &slot, &h->nested);
        return true;
    }
    default: c->slots[0] = c->memory->size_bytes; return true;
    }
}

static void refused(void *host, LoadGrowth what, uint64_t limit, uint64_t wanted)
{
    Host *h = host;
    ck_assert_int_eq(what, GROWTH_MEMORY);
    h->limit = limit;
    h->wanted = wanted;
}

static const LoadImport imports[] = {{STR("env"), STR("puts"), "i", "i", answer, NULL}};

static LoadInstance *instance_of(Loaded *l, Host *h, uint64_t memory_bytes)
{
    LoadLimits limits = {.memory_bytes = memory_bytes, .refused = refused};
    h->engine = l->engine;
    LoadInstance *i = l->engine->instantiate(l->module, imports, 1, h, &limits, &l->diags);
    LoadTrap trap = {0};
    ck_assert_msg(i != NULL, "%s", l->diags.n ? l->diags.items[0].text : "");
    ck_assert(l->engine->start(i, &trap));
    return i;
}

static LoadTrapKind call(const Loaded *l, LoadInstance *i, uint32_t func, LoadSlot *slot, LoadTrap *trap)
{
    return l->engine->call(i, func, slot, trap) ? TRAP_NONE : trap->kind;
}

/* ---- tests ---- */

START_TEST(host_functions)
{
    Loaded l;
    Host h = {0};
    LoadTrap trap = {0};
    load(&l, wamr());
    LoadInstance *i = instance_of(&l, &h, 0);
    LoadSlot slot = ANSWER;
    ck_assert_int_eq(call(&l, i, FUNC_ASK, &slot, &trap), TRAP_NONE);
    ck_assert_uint_eq(slot, 65536);
    slot = STOP;
    ck_assert_int_eq(call(&l, i, FUNC_ASK, &slot, &trap), TRAP_MESSAGE);
    ck_assert_str_eq(trap.detail, "as asked");
    slot = EXIT;
    ck_assert_int_eq(call(&l, i, FUNC_ASK, &slot, &trap), TRAP_EXIT);
    ck_assert_int_eq(trap.exit_code, 42);
    slot = CALL_BACK;
    ck_assert_int_eq(call(&l, i, FUNC_ASK, &slot, &trap), TRAP_NONE);
    ck_assert_uint_eq(slot, 0); /* it could not */
    ck_assert_int_eq(h.nested.kind, TRAP_HOST);
    slot = 7; /* an instance that has trapped can be called again */
    ck_assert_int_eq(call(&l, i, FUNC_DIVIDE, &slot, &trap), TRAP_NONE);
    ck_assert_uint_eq(slot, 1);
    ck_assert_int_eq(call(&l, i, HOST, &slot, &trap), TRAP_HOST); /* not exported */
    ck_assert_int_eq(call(&l, i, N_FUNCS, &slot, &trap), TRAP_HOST);
    l.engine->destroy(i);
    unload(&l);
}
END_TEST

START_TEST(memory_limits)
{
    Loaded l;
    Host h = {0};
    LoadTrap trap = {0};
    load(&l, wamr());
    LoadInstance *i = instance_of(&l, &h, 2 * 65536 + 100);
    LoadSlot slot = 1;
    ck_assert_int_eq(call(&l, i, FUNC_GROW, &slot, &trap), TRAP_NONE);
    ck_assert_uint_eq(slot, 1);
    ck_assert_uint_eq(h.wanted, 0);
    ck_assert_uint_eq(l.engine->memory(i)->size_bytes, 2 * 65536);
    slot = 1;
    ck_assert_int_eq(call(&l, i, FUNC_GROW, &slot, &trap), TRAP_NONE);
    ck_assert_uint_eq(slot, UINT32_MAX);
    ck_assert_uint_eq(h.limit, 2 * 65536);
    ck_assert_uint_eq(h.wanted, 3 * 65536);
    slot = 2 * 65536 - 4;
    ck_assert_int_eq(call(&l, i, FUNC_LOAD, &slot, &trap), TRAP_NONE);
    slot = 2 * 65536;
    ck_assert_int_eq(call(&l, i, FUNC_LOAD, &slot, &trap), TRAP_OOB_MEMORY);
    ck_assert(!trap.has_address || trap.address == 2 * 65536);
    l.engine->destroy(i);
    LoadLimits too_small = {.memory_bytes = 1000};
    ck_assert_ptr_null(l.engine->instantiate(l.module, imports, 1, &h, &too_small, &l.diags));
    ck_assert_int_eq(l.diags.items[0].code, RUN_LIMIT);
    ck_assert_ptr_null(l.engine->instantiate(l.module, NULL, 0, &h, NULL, &l.diags));
    ck_assert_int_eq(l.diags.items[1].code, RUN_NO_IMPORT);
    unload(&l);
}
END_TEST

typedef struct Worker {
    pthread_t thread;
    const Loaded *loaded;
    unsigned failures;
} Worker;
#define EXPECT(condition) (w->failures += !(condition))

static void *work(void *arg)
{
    Worker *w = arg;
    const LoadEngine *engine = w->loaded->engine;
    for (int round = 0; round < 20; round++) {
        Diags diags = {0};
        Host h = {.engine = engine};
        LoadTrap trap = {0};
        LoadInstance *i = engine->instantiate(w->loaded->module, imports, 1, &h, NULL, &diags);
        diag_free(&diags);
        EXPECT(i && engine->start(i, &trap));
        if (!i) return NULL;
        for (uint32_t pages = 1; pages <= 4; pages++) {
            LoadSlot end = pages * 65536 - 3, last = pages * 65536 - 4, zero = 0, one = 1;
            EXPECT(call(w->loaded, i, FUNC_LOAD, &end, &trap) == TRAP_OOB_MEMORY);
            EXPECT(!trap.has_address || trap.address == pages * 65536);
            EXPECT(call(w->loaded, i, FUNC_LOAD, &last, &trap) == TRAP_NONE && last == 0);
            EXPECT(call(w->loaded, i, FUNC_DIVIDE, &zero, &trap) == TRAP_DIV_BY_ZERO);
            EXPECT(call(w->loaded, i, FUNC_GROW, &one, &trap) == TRAP_NONE && one == (pages < 4 ? pages : UINT32_MAX));
        }
        engine->destroy(i);
    }
    return NULL;
}

static void run_workers(Loaded *loaded, size_t n_loaded)
{
    Worker workers[6] = {0};
    for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
        workers[i].loaded = &loaded[i % n_loaded];
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
        pthread_join(workers[i].thread, NULL);
        ck_assert_uint_eq(workers[i].failures, 0);
    }
}

START_TEST(traps_in_threads)
{
    Loaded l;
    load(&l, wamr());
    run_workers(&l, 1);
    unload(&l);
}
END_TEST

/* Both have handlers of the process for faults; whichever came first. */
START_TEST(beside_the_interpreter)
{
    Loaded loaded[2];
    Host h[2] = {0};
    LoadTrap trap = {0};
    const LoadEngine *engines[2] = {NULL};
    LoadInstance *instances[2];
    for (int k = 0; k < 2; k++) {
        engines[k] = k == _i ? wamr() : &load_interp;
        load(&loaded[k], engines[k]);
        instances[k] = instance_of(&loaded[k], &h[k], 0);
    }
    for (int round = 0; round < 100; round++) {
        int k = (round ^ round >> 1) & 1; /* in turns of one and of two */
        LoadSlot slot = 65536;
        ck_assert_int_eq(call(&loaded[k], instances[k], FUNC_LOAD, &slot, &trap), TRAP_OOB_MEMORY);
        ck_assert(!trap.has_address || trap.address == 65536);
    }
    run_workers(loaded, 2);
    for (int k = 0; k < 2; k++) {
        engines[k]->destroy(instances[k]);
        unload(&loaded[k]);
    }
}
END_TEST

static void *interrupt_later(void *instance)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    load_wamr.interrupt(instance, TRAP_DEADLINE);
    return NULL;
}

START_TEST(interrupts)
{
    Loaded l;
    Host h = {0};
    LoadTrap trap = {0};
    LoadSlot slot = ANSWER;
    pthread_t thread;
    load(&l, wamr());
    LoadInstance *i = instance_of(&l, &h, 0), *other = instance_of(&l, &h, 0);
    if (!(l.engine->lacks & LOAD_LACKS_INTERRUPT)) {
        ck_assert_int_eq(pthread_create(&thread, NULL, interrupt_later, i), 0);
        ck_assert_int_eq(call(&l, i, FUNC_SPIN, &slot, &trap), TRAP_DEADLINE);
        pthread_join(thread, NULL);
    } else {
        l.engine->interrupt(i, TRAP_DEADLINE);
    }
    /* it stays, is this instance's alone, and WAMR cannot go on after it */
    ck_assert_int_eq(call(&l, i, FUNC_ASK, &slot, &trap), TRAP_DEADLINE);
    slot = 7;
    ck_assert_int_eq(call(&l, other, FUNC_DIVIDE, &slot, &trap), TRAP_NONE);
    l.engine->interrupt(i, TRAP_NONE);
    ck_assert_int_eq(call(&l, i, FUNC_ASK, &slot, &trap), TRAP_KILLED);
    l.engine->destroy(i);
    l.engine->destroy(other);
    unload(&l);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wamr");
    TCase *t = tcase_create("wamr");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, host_functions);
    tcase_add_test(t, memory_limits);
    tcase_add_test(t, traps_in_threads);
    tcase_add_loop_test(t, beside_the_interpreter, 0, 2);
    tcase_add_test(t, interrupts);
    suite_add_tcase(suite, t);
    return run_tap(suite);
}
