/* setjmp.c: the three functions that clang's lowering of setjmp and longjmp to wasm exceptions calls.
 * It throws and catches with the tag __c_longjmp, weak in each object: an i32, the address of `thrown`. */
#include <setjmp.h>

void __wasm_setjmp(jmp_buf env, unsigned label, void *invocation)
{
    env->invocation = invocation;
    env->label = label;
}

/* The label of the setjmp that `env` is for if that was in this activation, else 0: the exception goes on. */
unsigned __wasm_setjmp_test(jmp_buf env, void *invocation)
{
    return env->invocation == invocation ? env->label : 0;
}

_Noreturn void __wasm_longjmp(jmp_buf env, int value)
{
    env->thrown.env = env;
    env->thrown.value = value ? value : 1;
    __builtin_wasm_throw(1, &env->thrown);
}
