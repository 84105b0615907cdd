/* guest_kernel.h: a kernel that writes down what the guest library asks of it, and answers as it was told to. The entries
 * of a module are plain functions here; messages go through parigot_message_buffer as they do in a module. */
#ifndef PARIGOT_TESTS_GUEST_KERNEL_H
#define PARIGOT_TESTS_GUEST_KERNEL_H
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "abi-stubs/lib/runtime.h"
#include "all.parigot.h"
#include "tap.h"

typedef tests_guest_v1_All All;
typedef tests_guest_v1_Inner1 Inner1;

/* ---- what has been asked, one line each ---- */

static char asked[8192];
static int32_t answer;              /* to Reply, Fail, Cancel, Deadline and calls of services; 0: success */
static uint8_t last_message[65536]; /* of the last one that had one */
static size_t last_len;
static uintptr_t last_cookie;
static int32_t next_call = 1;
static jmp_buf exit_jump;
static int32_t exit_code;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    size_t len = strlen(asked);
    va_list ap;
    va_start(ap, format);
    vsnprintf(asked + len, sizeof asked - len, format, ap);
    va_end(ap);
}

static void keep(const void *message, size_t len)
{
    ck_assert_uint_le(len, sizeof last_message);
    if (len) memcpy(last_message, message, len);
    last_len = len;
}

int32_t parigot_kernel_v1_Kernel_Reply(uint32_t call, const void *message, size_t len, uint32_t flags)
{
    keep(message, len);
    note("Reply %u %zu %u\n", call, len, flags);
    return answer;
}
int32_t parigot_kernel_v1_Kernel_Fail(uint32_t call, uint32_t status, const void *failure, size_t len)
{
    keep(failure, len);
    note("Fail %u %u %zu\n", call, status, len);
    return answer;
}
int32_t parigot_kernel_v1_Kernel_Cancel(uint32_t call)
{
    note("Cancel %u\n", call);
    return answer;
}
int32_t parigot_kernel_v1_Kernel_Deadline(uint32_t call, uint32_t milliseconds)
{
    note("Deadline %u %u\n", call, milliseconds);
    return answer;
}
int32_t parigot_kernel_v1_Kernel_Exit(int32_t code)
{
    exit_code = code;
    longjmp(exit_jump, 1);
}

static int32_t called(const char *name, const void *ptr, size_t len, uintptr_t cookie)
{
    keep(ptr, len);
    last_cookie = cookie;
    note("%s %zu%s\n", name, len, cookie ? "" : " for nobody");
    return answer < 0 ? answer : next_call++;
}
#define IMPORT(symbol)                                                        \
    int32_t symbol(const void *ptr, size_t len, uintptr_t cookie);            \
    int32_t symbol(const void *ptr, size_t len, uintptr_t cookie)             \
    {                                                                         \
        return called(#symbol, ptr, len, cookie);                             \
    }
IMPORT(tests_guest_v1_Tester_Ask_import)
IMPORT(tests_guest_v1_Tester_Count_import)
IMPORT(tests_guest_v1_Tester_Elsewhere_import)
IMPORT(tests_guest_v1_Tester_Nothing_import)
IMPORT(tests_guest_v1_Second_Ask_import)
IMPORT(parigot_log_v1_Log_Write_import)

/* ---- the module's entries ---- */

parigot_state *parigot_init(void *ptr, size_t len);
void parigot_result(parigot_state *, uintptr_t cookie, uint32_t status, void *ptr, size_t len, uint32_t flags);
void parigot_event(parigot_state *, uint32_t kind, uint32_t call);
typedef void Entry(parigot_state *, uint32_t id, void *ptr, size_t len);
Entry tests_guest_v1_Tester_Ask_entry, tests_guest_v1_Tester_Count_entry, tests_guest_v1_Tester_Nothing_entry;

static void *buffer(const void *bytes, size_t len)
{
    if (!len) return NULL;
    void *p = parigot_message_buffer(len);
    ck_assert_ptr_nonnull(p);
    return memcpy(p, bytes, len);
}

static parigot_state *state;
static parigot_arena *scratch;

static void request(Entry *entry, uint32_t id, const parigot_descriptor *type, const void *message)
{
    parigot_bytes bytes;
    ck_assert_int_eq(parigot_gen_encode(scratch, type, message, &bytes), PARIGOT_OK);
    entry(state, id, buffer(bytes.ptr, bytes.len), bytes.len);
}
static void ask(uint32_t id) { request(tests_guest_v1_Tester_Ask_entry, id, &tests_guest_v1_All_descriptor, &(All){.an_int32 = 1}); }
static void count(uint32_t id, uint32_t n)
{
    request(tests_guest_v1_Tester_Count_entry, id, &tests_guest_v1_Inner1_descriptor, &(Inner1){.n = n});
}

/* What was asked since the last time. */
static void assert_asked(const char *expected)
{
    ck_assert_str_eq(asked, expected);
    asked[0] = 0;
}

static void start_module(void)
{
    parigot_kernel_v1_InitRequest_ConfigEntry config[] = {{PARIGOT_STR("count"), PARIGOT_STR("3")},
                                                          {PARIGOT_STR("who"), PARIGOT_STR("world")}};
    parigot_kernel_v1_InitRequest init = {.abi_version = 1, .module = PARIGOT_STR("tester"), .config = {config, 2}};
    parigot_bytes bytes;
    scratch = parigot_arena_open();
    ck_assert_int_eq(parigot_kernel_v1_InitRequest_encode(scratch, &init, &bytes), PARIGOT_OK);
    state = parigot_init(buffer(bytes.ptr, bytes.len), bytes.len);
    asked[0] = 0;
    answer = 0;
}
#endif
