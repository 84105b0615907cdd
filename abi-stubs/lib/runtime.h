/* runtime.h: what the objects of the guest library share and programs do not see. */
#ifndef PARIGOT_RUNTIME_H
#define PARIGOT_RUNTIME_H
#include <parigot/generated.h>

/* ---- arena.c: memory given back all at once ---------------------------------------------------------- */

/* A piece of memory from malloc; what it holds follows the header. */
typedef struct Chunk {
    struct Chunk *next;
    size_t size, used; /* bytes after the header */
} __attribute__((aligned(16))) Chunk;

struct parigot_arena {
    Chunk *chunks; /* small allocations come from the first one */
};

/* parigot_arena_get: not zeroed, aligned to 16 (or to less when size is less); NULL when there is no memory.
 * parigot_arena_grow: p (of old bytes, or NULL) with room for size bytes, in place when it was the last one.
 */
void *parigot_arena_get(parigot_arena *, size_t size);
void *parigot_arena_grow(parigot_arena *, void *p, size_t old, size_t size);
void parigot_arena_free(parigot_arena *);

/* A buffer for a message from the kernel is a chunk already, with room behind it for what is decoded from it.
 * parigot_message_buffer: makes one; NULL when there is no memory.
 * parigot_message_arena: makes an arena of it; p NULL: an empty one. */
void *parigot_message_buffer(size_t len);
void parigot_message_arena(parigot_arena *, void *p);

/* ---- wire_encode.c, wire_decode.c -------------------------------------------------------------------- */

/* The encoder writes from the end to the front, so that the length of a message in a message is known when it
 * is written.
 * parigot_out_message: false and out->status on failure.
 * parigot_out_free: gives memory back, after success and failure. */
void parigot_out_init(parigot_gen_out *);
bool parigot_out_message(parigot_gen_out *, const parigot_descriptor *, const void *message);
void parigot_out_free(parigot_gen_out *);

typedef struct WireType {
    uint8_t wire; /* wire type */
    uint8_t size; /* of the value in a struct */
    bool is_signed, zigzag;
} WireType;
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_LEN = 2, WIRE_GROUP = 3, WIRE_GROUP_END = 4, WIRE_32 = 5 };
/* The row of an enum parigot_type; size of a message's value is that of a pointer. */
const WireType *parigot_wire_type(unsigned type);

/* Length of the first well-formed character of [p, end), or 0. p < end. */
unsigned parigot_utf8_char(const uint8_t *p, const uint8_t *end);
bool parigot_utf8_valid(const void *p, size_t len);
/* Text that is the library's own to change: what is not UTF-8 becomes '?'. */
void parigot_utf8_mend(const char *text, size_t len);

/* ---- entry.c ----------------------------------------------------------------------------------------- */

/* What a C library wants done before parigot_start(). Weak: nothing. */
void parigot_libc_start(void);

/* ---- format.c ---------------------------------------------------------------------------------------- */

/* vsnprintf, without a use of int for lengths: what would be written, NUL not counted. */
size_t parigot_format_text(char *out, size_t size, const char *format, va_list) PARIGOT_PRINTF(3, 0);

/* ---- decimal.c: doubles to decimal digits and back, exactly ------------------------------------------ */

/* 0.d1d2d3... x 10^point; digits are 0 to 9, not characters; no zero in front or at the end. */
enum { DECIMAL_DIGITS = 800 }; /* a double has at most 767 */
typedef struct Decimal {
    int count, point;
    bool rest; /* digits other than 0 that did not fit follow */
    uint8_t digit[DECIMAL_DIGITS];
} Decimal;

/* parigot_decimal_set: of a finite double's absolute value.
 * parigot_decimal_round: to at most count digits, half to even; count < 0: zero.
 * parigot_decimal_get: the nearest value m * 2^e, m of mantissa_bits, e within the bounds; infinity when it
 * is too large. Changes the decimal. */
void parigot_decimal_set(Decimal *, double);
void parigot_decimal_round(Decimal *, int count);
double parigot_decimal_get(Decimal *, int mantissa_bits, int min_exponent, int max_exponent);
#endif
