/* trap_text.c: a LoadTrap as people read it. */
#include "loader/engine.h"

const char *load_trap_text(LoadTrapKind kind)
{
    static const char *const text[TRAP_KIND_COUNT] = {
        [TRAP_NONE] = "",
#define TRAP(name, words) [TRAP_##name] = words,
#include "loader/traps.def"
#undef TRAP
    };
    return kind < TRAP_KIND_COUNT ? text[kind] : "?";
}

static void print_frame(TextBuf *out, const LoadFrame *frame, uint32_t number, const WasmNames *names, Arena *arena)
{
    text_printf(out, "  #%u func %u", number, frame->func);
    if (frame->func < names->n_funcs && names->funcs[frame->func].len > 0)
        text_printf(out, " \"%s\"", diag_escape(arena, names->funcs[frame->func]));
    text_printf(out, " at 0x%x\n", frame->offset);
}

void load_trap_print(TextBuf *out, const LoadTrap *trap, const WasmModule *m, const char *tool)
{
    Arena arena = {0};
    WasmNames names;
    wasm_read_names(m, &arena, &names);

    text_printf(out, "%s: trap: %s", tool, load_trap_text(trap->kind));
    if (trap->detail[0]) text_printf(out, ": %s", diag_escape(&arena, str_of(trap->detail)));
    if (trap->has_address) text_printf(out, " (address 0x%llx)", (unsigned long long)trap->address);
    text_printf(out, "\n");
    for (uint32_t i = 0; i < trap->n_frames; i++) {
        uint32_t number = i < LOAD_FRAMES_INNER ? i : trap->depth - trap->n_frames + i;
        if (i == LOAD_FRAMES_INNER && number > i) text_printf(out, "  ... %u more ...\n", number - i);
        print_frame(out, &trap->frames[i], number, &names, &arena);
    }
    arena_free(&arena);
}
