/* wire.c: a walk over encoded protobuf, by descriptor, before protobuf-c sees it: depth, memory, and
 * everything that protobuf-c would silently cut, merge or keep.  protobuf.dev "Encoding" */
#include "proto/wire.h"

#include <string.h>

typedef enum WireType { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_BYTES = 2, WIRE_32BIT = 5 } WireType;

enum { MAX_FIELDS = 256 };

/* Beside the message structs themselves protobuf-c keeps a ScannedMember a field and doubles its arrays of
 * them. */
enum { BYTES_A_FIELD = 96, BYTES_AN_ALLOCATION = 32 };

typedef struct Walk {
    const char *file;
    const uint8_t *base; /* of the outermost message */
    uint64_t at;
    Diags *diags;
    ProtoWireLimits limits;
    ProtoWireCodes codes;
    size_t memory_bytes; /* estimated so far */
} Walk;

typedef struct Span {
    const uint8_t *pos, *end;
} Span;

static bool fail(Walk *w, DiagCode code, const uint8_t *pos, const ProtobufCMessageDescriptor *desc,
                 const ProtobufCFieldDescriptor *field, const char *why)
{
    diag_add(w->diags, code, DIAG_AT(.file = w->file, .offset = w->at + (uint64_t)(pos - w->base)),
             "%s%s%s: %s", desc->short_name, field ? "." : "", field ? field->name : "", why);
    return false;
}

static bool varint(Span *s, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (s->pos == s->end) return false;
        uint8_t b = *s->pos++;
        if (shift == 63 && b > 1) return false; /* more than 64 bits */
        value |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* Tags and lengths: protobuf-c reads at most five bytes of them. */
static bool short_varint(Span *s, uint64_t *out)
{
    enum { LONGEST = 5 };
    const uint8_t *start = s->pos;
    return varint(s, out) && s->pos - start <= LONGEST;
}

static bool take(Span *s, size_t n, Span *out)
{
    if (n > (size_t)(s->end - s->pos)) return false;
    *out = (Span){s->pos, s->pos + n};
    s->pos += n;
    return true;
}

static bool spend(Walk *w, size_t bytes, const uint8_t *pos, const ProtobufCMessageDescriptor *desc)
{
    if (bytes > w->limits.max_memory_bytes - w->memory_bytes)
        return fail(w, w->codes.too_big, pos, desc, NULL, "unpacking it would take too much memory");
    w->memory_bytes += bytes;
    return true;
}

static WireType wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT: return WIRE_32BIT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE: return WIRE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return WIRE_BYTES;
    default: return WIRE_VARINT;
    }
}

/* Does the number mean what it says once it is in the field's C type? */
static bool number_fits(const Walk *w, const ProtobufCFieldDescriptor *f, uint64_t value)
{
    int64_t as_signed = (int64_t)value;
    bool strict = w->limits.strict_below > 0;
    switch (f->type) {
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SINT32: return value <= UINT32_MAX;
    case PROTOBUF_C_TYPE_INT32: return as_signed >= INT32_MIN && as_signed <= INT32_MAX;
    case PROTOBUF_C_TYPE_BOOL: return value <= 1;
    case PROTOBUF_C_TYPE_ENUM:
        if (as_signed < INT32_MIN || as_signed > INT32_MAX) return false;
        return !strict || protobuf_c_enum_descriptor_get_value(f->descriptor, (int)as_signed);
    default: return true;
    }
}

/* One value that is not length-delimited. */
static bool scalar(Walk *w, const ProtobufCMessageDescriptor *desc, const ProtobufCFieldDescriptor *f,
                   WireType type, Span *s)
{
    const uint8_t *start = s->pos;
    uint64_t value = 0;
    Span fixed;
    bool whole = type == WIRE_VARINT ? varint(s, &value) : take(s, type == WIRE_64BIT ? 8 : 4, &fixed);
    if (!whole) return fail(w, w->codes.malformed, start, desc, f, "ends inside a number");
    if (!number_fits(w, f, value))
        return fail(w, w->codes.malformed, start, desc, f, "the number does not fit its type");
    return true;
}

static bool message(Walk *w, const ProtobufCMessageDescriptor *desc, Span s, uint32_t depth);

