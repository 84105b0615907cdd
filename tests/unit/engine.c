/* Unit tests of an engine, the interpreter or (TEST_NATIVE) native code: threads, interrupts, faults that are not the guest's,
 * nested runs, limits, traces.
 * What instructions do is tested by tests/run/. Modules are made here, byte by byte. */
#include "loader/engine.h"
#include "validator/validator.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

#include "tests/unit/native_rig.h"
#include "tests/unit/tap.h"

#ifdef TEST_NATIVE
#define ENGINE load_native
#else
#define ENGINE load_interp
#endif

/* ---- a small module writer ---- */

enum { T_VOID_VOID, T_I32_I32, T_I32_VOID, N_TYPES };

typedef struct Maker {
    Writer types, imports, funcs, exports, bodies;
    uint32_t n_imports, n_funcs;
    uint32_t min_pages, max_pages;
} Maker;

static void make_import(Maker *k, const char *name, uint32_t type)
{
    wr_name(&k->imports, STR("h"));
    wr_name(&k->imports, str_of(name));
    wr_byte(&k->imports, KIND_FUNC);
    wr_u32(&k->imports, type);
    k->n_imports++;
}

/* A function, exported by this name, with so many i32 locals. The code is without its `end`. */
static void make_func(Maker *k, const char *name, uint32_t type, uint32_t n_locals, const void *code, size_t size)
{
    Writer body = {0};
    wr_u32(&body, n_locals > 0);
    if (n_locals > 0) {
        wr_u32(&body, n_locals);
        wr_byte(&body, TYPE_I32);
    }
    wr_bytes(&body, code, size);
    wr_byte(&body, 0x0b);
    wr_u32(&k->funcs, type);
    wr_name(&k->exports, str_of(name));
    wr_byte(&k->exports, KIND_FUNC);
    wr_u32(&k->exports, k->n_imports + k->n_funcs++);
    wr_u32(&k->bodies, (uint32_t)body.len);
    wr_bytes(&k->bodies, body.ptr, body.len);
    wr_free(&body);
}
#define FUNC(k, name, type, n_locals, ...)                                                                             \
    make_func(k, name, type, n_locals, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void section(Writer *out, uint8_t id, uint32_t count, Writer *items)
{
    wr_byte(out, id);
    size_t mark = wr_begin_size(out);
    wr_u32(out, count);
    wr_bytes(out, items->ptr, items->len);
    wr_end_size(out, mark);
    wr_free(items);
}

static Writer make_module(Maker *k)
{
    static const uint8_t types[] = {TYPE_FUNC, 0, 0, TYPE_FUNC, 1, TYPE_I32, 1, TYPE_I32, TYPE_FUNC, 1, TYPE_I32, 0};
    Writer out = {0}, memory = {0};
    wr_bytes(&out, "\0asm\1\0\0\0", 8);
    wr_bytes(&k->types, types, sizeof types);
    section(&out, SEC_TYPE, N_TYPES, &k->types);
    section(&out, SEC_IMPORT, k->n_imports, &k->imports);
    section(&out, SEC_FUNCTION, k->n_funcs, &k->funcs);
    wr_byte(&memory, 1);
    wr_u32(&memory, k->min_pages);
    wr_u32(&memory, k->max_pages);
    section(&out, SEC_MEMORY, 1, &memory);
    section(&out, SEC_EXPORT, k->n_funcs, &k->exports);
    section(&out, SEC_CODE, k->n_funcs, &k->bodies);
    ck_assert(!out.failed);
    return out;
}

/* ---- what all tests start from ---- */

typedef struct Loaded {
    Writer bytes;
    Arena arena;
    Diags diags;
    ValReport report;
    LoadCompileOptions options;
    LoadModule *module;
    Writer native;
} Loaded;

static void load(Loaded *l, Maker *k)
{
    *l = (Loaded){.bytes = make_module(k)};
    ValOptions options = {.features = ENGINE.features};
    bool valid = val_module(&l->arena, l->bytes.ptr, l->bytes.len, "test", &options, &l->diags, &l->report);
    ck_assert_msg(valid, "%s", l->diags.n ? l->diags.items[0].text : "");
    l->native = made_native(&l->arena, &l->report, &l->options, &l->diags);
    l->module = ENGINE.compile(&l->report.module, &l->options, &l->diags);
    ck_assert_ptr_nonnull(l->module);
}

static void unload(Loaded *l)
{
    ENGINE.free_module(l->module);
    arena_free(&l->arena);
    diag_free(&l->diags);
    wr_free(&l->bytes);
    wr_free(&l->native);
}

static LoadInstance *instance_of(Loaded *l, const LoadImport *imports, size_t n, void *host, const LoadLimits *limits)
{
    LoadInstance *i = ENGINE.instantiate(l->module, imports, n, host, limits, &l->diags);
    LoadTrap trap = {0};
    ck_assert_msg(i != NULL, "%s", l->diags.n ? l->diags.items[0].text : "");
    ck_assert(ENGINE.start(i, &trap));
    return i;
}

static uint32_t func_of(const Loaded *l, const char *name)
{
    for (uint32_t i = 0; i < l->report.module.n_exports; i++)
        if (str_eq(l->report.module.exports[i].name, str_of(name))) return l->report.module.exports[i].index;
    ck_abort_msg("no function %s", name);
}

static LoadTrapKind call(Loaded *l, LoadInstance *i, const char *name, LoadSlot *slot, LoadTrap *trap)
{
    return ENGINE.call(i, func_of(l, name), slot, trap) ? TRAP_NONE : trap->kind;
}

/* opcodes used below */
enum { UNREACHABLE = 0x00, LOOP = 0x03, END = 0x0b, BR = 0x0c, CALL = 0x10, DROP = 0x1a, GET = 0x20, SET = 0x21, LOAD = 0x28,
       STORE = 0x36, SIZE = 0x3f, GROW = 0x40, CONST = 0x41, ADD = 0x6a, DIV_U = 0x6e, VOID = 0x40 };

static void basic_module(Loaded *l)
{
    Maker k = {.min_pages = 1, .max_pages = 8};
    FUNC(&k, "load", T_I32_I32, 0, GET, 0, LOAD, 2, 0);
    FUNC(&k, "divide", T_I32_I32, 0, CONST, 7, GET, 0, DIV_U);
    FUNC(&k, "grow", T_I32_I32, 0, GET, 0, GROW, 0);
    FUNC(&k, "spin", T_VOID_VOID, 0, LOOP, VOID, BR, 0, END);
    FUNC(&k, "recurse", T_I32_I32, 0, GET, 0, CONST, 1, ADD, CALL, 4, CONST, 1, ADD);
    FUNC(&k, "store", T_I32_VOID, 0, CONST, 8, GET, 0, STORE, 2, 0);
    FUNC(&k, "bump", T_I32_I32, 1, GET, 0, GET, 0, LOAD, 2, 0, CONST, 1, ADD, STORE, 2, 0, GET, 0, LOAD, 2, 0);
    load(l, &k);
}

/* ---- threads ---- */

typedef struct Worker {
    pthread_t thread;
    Loaded *loaded;
    unsigned failures;
} Worker;

#define EXPECT(condition) (w->failures += !(condition))

static void *work(void *arg)
{
    Worker *w = arg;
    LoadTrap trap = {0};
    Diags diags = {0};
    for (int round = 0; round < 50; round++) {
        LoadInstance *i = ENGINE.instantiate(w->loaded->module, NULL, 0, NULL, NULL, &diags);
        EXPECT(i != NULL && ENGINE.start(i, &trap));
        if (i == NULL) return NULL;
        for (uint32_t pages = 1; pages <= 8; pages++) {
            LoadSlot end = pages * 65536 - 3, last = pages * 65536 - 4, zero = 0, seven = 7, one = 1;
            EXPECT(call(w->loaded, i, "load", &end, &trap) == TRAP_OOB_MEMORY);
            EXPECT(trap.has_address && trap.address == pages * 65536 && trap.n_frames == 1);
            EXPECT(call(w->loaded, i, "load", &last, &trap) == TRAP_NONE && last == 0);
            EXPECT(call(w->loaded, i, "divide", &zero, &trap) == TRAP_DIV_BY_ZERO);
            EXPECT(call(w->loaded, i, "divide", &seven, &trap) == TRAP_NONE && seven == 1);
            EXPECT(call(w->loaded, i, "grow", &one, &trap) == TRAP_NONE && one == (pages < 8 ? pages : UINT32_MAX));
        }
        ENGINE.destroy(i);
    }
    diag_free(&diags);
    return NULL;
}

/* Functions are decoded by whichever thread is first; faults of one thread are no other's. */
START_TEST(traps_in_threads)
{
    Loaded l;
    Worker workers[6] = {0};
    basic_module(&l);
    for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
        workers[i].loaded = &l;
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
        pthread_join(workers[i].thread, NULL);
        ck_assert_uint_eq(workers[i].failures, 0);
    }
    unload(&l);
}
END_TEST

