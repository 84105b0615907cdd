/* traps.c: traps of all kinds on each engine: from several threads at the same time, after memory.grow, and beside an
 * embedder who has handlers and faults of his own. What else the interpreter does in such cases: engine.c.
 * With TEST_NATIVE the same on native code, without vectors, which wasm2c does not translate. */
#include "loader/engine.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include "tests/unit/compile.h"
#include "tests/unit/engines.h"
#include "tests/unit/native_rig.h"
#include "tests/unit/tap.h"
#include "validator/validator.h"

/* ---- a module that can trap in every way ------------------------------------------------------------------------------------ */

/* 0 null guard | 4096 stack | 8192 sealed | 12288 heap. Two pages, at most six. */
static const PmLayout layout = {.seal = PM_SEAL_ENGINE, .page_log2 = 12, .null_guard = 4096, .stack_low = 4096, .stack_high = 8192,
                                .sealed_low = 8192, .sealed_high = 12288, .waived_low = 12288, .waived_high = 12288,
                                .heap_base = 12288};
enum { PAGE = 65536, MIN_PAGES = 2, MAX_PAGES = 6 };

#define FUNC_2(name, body) "(func (export \"" name "\") (param i32 i32) (result i32) " body ")"
#define DO(name, body)     FUNC_2(name, body " (i32.const 7)")
static const char text[] =
    "(module (type $pair (func (param i32 i32) (result i32)))"
    " (import \"h\" \"stop\" (func $stop (param i32 i32) (result i32)))"
    " (global $sp (mut i32) (i32.const 8192)) (memory 2 6) (table $t 4 8 funcref) (elem (i32.const 0) $one $void)"
    " (data (i32.const 8192) \"sealed\") (data $d \"passive\") (elem $e func $one)"
    " (func $one (param i32 i32) (result i32) (i32.const 1)) (func $void)"
    DO("unreachable", "unreachable")
    FUNC_2("div_s", "(i32.div_s (local.get 0) (local.get 1))") FUNC_2("div_u", "(i32.div_u (local.get 0) (local.get 1))")
    FUNC_2("rem_s", "(i32.rem_s (local.get 0) (local.get 1))") FUNC_2("rem_u", "(i32.rem_u (local.get 0) (local.get 1))")
    FUNC_2("div_s64", "(i32.wrap_i64 (i64.div_s (i64.shl (i64.const 1) (i64.extend_i32_u (local.get 0))) (i64.extend_i32_s (local.get 1))))")
    FUNC_2("rem_u64", "(i32.wrap_i64 (i64.rem_u (i64.const 9) (i64.extend_i32_s (local.get 1))))")
    FUNC_2("trunc", "(i32.trunc_f64_s (f64.mul (f64.convert_i32_s (local.get 0)) (f64.convert_i32_s (local.get 1))))")
    FUNC_2("trunc_nan", "(i32.trunc_f32_u (f32.div (f32.convert_i32_s (local.get 0)) (f32.convert_i32_s (local.get 1))))")
    FUNC_2("load", "(i32.load (local.get 0))") FUNC_2("load8", "(i32.load8_u (local.get 0))")
    FUNC_2("load64", "(i32.wrap_i64 (i64.load (local.get 0)))") FUNC_2("load_far", "(i32.load offset=0xfffffffc (local.get 0))")
    FUNC_2("load_float", "(i32.trunc_sat_f64_s (f64.load (local.get 0)))")
    DO("store", "(i32.store (local.get 0) (local.get 1))") DO("store8", "(i32.store8 (local.get 0) (local.get 1))")
    DO("store64", "(i64.store (local.get 0) (i64.const 1))") DO("store_far", "(i32.store offset=0xfffffffc (local.get 0) (local.get 1))")
    DO("load_dropped", "(drop (i32.load (local.get 0)))") DO("load_dropped64", "(drop (f64.load (local.get 0)))")
