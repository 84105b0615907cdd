/* format.c: the printf family on memory. C11 7.21.6.1 "The fprintf function" without wide characters and %n.
 * Doubles are exact to any precision (decimal.c). A conversion that is none is written as it stands. */
#include <string.h>
#include "runtime.h"

typedef struct Out {
    char *at, *end; /* where the next one goes, if it still fits */
    size_t len;     /* how many there were */
} Out;

typedef struct Spec {
    bool left, zero, alt;
    char plus;            /* '+', ' ' or 0 */
    int width, precision; /* precision -1: none given */
    char length;          /* 'h', 'H' (hh), 'l', 'q' (ll and j), 'L', or 0; z and t are 'z' */
    char conversion;
} Spec;

static void put(Out *o, const char *p, size_t n)
{
    size_t fits = (size_t)(o->end - o->at);
    if (fits > n) fits = n;
    o->len += n;
    if (!fits) return;
    memcpy(o->at, p, fits);
    o->at += fits;
}

static void fill(Out *o, char c, size_t n)
{
    size_t fits = (size_t)(o->end - o->at);
    if (fits > n) fits = n;
    o->len += n;
    if (!fits) return;
    memset(o->at, c, fits);
    o->at += fits;
}

/* How much of the width is to be filled. */
static size_t gap(const Spec *s, size_t len)
{
    return s->width > 0 && (size_t)s->width > len ? (size_t)s->width - len : 0;
}

/* prefix, zeros, text with the width's filling at the side that the flags say. */
static void field(Out *o, const Spec *s, const char *prefix, size_t zeros, const char *text, size_t len)
{
    size_t head = strlen(prefix), space = gap(s, head + zeros + len);
    if (!s->left && !s->zero) fill(o, ' ', space);
    put(o, prefix, head);
    if (!s->left && s->zero) fill(o, '0', space);
    fill(o, '0', zeros);
    put(o, text, len);
    if (s->left) fill(o, ' ', space);
}

/* ---- integers ---------------------------------------------------------------------------------------- */

static void put_integer(Out *o, Spec *s, uint64_t v, bool negative)
{
    const char *digits = s->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    unsigned base = s->conversion == 'o'          ? 8
                    : s->conversion == 'b'        ? 2
                    : (s->conversion | 32) == 'x' ? 16
                                                  : 10;
    char buffer[64], prefix[3] = "";
    size_t n = 0;
    bool is_zero = v == 0;
    for (; v; v /= base) buffer[sizeof buffer - ++n] = digits[v % base];
    if (s->precision >= 0) s->zero = false;
    size_t least = s->precision < 0 ? 1 : (size_t)s->precision, zeros = least > n ? least - n : 0;
    if (s->alt && base == 8 && !zeros) zeros = 1;
    if (s->alt && !is_zero && (base == 16 || base == 2)) {
        prefix[0] = '0';
        prefix[1] = s->conversion;
    }
    if (s->conversion == 'd') prefix[0] = negative ? '-' : s->plus;
    field(o, s, prefix, zeros, buffer + sizeof buffer - n, n);
}

static int64_t take_signed(const Spec *s, va_list *ap)
{
    switch (s->length) {
    case 'q': return va_arg(*ap, long long);
    case 'l': return va_arg(*ap, long);
    case 'z': return va_arg(*ap, ptrdiff_t);
    case 'h': return (short)va_arg(*ap, int);
    case 'H': return (signed char)va_arg(*ap, int);
    default: return va_arg(*ap, int);
    }
}

static uint64_t take_unsigned(const Spec *s, va_list *ap)
{
    switch (s->length) {
    case 'q': return va_arg(*ap, unsigned long long);
    case 'l': return va_arg(*ap, unsigned long);
    case 'z': return va_arg(*ap, size_t);
    case 'h': return (unsigned short)va_arg(*ap, unsigned);
    case 'H': return (unsigned char)va_arg(*ap, unsigned);
    default: return va_arg(*ap, unsigned);
    }
}

