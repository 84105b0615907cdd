/* reset.c: what C keeps in static variables and on a heap of its own, under policy reset: each request finds it as
 * parigot_init left it, also while others are under way.
 *
 * NEED: clang-19
 * RUN: printf 'policy = 1; name = "own"; base = "reset";' >own.cfg
 * RUN: parigot-cc --policy=own.cfg -O1 %s -DSERVICE -o keeper.wasm
 * RUN: parigot-cc --policy=own.cfg -O1 %s -o asker.wasm
 * RUN: printf 'world = 1; name = "w"; main = "asker"; modules = ( { name = "keeper"; file = "keeper.wasm"; policy = "own.cfg"; }, { name = "asker"; file = "asker.wasm"; policy = "own.cfg"; } );' >w.cfg
 * RUN: parigot-bundle create --world w.cfg -o w.pbundle
 * RUN: parigot-run --allow-unsigned -v w.pbundle
 * EXIT: 30
 * ERR: w.pbundle(keeper): keeps state, so each request gets a fresh instance, at most 8 at a time
 * NOT: killed
 * NOT: w.pbundle(asker): keeps state
 *
 * What is told of it is told of the module, whichever instance it was:
 * RUN: parigot-ld --policy=own.cfg --meter --rewrite keeper.wasm -o metered.wasm && sed 's/"keeper.wasm"/"metered.wasm"/' w.cfg >m.cfg
 * RUN: parigot-bundle create --world m.cfg -o m.pbundle
 * RUN: parigot-run --allow-unsigned --trace=calls --stats --profile=p.folded m.pbundle 2>err
 * EXIT: 30
 * RUN: grep -c 'call: asker -> keeper t.Keeper/Do: OK, 1 B in, 10 B out in 1, fuel [1-9][0-9]*, ran [0-9.]* ms, took [0-9.]* ms$' err
 * OUT: 3
 * RUN: awk '/^keeper /{print $2, $3, $4, $5, $6, $10}' err
 * OUT: 3 0 0 0 4 0
 * RUN: test -f p.folded
 *
 * fuel_total is one for all instances: with one less than it takes, the last request is not served, and none after it.
 * RUN: fuel=$(awk '/^keeper /{print $7}' err); sed "s/policy = \"own.cfg\";/& fuel_total = $((fuel - 1));/;" m.cfg >t.cfg && parigot-bundle create --world t.cfg -o t.pbundle
 * RUN: parigot-run --allow-unsigned --stats t.pbundle 2>err
 * EXIT: 120
 * RUN: cat err
 * OUT: keeper was killed: out of fuel: the process has used all of its
 * OUT: "t.Keeper/Do" at 0x
 * RUN: awk '/^keeper /{print $2, $10}' err
 * OUT: 3 1
 */
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(service, name) __attribute__((import_module(service), import_name(name)))

static char buffer[4096];
EXPORT("parigot_alloc") void *parigot_alloc(uint32_t len) { return len <= sizeof buffer ? buffer : NULL; }

#ifdef SERVICE

IMPORT("parigot.kernel.v1.Kernel", "Reply") int32_t reply(uint32_t call, const void *, uint32_t len, uint32_t flags);

static int served, prepared;
static int numbers[3] = {1, 2, 3};
static struct node {
    struct node *next;
} *nodes;
static char *heap;

static void *take(size_t size)
{
    if (!heap) heap = (char *)(__builtin_wasm_memory_grow(0, 1) * 65536);
    void *p = heap;
    heap += size;
    return p;
}

EXPORT("parigot_init") uint32_t start(const void *message, uint32_t len)
{
    (void)message;
    (void)len;
    prepared = 5;
    return 2;
}

/* The answer is as long as what is there: 10 when all is new. */
EXPORT("t.Keeper/Do") void serve(uint32_t state, uint32_t call, const void *message, uint32_t len)
{
    (void)message;
    (void)len;
    struct node *n = take(sizeof *n);
    n->next = nodes;
    nodes = n;
    for (n = nodes; n; n = n->next) served++;
    reply(call, buffer, (uint32_t)(state + prepared + served + numbers[0] + numbers[1] - 1), 1);
    numbers[0] = numbers[1] = 100;
    prepared = 50;
}

EXPORT("parigot_result") void result(uint32_t state, uint32_t cookie, uint32_t status, const void *p, uint32_t len, uint32_t flags)
{
    (void)state, (void)cookie, (void)status, (void)p, (void)len, (void)flags;
}

#else

IMPORT("t.Keeper", "Do") int32_t ask(const void *, uint32_t len, uint32_t cookie);
IMPORT("parigot.kernel.v1.Kernel", "Exit") int32_t leave(int32_t code);

static uint32_t answers, sum; /* main serves nobody: its state is its own */

EXPORT("parigot_init") uint32_t start(const void *message, uint32_t len)
{
    (void)message;
    (void)len;
    ask(buffer, 1, 1);
    ask(buffer, 1, 1);
    return 0;
}

EXPORT("parigot_result") void result(uint32_t state, uint32_t cookie, uint32_t status, const void *p, uint32_t len, uint32_t flags)
{
    (void)state, (void)cookie, (void)p, (void)flags;
    sum += status ? 100 : len;
    if (++answers == 2) ask(buffer, 1, 1);
    if (answers == 3) leave((int32_t)sum);
}

#endif
