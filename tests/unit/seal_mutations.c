/* Store checks that were tampered with are found, or what is left of them still does: every byte of the code of a module with
 * store checks is changed in many ways, and runs of instructions are taken out. What P403 still proves is run by the
 * oracle, which knows nothing of proofs. */
#include "linker/seal.h"
#include "tests/unit/compile.h"
#include "tests/unit/seal_oracle.h"
#include "tests/unit/tap.h"

#include <unistd.h>

enum { CALLS = 25 };

static const PmSection record = {.has_layout = true,
                                 .layout = {.seal = PM_SEAL_ENGINE, .page_log2 = 12, .null_guard = 4096, .stack_low = 4096,
                                            .stack_high = 8192, .sealed_low = 8192, .sealed_high = 12288, .waived_low = 12288,
                                            .waived_high = 12288, .heap_base = 12304},
                                 .has_globals = true,
                                 .stack_pointer = 1};

static void fail_allocation(void *ctx)
{
    (void)ctx;
    ck_abort_msg("out of memory");
}

typedef struct Counts {
    size_t tried, proved;
} Counts;

/* Valid, and proved? Then it must keep out. */
static bool try_it(const uint8_t *bytes, size_t size, Counts *n, const char *what, size_t at)
{
    Arena arena = {0};
    Diags diags = {.limit = 1};
    ValReport report;
    ValPolicy p = *val_builtin_policy(STR("none"));
    p.rules[RULE_P403].violated = p.rules[RULE_P403].not_provable = VAL_ERROR;
    bool proved = val_module(&arena, bytes, size, "m.wasm", &(ValOptions){.policy = &p}, &diags, &report) &&
                  report.rules[RULE_P403].verdict == VAL_PROVED;
    n->tried++;
    n->proved += proved;
    if (proved)
        ck_assert_msg(oracle_keeps_out(&report.module, &record.layout, 0, CALLS, 88172645463325252u + at), "%s at 0x%zx", what, at);
    diag_free(&diags);
    arena_free(&arena);
    return proved;
}

static Bytes plain_module(void)
{
    char folder[32], command[600];
    temporary_folder(folder);
    snprintf(command, sizeof command, "wat2wasm %s/tests/interop/sealing.wat -o m.wasm", getenv("PARIGOT_SOURCE"));
    run_in(folder, command);
    Bytes plain = get_file(folder, "m.wasm");
    remove_folder(folder);
    return plain;
}

static Writer sealed_module(const Bytes *plain, Arena *arena)
{
    Diags diags = {0};
    WasmModule m;
    Writer out = {0};
    ck_assert(wasm_read_module(arena, plain->ptr, plain->size, "m.wasm", &(WasmReadOptions){0}, &diags, &m));
    ck_assert(ld_seal_module(&m, &(SealOptions){.record = &record}, arena, &diags, &out));
    diag_free(&diags);
    return out;
}

static WasmModule view(Arena *arena, const Writer *sealed)
{
    Diags diags = {0};
    WasmModule m;
    ck_assert(wasm_read_module(arena, sealed->ptr, sealed->len, "m.wasm", &(WasmReadOptions){0}, &diags, &m));
    return m;
}

static void change_bytes(Writer *w, const WasmModule *m, Counts *n)
{
    static const uint8_t values[] = {0x00, 0x01, 0x0b, 0x0c, 0x0d, 0x1a, 0x20, 0x21, 0x22, 0x23, 0x24, 0x36, 0x41, 0x49, 0x4b, 0x6a, 0x6b};
    for (uint32_t f = 0; f < m->n_bodies; f++)
        for (uint32_t at = m->bodies[f].offset; at < m->bodies[f].offset + m->bodies[f].size; at++) {
            uint8_t old = w->ptr[at];
            for (unsigned k = 0; k < 8 + ARRAY_LEN(values); k++) {
                w->ptr[at] = k < 8 ? old ^ (uint8_t)(1 << k) : values[k - 8];
                if (w->ptr[at] != old) (void)try_it(w->ptr, w->len, n, "a byte changed", at);
            }
            w->ptr[at] = old;
        }
}

