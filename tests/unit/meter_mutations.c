/* A meter that was tampered with is found: every byte of every charge that the linker puts in, changed in many ways, and
 * every charge taken out, in modules metered both ways. What may pass: a charge that takes more. */
#include "linker/meter.h"
#include "tests/unit/compile.h"
#include "tests/unit/tap.h"
#include "validator/validator.h"

typedef struct Form {
    uint32_t start, end; /* offsets in the file */
    bool moves;          /* loads or stores the gauge, takes nothing */
    bool sized, counted;
    int64_t amount;
} Form;
typedef struct Forms {
    Form *items; /* malloc */
    size_t n;
    uint32_t fuel;
} Forms;

static void fail_allocation(void *ctx)
{
    (void)ctx;
    ck_abort_msg("out of memory");
}

static ValPolicy asking(void)
{
    ValPolicy p = *val_builtin_policy(STR("none"));
    for (int r = RULE_P701; r <= RULE_P703; r++) p.rules[r].violated = VAL_ERROR;
    return p;
}

/* Is it valid, and is its meter proved? */
static bool is_proved(const uint8_t *bytes, size_t size)
{
    Arena arena = {0};
    Diags diags = {.limit = 1};
    ValReport report;
    ValPolicy p = asking();
    bool ok = val_module(&arena, bytes, size, "m.wasm", &(ValOptions){.policy = &p}, &diags, &report);
    bool proved = ok && report.metered;
    diag_free(&diags);
    arena_free(&arena);
    return proved;
}

static uint32_t last_local(const WasmModule *m, uint32_t func, Reader *r)
{
    uint32_t groups, n, last = wasm_func_type(m, func)->n_params - 1;
    uint8_t type;
    ck_assert(rd_u32(r, "groups", &groups));
    for (; groups; groups--) {
        ck_assert(rd_u32(r, "locals", &n) && rd_byte(r, "type", &type));
        last += n;
    }
    return last;
}

static bool form_at(const Reader *r, const uint8_t *at, uint32_t fuel, uint32_t local, Form *out)
{
    WasmCharge c = {0};
    *out = (Form){.start = (uint32_t)(at - r->base)};
    if (wasm_read_charge(*r, at, fuel, local, &c)) out->amount = c.amount;
    else if (wasm_read_gauge_move(*r, at, fuel, local, &c)) out->moves = true;
    else if (wasm_read_sized_charge(*r, at, fuel, local, &c)) out->sized = true;
    else if (wasm_read_counted_charge(*r, at, fuel, local, &c)) out->counted = true, out->amount = c.amount;
    else return false;
    out->end = (uint32_t)(c.end - r->base);
    return true;
}

static void find_forms(const uint8_t *bytes, size_t size, Forms *out)
{
    Arena arena = {0};
    Diags diags = {0};
    WasmModule m;
    PmSection pm;
    ck_assert(wasm_read_module(&arena, bytes, size, "m.wasm", &(WasmReadOptions){0}, &diags, &m));
    ck_assert(pm_read(&m, &arena, &diags, &pm) == PM_PRESENT && pm.fuel);
    *out = (Forms){.items = malloc(size * sizeof *out->items), .fuel = pm.fuel - 1};
    for (uint32_t i = 0; i < m.n_bodies; i++) {
        Reader r = wasm_reader(&m, m.bodies[i], &diags);
        uint32_t local = last_local(&m, m.n_imported[KIND_FUNC] + i, &r);
        while (r.pos != r.end) {
            Form f;
            WasmInstr instr;
            if (form_at(&r, r.pos, out->fuel, local, &f)) {
                out->items[out->n++] = f;
                r.pos = r.base + f.end;
            } else ck_assert(rd_instr(&r, &instr));
        }
    }
    diag_free(&diags);
    arena_free(&arena);
}

