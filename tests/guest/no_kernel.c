/* no_kernel.c: for tests that only decode and encode: what the guest library refers to besides, never called. Tests of
 * the entries define all of these themselves, and then this is not linked. */
#include <stdlib.h>
#include "all.parigot.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"
#define NEVER(result, name, ...)            \
    result name(__VA_ARGS__);               \
    result name(__VA_ARGS__) { abort(); }

NEVER(parigot_app *, parigot_start, const parigot_kernel_v1_InitRequest *init)
NEVER(int32_t, parigot_kernel_v1_Kernel_Reply, uint32_t call, const void *message, size_t len, uint32_t flags)
NEVER(int32_t, parigot_kernel_v1_Kernel_Fail, uint32_t call, uint32_t status, const void *failure, size_t len)
NEVER(int32_t, parigot_kernel_v1_Kernel_Cancel, uint32_t call)
NEVER(int32_t, parigot_kernel_v1_Kernel_Deadline, uint32_t call, uint32_t milliseconds)
NEVER(int32_t, parigot_kernel_v1_Kernel_Exit, int32_t code)
NEVER(int32_t, parigot_log_v1_Log_Write_import, const void *ptr, size_t len, uintptr_t cookie)
NEVER(int32_t, tests_guest_v1_Tester_Ask_import, const void *ptr, size_t len, uintptr_t cookie)
NEVER(int32_t, tests_guest_v1_Tester_Count_import, const void *ptr, size_t len, uintptr_t cookie)
NEVER(int32_t, tests_guest_v1_Tester_Elsewhere_import, const void *ptr, size_t len, uintptr_t cookie)
NEVER(int32_t, tests_guest_v1_Tester_Nothing_import, const void *ptr, size_t len, uintptr_t cookie)
NEVER(int32_t, tests_guest_v1_Second_Ask_import, const void *ptr, size_t len, uintptr_t cookie)
