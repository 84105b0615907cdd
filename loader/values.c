/* values.c: values on the command line and in the output of --invoke. Text forms as in core 2.0 §6.3 "Values". */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "loader/values.h"

/* A whole number of up to `bits` bits, signed or unsigned: -2^(bits-1) .. 2^bits-1. */
static bool parse_integer(const char *text, unsigned bits, uint64_t *out)
{
    const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
    bool negative = *text == '-';
    int base = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') ? 16 : 10;
    if (base == 16) digits += 2;
    bool digit = base == 16 ? strspn(digits, "0123456789abcdefABCDEF") == strlen(digits)
                            : strspn(digits, "0123456789") == strlen(digits);
    if (!digit || *digits == 0) return false;
    errno = 0;
    uint64_t v = strtoull(digits, NULL, base), most = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    if (errno != 0 || v > (negative ? UINT64_C(1) << (bits - 1) : most)) return false;
    *out = (negative ? -v : v) & most;
    return true;
}

/* nan, nan:0x..., with a sign or none: the bits of a float with so many bits of fraction. */
static bool parse_nan(const char *text, unsigned fraction_bits, unsigned sign_bit, uint64_t exponent, uint64_t *out)
{
    bool negative = *text == '-';
    if (*text == '-' || *text == '+') text++;
    if (strncmp(text, "nan", 3) != 0) return false;
    uint64_t payload = UINT64_C(1) << (fraction_bits - 1);
    if (text[3] == ':') {
        if (!parse_integer(text + 4, 64, &payload) || payload == 0 || payload >> fraction_bits != 0) return false;
    } else if (text[3] != 0) {
        return false;
    }
    *out = (uint64_t)negative << sign_bit | exponent << fraction_bits | payload;
    return true;
}

/* What strtod takes as a float, but for its own forms of NaN and leading space. */
static bool parse_float(const char *text, uint8_t type, uint64_t *out)
{
    if (type == TYPE_F32 ? parse_nan(text, 23, 31, 0xff, out) : parse_nan(text, 52, 63, 0x7ff, out)) return true;
    if (*text == 0 || strpbrk(text, "nN") == text || strspn(text, "0123456789abcdefABCDEFxXpP+-.infty") != strlen(text))
        return false;
    char *end;
    float f = 0;
    double d = 0;
    if (type == TYPE_F32) f = strtof(text, &end);
    else d = strtod(text, &end);
    if (end == text || *end != 0 || isnan(f) || isnan(d)) return false;
    *out = type == TYPE_F32 ? load_from_f32(f) : load_from_f64(d);
    return true;
}

/* 0x and up to 32 digits, the highest lane first. */
static bool parse_vector(const char *text, LoadSlot out[2])
{
    size_t n = strlen(text);
    if (n < 3 || n > 2 + 32 || text[0] != '0' || (text[1] | 0x20) != 'x' || strspn(text + 2, "0123456789abcdefABCDEF") != n - 2)
        return false;
    char high[17] = "0";
    size_t low_digits = n - 2 < 16 ? n - 2 : 16;
    memcpy(high, text + 2, n - 2 - low_digits);
    out[0] = strtoull(text + n - low_digits, NULL, 16);
    out[1] = strtoull(high, NULL, 16);
    return true;
}

bool value_parse(const char *text, uint8_t type, LoadSlot *out)
{
    switch (type) {
    case TYPE_V128: return parse_vector(text, out);
    case TYPE_I32: return parse_integer(text, 32, out);
    case TYPE_I64: return parse_integer(text, 64, out);
    case TYPE_F32:
    case TYPE_F64: return parse_float(text, type, out);
    case TYPE_FUNCREF: /* null, or a function index: one more in the slot */
    case TYPE_EXTERNREF:
        *out = 0;
        if (strcmp(text, "null") == 0) return true;
        if (*text == '-' || !parse_integer(text, 32, out)) return false;
        ++*out;
        return true;
    default: return false;
    }
}

static void print_nan(TextBuf *out, bool negative, uint64_t payload, uint64_t canonical)
{
    text_printf(out, "%snan", negative ? "-" : "");
    if (payload != canonical) text_printf(out, ":0x%llx", (unsigned long long)payload);
}

static void print_f32(TextBuf *out, LoadSlot slot)
{
    float f = load_to_f32(slot), back = 0;
    char digits[64];
    if (isnan(f)) {
        print_nan(out, slot >> 31 & 1, slot & 0x7fffff, 0x400000);
        return;
    }
    for (int precision = 1; precision <= 9; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, (double)f);
        back = strtof(digits, NULL);
        if (memcmp(&back, &f, sizeof f) == 0) break;
    }
    text_printf(out, "%s", digits);
}

static void print_f64(TextBuf *out, LoadSlot slot)
{
    double d = load_to_f64(slot), back = 0;
    char digits[64];
    if (isnan(d)) {
        print_nan(out, slot >> 63, slot & ((UINT64_C(1) << 52) - 1), UINT64_C(1) << 51);
        return;
    }
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, d);
        back = strtod(digits, NULL);
        if (memcmp(&back, &d, sizeof d) == 0) break;
    }
    text_printf(out, "%s", digits);
}

void value_print(TextBuf *out, uint8_t type, const LoadSlot *slots)
{
    LoadSlot slot = slots[0];
    switch (type) {
    case TYPE_V128: text_printf(out, "0x%016llx%016llx", (unsigned long long)slots[1], (unsigned long long)slot); break;
    case TYPE_I32: text_printf(out, "%d", (int)(uint32_t)slot); break;
    case TYPE_I64: text_printf(out, "%lld", (long long)slot); break;
    case TYPE_F32: print_f32(out, slot); break;
    case TYPE_F64: print_f64(out, slot); break;
    default:
        if (slot == 0) text_printf(out, "null");
        else text_printf(out, "%llu", (unsigned long long)slot - 1);
    }
}
