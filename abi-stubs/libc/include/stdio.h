/* stdio.h of the guest library: formatting into memory. There are no streams; parigot_log() writes a log
 * line. */
#ifndef PARIGOT_LIBC_STDIO_H
#define PARIGOT_LIBC_STDIO_H
#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EOF (-1)

int snprintf(char *restrict out, size_t size, const char *restrict format, ...)
    __attribute__((format(printf, 3, 4)));
int vsnprintf(char *restrict out, size_t size, const char *restrict format, va_list)
    __attribute__((format(printf, 3, 0)));
int sprintf(char *restrict out, const char *restrict format, ...) __attribute__((format(printf, 2, 3)));
int vsprintf(char *restrict out, const char *restrict format, va_list) __attribute__((format(printf, 2, 0)));

#ifdef __cplusplus
}
#endif
#endif