static void *interrupt_later(void *instance)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    ENGINE.interrupt(instance, TRAP_KILLED);
    return NULL;
}

START_TEST(interrupts)
{
    Loaded l;
    basic_module(&l);
    LoadInstance *i = instance_of(&l, NULL, 0, NULL, NULL), *other = instance_of(&l, NULL, 0, NULL, NULL);
    LoadTrap trap = {0};
    LoadSlot slot = 1;
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, interrupt_later, i), 0);
    ck_assert_int_eq(call(&l, i, "spin", &slot, &trap), TRAP_KILLED);
    ck_assert_uint_eq(trap.n_frames, 1);
    pthread_join(thread, NULL);
    /* it stays until it is taken back, and is this instance's alone */
    ck_assert_int_eq(call(&l, i, "spin", &slot, &trap), TRAP_KILLED);
    ck_assert_int_eq(call(&l, i, "recurse", &slot, &trap), TRAP_KILLED);
    slot = 1;
    ck_assert_int_eq(call(&l, other, "divide", &slot, &trap), TRAP_NONE);
    ENGINE.interrupt(i, TRAP_NONE);
    slot = 7;
    ck_assert_int_eq(call(&l, i, "divide", &slot, &trap), TRAP_NONE);
    ck_assert_uint_eq(slot, 1);
    ENGINE.destroy(i);
    ENGINE.destroy(other);
    unload(&l);
}
END_TEST