#ifndef TEST_NATIVE
    DO("load_vector", "(drop (v128.load (local.get 0)))") DO("store_vector", "(v128.store (local.get 0) (v128.const i64x2 1 2))")
    DO("store_lane", "(v128.store8_lane 3 (local.get 0) (v128.const i64x2 1 2))")
#endif
    DO("fill", "(memory.fill (local.get 0) (i32.const 1) (local.get 1))")
    DO("copy", "(memory.copy (local.get 0) (i32.const 20000) (local.get 1))")
    DO("copy_from", "(memory.copy (i32.const 20000) (local.get 0) (local.get 1))")
    DO("init", "(memory.init $d (local.get 0) (i32.const 0) (local.get 1))")
    DO("table_get", "(drop (table.get $t (local.get 0)))") DO("table_set", "(table.set $t (local.get 0) (ref.null func))")
    DO("table_fill", "(table.fill $t (local.get 0) (ref.null func) (local.get 1))")
    DO("table_copy", "(table.copy $t $t (local.get 0) (i32.const 0) (local.get 1))")
    DO("table_init", "(table.init $t $e (local.get 0) (i32.const 0) (local.get 1))")
    FUNC_2("indirect", "(call_indirect (type $pair) (i32.const 0) (i32.const 0) (local.get 0))")
    "(func $deep (export \"deep\") (param i32 i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0) (local.get 1))))"
    /* as programs do it: frames of no more than the guard, one by one; native code may store the last pointer too late */
    FUNC_2("frame", "(global.set $sp (i32.const 5000)) (drop (call $stop (i32.const 0) (i32.const 0))) (global.set $sp (i32.const 4000))"
           " (i32.store (global.get $sp) (i32.const 1)) (i32.const 7)")
    "(func $reset (export \"reset_stack\") (param i32 i32) (result i32) (global.set $sp (i32.const 8192)) (i32.const 7))"
    FUNC_2("spin", "(loop (br 0)) (i32.const 7)")
    FUNC_2("stop", "(call $stop (local.get 0) (local.get 1))")
    FUNC_2("grow", "(memory.grow (local.get 0))") FUNC_2("size", "(memory.size)")
    FUNC_2("sum", "(i32.add (local.get 0) (local.get 1))") ")";

