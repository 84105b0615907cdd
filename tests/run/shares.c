/* shares.c: real modules, metered: two that are always busy, with shares of 3 to 1, get 3 to 1 of the fuel, whatever one of
 * their entries takes; one that comes late is served at once and gets its share from then on, no less and no more. Fuel is
 * counted, so each run is the same.
 *
 * NEED: clang-19
 * RUN: printf 'policy = 1; name = "own"; base = "reset";' >own.cfg
 * RUN: parigot-cc --meter -O1 %s -DSERVICE='"t.One/Do"' -DROUNDS=20000 -o one.wasm
 * RUN: parigot-cc --meter -O1 %s -DSERVICE='"t.Two/Do"' -DROUNDS=20000 -o two.wasm
 * RUN: parigot-cc --meter -O1 %s -DSERVICE='"t.Late/Do"' -DROUNDS=20000 -o late.wasm
 * RUN: parigot-cc --meter -O1 %s -DSERVICE='"t.Two/Do"' -DROUNDS=5000 -o short.wasm
 * RUN: parigot-cc --policy=own.cfg --meter -O1 %s -o driver.wasm
 * RUN: printf 'world = 1; name = "w"; main = "driver"; modules = ( { name = "one"; file = "one.wasm"; share = 300; }, { name = "two"; file = "two.wasm"; share = 100; }, { name = "late"; file = "late.wasm"; share = 100; }, { name = "driver"; file = "driver.wasm"; policy = "own.cfg"; share = 10000; } );' >w.cfg
 * RUN: parigot-bundle create --world w.cfg -o w.pbundle
 * RUN: parigot-run --allow-unsigned --stats w.pbundle 2>stats
 * EXIT: 0
 * RUN: parigot-run --allow-unsigned --stats w.pbundle 2>again; for f in stats again; do awk '$1 ~ /^(one|two|late|driver)$/ { print $1, $2, $3, $6, $7 }' $f; done | sort | uniq -c | awk '$1 == 2' | wc -l
 * OUT: 4
 * RUN: sed 's/two.wasm/short.wasm/; s/w.pbundle/v.pbundle/' w.cfg >v.cfg && parigot-bundle create --world v.cfg -o v.pbundle
 * RUN: parigot-run --allow-unsigned --stats v.pbundle 2>&1 | awk '{ fuel[$1] = $7 } END { r = fuel["one"] / fuel["two"]; print (r > 2.9 && r < 3.1 ? "three to one" : r) }'
 * OUT: three to one
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

#ifdef SERVICE

IMPORT("parigot.kernel.v1.Kernel", "Reply") int32_t reply(uint32_t call, const void *, uint32_t len, uint32_t flags);

EXPORT("parigot_init") uint32_t start(const void *message, uint32_t len)
{
    UNUSED(message), UNUSED(len);
    return 0;
}

EXPORT(SERVICE) void serve(uint32_t state, uint32_t call, const void *message, uint32_t len)
{
    UNUSED(state), UNUSED(message), UNUSED(len);
    for (volatile uint32_t i = 0; i < ROUNDS; i++) {}
    reply(call, 0, 0, 1);
}

#else

enum { ONE, TWO, LATE, WINDOW = 4, FIRST = 1200, SECOND = 3000 };

IMPORT("t.One", "Do") int32_t ask_one(const void *, uint32_t len, uint32_t cookie);
IMPORT("t.Two", "Do") int32_t ask_two(const void *, uint32_t len, uint32_t cookie);
IMPORT("t.Late", "Do") int32_t ask_late(const void *, uint32_t len, uint32_t cookie);
IMPORT("parigot.kernel.v1.Kernel", "Exit") int32_t leave(int32_t code);

static uint32_t answers[3], before[3], total, late_after;

static void ask(uint32_t who)
{
    int32_t id = who == ONE ? ask_one(0, 0, who + 1) : who == TWO ? ask_two(0, 0, who + 1) : ask_late(0, 0, who + 1);
    if (id < 0) leave(100);
}

static int near(uint32_t a, uint32_t b) /* within 3 per cent, or what is on its way */
{
    uint32_t more = a > b ? a - b : b - a;
    return more <= WINDOW || more * 100 <= 3 * b;
}

EXPORT("parigot_init") uint32_t start(const void *message, uint32_t len)
{
    UNUSED(message), UNUSED(len);
    for (int i = 0; i < WINDOW; i++) ask(ONE), ask(TWO);
    return 0;
}

static void judge(void)
{
    uint32_t one = answers[ONE] - before[ONE], two = answers[TWO] - before[TWO];
    int wrong = 0;
    if (before[ONE] + before[TWO] != FIRST || !near(before[ONE], 3 * before[TWO])) wrong |= 1;
    if (answers[LATE] == 0 || late_after > 4) wrong |= 2; /* it was served before the others had a round more */
    if (!near(one, 3 * two)) wrong |= 4;
    if (!near(answers[LATE], two)) wrong |= 8;
    leave(wrong);
}

EXPORT("parigot_result") void result(uint32_t state, uint32_t cookie, uint32_t status, const void *p, uint32_t len, uint32_t flags)
{
    UNUSED(state), UNUSED(p), UNUSED(len), UNUSED(flags);
    uint32_t who = cookie - 1;
    if (status) leave(101);
    answers[who]++;
    total++;
    if (who == LATE && answers[LATE] == 1) late_after = total - FIRST;
    if (total == FIRST) {
        before[ONE] = answers[ONE];
        before[TWO] = answers[TWO];
        for (int i = 0; i < WINDOW; i++) ask(LATE);
    }
    if (total == FIRST + SECOND) {
        judge();
    }
    ask(who);
}

#endif
