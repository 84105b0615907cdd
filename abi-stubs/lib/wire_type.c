/* wire_type.c: the scalar types of protobuf. protobuf.dev "Encoding", "Message Structure". */
#include "runtime.h"

const WireType *parigot_wire_type(unsigned type)
{
    static const WireType types[] = {
        /* type                wire         size                   is_signed zigzag */
        [PARIGOT_DOUBLE]   = { WIRE_64,     8,                     false,    false },
        [PARIGOT_FLOAT]    = { WIRE_32,     4,                     false,    false },
        [PARIGOT_INT64]    = { WIRE_VARINT, 8,                     true,     false },
        [PARIGOT_UINT64]   = { WIRE_VARINT, 8,                     false,    false },
        [PARIGOT_INT32]    = { WIRE_VARINT, 4,                     true,     false },
        [PARIGOT_FIXED64]  = { WIRE_64,     8,                     false,    false },
        [PARIGOT_FIXED32]  = { WIRE_32,     4,                     false,    false },
        [PARIGOT_BOOL]     = { WIRE_VARINT, sizeof(bool),          false,    false },
        [PARIGOT_STRING]   = { WIRE_LEN,    sizeof(parigot_str),   false,    false },
        [PARIGOT_MESSAGE]  = { WIRE_LEN,    sizeof(void *),        false,    false },
        [PARIGOT_BYTES]    = { WIRE_LEN,    sizeof(parigot_bytes), false,    false },
        [PARIGOT_UINT32]   = { WIRE_VARINT, 4,                     false,    false },
        [PARIGOT_ENUM]     = { WIRE_VARINT, 4,                     true,     false },
        [PARIGOT_SFIXED32] = { WIRE_32,     4,                     true,     false },
        [PARIGOT_SFIXED64] = { WIRE_64,     8,                     true,     false },
        [PARIGOT_SINT32]   = { WIRE_VARINT, 4,                     true,     true  },
        [PARIGOT_SINT64]   = { WIRE_VARINT, 8,                     true,     true  },
    };
    return &types[type];
}
