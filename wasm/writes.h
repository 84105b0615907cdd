/* writes.h: where each write of a function can go, and what the stack pointer can be: docs/seal-check.md.
 *
 * One walk over a body that was found valid. It follows values by name: what is read twice from a local that was not set
 * in between is one value; a value plus a constant is that value and a distance. Of a value it is known, on all paths
 * to where it is used, that it lies in one of a few ranges: from the stack pointer, of which every write is
 * looked at here, and from comparisons with constants whose other outcome traps. A write that is not known to stay in
 * the stack or above the sealed data is a *gap*: the validator reports it, the linker puts a check there. So
 * both have one view of what is proved. Time and memory are linear in the body. */
#ifndef PARIGOT_WASM_WRITES_H
#define PARIGOT_WASM_WRITES_H

#include "wasm/wasm.h"

/* ---- address_set.c ---- */

/* The numbers from low to high. */
typedef struct AddressPart {
    uint32_t low, high;
} AddressPart;

/* A few parts, apart and ascending. Two are what a check leaves, one in the stack, one above; more where several checks tell of
 * one value. Zeroed: any number. */
enum { ADDRESS_PARTS = 4, SET_ANY = 0, SET_EMPTY = ADDRESS_PARTS + 1 };
typedef struct AddressSet {
    AddressPart part[ADDRESS_PARTS];
    uint8_t n;
} AddressSet;

AddressSet addr_range(uint32_t low, uint32_t high); /* empty when low > high */
AddressSet addr_meet(AddressSet, AddressSet);       /* at least what is in both */
AddressSet addr_join(AddressSet, AddressSet);       /* at least what is in one */
AddressSet addr_shift(AddressSet, uint32_t distance); /* each number plus the distance, modulo 2^32 */
AddressSet addr_align(AddressSet, uint32_t mask);   /* each number & mask, which has no 0 above a 1 */
unsigned addr_parts(AddressSet, AddressPart out[ADDRESS_PARTS]);
uint32_t addr_most(AddressSet);                     /* the largest; 0 when empty */
bool addr_within(AddressSet, uint32_t low, uint32_t high);

/* ---- writes.c ---- */

/* What may be written: [stack_low, stack_high) and all from sealed_high on. */
typedef struct WriteBounds {
    uint32_t stack_low, stack_high, sealed_high;
} WriteBounds;

/* Addresses from which `size` bytes at `offset` are within the bounds. */
AddressSet writable_from(const WriteBounds *, uint64_t offset, uint64_t size);
bool is_writable(const WriteBounds *, AddressSet, uint64_t offset, uint64_t size);

typedef enum OperandKind {
    OPERAND_VALUE,  /* id + distance */
    OPERAND_BELOW,  /* is that below c? */
    OPERAND_ABOVE,  /* is it above c? */
    OPERAND_ROOM,   /* c minus it */
    OPERAND_BEYOND, /* is it above c minus `other`? */
    OPERAND_MANY    /* c operands of which nothing is known */
} OperandKind;
enum { VALUE_UNKNOWN, VALUE_ZERO, VALUE_FIRST }; /* ids; a constant is zero and a distance */

typedef struct Operand {
    uint8_t kind;
    uint32_t id, distance, c, other, other_distance;
    uint32_t local; /* VALUE: of which it is the value; or NO_LOCAL */
    uint32_t run;   /* in which it was put on the stack, */
    const uint8_t *behind; /* and what stands behind the instruction that did */
} Operand;
enum { NO_LOCAL = UINT32_MAX };

typedef enum GapKind {
    GAP_FRAME,   /* the stack pointer, where it was read, is not known to be `least` or more */
    GAP_STORE,   /* `size` bytes at `offset`: a store, or a bulk write of a known length */
    GAP_BULK,    /* a bulk write */
    GAP_POINTER, /* the stack pointer is set */
} GapKind;

typedef struct Gap {
    GapKind kind;
    const WasmInstr *instr; /* FRAME: what first needs it */
    const uint8_t *at;      /* FRAME: the instruction that reads the stack pointer; else instr's */
    uint32_t least;
    uint64_t offset, size;  /* STORE; may be made more, within the bounds */
    Operand address, length; /* what is written to, or the new stack pointer; BULK: the number of bytes */
    uint32_t run;           /* of instructions without any control between them: counted in each function */
} Gap;

typedef struct WriteWalk {
    const WasmModule *m;
    Arena *arena;
    WriteBounds bounds;
    uint32_t stack_pointer; /* index of the global, NO_LOCAL: there is none */
    /* Told of each gap. true: from there on it is closed. */
    bool (*gap)(void *ctx, Gap *);
    void *ctx;
    struct WriteState *state; /* writes.c */
} WriteWalk;

/* writes_walk: one function. in: the walk is the same for all functions of a module, state NULL at first.
 * out: false: no memory */
MUST_USE bool writes_walk(WriteWalk *, uint32_t body);

#endif
