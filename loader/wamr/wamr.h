/* wamr.h: LoadEngine on top of libiwasm, WAMR's C API (wasm_export.h). Private to loader/wamr.
 *
 * What stands between the two:
 *   copy.c     a module's bytes, with names that are ours
 *   engine.c   modules, instances, calls: slots to WAMR's cells and back, imports to host functions
 *   runtime.c  the runtime of this process, its threads, what this libiwasm was built with
 *   traps.c    what WAMR says about an exception as a LoadTrap; faults; frames
 *
 * WAMR keeps state of the process: one runtime, one list of native functions, handlers for SIGSEGV and SIGBUS. It is
 * initialised at the first use and stays. docs/wamr.md says what WAMR cannot do, and what is refused for that. */
#ifndef PARIGOT_LOADER_WAMR_WAMR_H
#define PARIGOT_LOADER_WAMR_WAMR_H

#include <stdatomic.h>
#include <wasm_export.h>

#include "loader/engine.h"

/* Of newer versions, or of builds with certain options: NULL where this libiwasm has not got them. */
#pragma weak wasm_copy_callstack
#pragma weak wasm_runtime_dump_call_stack_to_buf
#pragma weak wasm_runtime_get_call_stack_buf_size
#pragma weak wasm_runtime_spawn_exec_env

struct LoadModule {
    const WasmModule *wasm;
    PmLayout layout;
    bool has_layout;
    Writer copy;              /* WAMR's: its loader writes into it, and points into it afterwards                     */
    wasm_module_t loaded;
};

struct LoadInstance {
    LoadModule *module;
    void *host;
    wasm_module_inst_t inst;
    wasm_exec_env_t env;
    wasm_function_inst_t *entries; /* by function, as far as they have been called                                   */
    const LoadImport *imports;
    void (*refused)(void *host, LoadGrowth, uint64_t limit, uint64_t wanted); /* NULL: nobody is told             */
    int64_t *gauge;
    uint32_t *stack_pointer;  /* NULL: not known                                                                      */
    LoadMemory memory;
    bool enforces_layout;     /* pages do                                                                             */
    LoadTrap *trap;           /* of the call that runs now; NULL: none does                                           */
    bool stopped;             /* a host function has ended it, and filled the trap                                    */
    bool broken;              /* it was interrupted: WAMR cannot go on with it                                        */
    atomic_uint interrupt;    /* LoadTrapKind                                                                         */
    Arena arena;
};

/* ---- copy.c ---- */

enum { COPY_NAME_BYTES = 12 };
#define COPY_IMPORT_MODULE "p"
#define COPY_FUEL          "fuel"
#define COPY_STACK         "stack"
void copy_import_name(uint32_t func, char out[COPY_NAME_BYTES]);
void copy_export_name(uint32_t func, char out[COPY_NAME_BYTES]);
/* copy_module: in: fuel, stack_pointer: global index + 1, 0 = none; out: wr_free it. false: out of memory */
MUST_USE bool copy_module(const WasmModule *, uint32_t fuel, uint32_t stack_pointer, Writer *out);

/* ---- runtime.c ---- */

/* runtime_open: once for the process, then as it came out.   out: NULL, or why there is no runtime */
const char *runtime_open(void);
bool runtime_has_simd(void);
bool runtime_can_interrupt(void);
/* What every thread needs before WAMR runs code in it. Until the thread ends. */
MUST_USE bool runtime_enter_thread(void);
/* The address space behind a memory is reserved: what lies outside of it faults, and WAMR takes the fault. Without that it
 * compares addresses, and a page that is protected would end the process. */
bool runtime_reserves(const uint8_t *base);

/* ---- traps.c ---- */

void traps_remember(void);    /* before WAMR has handlers: who had them                                               */
void traps_install(void);     /* after WAMR's own handlers                                                            */
void traps_begin(void);       /* before a call: from now on faults of this thread are WAMR's to look at               */
void traps_end(void);         /* after it                                                                             */
/* traps_fill: why the call has ended. in: it has, with an exception */
void traps_fill(LoadInstance *);
void traps_where(LoadInstance *, LoadTrap *); /* in a host function: the frames, as far as this libiwasm tells them   */

extern LoadEngine load_wamr;  /* complete after wamr_open                                                             */
const LoadEngine *wamr_open(const char **why); /* NULL: *why                                                          */

#endif