/* The changed form, where it is still one that takes a constant: does it take more than before?. */
static bool takes_more(const uint8_t *bytes, size_t size, const Form *before)
{
    Diags diags = {.limit = 1};
    Reader r = rd_open(bytes, size, "m.wasm", &diags);
    WasmInstr i;
    int64_t amount = 0;
    const WasmOp behind = before->counted ? OP_I64_MUL : OP_I64_SUB; /* what follows the amount */
    bool constant = false;
    r.pos += before->start;
    while (rd_instr(&r, &i) && i.op != behind) {
        constant = i.op == OP_I64_CONST;
        amount = i.value;
    }
    diag_free(&diags);
    return !before->moves && !before->sized && constant && amount > before->amount;
}

static size_t change_bytes(uint8_t *bytes, size_t size, const Forms *forms)
{
    static const uint8_t values[] = {0x00, 0x01, 0x0b, 0x1a, 0x21, 0x24, 0x42, 0x7c, 0x7d, 0x7e, 0x88};
    size_t n = 0;
    for (size_t i = 0; i < forms->n; i++) {
        const Form *f = &forms->items[i];
        for (uint32_t at = f->start; at < f->end; at++) {
            uint8_t old = bytes[at];
            for (int k = 0; k < 8 + (int)ARRAY_LEN(values); k++, n++) {
                bytes[at] = k < 8 ? old ^ (uint8_t)(1 << k) : values[k - 8];
                if (bytes[at] == old || !is_proved(bytes, size)) continue;
                ck_assert_msg(takes_more(bytes, size, f), "byte 0x%x of the charge at 0x%x: %02x became %02x", at,
                              f->start, old, bytes[at]);
            }
            bytes[at] = old;
        }
    }
    return n;
}

/* nop costs nothing: the code is the same, the charge is not there. */
static size_t take_out(uint8_t *bytes, size_t size, const Forms *forms)
{
    size_t n = 0;
    for (size_t i = 0; i < forms->n; i++) {
        const Form *f = &forms->items[i];
        uint8_t kept[256];
        uint32_t length = f->end - f->start;
        ck_assert_uint_lt(length, sizeof kept);
        memcpy(kept, bytes + f->start, length);
        memset(bytes + f->start, 0x01, length);
        bool proved = is_proved(bytes, size);
        memcpy(bytes + f->start, kept, length);
        ck_assert_msg(!proved || f->moves, "without the charge at 0x%x", f->start);
        n++;
    }
    return n;
}

static void tamper(MeterKind kind, size_t at_least)
{
    char folder[] = "/tmp/parigot-meter-XXXXXX", command[600];
    if (!have_tool("wat2wasm")) return;
    ck_assert(mkdtemp(folder) != NULL);
    snprintf(command, sizeof command, "wat2wasm --enable-tail-call %s/tests/interop/metering.wat -o m.wasm", getenv("PARIGOT_SOURCE"));
    run_in(folder, command);
    Bytes plain = get_file(folder, "m.wasm");
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);

    Arena arena = {.on_oom = fail_allocation};
    Diags diags = {0};
    WasmModule m;
    Writer out = {0};
    Forms forms;
    ck_assert(wasm_read_module(&arena, plain.ptr, plain.size, "m.wasm", &(WasmReadOptions){0}, &diags, &m));
    ck_assert(ld_meter_module(&m, &(MeterOptions){.kind = kind}, &arena, &diags, &out));
    ck_assert(is_proved(out.ptr, out.len));
    find_forms(out.ptr, out.len, &forms);
    ck_assert_uint_gt(forms.n, 20);
    size_t n = change_bytes(out.ptr, out.len, &forms) + take_out(out.ptr, out.len, &forms);
    ck_assert_uint_gt(n, at_least);
    ck_assert(is_proved(out.ptr, out.len)); /* all is as it was */
    free(forms.items);
    wr_free(&out);
    bytes_free(&plain);
    diag_free(&diags);
    arena_free(&arena);
}

START_TEST(coarse) { tamper(METER_COARSE, 10000); }
END_TEST

START_TEST(exact) { tamper(METER_EXACT, 20000); }
END_TEST

int main(void)
{
    Suite *s = suite_create("meter_mutations");
    TCase *t = tcase_create("all");
    tcase_set_timeout(t, 120);
    suite_add_tcase(s, t);
    tcase_add_test(t, coarse);
    tcase_add_test(t, exact);
    return run_tap(s);
}
