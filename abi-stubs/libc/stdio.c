/* stdio.c: the functions of stdio.h that need no stream. */
#include <stdio.h>
#include "../lib/runtime.h"

static int result(size_t len) { return len > INT32_MAX ? -1 : (int)len; }

int vsnprintf(char *out, size_t size, const char *format, va_list ap)
{
    return result(parigot_format_text(size ? out : NULL, size, format, ap));
}

int vsprintf(char *out, const char *format, va_list ap)
{
    size_t most = UINTPTR_MAX - (uintptr_t)out < INT32_MAX ? UINTPTR_MAX - (uintptr_t)out : INT32_MAX;
    return result(parigot_format_text(out, most, format, ap));
}

int snprintf(char *out, size_t size, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(out, size, format, ap);
    va_end(ap);
    return n;
}

int sprintf(char *out, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsprintf(out, format, ap);
    va_end(ap);
    return n;
}
