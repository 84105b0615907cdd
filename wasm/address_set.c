/* address_set.c: sets of 32-bit numbers, as a few ranges; what does not fit is rounded up. */
#include "wasm/writes.h"

enum { MOST_PARTS = ADDRESS_PARTS * 2 + 1 };

static AddressSet set_of(AddressPart *parts, unsigned n)
{
    AddressSet out = {.n = SET_EMPTY};
    for (unsigned i = 1; i < n; i++) /* ascending: there are a few */
        for (unsigned k = i; k > 0 && parts[k].low < parts[k - 1].low; k--) {
            AddressPart swap = parts[k];
            parts[k] = parts[k - 1];
            parts[k - 1] = swap;
        }
    if (n == 0) return out;
    out.n = 0;
    for (unsigned i = 0; i < n; i++) {
        AddressPart *last = out.n ? &out.part[out.n - 1] : NULL;
        bool apart = !last || (last->high < UINT32_MAX && parts[i].low > last->high + 1);
        if (apart && out.n < ARRAY_LEN(out.part)) out.part[out.n++] = parts[i];
        else if (parts[i].high > last->high) last->high = parts[i].high;
    }
    if (out.n == 1 && out.part[0].low == 0 && out.part[0].high == UINT32_MAX) return (AddressSet){0};
    return out;
}

unsigned addr_parts(AddressSet s, AddressPart out[ADDRESS_PARTS])
{
    if (s.n == SET_EMPTY) return 0;
    if (s.n == SET_ANY) return out[0] = (AddressPart){0, UINT32_MAX}, 1;
    for (unsigned i = 0; i < s.n; i++) out[i] = s.part[i];
    return s.n;
}

AddressSet addr_range(uint32_t low, uint32_t high)
{
    AddressPart part = {low, high};
    return set_of(&part, low <= high);
}

AddressSet addr_meet(AddressSet a, AddressSet b)
{
    AddressPart x[ADDRESS_PARTS], y[ADDRESS_PARTS], parts[MOST_PARTS];
    unsigned nx = addr_parts(a, x), ny = addr_parts(b, y), n = 0;
    for (unsigned i = 0; i < nx; i++)
        for (unsigned k = 0; k < ny; k++) {
            uint32_t low = x[i].low > y[k].low ? x[i].low : y[k].low;
            uint32_t high = x[i].high < y[k].high ? x[i].high : y[k].high;
            if (low <= high) parts[n++] = (AddressPart){low, high};
        }
    return set_of(parts, n);
}

AddressSet addr_join(AddressSet a, AddressSet b)
{
    AddressPart parts[MOST_PARTS];
    unsigned n = addr_parts(a, parts);
    n += addr_parts(b, parts + n);
    return set_of(parts, n);
}

AddressSet addr_shift(AddressSet s, uint32_t distance)
{
    AddressPart from[ADDRESS_PARTS], parts[MOST_PARTS];
    unsigned n_from = addr_parts(s, from), n = 0;
    for (unsigned i = 0; i < n_from; i++) {
        uint32_t low = from[i].low + distance, high = from[i].high + distance;
        if (s.n == SET_ANY) return s;
        if (low <= high) parts[n++] = (AddressPart){low, high};
        else { /* it goes around */
            parts[n++] = (AddressPart){low, UINT32_MAX};
            parts[n++] = (AddressPart){0, high};
        }
    }
    return set_of(parts, n);
}

AddressSet addr_align(AddressSet s, uint32_t mask)
{
    AddressPart parts[ADDRESS_PARTS];
    unsigned n = addr_parts(s, parts);
    for (unsigned i = 0; i < n; i++) parts[i] = (AddressPart){parts[i].low & mask, parts[i].high & mask};
    return set_of(parts, n);
}

uint32_t addr_most(AddressSet s)
{
    AddressPart parts[ADDRESS_PARTS];
    unsigned n = addr_parts(s, parts);
    return n ? parts[n - 1].high : 0;
}

bool addr_within(AddressSet s, uint32_t low, uint32_t high)
{
    AddressPart parts[ADDRESS_PARTS];
    unsigned n = addr_parts(s, parts);
    return n == 0 || (parts[0].low >= low && parts[n - 1].high <= high);
}

/* ---- what may be written ---- */

AddressSet writable_from(const WriteBounds *b, uint64_t offset, uint64_t size)
{
    AddressPart parts[2];
    unsigned n = 0;
    uint64_t low = b->stack_low > offset ? b->stack_low - offset : 0, end = offset + size;
    if (end <= b->stack_high && low <= b->stack_high - end)
        parts[n++] = (AddressPart){(uint32_t)low, (uint32_t)(b->stack_high - end)};
    parts[n++] = (AddressPart){b->sealed_high > offset ? (uint32_t)(b->sealed_high - offset) : 0, UINT32_MAX};
    return set_of(parts, n);
}

bool is_writable(const WriteBounds *b, AddressSet s, uint64_t offset, uint64_t size)
{
    AddressPart parts[ADDRESS_PARTS], may[ADDRESS_PARTS];
    unsigned n = addr_parts(s, parts), n_may = addr_parts(writable_from(b, offset, size), may);
    for (unsigned i = 0; i < n; i++) {
        unsigned k = 0;
        while (k < n_may && !(may[k].low <= parts[i].low && parts[i].high <= may[k].high)) k++;
        if (k == n_may) return false;
    }
    return true;
}
