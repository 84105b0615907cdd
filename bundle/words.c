/* words.c: what several views of a bundle say alike.  See show.h */
#include "bundle/show.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

static const char *got(Show *s, const char *text)
{
    if (!text) s->text->failed = true;
    return text ? text : "?";
}

void *show_array(Show *s, size_t n, size_t size)
{
    void *p = arena_array(&s->arena, n ? n : 1, size);
    if (!p) s->text->failed = true;
    return p;
}

const char *show_format(Show *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(&s->arena, format, args);
    va_end(args);
    return got(s, text);
}

const char *show_text(Show *s, const char *text) { return got(s, diag_escape(&s->arena, str_of(text))); }

static bool continues(char c) { return ((uint8_t)c & 0xc0) == 0x80; }

size_t show_columns(const char *s)
{
    size_t n = 0;
    for (; *s; s++) n += !continues(*s);
    return n;
}

const char *show_cut(Show *s, const char *text, size_t columns)
{
    const char *safe = show_text(s, text);
    if (show_columns(safe) <= columns || columns < 3) return safe;
    const char *end = safe;
    for (size_t n = 0; n < columns - 3; n++) do
            end++;
        while (continues(*end));
    return show_format(s, "%.*s...", (int)(end - safe), safe);
}

const char *show_bytes(Show *s, uint64_t n)
{
    static const struct {
        unsigned shift;
        const char *unit;
    } units[] = {{30, "GiB"}, {20, "MiB"}, {10, "KiB"}};
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        uint64_t one = UINT64_C(1) << units[i].shift;
        if (n < one) continue;
        return n % one ? show_format(s, "%.1f %s", (double)n / (double)one, units[i].unit)
                       : show_format(s, "%" PRIu64 " %s", n / one, units[i].unit);
    }
    return show_format(s, "%" PRIu64 " B", n);
}

const char *show_time(Show *s, int64_t seconds)
{
    struct tm tm;
    time_t time = (time_t)seconds;
    char text[64];
    if (gmtime_r(&time, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return show_format(s, "%s", text);
    return show_format(s, "%" PRId64 " s after 1970", seconds);
}

const char *show_day(Show *s, int64_t seconds)
{
    const char *time = show_time(s, seconds);
    return show_format(s, "%.*s", (int)strcspn(time, "T"), time);
}

const char *show_hex(Show *s, const uint8_t *p, size_t n)
{
    char *out = show_array(s, 2 * n + 1, 1);
    if (!out) return "?";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = "0123456789abcdef"[p[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[p[i] & 15];
    }
    return out;
}

const char *show_result(Parigot__Bundle__V1__Result r)
{
    static const char *const words[] = {"no verdict", "proved", "violated", "not provable", "off"};
    return (size_t)r < ARRAY_LEN(words) ? words[r] : "?";
}

#define WIDE(name, kind, field) {name, kind, offsetof(BundleLimits, field), true}
#define NARROW(name, kind, field) {name, kind, offsetof(BundleLimits, field), false}
const ShowLimit show_limits[SHOW_N_LIMITS] = {
    WIDE("memory", LIMIT_BYTES, memory_bytes),
    WIDE("fuel", LIMIT_COUNT, fuel_per_entry),
    WIDE("fuel in all", LIMIT_COUNT, fuel_total),
    WIDE("deadline", LIMIT_TIME, deadline_ns),
    WIDE("entry", LIMIT_TIME, entry_ns),
    NARROW("calls", LIMIT_COUNT, calls),
    NARROW("message", LIMIT_BYTES, message_bytes),
    NARROW("queue", LIMIT_COUNT, queue),
    NARROW("waiting", LIMIT_BYTES, waiting_bytes),
    WIDE("frames", LIMIT_BYTES, stack_bytes),
    NARROW("table", LIMIT_COUNT, table_elems),
    NARROW("instances", LIMIT_COUNT, instances),
    NARROW("restarts", LIMIT_RESTARTS, restarts_per_minute),
};
#undef WIDE
#undef NARROW

uint64_t show_limit(const ShowLimit *limit, const BundleLimits *limits)
{
    const void *at = (const char *)limits + limit->at;
    return limit->wide ? *(const uint64_t *)at : *(const uint32_t *)at;
}

const char *show_plural(size_t n) { return n == 1 ? "" : "s"; }
bool show_is_kernel(const char *service) { return strcmp(service, BUNDLE_KERNEL) == 0; }
