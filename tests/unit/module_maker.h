/* module_maker.h: small modules for the validator's tests, written section by section. */
#ifndef PARIGOT_TESTS_MODULE_MAKER_H
#define PARIGOT_TESTS_MODULE_MAKER_H

#include "wasm/wasm.h"

#include <string.h>

/* A section: begin, items by wr_*, end. */
static inline size_t begin_section(Writer *w, WasmSectionId id)
{
    wr_byte(w, (uint8_t)id);
    return wr_begin_size(w);
}

static inline void write_header(Writer *w) { wr_bytes(w, "\0asm\1\0\0\0", 8); }

/* Without this behind the code a body at the end of the file takes the validator's slow way (fast.c). */
static inline void write_trailer(Writer *w)
{
    size_t mark = begin_section(w, SEC_CUSTOM);
    wr_name(w, STR("trailer"));
    wr_zeros(w, 32);
    wr_end_size(w, mark);
}

/* "ii" -> i32, i32: letters as in opcodes.def, with r funcref and x externref. */
static inline uint8_t type_of(char letter)
{
    switch (letter) {
    case 'i': return TYPE_I32;
    case 'I': return TYPE_I64;
    case 'f': return TYPE_F32;
    case 'F': return TYPE_F64;
    case 'V': return TYPE_V128;
    case 'x': return TYPE_EXTERNREF;
    default: return TYPE_FUNCREF;
    }
}

static inline void write_func_type(Writer *w, const char *params, const char *results)
{
    wr_byte(w, TYPE_FUNC);
    wr_u32(w, (uint32_t)strlen(params));
    for (; *params; params++) wr_byte(w, type_of(*params));
    wr_u32(w, (uint32_t)strlen(results));
    for (; *results; results++) wr_byte(w, type_of(*results));
}

#endif
