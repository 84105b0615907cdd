/* flood.c: real modules: one that never stops calling fills its own quota and nobody else's: whoever asks the same provider
 * now and then is answered each time, after no more than the flooder's quota, and is refused nothing.
 *
 * NEED: clang-19
 * RUN: printf 'policy = 1; name = "own"; base = "reset";' >own.cfg
 * RUN: parigot-cc -O1 %s -DPROVIDER -o provider.wasm
 * RUN: parigot-cc --policy=own.cfg -O1 %s -DFLOODER -o flooder.wasm
 * RUN: parigot-cc --policy=own.cfg -O1 %s -o asker.wasm
 * RUN: printf 'world = 1; name = "w"; main = "asker"; modules = ( { name = "provider"; file = "provider.wasm"; calls = 50; }, { name = "flooder"; file = "flooder.wasm"; policy = "own.cfg"; }, { name = "asker"; file = "asker.wasm"; policy = "own.cfg"; } );' >w.cfg
 * RUN: parigot-bundle create --world w.cfg -o w.pbundle
 * RUN: parigot-run --allow-unsigned --stats w.pbundle 2>stats
 * EXIT: 0
 * RUN: awk '$1 == "flooder" { made = $3; flooder = $5 } $1 == "asker" { asked = $3; asker = $5; failed = $4 } $1 == "provider" { served = $2 } END { print (flooder > 1000 && made > 1000 ? "it floods" : flooder), asked, (asker + failed == 0 ? "none refused" : asker), (served <= asked * 51 + 51 ? "within its quota" : served) }' stats
 * OUT: it floods 300 none refused within its quota
 * RUN: parigot-run --allow-unsigned --trace=calls w.pbundle 2>&1 | grep 'not taken' | grep -v 'flooder -> provider t.Provider/Do: request not taken: calls of provider limited to 50, would be 51' | wc -l
 * OUT: 0
 */
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(service, name) __attribute__((import_module(service), import_name(name)))
#define UNUSED(x) ((void)(x))

/* For the InitRequest; nobody sends bytes after it. */
EXPORT("parigot_alloc") void *parigot_alloc(uint32_t len)
{
    UNUSED(len);
    return (void *)(__builtin_wasm_memory_grow(0, 1) * 65536);
}

#ifdef PROVIDER

IMPORT("parigot.kernel.v1.Kernel", "Reply") int32_t reply(uint32_t call, const void *, uint32_t len, uint32_t flags);

EXPORT("t.Provider/Do") void serve(uint32_t state, uint32_t call, const void *message, uint32_t len)
{
    UNUSED(state), UNUSED(message), UNUSED(len);
    reply(call, 0, 0, 1);
}

EXPORT("parigot_init") uint32_t start(const void *message, uint32_t len)
{
    UNUSED(message), UNUSED(len);
    return 0;
}

#else

IMPORT("t.Provider", "Do") int32_t ask(const void *, uint32_t len, uint32_t cookie);

#ifdef FLOODER

static void go_on(void)
{
    while (ask(0, 0, 1) > 0) {}
}

#else

IMPORT("parigot.kernel.v1.Kernel", "Exit") int32_t leave(int32_t code);
static uint32_t answers;

static void go_on(void)
{
    if (answers++ == 300) leave(0);
    if (ask(0, 0, 1) < 0) leave(1);
}

#endif

EXPORT("parigot_init") uint32_t start(const void *message, uint32_t len)
{
    UNUSED(message), UNUSED(len);
    go_on();
    return 0;
}

EXPORT("parigot_result") void result(uint32_t state, uint32_t cookie, uint32_t status, const void *p, uint32_t len, uint32_t flags)
{
    UNUSED(state), UNUSED(cookie), UNUSED(p), UNUSED(len), UNUSED(flags);
#ifndef FLOODER
    if (status) leave(2);
#else
    UNUSED(status);
#endif
    go_on();
}

#endif
