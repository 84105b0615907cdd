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

/* What names and places come from. */
typedef struct Sources {
    Arena arena;
    WasmNames names;
    Dwarf *dwarf;           /* NULL: none */
    uint32_t code_payload;  /* DWARF counts from the payload of the code section */
} Sources;

static void open_sources(Sources *s, const WasmModule *m)
{
    wasm_read_names(m, &s->arena, &s->names);
    s->dwarf = dwarf_open_module(m, &s->arena);
    for (uint32_t i = 0; i < m->n_sections; i++)
        if (m->sections[i].id == SEC_CODE) s->code_payload = m->sections[i].payload.offset;
}

static void print_frame(TextBuf *out, const LoadFrame *frame, uint32_t number, Sources *s)
{
    const char *file;
    uint32_t line;
    text_printf(out, "  #%u func %u", number, frame->func);
    if (frame->func < s->names.n_funcs && s->names.funcs[frame->func].len > 0)
        text_printf(out, " \"%s\"", diag_escape(&s->arena, s->names.funcs[frame->func]));
    if (frame->offset) text_printf(out, " at 0x%x", frame->offset); /* 0: the engine does not know */
    if (frame->offset && s->dwarf != NULL && dwarf_line_of_code(s->dwarf, frame->offset - s->code_payload, &file, &line))
        text_printf(out, ", %s:%u", diag_escape(&s->arena, str_of(file)), line);
    text_printf(out, "\n");
}

static void print_frames(TextBuf *out, const LoadTrap *trap, Sources *sources)
{
    for (uint32_t i = 0; i < trap->n_frames; i++) {
        uint32_t number = i < LOAD_FRAMES_INNER ? i : trap->depth - trap->n_frames + i;
        if (i == LOAD_FRAMES_INNER && number > i) text_printf(out, "  ... %u more ...\n", number - i);
        print_frame(out, &trap->frames[i], number, sources);
    }
}

void load_frames_print(TextBuf *out, const LoadTrap *trap, const WasmModule *m)
{
    Sources sources = {0};
    open_sources(&sources, m);
    print_frames(out, trap, &sources);
    arena_free(&sources.arena);
}

void load_trap_print(TextBuf *out, const LoadTrap *trap, const WasmModule *m, const char *tool)
{
    Sources sources = {0};
    open_sources(&sources, m);
    text_printf(out, "%s: trap: %s", tool, load_trap_text(trap->kind));
    if (trap->detail[0]) text_printf(out, ": %s", diag_escape(&sources.arena, str_of(trap->detail)));
    if (trap->has_address) text_printf(out, " (address 0x%llx)", (unsigned long long)trap->address);
    text_printf(out, "\n");
    print_frames(out, trap, &sources);
    arena_free(&sources.arena);
}