/* ---- doubles ----------------------------------------------------------------------------------------- */

/* long double of wasm32 is IEEE binary128, whose arithmetic would need compiler-rt. Its bits do not: it is
 * rounded to the nearest double. */
static double take_double(const Spec *s, va_list *ap)
{
    if (s->length != 'L') return va_arg(*ap, double);
    long double wide = va_arg(*ap, long double);
#if __LDBL_MANT_DIG__ == 113
    enum { INFINITE = 0x7ff, LEAST = -1022 };
    uint64_t half[2];
    memcpy(half, &wide, sizeof half);
    int exponent = (int)(half[1] >> 48 & 0x7fff) - 16383;
    uint64_t sign = half[1] & (uint64_t)1 << 63;
    uint64_t mantissa = (half[1] & 0xffffffffffffu) << 4 | half[0] >> 60, cut = half[0] << 4, bits;
    if (exponent == 16384) {
        bits = (uint64_t)INFINITE << 52 | mantissa | (cut != 0); /* a NaN stays one */
    } else if (exponent > 1023) {
        bits = (uint64_t)INFINITE << 52;
    } else if (exponent < LEAST - 53) {
        bits = 0;
    } else {
        bits = (uint64_t)(exponent + 1023) << 52 | mantissa;
        if (exponent < LEAST) { /* not normal: some bits more are cut */
            int shift = LEAST - exponent;
            bits = mantissa | (uint64_t)1 << 52;
            cut = bits << (64 - shift) | (cut != 0);
            bits >>= shift;
        }
        uint64_t tie = (uint64_t)1 << 63;
        bits += cut > tie || (cut == tie && bits % 2); /* may carry into the exponent, as it should */
    }
    bits |= sign;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
#else
    return (double)wide;
#endif
}

/* Digits from `first` on (those in front of and behind what the decimal has are zeros). */
static void put_digits(Out *o, const Decimal *d, int first, int n)
{
    int64_t end = (int64_t)first + n;
    for (int i = first; i < end; i++) {
        char c = i >= 0 && i < d->count ? (char)('0' + d->digit[i]) : '0';
        if (o->at == o->end || i >= d->count) { /* nothing but zeros from here on, or nobody looks */
            fill(o, '0', (size_t)(end - i));
            return;
        }
        put(o, &c, 1);
    }
}

/* "e+05" into out; its length. */
static size_t exponent_text(char out[8], int exponent, char letter)
{
    unsigned e = exponent < 0 ? 0u - (unsigned)exponent : (unsigned)exponent;
    size_t n = 0;
    out[n++] = letter;
    out[n++] = exponent < 0 ? '-' : '+';
    if (e >= 100) out[n++] = (char)('0' + e / 100);
    out[n++] = (char)('0' + e / 10 % 10);
    out[n++] = (char)('0' + e % 10);
    return n;
}

static void put_decimal(Out *o, Spec *s, Decimal *d, const char *sign)
{
    char style = s->conversion | 32, letter = s->conversion & 32 ? 'e' : 'E', tail[8];
    int digits = s->precision < 0 ? 6 : s->precision;
    bool strip = false;
    if (style == 'g') {
        if (digits == 0) digits = 1;
        parigot_decimal_round(d, digits);
        int exponent = d->count ? d->point - 1 : 0;
        strip = !s->alt;
        style = exponent < -4 || exponent >= digits ? 'e' : 'f';
        digits -= style == 'e' ? 1 : exponent + 1;
    } else if (style == 'e') {
        parigot_decimal_round(d, digits < DECIMAL_DIGITS ? digits + 1 : DECIMAL_DIGITS);
    } else {
        int64_t keep = (int64_t)d->point + digits;
        parigot_decimal_round(d, keep > DECIMAL_DIGITS ? DECIMAL_DIGITS : (int)keep);
    }
    int before = style == 'e' ? 1 : d->point > 0 ? d->point : 1;    /* digits before the point */
    int first = style == 'e' ? 0 : d->point > 0 ? 0 : d->point - 1; /* index of the first one */
    if (strip) {
        int behind = d->count - first - before;
        if (behind < 0 || !d->count) behind = 0;
        if (digits > behind) digits = behind;
    }
    size_t tail_len = style == 'e' ? exponent_text(tail, d->count ? d->point - 1 : 0, letter) : 0;
    bool dot = digits > 0 || s->alt;
    size_t space = gap(s, strlen(sign) + (size_t)before + dot + (size_t)digits + tail_len);
    if (!s->left && !s->zero) fill(o, ' ', space);
    put(o, sign, strlen(sign));
    if (!s->left && s->zero) fill(o, '0', space);
    put_digits(o, d, first, before);
    if (dot) put(o, ".", 1);
    put_digits(o, d, first + before, digits);
    put(o, tail, tail_len);
    if (s->left) fill(o, ' ', space);
}

