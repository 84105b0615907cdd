/* stack_bound.h: how much of the stack in linear memory (the shadow stack) a finished module can use.
 * stack_scan.c reads the code: frames and calls. stack_bound.c finds the deepest chain of calls. */
#ifndef PARIGOT_LINKER_STACK_BOUND_H
#define PARIGOT_LINKER_STACK_BOUND_H

#include "linker/linker.h"

#define STACK_NO_BOUND UINT64_MAX
enum { STACK_NOBODY = UINT32_MAX };

/* A call; `held`: bytes below the caller's own beginning that its frame has then. */
typedef struct StackEdge {
    uint32_t to;
    uint64_t held;
} StackEdge;

/* A function; or, behind the functions, what call_indirect of one type may call. */
typedef struct StackNode {
    uint64_t frame;      /* most bytes below the stack pointer's value at its start */
    uint32_t code_at;    /* offset in the file of its first instruction; 0: imported */
    uint32_t problem_at; /* where its stack pointer is moved by what is not known; 0: nowhere */
    size_t first_edge, n_edges;
} StackNode;

typedef struct StackGraph {
    const WasmModule *m; /* valid */
    Arena *arena;        /* with on_oom */
    uint32_t pointer;    /* global index of the stack pointer, or STACK_NOBODY */
    bool has_top;
    uint32_t top;        /* where it starts */
    uint32_t *same_type; /* for each type the first that is equal to it */
    bool *taken;         /* functions that a table may hold */
    bool open_table;     /* the host can see a table: what it holds are entries too */
    StackNode *nodes;    /* n_funcs, then n_types */
    uint32_t n_nodes;
    StackEdge *edges;
    size_t n_edges, edges_cap;
} StackGraph;

/* stack_scan: fills the graph.
 * in: m, arena, pointer, has_top, top.  out: false when the code could not be read: it is not valid */
MUST_USE bool stack_scan(StackGraph *);

/* ld_stack_bound: most bytes that any entry needs.
 * in:     the module's bytes; arena with on_oom
 * errors: V codes; LD_STACK_* for each recursion and each frame that prevents a bound (a bounded number), then false */
MUST_USE bool ld_stack_bound(Arena *, const uint8_t *bytes, size_t size, const char *file, Diags *, uint64_t *bound);

#endif