/* Each is tried in this order, over and over: what came before must leave no trace. */
typedef struct Case {
    const char *name;
    uint32_t a, b;
    LoadTrapKind kind; /* TRAP_NONE: it returns */
    uint32_t result;
} Case;
enum { END = MIN_PAGES * PAGE, AGAIN = 1000 /* of "stop": the host calls the same instance again */ };
static const Case cases[] = {
    {"sum", 3, 4, TRAP_NONE, 7},
    {"unreachable", 0, 0, TRAP_UNREACHABLE, 0},
    {"div_s", 1, 0, TRAP_DIV_BY_ZERO, 0}, {"div_u", 1, 0, TRAP_DIV_BY_ZERO, 0}, {"rem_s", 1, 0, TRAP_DIV_BY_ZERO, 0}, {"rem_u", 1, 0, TRAP_DIV_BY_ZERO, 0},
    {"div_s64", 1, 0, TRAP_DIV_BY_ZERO, 0}, {"rem_u64", 1, 0, TRAP_DIV_BY_ZERO, 0},
    {"div_s", 0x80000000, UINT32_MAX, TRAP_INT_OVERFLOW, 0}, {"div_s64", 63, UINT32_MAX, TRAP_INT_OVERFLOW, 0}, {"rem_s", 0x80000000, UINT32_MAX, TRAP_NONE, 0},
    {"trunc", 0x7fffffff, 2, TRAP_INT_OVERFLOW, 0}, {"trunc_nan", 0, 0, TRAP_BAD_CONVERSION, 0}, {"trunc_nan", 1, 0, TRAP_INT_OVERFLOW, 0},
    /* memory: the end, far beyond, and what wraps in 32 bits */
    {"load", END - 4, 0, TRAP_NONE, 0}, {"load", END - 3, 0, TRAP_OOB_MEMORY, 0}, {"load", END, 0, TRAP_OOB_MEMORY, 0},
    {"load8", END - 1, 0, TRAP_NONE, 0}, {"load8", END, 0, TRAP_OOB_MEMORY, 0}, {"load64", END - 7, 0, TRAP_OOB_MEMORY, 0},
    {"load", UINT32_MAX, 0, TRAP_OOB_MEMORY, 0}, {"load_far", UINT32_MAX, 0, TRAP_OOB_MEMORY, 0}, {"load_far", 4100, 0, TRAP_OOB_MEMORY, 0},
    {"load_dropped", END - 3, 0, TRAP_OOB_MEMORY, 0}, {"load_dropped64", END - 7, 0, TRAP_OOB_MEMORY, 0}, {"load_dropped", 8, 0, TRAP_NULL_POINTER, 0},
    {"load_float", END - 4, 0, TRAP_OOB_MEMORY, 0}, {"load_vector", END - 15, 0, TRAP_OOB_MEMORY, 0}, {"load_vector", END - 16, 0, TRAP_NONE, 7},
    {"store", END - 4, 5, TRAP_NONE, 7}, {"store", END - 3, 5, TRAP_OOB_MEMORY, 0}, {"store8", END, 5, TRAP_OOB_MEMORY, 0}, {"load", END - 4, 0, TRAP_NONE, 5},
    {"store", END - 4, 0, TRAP_NONE, 7}, {"store64", END - 4, 5, TRAP_OOB_MEMORY, 0}, {"store_far", 4100, 5, TRAP_OOB_MEMORY, 0},
    {"store_vector", END - 15, 5, TRAP_OOB_MEMORY, 0}, {"store_lane", END, 5, TRAP_OOB_MEMORY, 0},
    {"fill", END - 4, 5, TRAP_OOB_MEMORY, 0}, {"load", END - 4, 0, TRAP_NONE, 0}, {"fill", 20000, UINT32_MAX, TRAP_OOB_MEMORY, 0},
    {"copy", END, 1, TRAP_OOB_MEMORY, 0}, {"copy_from", END - 1, 2, TRAP_OOB_MEMORY, 0}, {"init", END - 1, 2, TRAP_OOB_MEMORY, 0}, {"init", 20000, 8, TRAP_OOB_MEMORY, 0},
    {"fill", END, 0, TRAP_NONE, 7}, {"fill", END + 1, 0, TRAP_OOB_MEMORY, 0},
    /* the null guard and what is sealed */
    {"load", 0, 0, TRAP_NULL_POINTER, 0}, {"load8", 4095, 0, TRAP_NULL_POINTER, 0}, {"load8", 4096, 0, TRAP_NONE, 0}, {"store", 8, 5, TRAP_NULL_POINTER, 0},
    {"load_vector", 100, 0, TRAP_NULL_POINTER, 0}, {"fill", 0, 5, TRAP_NULL_POINTER, 0}, {"copy_from", 16, 5, TRAP_NULL_POINTER, 0}, {"init", 1, 2, TRAP_NULL_POINTER, 0},
    {"load", 8192, 0, TRAP_NONE, 0x6c616573}, {"store", 8192, 5, TRAP_READ_ONLY, 0}, {"store8", 12287, 5, TRAP_READ_ONLY, 0}, {"store8", 12288, 5, TRAP_NONE, 7},
    {"store8", 8191, 5, TRAP_NONE, 7}, {"store64", 12284, 5, TRAP_READ_ONLY, 0}, {"store_vector", 8200, 5, TRAP_READ_ONLY, 0}, {"store_lane", 9000, 5, TRAP_READ_ONLY, 0},
    {"fill", 8000, 500, TRAP_READ_ONLY, 0}, {"load8", 8000, 0, TRAP_NONE, 0}, {"copy", 8150, 100, TRAP_READ_ONLY, 0}, {"load8", 8150, 0, TRAP_NONE, 0}, {"copy", 12287, 5, TRAP_READ_ONLY, 0}, {"init", 8192, 2, TRAP_READ_ONLY, 0}, {"copy_from", 8192, 6, TRAP_NONE, 7},
    {"load", 20000, 0, TRAP_NONE, 0x6c616573}, {"load", 8192, 0, TRAP_NONE, 0x6c616573},
    /* tables and calls */
    {"table_get", 4, 0, TRAP_OOB_TABLE, 0}, {"table_set", UINT32_MAX, 0, TRAP_OOB_TABLE, 0}, {"table_fill", 3, 2, TRAP_OOB_TABLE, 0},
    {"table_copy", 1, 4, TRAP_OOB_TABLE, 0}, {"table_init", 4, 1, TRAP_OOB_TABLE, 0}, {"table_init", 3, 2, TRAP_OOB_TABLE, 0},
    {"indirect", 0, 0, TRAP_NONE, 1}, {"indirect", 1, 0, TRAP_BAD_CALL_TYPE, 0}, {"indirect", 2, 0, TRAP_NULL_ELEM, 0}, {"indirect", 4, 0, TRAP_UNDEFINED_ELEM, 0},
    {"indirect", UINT32_MAX, 0, TRAP_UNDEFINED_ELEM, 0},
    {"deep", 0, 0, TRAP_CALL_STACK, 0}, {"frame", 0, 0, TRAP_SHADOW_STACK, 0}, {"reset_stack", 0, 0, TRAP_NONE, 7},
    /* the host's */
    {"stop", TRAP_HOST, 0, TRAP_HOST, 0}, {"stop", TRAP_MESSAGE, 0, TRAP_MESSAGE, 0}, {"stop", TRAP_EXIT, 0, TRAP_EXIT, 0}, {"stop", TRAP_NONE, 9, TRAP_NONE, 9},
    {"stop", AGAIN, 0, TRAP_NONE, TRAP_HOST}, {"stop", AGAIN, 1, TRAP_NONE, TRAP_HOST}, /* no entry within an entry */
    {"sum", 1, 1, TRAP_NONE, 2},
};

