/* reader.c: the one checked way from input bytes to numbers and names. core 2.0 §5.2 "Values" */
#include "wasm/wasm.h"

#include <string.h>

Reader rd_open(const uint8_t *bytes, size_t size, const char *file, Diags *diags)
{
    return (Reader){.base = bytes, .pos = bytes, .end = bytes + size, .diags = diags, .file = file};
}

void rd_record(Reader *r, DiagCode code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_vadd(r->diags, code, DIAG_AT(.file = r->file, .offset = rd_offset(r)), format, args);
    va_end(args);
}

#define truncated(r, what) rd_fail(r, WASM_TRUNCATED, "unexpected end: %s", what)

void rd_truncated(Reader *r, const char *what) { (void)truncated(r, what); }

/* LEB128 of at most `bits` bits, sign-extended to 64. §5.2.2 "Integers": ceil(bits / 7) bytes, and in the last of them the
 * bits beyond `bits` are zero (unsigned) or copies of the sign (signed). */
static inline bool leb(Reader *r, const char *what, unsigned bits, bool is_signed, uint64_t *out)
{
    uint64_t value = 0;
    const uint8_t *p = r->pos;
    for (unsigned shift = 0;; shift += 7) {
        if (p == r->end) return truncated(r, what);
        uint8_t b = *p++;
        value |= (uint64_t)(b & 0x7f) << shift;
        if (shift + 7 >= bits) { /* the last byte that there may be */
            if (b & 0x80) return rd_fail(r, WASM_BAD_LEB, "integer representation too long: %s", what);
            unsigned used = bits - shift; /* 1..7 */
            uint8_t unused = (uint8_t)(0x7f << used) & 0x7f, sign = (uint8_t)(0x7f << (used - 1)) & 0x7f;
            bool ok = is_signed ? (b & sign) == 0 || (b & sign) == sign : (b & unused) == 0;
            if (!ok) return rd_fail(r, WASM_BAD_LEB, "integer too large: %s", what);
        }
        if (!(b & 0x80)) {
            if (is_signed && (b & 0x40) && shift + 7 < 64) value |= ~UINT64_C(0) << (shift + 7);
            break;
        }
    }
    r->pos = p;
    *out = value;
    return true;
}

bool rd_u32_any(Reader *r, const char *what, uint32_t *out)
{
    uint64_t v;
    if (!leb(r, what, 32, false, &v)) return false;
    *out = (uint32_t)v;
    return true;
}

bool rd_u64(Reader *r, const char *what, uint64_t *out) { return leb(r, what, 64, false, out); }

bool rd_s32_any(Reader *r, const char *what, int32_t *out)
{
    uint64_t v;
    if (!leb(r, what, 32, true, &v)) return false;
    *out = (int32_t)(int64_t)v;
    return true;
}

bool rd_s33(Reader *r, const char *what, int64_t *out)
{
    uint64_t v;
    if (!leb(r, what, 33, true, &v)) return false;
    *out = (int64_t)v;
    return true;
}

bool rd_s64(Reader *r, const char *what, int64_t *out)
{
    uint64_t v;
    if (!leb(r, what, 64, true, &v)) return false;
    *out = (int64_t)v;
    return true;
}

bool rd_bytes(Reader *r, const char *what, size_t n, const uint8_t **out)
{
    if (n > rd_left(r)) return truncated(r, what);
    *out = r->pos;
    r->pos += n;
    return true;
}

bool rd_name(Reader *r, const char *what, Str *out)
{
    const uint8_t *start = r->pos, *p;
    uint32_t len;
    if (!rd_u32(r, what, &len)) return false;
    if (len > rd_left(r)) {
        (void)truncated(r, what);
        r->pos = start;
        return false;
    }
    if (!rd_bytes(r, what, len, &p)) return false;
    Str name = {(const char *)p, len};
    if (!str_is_utf8(name)) {
        (void)rd_fail(r, WASM_BAD_UTF8, "malformed UTF-8 encoding: %s", what);
        r->pos = start;
        return false;
    }
    *out = name;
    return true;
}

bool rd_count(Reader *r, const char *what, size_t min_item, uint32_t *out)
{
    const uint8_t *start = r->pos;
    uint32_t n;
    if (!rd_u32(r, what, &n)) return false;
    if (n > rd_left(r) / min_item) {
        (void)rd_fail(r, WASM_TRUNCATED, "unexpected end: %u %s do not fit in %zu bytes", n, what, rd_left(r));
        r->pos = start;
        return false;
    }
    *out = n;
    return true;
}

bool rd_sub(Reader *r, const char *what, size_t size, Reader *out)
{
    const uint8_t *p;
    if (!rd_bytes(r, what, size, &p)) return false;
    *out = *r;
    out->pos = p;
    out->end = p + size;
    return true;
}

bool rd_section(Reader *r, uint8_t *id, Reader *section)
{
    uint32_t size;
    return rd_byte(r, "section id", id) && rd_u32(r, "section size", &size) && rd_sub(r, "section", size, section);
}

bool rd_end(Reader *r, const char *what)
{
    if (r->pos == r->end) return true;
    return rd_fail(r, WASM_JUNK, "section size mismatch: %zu bytes left over after %s", rd_left(r), what);
}