/* nop instead of up to so many instructions. */
static void take_out(Writer *w, const WasmModule *m, Counts *n)
{
    enum { MOST = 16, MOST_BYTES = 256 };
    Diags diags = {.limit = 1};
    for (uint32_t f = 0; f < m->n_bodies; f++) {
        Reader r = wasm_reader(m, m->bodies[f], &diags);
        uint32_t groups, locals;
        uint8_t type, kept[MOST_BYTES];
        ck_assert(rd_u32(&r, "groups", &groups));
        while (groups--) ck_assert(rd_u32(&r, "locals", &locals) && rd_byte(&r, "type", &type));
        WasmInstr i;
        while (r.pos != r.end) {
            Reader ahead = r;
            uint8_t *from = w->ptr + (r.pos - w->ptr);
            for (int k = 0; k < MOST && ahead.pos != ahead.end; k++) {
                ck_assert(rd_instr(&ahead, &i));
                size_t size = (size_t)(ahead.pos - from);
                if (size > MOST_BYTES) break;
                memcpy(kept, from, size);
                memset(from, 0x01, size);
                (void)try_it(w->ptr, w->len, n, "instructions taken out", (size_t)(from - w->ptr));
                memcpy(from, kept, size);
            }
            ck_assert(rd_instr(&r, &i));
        }
    }
    diag_free(&diags);
}

static void with_sealed(void (*change)(Writer *, const WasmModule *, Counts *), size_t at_least)
{
    if (!have_tool("wat2wasm")) return;
    Arena arena = {.on_oom = fail_allocation};
    Bytes plain = plain_module();
    Writer w = sealed_module(&plain, &arena);
    const WasmModule m = view(&arena, &w);
    Counts n = {0};
    oracle_timer(3000);
    ck_assert(try_it(w.ptr, w.len, &n, "nothing changed", 0));
    change(&w, &m, &n);
    ck_assert(try_it(w.ptr, w.len, &n, "all as it was", 0));
    fprintf(stderr, "# %zu mutations, %zu of them still proved\n", n.tried, n.proved);
    ck_assert_uint_gt(n.tried, at_least);
    ck_assert_uint_gt(n.proved, at_least / 100);
    wr_free(&w);
    bytes_free(&plain);
    arena_free(&arena);
}

/* Two bytes at a time, anywhere in one function: a check and what it is for, or two constants. */
static void change_pairs(Writer *w, const WasmModule *m, Counts *n)
{
    enum { TIMES = 40000 };
    uint64_t seed = 2463534242;
    for (int i = 0; i < TIMES; i++) {
        const WasmRange body = m->bodies[oracle_next(&seed) % m->n_bodies];
        uint32_t at[2];
        uint8_t old[2];
        for (int k = 0; k < 2; k++) {
            at[k] = body.offset + (uint32_t)(oracle_next(&seed) % body.size);
            old[k] = w->ptr[at[k]];
            uint64_t r = oracle_next(&seed);
            if (r & 1) w->ptr[at[k]] ^= (uint8_t)(1 << (r >> 8) % 8);
            else w->ptr[at[k]] = w->ptr[body.offset + (uint32_t)((r >> 8) % body.size)];
        }
        (void)try_it(w->ptr, w->len, n, "two bytes changed", at[0]);
        for (int k = 2; k-- > 0;) w->ptr[at[k]] = old[k];
    }
}

START_TEST(bytes) { with_sealed(change_bytes, 20000); }
END_TEST

START_TEST(instructions) { with_sealed(take_out, 5000); }
END_TEST

START_TEST(pairs) { with_sealed(change_pairs, 20000); }
END_TEST

/* The oracle sees what it is for: without the checks the same module does write where it must not. */
START_TEST(oracle_sees)
{
    if (!have_tool("wat2wasm")) return;
    Arena arena = {.on_oom = fail_allocation};
    Bytes plain = plain_module();
    const Writer w = {.ptr = plain.ptr, .len = plain.size};
    const WasmModule m = view(&arena, &w);
    oracle_timer(3000);
    ck_assert(!oracle_keeps_out(&m, &record.layout, 0, CALLS, 1));
    bytes_free(&plain);
    arena_free(&arena);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("seal_mutations");
    TCase *t = tcase_create("all");
    tcase_set_timeout(t, 120);
    suite_add_tcase(s, t);
    tcase_add_test(t, oracle_sees);
    tcase_add_test(t, bytes);
    tcase_add_test(t, pairs);
    tcase_add_test(t, instructions);
    return run_tap(s);
}
