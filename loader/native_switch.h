/* native_switch.h: from this thread's stack to the one that guest code runs on, and the three ways back. native_switch.c */
#ifndef PARIGOT_LOADER_NATIVE_SWITCH_H
#define PARIGOT_LOADER_NATIVE_SWITCH_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "bundle/native/abi.h"

#if defined PARIGOT_NATIVE_TARGET
#define HAVE_NATIVE 1
#else
#define HAVE_NATIVE 0
#endif

/* One stay in guest code. NativeContext.run leads to it. The assembly knows the offsets. */
typedef struct Switch {
    uintptr_t host_stack;            /* the thread's own: where the registers of native_enter's caller are           */
    uintptr_t pc, frame;             /* where guest code was when it was left by leave or trap: a return address      */
    uint64_t trap;                   /* NativeTrap; ~0: none                                                          */
    const _Atomic uint32_t *stop;    /* not 0: guest code is not entered any more                                     */
    volatile sig_atomic_t *in_guest; /* 1 while the program counter is in guest code, or here                         */
} Switch;
#define NO_NATIVE_TRAP UINT64_MAX

/* native_enter: runs fn on that stack. true: it has returned; false: left by trap, by leave, or by native_abandon. */
bool native_enter(Switch *, void (*fn)(void *instance, uint64_t *slots), void *instance, uint64_t *slots, void *stack_top);
/* For NativeContext. native_leave calls native_serve on the thread's own stack; when that is true, guest code is left. */
void native_leave(NativeContext *, NativeService, uint32_t index, uint64_t *slots);
__attribute__((noreturn)) void native_trap(NativeContext *, NativeTrap);
bool native_serve(NativeContext *, NativeService, uint32_t index, uint64_t *slots);

/* For signal handlers that have interrupted guest code; context: the ucontext_t. */
typedef struct Place {
    uintptr_t pc, frame, stack;
    uintptr_t link;                  /* where the function returns to, while a register says so; 0: it is on the stack */
} Place;
Place native_place(const void *context);
void native_abandon(Switch *, void *context); /* when the handler returns, native_enter returns false; in_guest is off */
bool native_is_switch(uintptr_t pc);          /* in the assembly: nothing is half-done there either                   */

#endif