/* ---- running it ---------------------------------------------------------------------------------------------------------------- */

typedef struct Loaded Loaded;
static LoadTrapKind call(const Loaded *, LoadInstance *, const char *name, uint32_t a, uint32_t b, uint32_t *result);

static bool stop(LoadHostCall *h)
{
    LoadTrapKind kind = (LoadTrapKind)h->slots[0];
    if (h->slots[0] == AGAIN) {
        uint32_t result;
        h->slots[0] = call(h->host, h->instance, h->slots[1] ? "stop" : "sum", 0, 0, &result);
        return true;
    }
    if (kind == TRAP_EXIT) return load_host_exit(h, 3);
    if (kind != TRAP_NONE) return load_host_trap(h, kind, "asked to");
    h->slots[0] = h->slots[1];
    return true;
}
static const LoadImport imports[] = {{STR("h"), STR("stop"), "ii", "i", stop, NULL}};

struct Loaded {
    const EngineRow *row;
    Bytes wasm;
    Arena arena;
    ValReport report;
    LoadModule *module;
    Writer native;
};

static void load(Loaded *l, const EngineRow *row, const char *wat)
{
    char folder[32];
    Diags d = {0};
    *l = (Loaded){.row = row};
    temporary_folder(folder);
    put_file(folder, "m.wat", wat, strlen(wat));
    run_in(folder, "wat2wasm m.wat -o m.wasm");
    l->wasm = get_file(folder, "m.wasm");
    remove_folder(folder);
    ValOptions options = {.policy = val_builtin_policy(STR("none")), .features = row->engine->features};
    ck_assert(val_module(&l->arena, l->wasm.ptr, l->wasm.size, "m.wasm", &options, &d, &l->report));
    LoadCompileOptions compile_options = {.layout = &layout, .stack_pointer = 1, .force_checks = row->checked};
    l->native = made_native(&l->arena, &l->report, &compile_options, &d);
    l->module = row->engine->compile(&l->report.module, &compile_options, &d);
    ck_assert_ptr_nonnull(l->module);
    diag_free(&d);
}