/* ---- faults that are not the guest's ---- */

static sigjmp_buf host_escape;
static volatile sig_atomic_t host_faults;
static void on_host_fault(int signal_number)
{
    (void)signal_number;
    host_faults++;
    siglongjmp(host_escape, 1);
}

/* A host function that touches what it must not: an address of its own, or one in the guest's reservation. */
static bool touch(LoadHostCall *c)
{
    const volatile char *volatile at = c->slots[0] == 0 ? c->host : c->memory->base + c->memory->size_bytes;
    if (sigsetjmp(host_escape, 1) == 0) (void)*at;
    c->slots[0] = (LoadSlot)host_faults;
    return true;
}

/* A run that is asked where it is, as often as that can be done, computes what it would have computed. */
typedef struct Samples {
    LoadInstance *instance;
    atomic_bool done;
    unsigned n, in_step;
} Samples;

static void sampled(void *host, const LoadTrap *place)
{
    Samples *s = host;
    ck_assert_int_eq(place->kind, TRAP_NONE);
    ck_assert_uint_ge(place->n_frames, 1);
    ck_assert_uint_eq(place->frames[place->n_frames - 1].func, 2); /* outer, mix, step */
    for (uint32_t i = 0; i < place->n_frames; i++) ck_assert_uint_eq(place->frames[i].func, i + 3 - place->n_frames);
    s->in_step += place->n_frames == 3;
    s->n++;
}

static void *sample_on(void *arg)
{
    Samples *s = arg;
    while (!atomic_load(&s->done)) ENGINE.sample(s->instance, sampled);
    return NULL;
}

START_TEST(samples_change_nothing)
{
    Maker k = {.min_pages = 1, .max_pages = 1};
    /* step(x): two times around a loop: x = x * 31 + 7;  mix(n): s = step(s + i) for i from 0 to n - 1;
     * outer(n): mix(n) + 1, so that the last sample was taken in another frame than that of the result */
    FUNC(&k, "step", 1, 1, 0x03, 0x40, 0x20, 0, 0x41, 31, 0x6c, 0x41, 7, 0x6a, 0x21, 0, 0x20, 1, 0x41, 1, 0x6a, 0x22, 1,
         0x41, 2, 0x49, 0x0d, 0, 0x0b, 0x20, 0);
    FUNC(&k, "mix", 1, 2, 0x03, 0x40, 0x20, 2, 0x20, 1, 0x6a, 0x10, 0, 0x21, 2, 0x20, 1, 0x41, 1, 0x6a, 0x22, 1, 0x20, 0,
         0x49, 0x0d, 0, 0x0b, 0x20, 2);
    FUNC(&k, "outer", 1, 3, 0x20, 0, 0x10, 1, 0x41, 1, 0x6a);
    Loaded l;
    load(&l, &k);
    Samples s = {0};
    s.instance = instance_of(&l, NULL, 0, &s, NULL);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, sample_on, &s), 0);
    const uint32_t n = 20000;
    uint32_t expected = 0;
    for (uint32_t i = 0; i < n; i++) {
        expected += i;
        expected = (expected * 31 + 7) * 31 + 7;
    }
    while (s.n < 2000 || s.in_step < 10) {
        LoadSlot slot = n;
        LoadTrap trap = {0};
        ck_assert_int_eq(call(&l, s.instance, "outer", &slot, &trap), TRAP_NONE);
        ck_assert_uint_eq(slot, expected + 1);
    }
    /* What ends a run goes before. */
    ENGINE.interrupt(s.instance, TRAP_KILLED);
    LoadSlot slot = n;
    LoadTrap trap = {0};
    ck_assert_int_eq(call(&l, s.instance, "outer", &slot, &trap), TRAP_KILLED);
    atomic_store(&s.done, true);
    pthread_join(thread, NULL);
    ENGINE.destroy(s.instance);
    unload(&l);
}
END_TEST

