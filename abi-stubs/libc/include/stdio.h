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

int snprintf(char *__restrict out, size_t size, const char *__restrict format, ...)
    __attribute__((format(printf, 3, 4)));
int vsnprintf(char *__restrict out, size_t size, const char *__restrict format, va_list)
    __attribute__((format(printf, 3, 0)));
int sprintf(char *__restrict out, const char *__restrict format, ...) __attribute__((format(printf, 2, 3)));
int vsprintf(char *__restrict out, const char *__restrict format, va_list) __attribute__((format(printf, 2, 0)));

#ifdef __cplusplus
}
#endif
#endif