static void unload(Loaded *l)
{
    l->row->engine->free_module(l->module);
    arena_free(&l->arena);
    bytes_free(&l->wasm);
    wr_free(&l->native);
}

static LoadInstance *instance_of(const Loaded *l)
{
    Diags d = {0};
    LoadTrap trap = {0};
    LoadInstance *i = l->row->engine->instantiate(l->module, imports, ARRAY_LEN(imports), (void *)(uintptr_t)l, &(LoadLimits){.stack_bytes = 65536}, &d);
    if (!i || !l->row->engine->start(i, &trap)) abort(); /* in a thread, where Check cannot be called */
    diag_free(&d);
    return i;
}

static uint32_t func_of(const Loaded *l, const char *name)
{
    const WasmModule *m = &l->report.module;
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (str_eq(m->exports[i].name, str_of(name))) return m->exports[i].index;
    abort();
}

static LoadTrapKind call(const Loaded *l, LoadInstance *i, const char *name, uint32_t a, uint32_t b, uint32_t *result)
{
    LoadSlot slots[2] = {a, b};
    LoadTrap trap = {0};
    bool returned = l->row->engine->call(i, func_of(l, name), slots, &trap);
    *result = returned ? (uint32_t)slots[0] : 0;
    return returned ? TRAP_NONE : trap.kind;
}

/* The first case that went another way; NULL: none. */
static const Case *wrong_case(const Loaded *l, LoadInstance *i)
{
    for (size_t n = 0; n < ARRAY_LEN(cases); n++) {
        uint32_t result;
        const Case *c = &cases[n];
#ifdef TEST_NATIVE
        if (strstr(c->name, "_vector") || strstr(c->name, "_lane")) continue;
#endif
        if (call(l, i, c->name, c->a, c->b, &result) != c->kind || result != c->result) return c;
    }
    return NULL;
}
static void check_cases(const Loaded *l, LoadInstance *i)
{
    const Case *wrong = wrong_case(l, i);
    ck_assert_msg(!wrong, "%s: %s %x %x", l->row->name, wrong ? wrong->name : "", wrong ? wrong->a : 0, wrong ? wrong->b : 0);
}

#define FOR_EACH_ENGINE(row) for (const EngineRow *row = engine_rows; row < engine_rows + ARRAY_LEN(engine_rows); row++)

START_TEST(every_kind)
{
    FOR_EACH_ENGINE(row) {
        Loaded l;
        load(&l, row, text);
        LoadInstance *i = instance_of(&l);
        for (int round = 0; round < 3; round++) check_cases(&l, i);
        row->engine->destroy(i);
        unload(&l);
    }
}
END_TEST

/* ---- threads ------------------------------------------------------------------------------------------------------------------- */

enum { THREADS = 6, ROUNDS = 20 };
typedef struct Worker {
    uv_thread_t thread;
    const Loaded *loaded;
    LoadInstance *instance; /* NULL: one of its own */
    const Case *wrong;
} Worker;

static void work(void *arg)
{
    Worker *w = arg;
    for (int round = 0; round < ROUNDS && !w->wrong; round++) {
        LoadInstance *i = w->instance ? w->instance : instance_of(w->loaded);
        w->wrong = wrong_case(w->loaded, i);
        if (!w->instance) w->loaded->row->engine->destroy(i);
    }
}

/* All of them in the same module, which is decoded by whoever comes first. */
START_TEST(in_threads_at_the_same_time)
{
    FOR_EACH_ENGINE(row) {
        Loaded l;
        Worker workers[THREADS] = {0};
        load(&l, row, text);
        for (size_t i = 0; i < THREADS; i++) {
            workers[i].loaded = &l;
            ck_assert_int_eq(uv_thread_create(&workers[i].thread, work, &workers[i]), 0);
        }
        for (size_t i = 0; i < THREADS; i++) {
            uv_thread_join(&workers[i].thread);
            ck_assert_msg(!workers[i].wrong, "%s: %s", row->name, workers[i].wrong ? workers[i].wrong->name : "");
        }
        unload(&l);
    }
}
END_TEST