START_TEST(faults_of_the_host)
{
    Loaded l;
    Maker k = {.min_pages = 1, .max_pages = 1};
    make_import(&k, "touch", T_I32_I32);
    FUNC(&k, "f", T_I32_I32, 0, GET, 0, CALL, 0);
    FUNC(&k, "load", T_I32_I32, 0, GET, 0, LOAD, 2, 0);
    struct sigaction action = {.sa_handler = on_host_fault};
    sigaction(SIGSEGV, &action, NULL); /* before the engine's: that one is installed when a module is compiled */
    load(&l, &k);
    void *own = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    LoadImport import = {STR("h"), STR("touch"), "i", "i", touch, NULL};
    LoadInstance *i = instance_of(&l, &import, 1, own, NULL);
    LoadTrap trap = {0};
    LoadSlot slot = 0;
    ck_assert_int_eq(call(&l, i, "f", &slot, &trap), TRAP_NONE);
    ck_assert_uint_eq(slot, 1);
    slot = 1;
    ck_assert_int_eq(call(&l, i, "f", &slot, &trap), TRAP_NONE);
    ck_assert_uint_eq(slot, 2);
    /* the guest's own is still taken, and outside of a run nothing is */
    slot = 65536;
    ck_assert_int_eq(call(&l, i, "load", &slot, &trap), TRAP_OOB_MEMORY);
    const volatile char *volatile beyond = (const volatile char *)ENGINE.memory(i)->base + 65536;
    if (sigsetjmp(host_escape, 1) == 0) (void)*beyond;
    ck_assert_int_eq(host_faults, 3);
    ENGINE.destroy(i);
    munmap(own, 4096);
    unload(&l);
}
END_TEST

START_TEST(fault_without_handler)
{
    Loaded l;
    signal(SIGSEGV, SIG_DFL); /* whatever a sanitizer has put there */
    basic_module(&l);
    LoadInstance *i = instance_of(&l, NULL, 0, NULL, NULL);
    raise(SIGSEGV); /* sent, not a fault of the guest's: the default action, as without the engine */
    ENGINE.destroy(i);
}
END_TEST

/* ---- nested runs ---- */

typedef struct Inner {
    Loaded *loaded;
    LoadInstance *instance;
    LoadTrapKind kind;
    uint32_t n_frames;
} Inner;

static bool call_inner(LoadHostCall *c)
{
    Inner *inner = c->host;
    LoadTrap trap = {0};
    LoadSlot slot = c->slots[0];
    inner->kind = call(inner->loaded, inner->instance, "load", &slot, &trap);
    inner->n_frames = trap.n_frames;
    c->slots[0] = slot;
    return true;
}

/* A host function may run another instance; each trap ends the run that it is in. */
START_TEST(nested_runs)
{
    Loaded outer, inside;
    Maker k = {.min_pages = 2, .max_pages = 2};
    make_import(&k, "inner", T_I32_I32);
    FUNC(&k, "f", T_I32_I32, 0, GET, 0, CALL, 0, DROP, GET, 0, CONST, 4, ADD, LOAD, 2, 0);
    load(&outer, &k);
    basic_module(&inside);
    Inner inner = {.loaded = &inside, .instance = instance_of(&inside, NULL, 0, NULL, NULL)};
    LoadImport import = {STR("h"), STR("inner"), "i", "i", call_inner, NULL};
    LoadInstance *i = instance_of(&outer, &import, 1, &inner, NULL);
    LoadTrap trap = {0};
    LoadSlot slot = 65536; /* outside of the inner memory, inside of the outer one */
    ck_assert_int_eq(call(&outer, i, "f", &slot, &trap), TRAP_NONE);
    ck_assert_int_eq(inner.kind, TRAP_OOB_MEMORY);
    ck_assert_uint_eq(inner.n_frames, 1);
    slot = 131068; /* outside of both, one after the other */
    ck_assert_int_eq(call(&outer, i, "f", &slot, &trap), TRAP_OOB_MEMORY);
    ck_assert_uint_eq(trap.n_frames, 1);
    ck_assert_uint_eq(trap.frames[0].func, 1);
    ENGINE.destroy(i);
    ENGINE.destroy(inner.instance);
    unload(&outer);
    unload(&inside);
}
END_TEST

