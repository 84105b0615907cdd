/* writer.c: a growing buffer of bytes, and LEB128 the other way. core 2.0 §5.2 "Values" */
#include "wasm/wasm.h"

#include <stdlib.h>
#include <string.h>

static bool room(Writer *w, size_t more)
{
    if (w->failed) return false;
    if (more > SIZE_MAX / 2 - w->len || (w->limit_bytes && w->len + more > w->limit_bytes)) {
        w->failed = true;
        return false;
    }
    if (w->len + more <= w->cap) return true;
    size_t cap = w->cap ? w->cap : 4096;
    while (cap < w->len + more) cap *= 2;
    uint8_t *p = realloc(w->ptr, cap);
    if (!p) {
        w->failed = true;
        return false;
    }
    w->ptr = p;
    w->cap = cap;
    return true;
}

void wr_byte(Writer *w, uint8_t b)
{
    if (room(w, 1)) w->ptr[w->len++] = b;
}

void wr_bytes(Writer *w, const void *p, size_t n)
{
    if (n == 0 || !room(w, n)) return;
    memcpy(w->ptr + w->len, p, n);
    w->len += n;
}

void wr_zeros(Writer *w, size_t n)
{
    if (n == 0 || !room(w, n)) return;
    memset(w->ptr + w->len, 0, n);
    w->len += n;
}

void wr_u64(Writer *w, uint64_t v)
{
    for (; v >= 0x80; v >>= 7) wr_byte(w, (uint8_t)(v | 0x80));
    wr_byte(w, (uint8_t)v);
}

void wr_u32(Writer *w, uint32_t v) { wr_u64(w, v); }

void wr_s64(Writer *w, int64_t v)
{
    for (;;) {
        uint8_t b = v & 0x7f;
        v >>= 7; /* arithmetic, with gcc and clang */
        bool last = (v == 0 && !(b & 0x40)) || (v == -1 && (b & 0x40));
        wr_byte(w, last ? b : b | 0x80);
        if (last) return;
    }
}

void wr_s32(Writer *w, int32_t v) { wr_s64(w, v); }

void put_u32_padded5(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++, v >>= 7) at[i] = (uint8_t)(v | 0x80);
    at[4] = (uint8_t)v; /* four bits left */
}

void put_s32_padded5(uint8_t *at, int32_t v)
{
    for (int i = 0; i < 4; i++, v >>= 7) at[i] = (uint8_t)((uint32_t)v | 0x80);
    at[4] = (uint8_t)(v & 0x7f);
}

void put_le32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++, v >>= 8) at[i] = (uint8_t)v;
}

void wr_u32_padded(Writer *w, uint32_t v)
{
    if (!room(w, 5)) return;
    put_u32_padded5(w->ptr + w->len, v);
    w->len += 5;
}

void wr_le32(Writer *w, uint32_t v)
{
    if (!room(w, 4)) return;
    put_le32(w->ptr + w->len, v);
    w->len += 4;
}

void wr_name(Writer *w, Str s)
{
    wr_u32(w, (uint32_t)s.len);
    wr_bytes(w, s.ptr, s.len);
}

size_t wr_begin_size(Writer *w)
{
    size_t mark = w->len;
    wr_zeros(w, 5);
    return mark;
}

void wr_end_size(Writer *w, size_t mark)
{
    if (w->failed) return;
    size_t body = w->len - (mark + 5);
    if (body > UINT32_MAX) {
        w->failed = true;
        return;
    }
    size_t at = mark;
    for (size_t v = body;; v >>= 7) {
        w->ptr[at++] = (uint8_t)(v >= 0x80 ? v | 0x80 : v);
        if (v < 0x80) break;
    }
    memmove(w->ptr + at, w->ptr + mark + 5, body);
    w->len = at + body;
}

void wr_free(Writer *w)
{
    free(w->ptr);
    *w = (Writer){.limit_bytes = w->limit_bytes};
}