/* An instance belongs to no thread: it traps in the one that calls it. */
START_TEST(from_one_thread_to_another)
{
    FOR_EACH_ENGINE(row) {
        Loaded l;
        load(&l, row, text);
        LoadInstance *i = instance_of(&l);
        for (int n = 0; n < 3; n++) {
            Worker w = {.loaded = &l, .instance = i};
            check_cases(&l, i);
            ck_assert_int_eq(uv_thread_create(&w.thread, work, &w), 0);
            uv_thread_join(&w.thread);
            ck_assert_ptr_null(w.wrong);
        }
        row->engine->destroy(i);
        unload(&l);
    }
}
END_TEST

static void interrupt_soon(void *arg)
{
    Worker *w = arg;
    uv_sleep(20);
    w->loaded->row->engine->interrupt(w->instance, TRAP_DEADLINE);
}
START_TEST(interrupted_from_another)
{
    FOR_EACH_ENGINE(row) {
        Loaded l;
        uint32_t result;
        load(&l, row, text);
        LoadInstance *i = instance_of(&l), *other = instance_of(&l);
        Worker w = {.loaded = &l, .instance = i};
        ck_assert_int_eq(uv_thread_create(&w.thread, interrupt_soon, &w), 0);
        ck_assert_int_eq(call(&l, i, "spin", 0, 0, &result), TRAP_DEADLINE);
        uv_thread_join(&w.thread);
        check_cases(&l, other);
        row->engine->interrupt(i, TRAP_NONE);
        check_cases(&l, i);
        row->engine->destroy(i);
        row->engine->destroy(other);
        unload(&l);
    }
}
END_TEST

/* ---- after memory.grow ------------------------------------------------------------------------------------------------------- */

static void expect(const Loaded *l, LoadInstance *i, const char *name, uint32_t a, uint32_t b, LoadTrapKind kind, uint32_t result)
{
    uint32_t got;
    LoadTrapKind ended = call(l, i, name, a, b, &got);
    ck_assert_msg(ended == kind && got == result, "%s: %s %x %x: %s, %x", l->row->name, name, a, b,
                  ended ? load_trap_text(ended) : "returned", got);
}

START_TEST(after_memory_grow)
{
    FOR_EACH_ENGINE(row) {
        Loaded l;
        load(&l, row, text);
        LoadInstance *i = instance_of(&l);
        check_cases(&l, i);
        expect(&l, i, "store", 16384, 77, TRAP_NONE, 7);
        for (uint32_t pages = MIN_PAGES; pages <= MAX_PAGES; pages++) {
            uint32_t end = pages * PAGE;
            ck_assert_uint_eq(row->engine->memory(i)->size_bytes, end);
            /* the new page is zero, to its last byte, and can be written; behind it nothing is */
            expect(&l, i, "load", end - PAGE, 0, TRAP_NONE, 0);
            expect(&l, i, "load", end - 4, 0, TRAP_NONE, 0);
            expect(&l, i, "store", end - 4, pages, TRAP_NONE, 7);
            expect(&l, i, "load", end - 4, 0, TRAP_NONE, pages);
            expect(&l, i, "load8", end, 0, TRAP_OOB_MEMORY, 0);
            expect(&l, i, "store8", end, 1, TRAP_OOB_MEMORY, 0);
            expect(&l, i, "store64", end - 4, 1, TRAP_OOB_MEMORY, 0);
            expect(&l, i, "load", end - 4, 0, TRAP_NONE, pages); /* nothing of the store that trapped */
            expect(&l, i, "fill", end - 8, 9, TRAP_OOB_MEMORY, 0);
            expect(&l, i, "load", end - 8, 0, TRAP_NONE, 0);
            /* old pages hold what they held, and are as protected as they were */
            expect(&l, i, "load", 16384, 0, TRAP_NONE, 77);
            expect(&l, i, "load", 8192, 0, TRAP_NONE, 0x6c616573);
            expect(&l, i, "load", 8, 0, TRAP_NULL_POINTER, 0);
            expect(&l, i, "store", 4092, 1, TRAP_NULL_POINTER, 0);
            expect(&l, i, "store", 8192, 1, TRAP_READ_ONLY, 0);
            expect(&l, i, "store8", 12287, 1, TRAP_READ_ONLY, 0);
            expect(&l, i, "fill", 8192, 1, TRAP_READ_ONLY, 0);
            bool last = pages == MAX_PAGES;
            expect(&l, i, "grow", MAX_PAGES - pages + 1, 0, TRAP_NONE, UINT32_MAX);
            expect(&l, i, "grow", 65536, 0, TRAP_NONE, UINT32_MAX);
            expect(&l, i, "grow", 0, 0, TRAP_NONE, pages);
            expect(&l, i, "grow", 1, 0, TRAP_NONE, last ? UINT32_MAX : pages);
        }
        row->engine->destroy(i);
        unload(&l);
    }
}
END_TEST

