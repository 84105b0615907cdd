/* values.h: values of WebAssembly as text, as parigot-run --invoke reads and prints them. */
#ifndef PARIGOT_LOADER_VALUES_H
#define PARIGOT_LOADER_VALUES_H

#include "loader/engine.h"

/* value_parse: text of one value; false when it is not one of that type.
 * Integers: decimal or 0x, signed or unsigned. Floats: as C, with inf, nan, nan:0xPAYLOAD. References: null, or a number.
 * Vectors: 0x and up to 32 hexadecimal digits, the highest lane first.
 * out: one slot, two for a vector */
bool value_parse(const char *text, uint8_t type, LoadSlot *out);
/* Integers decimal and signed; floats by the shortest digits that read back exactly; vectors in all their digits. No newline. */
void value_print(TextBuf *, uint8_t type, const LoadSlot *);

#endif