/* ---- instances ---- */

START_TEST(instances_are_apart)
{
    Loaded l;
    basic_module(&l);
    LoadInstance *a = instance_of(&l, NULL, 0, NULL, NULL), *b = instance_of(&l, NULL, 0, NULL, NULL);
    LoadTrap trap = {0};
    for (uint32_t n = 1; n <= 3; n++) {
        LoadSlot slot = 16;
        ck_assert_int_eq(call(&l, a, "bump", &slot, &trap), TRAP_NONE);
        ck_assert_uint_eq(slot, n);
    }
    LoadSlot slot = 16;
    ck_assert_int_eq(call(&l, b, "bump", &slot, &trap), TRAP_NONE);
    ck_assert_uint_eq(slot, 1);
    ENGINE.destroy(a);
    ENGINE.destroy(b);
    unload(&l);
}
END_TEST

START_TEST(host_access)
{
    LoadMemory m = {.size_bytes = 131072, .null_guard = 4096, .sealed_low = 69632, .sealed_high = 73728, .heap_base = 81920};
    static uint8_t bytes[131072];
    m.base = bytes;
    ck_assert_ptr_nonnull(load_readable(&m, 0, 0));
    ck_assert_ptr_null(load_readable(&m, 0, 1));
    ck_assert_ptr_null(load_readable(&m, 4095, 1));
    ck_assert_ptr_eq(load_readable(&m, 4096, 131072 - 4096), bytes + 4096);
    ck_assert_ptr_null(load_readable(&m, 4096, 131072 - 4095));
    ck_assert_ptr_null(load_readable(&m, 131072, 1));
    ck_assert_ptr_null(load_readable(&m, UINT32_MAX, UINT32_MAX));
    ck_assert_ptr_null(load_writable(&m, 81919, 1));
    ck_assert_ptr_eq(load_writable(&m, 81920, 131072 - 81920), bytes + 81920);
    ck_assert_ptr_null(load_writable(&m, 131071, 2));
    ck_assert_ptr_null(load_writable(&m, 70000, 4));
    m.heap_base = 0; /* a module that says no more than what is sealed */
    ck_assert_ptr_null(load_writable(&m, 69631, 2));
    ck_assert_ptr_nonnull(load_writable(&m, 69628, 4));
    ck_assert_ptr_nonnull(load_writable(&m, 73728, 4));
}
END_TEST

START_TEST(limits)
{
    Loaded l;
    basic_module(&l);
    LoadTrap trap = {0};
    LoadLimits small = {.memory_bytes = 3 * 65536 + 100, .stack_bytes = 4096};
    LoadInstance *i = instance_of(&l, NULL, 0, NULL, &small);
    LoadSlot slot = 3;
    ck_assert_int_eq(call(&l, i, "grow", &slot, &trap), TRAP_NONE);
    ck_assert_uint_eq(slot, UINT32_MAX);
    slot = 2;
    ck_assert_int_eq(call(&l, i, "grow", &slot, &trap), TRAP_NONE);
    ck_assert_uint_eq(slot, 1);
    slot = 0;
    ck_assert_int_eq(call(&l, i, "recurse", &slot, &trap), TRAP_CALL_STACK);
    uint32_t shallow = trap.depth;
    ENGINE.destroy(i);

    i = instance_of(&l, NULL, 0, NULL, &(LoadLimits){.stack_bytes = 8192});
    slot = 0;
    ck_assert_int_eq(call(&l, i, "recurse", &slot, &trap), TRAP_CALL_STACK);
    ck_assert_uint_gt(trap.depth, shallow + shallow / 2);
    ck_assert_uint_eq(trap.n_frames, LOAD_FRAMES_MAX);
    for (uint32_t f = 1; f < trap.n_frames; f++) ck_assert_uint_eq(trap.frames[f].offset, trap.frames[1].offset);
    ENGINE.destroy(i);

    i = instance_of(&l, NULL, 0, NULL, &(LoadLimits){.stack_bytes = 16}); /* not even the first frame */
    ck_assert_int_eq(call(&l, i, "recurse", &slot, &trap), TRAP_CALL_STACK);
    ENGINE.destroy(i);

    ck_assert_ptr_null(ENGINE.instantiate(l.module, NULL, 0, NULL, &(LoadLimits){.memory_bytes = 65535}, &l.diags));
    ck_assert_int_eq(l.diags.items[l.diags.n - 1].code, RUN_LIMIT);
    unload(&l);
}
END_TEST

