/* setjmp.h for wasi-libc that has none: what clang's -wasm-enable-sjlj expects of a jmp_buf. See setjmp.c. */
#ifndef TESTS_SETJMP_H
#define TESTS_SETJMP_H

typedef struct {
    void *invocation; /* which activation of the function that called setjmp */
    unsigned label;   /* which of its setjmp calls */
    struct {
        void *env;
        int value;
    } thrown;         /* what the exception carries */
} jmp_buf[1];

int setjmp(jmp_buf) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf, int);

#endif
