/* simd.h: vector instructions as functions on slots. Private to loader/: decode.c finds them, interp.c calls them.
 *
 * A vector is two slots, low half first. Source: core 2.0 §4.4.3 "Vector Instructions" */
#ifndef PARIGOT_LOADER_SIMD_H
#define PARIGOT_LOADER_SIMD_H

#include "loader/interp.h"

/* to: the result, one slot or two. a: the first operand, or all operands one behind the other (where there are two vectors
 * and nothing else the second is at b). lane: the immediate. Operands and result may overlap. */
typedef void SimdFn(Slot *to, const Slot *a, const Slot *b, uint32_t lane);
/* What a load makes of the bytes that it has read, zero-extended. */
typedef void SimdLoadFn(Slot *to, uint64_t raw);

SimdFn *simd_canonical(WasmOp);   /* what makes NaNs in its result canonical; NULL: it leaves none open */
SimdFn *simd_fn(WasmOp);          /* NULL: loads, stores, const, shuffle, and what is no vector instruction */
SimdLoadFn *simd_load_fn(WasmOp); /* of loads that extend, splat or fill up with zeros; else NULL */
void simd_shuffle(Slot *to, const Slot *a, const Slot *b, const uint8_t lanes[16]);

#endif