static bool delimited(Walk *w, const ProtobufCMessageDescriptor *desc, const ProtobufCFieldDescriptor *f,
                      Span payload, uint32_t depth)
{
    Str text = {(const char *)payload.pos, (size_t)(payload.end - payload.pos)};
    switch (f->type) {
    case PROTOBUF_C_TYPE_MESSAGE: return message(w, f->descriptor, payload, depth + 1);
    case PROTOBUF_C_TYPE_STRING:
        if (memchr(text.ptr, 0, text.len))
            return fail(w, w->codes.malformed, payload.pos, desc, f, "NUL in a string");
        if (!str_is_utf8(text))
            return fail(w, w->codes.malformed, payload.pos, desc, f, "a string is not UTF-8");
        return spend(w, text.len + BYTES_AN_ALLOCATION, payload.pos, desc);
    case PROTOBUF_C_TYPE_BYTES: return spend(w, text.len + BYTES_AN_ALLOCATION, payload.pos, desc);
    default: /* packed numbers */
        if (f->label != PROTOBUF_C_LABEL_REPEATED)
            return fail(w, w->codes.malformed, payload.pos, desc, f, "wrong wire type");
        if (text.len > SIZE_MAX / 8 || !spend(w, text.len * 8 + BYTES_AN_ALLOCATION, payload.pos, desc))
            return false;
        while (payload.pos < payload.end)
            if (!scalar(w, desc, f, wire_type_of(f->type), &payload)) return false;
        return true;
    }
}

/* A field that this program does not know: information that may be ignored, or something that restricts. */
static bool unknown(Walk *w, const ProtobufCMessageDescriptor *desc, const uint8_t *start, uint64_t number,
                    WireType type, Span *s)
{
    uint64_t value = 0;
    Span skipped;
    bool whole = type == WIRE_VARINT ? varint(s, &value)
                 : type == WIRE_BYTES
                     ? short_varint(s, &value) && value <= SIZE_MAX && take(s, (size_t)value, &skipped)
                 : type == WIRE_64BIT ? take(s, 8, &skipped)
                 : type == WIRE_32BIT ? take(s, 4, &skipped)
                                      : false; /* groups: not part of proto3 */
    if (!whole)
        return fail(w, w->codes.malformed, start, desc, NULL,
                    "an unknown field is cut short or of no known wire type");
    if (number < w->limits.strict_below) {
        diag_add(w->diags, w->codes.unknown_field,
                 DIAG_AT(.file = w->file, .offset = w->at + (uint64_t)(start - w->base)),
                 "%s: unknown field %u: it may restrict what this program would allow", desc->short_name,
                 (unsigned)number);
        return false;
    }
    return spend(w, (size_t)(s->pos - start) + BYTES_AN_ALLOCATION, start,
                 desc); /* protobuf-c keeps a copy */
}

static bool message(Walk *w, const ProtobufCMessageDescriptor *desc, Span s, uint32_t depth)
{
    uint8_t seen[MAX_FIELDS / 8] = {0};
    if (depth > w->limits.max_depth)
        return fail(w, w->codes.too_big, s.pos, desc, NULL, "messages are nested too deep");
    if (desc->n_fields > MAX_FIELDS)
        return fail(w, w->codes.too_big, s.pos, desc, NULL, "the message type has too many fields");
    if (!spend(w, desc->sizeof_message + BYTES_AN_ALLOCATION, s.pos, desc)) return false;

    while (s.pos < s.end) {
        const uint8_t *start = s.pos;
        uint64_t tag, length;
        if (!short_varint(&s, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
            return fail(w, w->codes.malformed, start, desc, NULL, "not a protobuf tag");
        if (!spend(w, BYTES_A_FIELD, start, desc)) return false;
        WireType type = (WireType)(tag & 7);
        const ProtobufCFieldDescriptor *f =
            protobuf_c_message_descriptor_get_field(desc, (unsigned)(tag >> 3));
        if (!f) {
            if (!unknown(w, desc, start, tag >> 3, type, &s)) return false;
            continue;
        }

        size_t index = (size_t)(f - desc->fields);
        bool again = seen[index / 8] >> (index % 8) & 1;
        seen[index / 8] |= (uint8_t)(1u << (index % 8));
        if (again && f->label != PROTOBUF_C_LABEL_REPEATED && w->limits.strict_below > 0)
            return fail(w, w->codes.malformed, start, desc, f, "is there twice");

        if (type == WIRE_BYTES) {
            Span payload;
            if (!short_varint(&s, &length) || length > SIZE_MAX || !take(&s, (size_t)length, &payload))
                return fail(w, w->codes.malformed, start, desc, f, "is longer than what is left");
            if (!delimited(w, desc, f, payload, depth)) return false;
        } else {
            if (type != wire_type_of(f->type))
                return fail(w, w->codes.malformed, start, desc, f, "wrong wire type");
            if (!scalar(w, desc, f, type, &s)) return false;
        }
    }
    return true;
}

bool proto_check_wire(const ProtobufCMessageDescriptor *desc, Str bytes, ProtoWireLimits limits,
                      ProtoWireCodes codes, const char *file, uint64_t at, Diags *d)
{
    static const uint8_t nothing[1];
    const uint8_t *p = bytes.len ? (const uint8_t *)bytes.ptr : nothing;
    Walk w = {.file = file, .base = p, .at = at, .diags = d, .limits = limits, .codes = codes};
    return message(&w, desc, (Span){p, p + bytes.len}, 1);
}
