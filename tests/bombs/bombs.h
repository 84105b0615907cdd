/* bombs.h: modules made to cost more than they are long. A bomb of size n has about n bytes; all are written from the
 * outside in, by the same few helpers. Each attacks one thing: where the validator might look at something again for
 * every byte, keep more than it has read, or say more than it was told. */
#ifndef PARIGOT_TESTS_BOMBS_H
#define PARIGOT_TESTS_BOMBS_H

#include "tests/unit/module_maker.h"

typedef struct Bomb {
    const char *name;
    void (*write)(Writer *, uint32_t n);
    uint32_t work; /* steps that a byte of it may cost at most; 0 = WORK_A_BYTE. More where one byte names a vector of 1000 */
} Bomb;

/* bombs_code.c: what stands in function bodies. bombs_sections.c: everything else that the specification knows.
 * bombs_custom.c: custom sections: names, parigot.module, DWARF. Each list ends with a row without name. */
extern const Bomb bombs_code[], bombs_sections[], bombs_custom[];

/* ---- parts of modules ---- */

enum { BOMB_WIDE = 1000 }; /* parameters and results, the most that a type may have */

static inline void put_op(Writer *w, WasmOp op)
{
    const WasmOpInfo *info = &wasm_op_info[op];
    if (info->prefix) wr_byte(w, info->prefix);
    if (info->prefix) wr_u32(w, info->code);
    else wr_byte(w, (uint8_t)info->code);
}

static inline void put_i32(Writer *w, int32_t value)
{
    put_op(w, OP_I32_CONST);
    wr_s32(w, value);
}

static inline void put_index(Writer *w, WasmOp op, uint32_t index)
{
    put_op(w, op);
    wr_u32(w, index);
}

/* A block whose type is a type index. */
static inline void put_block(Writer *w, WasmOp op, uint32_t type)
{
    put_op(w, op);
    wr_s64(w, (int64_t)type);
}

/* A type of so many i32 each way. */
static inline void put_type(Writer *w, uint32_t n_params, uint32_t n_results)
{
    wr_byte(w, TYPE_FUNC);
    wr_u32(w, n_params);
    for (uint32_t i = 0; i < n_params; i++) wr_byte(w, TYPE_I32);
    wr_u32(w, n_results);
    for (uint32_t i = 0; i < n_results; i++) wr_byte(w, TYPE_I32);
}

/* A section whose contents are a count and what `items` writes. */
static inline void put_section(Writer *w, WasmSectionId id, uint32_t count, void (*items)(Writer *, uint32_t), uint32_t n)
{
    size_t mark = begin_section(w, id);
    wr_u32(w, count);
    items(w, n);
    wr_end_size(w, mark);
}

static inline size_t begin_custom(Writer *w, Str name)
{
    size_t mark = begin_section(w, SEC_CUSTOM);
    wr_name(w, name);
    return mark;
}

/* ---- the module around bodies (bombs_code.c) ----
 * Types: 0 [] -> [], 1 [i32 x 1000] -> [i32 x 1000], 2 [i32] -> [i32], then n_types more by `types`. A table of functions,
 * a memory of a page, ENV_GLOBALS mutable i32 globals, an element segment. */
enum { ENV_GLOBALS = 64 };

/* Such a module with one function of type 0. */
void put_module(Writer *, void (*body)(Writer *, uint32_t), uint32_t n);

#endif
