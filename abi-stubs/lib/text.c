/* text.c: text made in arenas. */
#include <string.h>
#include "runtime.h"

parigot_str parigot_str_copy(parigot_arena *arena, parigot_str s)
{
    char *copy = parigot_arena_new(arena, s.len);
    if (s.len) memcpy(copy, s.ptr, s.len);
    return (parigot_str){copy, s.len};
}

/* Formats twice: once to measure. */
parigot_str parigot_arena_vformat(parigot_arena *arena, const char *format, va_list ap)
{
    size_t len = parigot_format_text(NULL, 0, format, ap);
    char *text = parigot_arena_new(arena, len + 1);
    parigot_format_text(text, len + 1, format, ap);
    return (parigot_str){text, len};
}

parigot_str parigot_arena_format(parigot_arena *arena, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    parigot_str s = parigot_arena_vformat(arena, format, ap);
    va_end(ap);
    return s;
}

parigot_str parigot_format(parigot_call *call, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    parigot_str s = parigot_arena_vformat(parigot_call_arena(call), format, ap);
    va_end(ap);
    return s;
}

parigot_str parigot_config(const parigot_kernel_v1_InitRequest *init, const char *key)
{
    for (size_t i = 0; i < init->config.len; i++)
        if (parigot_str_equal(init->config.ptr[i].key, parigot_str_of(key))) return init->config.ptr[i].value;
    return (parigot_str){NULL, 0};
}