/* %a: the bits themselves. */
static void put_hex(Out *o, Spec *s, double value, const char *sign)
{
    const char *digit = s->conversion == 'A' ? "0123456789ABCDEF" : "0123456789abcdef";
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    int exponent = (int)(bits >> 52 & 0x7ff);
    uint64_t m = bits & 0xfffffffffffffu; /* 13 digits behind the point */
    uint64_t whole = exponent != 0;
    exponent = exponent ? exponent - 1023 : m ? -1022 : 0;
    int digits = 13;
    if (s->precision >= 0 && s->precision < 13) {
        int drop = (13 - s->precision) * 4;
        uint64_t all = whole << 52 | m, half = (uint64_t)1 << (drop - 1), cut = all & (half * 2 - 1);
        all -= cut;
        if (cut > half || (cut == half && (all & half * 2))) all += half * 2;
        whole = all >> 52;
        m = all & 0xfffffffffffffu;
        digits = s->precision;
    } else if (s->precision < 0) {
        while (digits > 0 && !(m >> (13 - digits) * 4 & 15)) digits--;
    }
    char text[32], head[4] = {sign[0]};
    size_t n = 0;
    strcat(head, s->conversion == 'A' ? "0X" : "0x");
    text[n++] = digit[whole];
    size_t zeros = s->precision > 13 ? (size_t)s->precision - 13 : 0;
    if (digits > 0 || s->alt) text[n++] = '.';
    for (int i = 0; i < digits; i++) text[n++] = digit[m >> (48 - 4 * i) & 15];
    char tail[8];
    unsigned e = exponent < 0 ? 0u - (unsigned)exponent : (unsigned)exponent;
    size_t t = sizeof tail;
    do tail[--t] = (char)('0' + e % 10);
    while (e /= 10);
    tail[--t] = exponent < 0 ? '-' : '+';
    tail[--t] = s->conversion == 'A' ? 'P' : 'p';
    size_t space = gap(s, strlen(head) + n + zeros + sizeof tail - t);
    if (!s->left && !s->zero) fill(o, ' ', space);
    put(o, head, strlen(head));
    if (!s->left && s->zero) fill(o, '0', space);
    put(o, text, n);
    fill(o, '0', zeros);
    put(o, tail + t, sizeof tail - t);
    if (s->left) fill(o, ' ', space);
}

static void put_double(Out *o, Spec *s, double value)
{
    char sign[2] = {__builtin_signbit(value) ? '-' : s->plus};
    if (__builtin_isnan(value) || __builtin_isinf(value)) {
        bool nan = __builtin_isnan(value), upper = !(s->conversion & 32);
        s->zero = false;
        field(o, s, sign, 0, nan ? (upper ? "NAN" : "nan") : (upper ? "INF" : "inf"), 3);
    } else if ((s->conversion | 32) == 'a') {
        put_hex(o, s, value, sign);
    } else {
        Decimal d;
        parigot_decimal_set(&d, value);
        put_decimal(o, s, &d, sign);
    }
}

