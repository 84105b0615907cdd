/* faulty.c: goes wrong in the way that it is asked to. Each fault is a function of its own, so that the call stack in the
 * report can be checked by name. */
#include "fault/v1/faulty.parigot.h"

#define NOINLINE __attribute__((noinline))

struct parigot_app { uint32_t served; };

/* What the optimiser must believe to be unknown. */
static int volatile_zero(void) { volatile int zero = 0; return zero; }

NOINLINE static void null_write(void) { *(volatile int *)(uintptr_t)volatile_zero() = 1; }
NOINLINE static int null_read(void) { return ((volatile int *)(uintptr_t)volatile_zero())[3]; }

static const int numbers[] = {1, 2, 3, 4};
NOINLINE static void const_write(void) { ((volatile int *)(uintptr_t)numbers)[volatile_zero() + 1] = 5; }

NOINLINE static void beyond_memory(void) { *(volatile int *)(0xfffffff0u + (uintptr_t)volatile_zero()) = 1; }

NOINLINE static int divide(int n) { return n / volatile_zero(); }

/* 1 KiB of frame each: the shadow stack runs into the guard. */
NOINLINE static int stack_overflow(int depth)
{
    volatile char frame[1024];
    frame[depth % 1024] = (char)depth;
    return stack_overflow(depth + 1) + frame[(depth * 7) % 1024];
}

/* No frame at all: the engine's own call stack. */
NOINLINE static unsigned recursion(unsigned n, const unsigned *stop) { return n == *stop ? 0 : recursion(n + 1, stop) * 3 + 1; }

NOINLINE static void endless_loop(void) { while (!volatile_zero()) continue; }

NOINLINE static int wrong_type(void)
{
    int (*volatile f)(int, int) = (int (*)(int, int))(void *)divide;
    return f(1, 2);
}

NOINLINE static void bad_reply(parigot_call *call)
{
    (void)call;
    parigot_kernel_v1_Kernel_Reply(1, (const void *)(uintptr_t)0xfffffff0u, 32, 1);
}

NOINLINE static void bad_request(parigot_call *call)
{
    (void)call;
    parigot_kernel_v1_Kernel_Fail(1, 3, (const void *)(uintptr_t)16, 8); /* in the null guard */
}

/* Replies to calls that are not its own change nothing. */
static const char *foreign_replies(void)
{
    for (uint32_t id = 2; id < 100; id++) {
        if (parigot_kernel_v1_Kernel_Reply(id, NULL, 0, 1) != -PARIGOT_NOT_FOUND) return "a foreign id was taken";
        if (parigot_kernel_v1_Kernel_Fail(id, 3, NULL, 0) != -PARIGOT_NOT_FOUND) return "a foreign id was taken";
        if (parigot_kernel_v1_Kernel_Cancel(id) != -PARIGOT_NOT_FOUND) return "a foreign id was taken";
    }
    return "not found, each of them";
}

static const char *grow_memory(void)
{
    unsigned pages = 0;
    while (pages < 100000 && __builtin_wasm_memory_grow(0, 1) != (size_t)-1) pages++;
    return pages < 100000 ? "memory is bounded" : "memory has no end";
}

static void do_fault(parigot_call *call, parigot_str fault, const char **text)
{
    static const unsigned never = 0;
#define IS(name) parigot_str_equal(fault, PARIGOT_STR(name))
    if (IS("null-write")) null_write();
    else if (IS("null-read")) null_read();
    else if (IS("const-write")) const_write();
    else if (IS("beyond-memory")) beyond_memory();
    else if (IS("divide-by-zero")) divide(7);
    else if (IS("stack-overflow")) stack_overflow(1);
    else if (IS("recursion")) recursion(1, &never);
    else if (IS("endless-loop")) endless_loop();
    else if (IS("wrong-type")) wrong_type();
    else if (IS("unreachable")) __builtin_trap();
    else if (IS("bad-reply")) bad_reply(call);
    else if (IS("bad-request")) bad_request(call);
    else if (IS("exit")) parigot_exit(3);
    else if (IS("foreign-replies")) *text = foreign_replies();
    else if (IS("grow-memory")) *text = grow_memory();
    else if (IS("nothing")) *text = "nothing went wrong";
#undef IS
}

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    (void)init;
    return parigot_new(sizeof(parigot_app));
}

/* It does not listen. */
void parigot_on_stop(parigot_app *app) { (void)app; }

void fault_v1_Faulty_Do(parigot_app *app, parigot_call *call, const fault_v1_DoRequest *req)
{
    const char *text = "no such fault";
    app->served++;
    if (parigot_str_equal(req->fault, PARIGOT_STR("no-answer"))) return; /* the call stays open */
    do_fault(call, req->fault, &text);
    fault_v1_Faulty_Do_reply(call, &(fault_v1_DoReply){.text = parigot_format(call, "%s (no. %u)", text, app->served)});
}