/* ---- beside an embedder ---------------------------------------------------------------------------------------------------------- */

static sigjmp_buf own_escape;
static volatile sig_atomic_t own_faults;
static char *own_page;
static struct sigaction engines_handler;

/* Takes faults in its own page, and hands the others on. */
static void own_handler(int signal_number, siginfo_t *info, void *context)
{
    if ((char *)info->si_addr >= own_page && (char *)info->si_addr < own_page + 4096) {
        own_faults++;
        siglongjmp(own_escape, 1);
    }
    if (engines_handler.sa_flags & SA_SIGINFO) engines_handler.sa_sigaction(signal_number, info, context);
    else abort();
}
static void touch_own_page(void)
{
    if (sigsetjmp(own_escape, 1) == 0) *(volatile char *)own_page = 1;
}
static bool touching_stop(LoadHostCall *h)
{
    touch_own_page();
    return stop(h);
}

/* before: is it installed before the engine's or after it? Whoever comes second knows of the first. */
static void check_own_handler(const EngineRow *row, bool before, bool other_stack)
{
    Loaded l;
    static char stack[65536];
    struct sigaction action = {.sa_sigaction = own_handler, .sa_flags = SA_SIGINFO | (other_stack ? SA_ONSTACK : 0)};
    if (other_stack) ck_assert_int_eq(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL), 0);
    own_page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    own_faults = 0;
    if (before) sigaction(SIGSEGV, &action, NULL);
    load(&l, row, text);
    Diags d = {0};
    LoadTrap trap = {0};
    LoadImport touching = imports[0];
    touching.fn = touching_stop;
    LoadInstance *i = row->engine->instantiate(l.module, &touching, 1, &l, &(LoadLimits){.stack_bytes = 65536}, &d);
    ck_assert(i && row->engine->start(i, &trap));
    if (!before) sigaction(SIGSEGV, &action, &engines_handler);
    sigset_t mask, after;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);

    touch_own_page();
    check_cases(&l, i); /* the host faults in those that call it, and they go on or trap */
    touch_own_page();
    int once = own_faults;
    ck_assert_int_ge(once, 2 + 4);
    check_cases(&l, i);
    ck_assert_int_ge(own_faults, once + 4);

    pthread_sigmask(SIG_SETMASK, NULL, &after); /* traps leave the mask as it was */
    ck_assert(sigismember(&after, SIGUSR1) && !sigismember(&after, SIGSEGV) && !sigismember(&after, SIGBUS));
    row->engine->destroy(i);
    once = own_faults;
    touch_own_page();
    ck_assert_int_eq(own_faults, once + 1);
    munmap(own_page, 4096);
    unload(&l);
}

/* Each in a process of its own: the engine's handler is installed once in a process. */
START_TEST(beside_own_handlers)
{
    const EngineRow *row = &engine_rows[_i / 4];
    check_own_handler(row, _i & 1, _i & 2);
}
END_TEST

/* What comes while guest code runs, and is not about it: another signal's handler that faults itself, and a SIGSEGV that somebody
 * sends, with an address in the guest's memory. Both are the embedder's. */