/* ---- the rest ---------------------------------------------------------------------------------------- */

/* Digits of a width or precision; one too large for any text counts as the largest int. */
static int number(const char **p)
{
    int n = 0;
    for (; **p >= '0' && **p <= '9'; (*p)++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, **p - '0', &n)) n = INT32_MAX;
    return n;
}

/* What stands between % and the conversion, up to and with that. */
static Spec parse(const char **p, va_list *ap)
{
    Spec s = {.precision = -1};
    for (;; (*p)++) {
        if (**p == '-') s.left = true;
        else if (**p == '0') s.zero = true;
        else if (**p == '#') s.alt = true;
        else if (**p == '+') s.plus = '+';
        else if (**p == ' ') s.plus = s.plus ? s.plus : ' ';
        else if (**p != '\'') break;
    }
    if (**p == '*') {
        (*p)++;
        s.width = va_arg(*ap, int);
        if (s.width < 0) {
            s.left = true;
            s.width = s.width == INT32_MIN ? INT32_MAX : -s.width;
        }
    } else {
        s.width = number(p);
    }
    if (**p == '.') {
        (*p)++;
        if (**p == '*') {
            (*p)++;
            s.precision = va_arg(*ap, int);
            if (s.precision < 0) s.precision = -1;
        } else {
            s.precision = number(p);
        }
    }
    for (; **p && strchr("hljztL", **p); (*p)++)
        s.length = **p == 'h'   ? (s.length == 'h' ? 'H' : 'h')
                   : **p == 'l' ? (s.length == 'l' ? 'q' : 'l')
                   : **p == 'j' ? 'q'
                   : **p == 't' ? 'z'
                                : **p;
    s.conversion = **p;
    if (**p) (*p)++;
    return s;
}

static void put_text(Out *o, Spec *s, const char *text)
{
    if (!text && s->precision != 0) text = "(null)";
    size_t len = 0, most = s->precision < 0 ? SIZE_MAX : (size_t)s->precision;
    while (len < most && text[len]) len++;
    s->zero = false;
    field(o, s, "", 0, text, len);
}

static void convert(Out *o, Spec *s, va_list *ap, const char *start, const char *end)
{
    int64_t v;
    char c;
    switch (s->conversion) {
    case 'd':
    case 'i':
        s->conversion = 'd';
        v = take_signed(s, ap);
        put_integer(o, s, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0);
        break;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
    case 'b': put_integer(o, s, take_unsigned(s, ap), false); break;
    case 'p':
        s->conversion = 'x';
        s->alt = true;
        put_integer(o, s, (uintptr_t)va_arg(*ap, void *), false);
        break;
    case 'f':
    case 'F':
    case 'e':
    case 'E':
    case 'g':
    case 'G':
    case 'a':
    case 'A': put_double(o, s, take_double(s, ap)); break;
    case 'c':
        c = (char)va_arg(*ap, int);
        s->zero = false;
        field(o, s, "", 0, &c, 1);
        break;
    case 's': put_text(o, s, va_arg(*ap, const char *)); break;
    case '%': put(o, "%", 1); break;
    default: put(o, start, (size_t)(end - start)); break;
    }
}

size_t parigot_format_text(char *out, size_t size, const char *format, va_list arguments)
{
    Out o = {.at = out, .end = out ? out + (size ? size - 1 : 0) : NULL};
    va_list ap; /* a copy of our own: its address may be taken on every host */
    va_copy(ap, arguments);
    for (const char *p = format; *p;) {
        const char *percent = strchr(p, '%');
        if (!percent) percent = p + strlen(p);
        put(&o, p, (size_t)(percent - p));
        if (!*percent) break;
        p = percent + 1;
        Spec s = parse(&p, &ap);
        convert(&o, &s, &ap, percent, p);
    }
    va_end(ap);
    if (out && size) *o.at = 0;
    return o.len;
}