/* Guard and seal are made of pages: a layout for smaller ones than the host has, or one that does not fit, is refused. */
START_TEST(layouts)
{
    static const struct {
        PmLayout layout;
        const char *words; /* NULL: taken */
    } rows[] = {
        {{PM_SEAL_ENGINE, 12, 4096, 4096, 8192, 8192, 12288, 12288, 12288, 12288, 0}, NULL},
        {{PM_SEAL_ENGINE, 11, 4096, 4096, 8192, 8192, 12288, 12288, 12288, 12288, 0}, "layout made for pages of 2^11 bytes"},
        {{PM_SEAL_CHECK, 11, 4096, 4096, 8192, 8192, 12288, 12288, 12288, 12288, 0}, NULL}, /* the code checks its stores itself */
        {{PM_SEAL_ENGINE, 12, 4096, 4096, 8192, 8192, 12289, 12289, 12289, 12289, 0}, "cannot enforce"},
        {{PM_SEAL_ENGINE, 12, 4096, 4096, 8192, 8200, 12288, 12288, 12288, 12288, 0}, "cannot enforce"},
        {{PM_SEAL_ENGINE, 12, 2048, 4096, 8192, 8192, 12288, 12288, 12288, 12288, 0}, "cannot enforce"},
        {{PM_SEAL_ENGINE, 40, 4096, 4096, 8192, 8192, 12288, 12288, 12288, 12288, 0}, "cannot enforce"},
        {{PM_SEAL_ENGINE, 12, 4096, 4096, 8192, 12288, 8192, 12288, 12288, 12288, 0}, "does not fit"},
        {{PM_SEAL_ENGINE, 12, 4096, 4096, 8192, 8192, 12288, 12288, 12288, UINT32_MAX, 0}, "does not fit"},
    };
    Loaded l;
    basic_module(&l);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Diags diags = {0};
        LoadCompileOptions options = l.options;
        options.layout = &rows[i].layout;
        LoadModule *m = ENGINE.compile(&l.report.module, &options, &diags);
        ck_assert_msg((m != NULL) == (rows[i].words == NULL), "row %zu", i);
        if (!m) ck_assert_msg(diags.items[0].code == RUN_LAYOUT && strstr(diags.items[0].text, rows[i].words), "%s", diags.items[0].text);
        else ENGINE.free_module(m);
        diag_free(&diags);
    }
    unload(&l);
}
END_TEST

#ifndef TEST_NATIVE
/* A frame has at most 65,535 slots. What needs more is refused when it is first called, by name; the rest runs. */
START_TEST(too_complex)
{
    Loaded l;
    Maker k = {.min_pages = 1, .max_pages = 1};
    Writer deep = {0};
    for (int i = 0; i < 70000; i++) wr_bytes(&deep, (const uint8_t[]){CONST, 1}, 2);
    for (int i = 0; i < 70000; i++) wr_byte(&deep, DROP);
    make_func(&k, "deep", T_VOID_VOID, 0, deep.ptr, deep.len);
    FUNC(&k, "wide", T_VOID_VOID, 49999, GET, 0xcd, 0x86, 3, DROP);
    FUNC(&k, "fine", T_I32_I32, 0, GET, 0);
    load(&l, &k);
    LoadInstance *i = instance_of(&l, NULL, 0, NULL, NULL);
    LoadTrap trap = {0};
    LoadSlot slot = 0;
    ck_assert_int_eq(call(&l, i, "deep", &slot, &trap), TRAP_TOO_COMPLEX);
    ck_assert_uint_eq(trap.n_frames, 1);
    ck_assert_uint_eq(trap.frames[0].func, 0);
    ck_assert_int_eq(call(&l, i, "wide", &slot, &trap), TRAP_NONE);
    slot = 9;
    ck_assert_int_eq(call(&l, i, "fine", &slot, &trap), TRAP_NONE);
    ck_assert_uint_eq(slot, 9);
    ENGINE.destroy(i);
    unload(&l);
    wr_free(&deep);
}
END_TEST

