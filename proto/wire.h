/* wire.h: what protobuf-c may be handed.
 *
 * protobuf-c bounds neither depth nor memory, cuts strings at a NUL and numbers at 32 bits without a word. So
 * bytes from outside are walked first, by the same descriptor, on a stack that is bounded and without
 * allocating. */
#ifndef PARIGOT_PROTO_WIRE_H
#define PARIGOT_PROTO_WIRE_H

#include <protobuf-c/protobuf-c.h>

#include "wasm/wasm.h"

typedef struct ProtoWireLimits {
    uint32_t max_depth;      /* messages within messages, the outermost included                           */
    size_t max_memory_bytes; /* what unpacking may take, by a safe estimate                                */
    uint32_t strict_below;   /* unknown field numbers below this are refused, and so are unknown enum values
                                and a single field that is there twice; 0 = as lenient as protobuf is      */
} ProtoWireLimits;
/* The codes of what is found: they belong to the format that the message is part of. */
typedef struct ProtoWireCodes {
    DiagCode malformed, unknown_field, too_big;
} ProtoWireCodes;

/* proto_check_wire: true when protobuf_c_message_unpack will decode these bytes exactly as they are written.
 * in:     at  offset of the bytes in the file, for the diagnostics
 * errors: one of the codes (one Diag)
 * source: protobuf.dev "Encoding" */
MUST_USE bool proto_check_wire(const ProtobufCMessageDescriptor *, Str bytes, ProtoWireLimits, ProtoWireCodes,
                               const char *file, uint64_t at, Diags *);

#endif
