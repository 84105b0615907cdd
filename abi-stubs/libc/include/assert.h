/* assert.h of the guest library: a failed assertion is a log line of level ERROR, then a trap. The log line
 * needs a grant of parigot.log.v1.Log; with NDEBUG neither is there. */
#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition)                                                                                    \
    ((condition) ? (void)0 : parigot_assert_failed(#condition, __FILE__, __LINE__, __func__))
#endif

#ifndef PARIGOT_LIBC_ASSERT_H
#define PARIGOT_LIBC_ASSERT_H
#ifdef __cplusplus
extern "C"
#else
#define static_assert _Static_assert
#endif
    _Noreturn void
    parigot_assert_failed(const char *condition, const char *file, int line, const char *function);
#endif