/* ---- traces ---- */

START_TEST(places)
{
    Loaded l;
    Maker k = {.min_pages = 1, .max_pages = 1};
    FUNC(&k, "inner", T_I32_I32, 3, GET, 0, CONST, 1, ADD, SET, 1, CONST, 5, GET, 0, DIV_U);
    FUNC(&k, "outer", T_I32_I32, 0, GET, 0, CONST, 0, ADD, CALL, 0, CONST, 1, ADD);
    load(&l, &k);
    LoadInstance *i = instance_of(&l, NULL, 0, NULL, NULL);
    LoadTrap trap = {0};
    LoadSlot slot = 0;
    ck_assert_int_eq(call(&l, i, "outer", &slot, &trap), TRAP_DIV_BY_ZERO);
    ck_assert_uint_eq(trap.depth, 2);
    ck_assert_uint_eq(l.bytes.ptr[trap.frames[0].offset], DIV_U);
    ck_assert_uint_eq(l.bytes.ptr[trap.frames[1].offset], CALL);

    TextBuf text = {0};
    load_trap_print(&text, &trap, &l.report.module, "tool");
    char expected[128];
    snprintf(expected, sizeof expected, "tool: trap: integer divide by zero\n  #0 func 0 at 0x%x\n  #1 func 1 at 0x%x\n",
             trap.frames[0].offset, trap.frames[1].offset);
    ck_assert_str_eq(text.ptr, expected);
    text_free(&text);
    ENGINE.destroy(i);
    unload(&l);
}
END_TEST
#endif

#ifdef TEST_NATIVE
/* ---- what only native code has ---- */

static LoadInstance *to_interrupt;
static void on_alarm(int signal_number)
{
    (void)signal_number;
    ENGINE.interrupt(to_interrupt, TRAP_DEADLINE);
}

/* The poke comes while the handler that asked for it has interrupted the guest: it comes again. */
START_TEST(interrupted_by_a_handler)
{
    Loaded l;
    basic_module(&l);
    struct sigaction action = {.sa_handler = on_alarm};
    LoadInstance *i = to_interrupt = instance_of(&l, NULL, 0, NULL, NULL);
    sigaction(SIGALRM, &action, NULL);
    for (int round = 0; round < 20; round++) {
        LoadTrap trap = {0};
        LoadSlot slot = 0;
        struct itimerval soon = {.it_value.tv_usec = 2000};
        ENGINE.interrupt(i, TRAP_NONE);
        setitimer(ITIMER_REAL, &soon, NULL);
        ck_assert_int_eq(call(&l, i, "spin", &slot, &trap), TRAP_DEADLINE);
    }
    ENGINE.destroy(i);
    unload(&l);
}
END_TEST

static volatile sig_atomic_t urgent;
static void on_urgent(int signal_number)
{
    (void)signal_number;
    urgent++;
}

/* SIGURG of others goes to their handler; ours do not. */
START_TEST(others_urgent_signals)
{
    Loaded l;
    struct sigaction action = {.sa_handler = on_urgent};
    sigaction(SIGURG, &action, NULL);
    basic_module(&l);
    LoadInstance *i = instance_of(&l, NULL, 0, NULL, NULL);
    LoadTrap trap = {0};
    LoadSlot slot = 0;
    pthread_t thread;
    raise(SIGURG);
    ck_assert_int_eq(urgent, 1);
    ck_assert_int_eq(pthread_create(&thread, NULL, interrupt_later, i), 0);
    ck_assert_int_eq(call(&l, i, "spin", &slot, &trap), TRAP_KILLED);
    pthread_join(thread, NULL);
    ck_assert_int_eq(urgent, 1);
    ENGINE.destroy(i);
    unload(&l);
}
END_TEST

