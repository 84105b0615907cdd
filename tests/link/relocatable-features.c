/* -r and features: what is used is put together, what must not be used stays said, and a stack pointer is no import yet.
 * NEED: clang-19
 * NEED: wasm-objdump
 * RUN: clang-19 --target=wasm32 -O1 -ffreestanding -c %s -o a.o && clang-19 --target=wasm32 -mcpu=mvp -O1 -ffreestanding -DSTACK -c %s -o mvp.o && clang-19 --target=wasm32 -O1 -matomics -mbulk-memory -ffreestanding -DSTACK -c %s -o atomics.o
 * ORACLE: -r mvp.o
 * ORACLE: -r a.o mvp.o
 * DIFFERS: target_features: wasm-ld forgets what must not be used
 * RUN: parigot-ld -r a.o mvp.o -o r.o && parigot-ld -r r.o -o again.o && wasm-objdump -x again.o
 * OUT: [+] sign-ext
 * OUT: [-] shared-mem
 * RUN: parigot-ld -r a.o --features=sign-ext -o x
 * EXIT: 1
 * ERR: Target feature 'multivalue' used by a.o is not allowed
 */
#ifdef STACK
void use(char *);
void f(void)
{
    char c[100];
    use(c);
}
#else
_Thread_local int own = 4;
int next(void) { return own++; }
#endif
