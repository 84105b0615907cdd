/* strings.h of the guest library: comparison without regard to the case of ASCII letters. */
#ifndef PARIGOT_LIBC_STRINGS_H
#define PARIGOT_LIBC_STRINGS_H
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t n);
int ffs(int n);

#ifdef __cplusplus
}
#endif
#endif
