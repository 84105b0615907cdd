/* fault.h: the signals that are about guest code, and whose they are. For engines that run guest code in this thread. fault.c
 *
 * A Run is one stay of this thread in guest code: from entering it until it is left for good. It is on the C stack
 * of whoever enters; runs of one thread are nested, since a host function may call into another instance. */
#ifndef PARIGOT_LOADER_FAULT_H
#define PARIGOT_LOADER_FAULT_H

#include <signal.h>
#include <sys/types.h>

#include "loader/engine.h"

typedef struct Run Run;
struct Run {
    const LoadMemory *memory;       /* of the instance that runs: a fault within its reservation is the guest's      */
    Run *outer;                     /* the run of this thread that called the host function we are under             */
    volatile sig_atomic_t in_guest; /* 0 while a host function runs                                                  */
    /* Both in the signal handler; context: its ucontext_t.
     * fault: at this address of linear memory; in_guest is 0 already. Does not return, or leaves by changing the context.
     * poke:  somebody has called fault_poke for this thread; NULL: this engine is not poked. in_guest is 1, but the signal may
     *        have come in another handler, which has interrupted the guest: false, and it will come again.           */
    void (*fault)(Run *, uint64_t address, void *context);
    bool (*poke)(Run *, void *context);
};

MUST_USE bool fault_handler_install(void); /* once in a process; false: there was an error */
void fault_enter(Run *);                   /* sets outer; in_guest is the caller's to set */
void fault_leave(Run *);
Run *fault_current(void);                  /* of this thread, innermost; NULL: none */
/* fault_poke: from any thread or signal handler, of this thread too: the run's poke in that thread, if it is in guest code
 * when the signal comes.
 * in:     from fault_thread of that thread; one that has ended is no harm */
void fault_poke(pid_t thread);
pid_t fault_thread(void);                  /* this thread; makes sure that it takes pokes */

/* What a fault at this address of linear memory is. The shadow stack grows down into the null guard, where a null pointer's
 * target is too: it was the stack if the stack pointer has left its range, or if the address is not further below it than
 * one frame that needs no check (a frame larger than the guard has one, docs/module-section.md).
 * in:     layout  NULL: none, or the stack pointer is not known */
LoadTrapKind fault_kind(const LoadMemory *, const PmLayout *layout, uint32_t stack_pointer, uint64_t address);

#endif