/* The same bytes twice, and others in between: each library is its own, whatever number its file had. */
START_TEST(libraries_are_apart)
{
    Loaded l, other;
    Maker k = {.min_pages = 1, .max_pages = 1};
    FUNC(&k, "f", T_I32_I32, 0, CONST, 42);
    basic_module(&l);
    LoadModule *again = ENGINE.compile(&l.report.module, &l.options, &l.diags);
    load(&other, &k);
    ENGINE.free_module(l.module);
    l.module = ENGINE.compile(&l.report.module, &l.options, &l.diags);
    LoadModule *const modules[] = {l.module, again};
    for (size_t m = 0; m < ARRAY_LEN(modules); m++) {
        LoadInstance *i = ENGINE.instantiate(modules[m], NULL, 0, NULL, NULL, &l.diags);
        LoadTrap trap = {0};
        LoadSlot slot = 7;
        ck_assert_ptr_nonnull(i);
        ck_assert(ENGINE.start(i, &trap));
        ck_assert_int_eq(call(&l, i, "divide", &slot, &trap), TRAP_NONE);
        ck_assert_uint_eq(slot, 1);
        ENGINE.destroy(i);
    }
    ENGINE.free_module(again);
    unload(&l);
    unload(&other);
}
END_TEST

/* What the instance can change is as the image says, here and in another instance. */
START_TEST(goes_back_to_an_image)
{
    Loaded l;
    basic_module(&l);
    LoadInstance *i = instance_of(&l, NULL, 0, NULL, NULL);
    LoadTrap trap = {0};
    LoadSlot slot = 16;
    ck_assert_int_eq(call(&l, i, "bump", &slot, &trap), TRAP_NONE);
    LoadImage *image = ENGINE.take_image(i);
    ck_assert_ptr_nonnull(image);
    LoadInstance *other = ENGINE.from_image(image, NULL);
    ck_assert_ptr_nonnull(other);
    for (int round = 0; round < 3; round++) {
        LoadInstance *const instances[] = {i, other};
        for (size_t n = 0; n < ARRAY_LEN(instances); n++) {
            slot = 16;
            ck_assert_int_eq(call(&l, instances[n], "bump", &slot, &trap), TRAP_NONE);
            ck_assert_uint_eq(slot, 2);
            slot = 3;
            ck_assert_int_eq(call(&l, instances[n], "grow", &slot, &trap), TRAP_NONE);
            ck_assert_uint_eq(slot, 1);
            slot = 65536 * 4;
            ck_assert_int_eq(call(&l, instances[n], "load", &slot, &trap), TRAP_OOB_MEMORY);
            ck_assert(ENGINE.reset(instances[n]));
            ck_assert_uint_eq(ENGINE.memory(instances[n])->size_bytes, 65536);
        }
    }
    ENGINE.destroy(i);
    ENGINE.destroy(other);
    ENGINE.free_image(image);
    unload(&l);
}
END_TEST

/* Whatever was signed: no part of the file is believed to be where it says. */
START_TEST(broken_objects)
{
    Loaded l;
    basic_module(&l);
    uint8_t *bytes = malloc(l.native.len);
    for (size_t size = 0; size < l.native.len; size += size < 64 ? 1 : 512) {
        Diags diags = {0};
        LoadCompileOptions options = {.native = bytes, .native_bytes = size};
        memcpy(bytes, l.native.ptr, l.native.len);
        LoadModule *m = ENGINE.compile(&l.report.module, &options, &diags);
        if (!m) ck_assert_int_eq(diags.items[0].code, RUN_NATIVE_BROKEN);
        ENGINE.free_module(m); /* only what nobody needs to run it was cut off */
        diag_free(&diags);
    }
    free(bytes);
    unload(&l);
}
END_TEST
#endif

static Suite *engine_suite(void)
{
    Suite *s = suite_create("engine");
    TCase *t = tcase_create("engine");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, traps_in_threads);
    tcase_add_test(t, interrupts);
    tcase_add_test(t, samples_change_nothing);
    tcase_add_test(t, faults_of_the_host);
    tcase_add_test_raise_signal(t, fault_without_handler, SIGSEGV);
    tcase_add_test(t, nested_runs);
    tcase_add_test(t, instances_are_apart);
    tcase_add_test(t, host_access);
    tcase_add_test(t, limits);
    tcase_add_test(t, layouts);
#ifdef TEST_NATIVE
    tcase_add_test(t, interrupted_by_a_handler);
    tcase_add_test(t, others_urgent_signals);
    tcase_add_test(t, libraries_are_apart);
    tcase_add_test(t, goes_back_to_an_image);
    tcase_add_test(t, broken_objects);
#else
    tcase_add_test(t, too_complex);
    tcase_add_test(t, places);
#endif
    suite_add_tcase(s, t);
    return s;
}

int main(void) { return engine_is_here() ? run_tap(engine_suite()) : 0; }
