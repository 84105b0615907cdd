/* failure.c: the bytes of a Failure (proto/parigot/kernel/v1/kernel.proto): the only message that the kernel looks into,
 * because it is the kernel's own: whoever reads reason KILLED must be able to believe it.
 *
 * Read and written by hand: a Failure from a guest may be megabytes of unknown fields, for which a general decoder
 * would allocate many times their size. Here nothing is allocated. Source: protobuf's encoding guide. */
#include "loader/kernel_impl.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_I64 = 1, WIRE_LEN = 2, WIRE_I32 = 5 };
enum { FIELD_MESSAGE = 1, FIELD_REASON = 2, FIELD_DETAIL = 3 };

static bool read_varint(const uint8_t **pos, const uint8_t *end, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && *pos < end; shift += 7) {
        uint8_t byte = *(*pos)++;
        if (shift == 63 && byte > 1) return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* One field at *pos. For WIRE_LEN its contents are in *out, for the others it has been skipped. */
static bool read_field(const uint8_t **pos, const uint8_t *end, uint64_t *tag, Str *out)
{
    uint64_t n = 0;
    if (!read_varint(pos, end, tag) || *tag >> 3 == 0) return false;
    switch (*tag & 7) {
    case WIRE_VARINT: return read_varint(pos, end, &n);
    case WIRE_I64: n = 8; break;
    case WIRE_I32: n = 4; break;
    case WIRE_LEN:
        if (!read_varint(pos, end, &n)) return false;
        break;
    default: return false; /* groups are no part of proto3 */
    }
    if (n > (size_t)(end - *pos)) return false;
    *out = (Str){(const char *)*pos, (size_t)n};
    *pos += n;
    return true;
}

static size_t varint_size(size_t n) { return n < 0x80 ? 1 : n < 0x4000 ? 2 : 3; }

/* In: s.len < 2^21, and there is room. */
static uint8_t *write_bytes(uint8_t *at, unsigned field, Str s)
{
    *at++ = (uint8_t)(field << 3 | WIRE_LEN);
    size_t n = s.len;
    for (; n >= 0x80; n >>= 7) *at++ = (uint8_t)(n | 0x80);
    *at++ = (uint8_t)n;
    memcpy(at, s.ptr, s.len);
    return at + s.len;
}

static Str cut_text(Str s, size_t most)
{
    if (s.len <= most) return s;
    while (most && ((uint8_t)s.ptr[most] & 0xc0) == 0x80) most--; /* not within a character */
    return (Str){s.ptr, most};
}

size_t failure_encode(uint8_t out[KERNEL_MAX_FAILURE_BYTES], const char *message, Reason reason)
{
    uint8_t *at = out;
    Str text = cut_text(str_of(message), KERNEL_MAX_FAILURE_BYTES - 8);
    if (text.len) at = write_bytes(at, FIELD_MESSAGE, text);
    if (reason != REASON(NONE)) {
        *at++ = FIELD_REASON << 3 | WIRE_VARINT;
        *at++ = (uint8_t)reason;
    }
    return (size_t)(at - out);
}

size_t failure_clean(uint8_t out[KERNEL_MAX_FAILURE_BYTES], const uint8_t *bytes, size_t len)
{
    Str message = {0}, detail = {0};
    for (const uint8_t *pos = bytes, *end = bytes + len; pos < end;) {
        uint64_t tag;
        Str value = {0};
        if (!read_field(&pos, end, &tag, &value)) return 0;
        /* the last one counts, as protobuf has it */
        if (tag == (FIELD_MESSAGE << 3 | WIRE_LEN)) message = value;
        if (tag == (FIELD_DETAIL << 3 | WIRE_LEN)) detail = value;
    }
    if (!str_is_utf8(message)) message = (Str){0};

    uint8_t *at = out;
    enum { FRAME = 1 + 2 }; /* tag, and a length below 2^14 */
    message = cut_text(message, KERNEL_MAX_FAILURE_BYTES - FRAME);
    if (message.len) at = write_bytes(at, FIELD_MESSAGE, message);
    size_t left = KERNEL_MAX_FAILURE_BYTES - (size_t)(at - out);
    if (detail.len && detail.len < left && 1 + varint_size(detail.len) + detail.len <= left)
        at = write_bytes(at, FIELD_DETAIL, detail);
    return (size_t)(at - out);
}