static volatile sig_atomic_t own_signals, sent_faults;
static void on_signal(int signal_number)
{
    (void)signal_number;
    touch_own_page();
    own_signals++;
}
static void own_or_sent(int signal_number, siginfo_t *info, void *context)
{
    if (info->si_code <= 0) sent_faults++;
    else own_handler(signal_number, info, context);
}

typedef struct Bother {
    uv_thread_t thread;
    const LoadEngine *engine;
    LoadInstance *instance;
    pid_t process, guest_thread;
} Bother;
static void bother(void *arg)
{
    Bother *b = arg;
    siginfo_t info = {.si_code = SI_QUEUE};
    info.si_addr = b->engine->memory(b->instance)->base + 8;
    for (int i = 1; i <= 20; i++) {
        syscall(SYS_tgkill, b->process, b->guest_thread, SIGUSR1);
        while (own_signals < i) uv_sleep(1);
        syscall(SYS_rt_tgsigqueueinfo, b->process, b->guest_thread, SIGSEGV, &info);
        while (sent_faults < i) uv_sleep(1);
    }
    b->engine->interrupt(b->instance, TRAP_KILLED);
}

START_TEST(signals_while_a_guest_runs)
{
    const EngineRow *row = &engine_rows[_i];
    Loaded l;
    uint32_t result;
    sigaction(SIGSEGV, &(struct sigaction){.sa_sigaction = own_or_sent, .sa_flags = SA_SIGINFO}, NULL);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal, .sa_flags = SA_RESTART}, NULL);
    own_page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    load(&l, row, text);
    Bother b = {.engine = row->engine, .instance = instance_of(&l), .process = getpid(), .guest_thread = (pid_t)syscall(SYS_gettid)};
    ck_assert_int_eq(uv_thread_create(&b.thread, bother, &b), 0);
    ck_assert_int_eq(call(&l, b.instance, "spin", 0, 0, &result), TRAP_KILLED);
    uv_thread_join(&b.thread);
    ck_assert_int_eq(own_faults, 20);
    ck_assert_int_eq(sent_faults, 20);
    row->engine->interrupt(b.instance, TRAP_NONE);
    check_cases(&l, b.instance);
    row->engine->destroy(b.instance);
    unload(&l);
}
END_TEST

/* Faults of the host while no guest runs are the host's, also at an address of guest memory: the process ends by them. */
START_TEST(an_own_fault_ends_the_process)
{
    Loaded l;
    signal(SIGSEGV, SIG_DFL); /* whatever a sanitizer has put there */
    load(&l, &engine_rows[_i], text);
    LoadInstance *i = instance_of(&l);
    check_cases(&l, i);
    *(volatile uint8_t *)l.row->engine->memory(i)->base = 1; /* its null guard */
}
END_TEST

int main(void)
{
    if (!engine_is_here()) return 0;
    Suite *s = suite_create("traps");
    TCase *t = tcase_create("traps");
    tcase_set_timeout(t, 120);
    if (have_tool("wat2wasm")) {
        tcase_add_test(t, every_kind);
        tcase_add_test(t, in_threads_at_the_same_time);
        tcase_add_test(t, from_one_thread_to_another);
        tcase_add_test(t, interrupted_from_another);
        tcase_add_test(t, after_memory_grow);
        tcase_add_loop_test(t, beside_own_handlers, 0, 4 * (int)ARRAY_LEN(engine_rows));
#ifndef __SANITIZE_THREAD__ /* it hands on signals at the next system call, and a guest makes none */
        tcase_add_loop_test(t, signals_while_a_guest_runs, 0, (int)ARRAY_LEN(engine_rows));
#else
        (void)signals_while_a_guest_runs;
#endif
        tcase_add_loop_test_raise_signal(t, an_own_fault_ends_the_process, SIGSEGV, 0, (int)ARRAY_LEN(engine_rows));
    }
    suite_add_tcase(s, t);
    return run_tap(s);
}
