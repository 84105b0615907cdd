/* dump.c: register code as text, for those who work on decode.c. parigot-run does not link this; run-exports --dump does. */
#include <stdlib.h>

#include "loader/interp.h"

static const char *const names[REG_COUNT] = {
#define ONE(label, words)              #label,
#include "loader/reg_ops.def"
};

typedef struct Place { const void *label; RegOp op; } Place;

static int by_label(const void *a, const void *b)
{
    const Place *x = a, *y = b;
    return (uintptr_t)x->label < (uintptr_t)y->label ? -1 : (uintptr_t)x->label > (uintptr_t)y->label;
}

static RegOp op_of(const Place *places, const void *label)
{
    Place key = {.label = label};
    const Place *p = bsearch(&key, places, REG_COUNT, sizeof *places, by_label);
    return p ? p->op : REG_COUNT;
}

static void dump_function(TextBuf *out, const Func *f, const Place *places)
{
    const Word *words = (const Word *)atomic_load(&f->code);
    text_printf(out, "func %u: record %u, frame %u bytes, %u cleared\n", f->index, f->record, f->frame_bytes, f->n_clear);
    for (uint32_t i = 0; i < f->n_words;) {
        const Ins *ins = (const Ins *)(words + i);
        RegOp op = op_of(places, ins->run);
        if (op == REG_COUNT) break;
        text_printf(out, "  %5u %-24s", i, names[op]);
        if (reg_op_words[op] > 1)
            text_printf(out, " d=%u a=%u b=%u c=%u u=0x%x -> %d", ins->d, ins->a, ins->b, ins->c, ins->u,
                        (int)i + 1 + ins->target / 8);
        if (reg_op_words[op] > 2) text_printf(out, " imm=0x%llx", (unsigned long long)ins->imm64);
        text_printf(out, "\n");
        i += reg_op_words[op];
        if (op == REG_BR_TABLE_A || op == REG_BR_TABLE_S) i += (ins->u + 2) / 2;
    }
}

void decode_dump(TextBuf *out, const LoadModule *module)
{
    const Code *code = module->guarded.funcs ? &module->guarded : &module->checked;
    Place places[REG_COUNT];
    for (int op = 0; op < REG_COUNT; op++) places[op] = (Place){label_of(code->labels, (RegOp)op), (RegOp)op};
    qsort(places, REG_COUNT, sizeof *places, by_label);
    for (uint32_t i = 0; i < code->n_decoded; i++) dump_function(out, code->decoded[i], places);
}
