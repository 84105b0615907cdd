/* object_code.c: the code of an object against its relocations, and the rules that code alone can break.
 *
 * One pass over each live function's instructions, with the section's relocations beside it, both in ascending order.
 * An operand that is an index must have a relocation of a type that fits, over the whole of it (five bytes); an operand
 * that may be an address can have one; a relocation that meets no such operand is one too many. So relocations neither
 * change opcodes nor leave an index of one object standing in the module.
 *
 * Sources: tool-conventions Linking.md "Relocation Sections"; core 2.0 §5.4 "Instructions". */
#include "validator/object_state.h"

#include <string.h>

typedef struct CodeWalk {
    ObjectJudge *j;
    Reader r;
    Diags ignored;             /* full from the start: stores nothing            */
    const WasmReloc *relocs;   /* of the section; n_relocs, the next one `at`    */
    uint32_t n_relocs, at;
    uint32_t base;             /* of the section's contents in the file          */
    uint32_t func;             /* or NONE: in an initialiser                     */
    uint32_t instruction;      /* where it begins, from the section's contents   */
    const WasmReloc *address;  /* of the memory operand that was read last       */
    bool changes_table;        /* this function does, and it has been told       */
} CodeWalk;

/* Types of relocations as a set. */
#define TYPE(name) (UINT32_C(1) << R_WASM_##name)
enum {
    FUNC_TYPES = TYPE(FUNCTION_INDEX_LEB),
    TYPE_TYPES = TYPE(TYPE_INDEX_LEB),
    GLOBAL_TYPES = TYPE(GLOBAL_INDEX_LEB),
    TABLE_TYPES = TYPE(TABLE_NUMBER_LEB),
    OFFSET_TYPES = TYPE(MEMORY_ADDR_LEB),
    CONST_TYPES = TYPE(MEMORY_ADDR_SLEB) | TYPE(TABLE_INDEX_SLEB) | TYPE(MEMORY_ADDR_REL_SLEB) |
                  TYPE(TABLE_INDEX_REL_SLEB) | TYPE(MEMORY_ADDR_TLS_SLEB),
    NO_TYPES = 0
};
enum { RELOC_BYTES = 5 }; /* of every field in code */

static uint32_t position(const CodeWalk *w) { return (uint32_t)rd_offset(&w->r) - w->base; }

static ValObjectFinding here(const CodeWalk *w, uint32_t position) { return FINDING(.func = w->func, .offset = w->base + position); }

/* Of errors that nothing lets through, the first few are enough. What a waiver may let through is never left out: it is
 * told once a function, or once a symbol. */
static bool worth_telling(ObjectJudge *j, DiagCode code)
{
    if (j->told[code] < VAL_OBJECT_CODE_FINDINGS) {
        j->told[code]++;
        return true;
    }
    j->report->not_stored++;
    return false;
}

/* ---- relocations ---- */

static void misplaced(CodeWalk *w, const WasmReloc *rel)
{
    if (!worth_telling(w->j, OBJ_RELOC_SITE)) return;
    object_broken(w->j, OBJ_RELOC_SITE, here(w, rel->offset), "relocation %s covers no operand that it fits", wasm_reloc_info(rel->type)->text);
}

/* The relocation of the operand at `start`, after those in front of it, which are misplaced; or NULL. */
static const WasmReloc *take_reloc(CodeWalk *w, uint32_t start)
{
    while (w->at < w->n_relocs && w->relocs[w->at].offset < start) misplaced(w, &w->relocs[w->at++]);
    return w->at < w->n_relocs && w->relocs[w->at].offset == start ? &w->relocs[w->at++] : NULL;
}

typedef enum Operand { OPERAND_PLAIN, OPERAND_RELOCATED, OPERAND_WRONG } Operand; /* wrong: it has been told */

/* Judges the operand from `start` to where the walk is now. */
static Operand judge_operand(CodeWalk *w, uint32_t start, uint32_t types, const WasmReloc **out)
{
    const WasmReloc *rel = take_reloc(w, start);
    if (!rel) return OPERAND_PLAIN;
    if (!(types >> rel->type & 1) || position(w) - start != RELOC_BYTES) {
        misplaced(w, rel);
        return OPERAND_WRONG;
    }
    if (out) *out = rel;
    return OPERAND_RELOCATED;
}

/* ---- operands ---- */

static bool raw_index(CodeWalk *w, uint32_t start, const char *what, uint32_t index)
{
    if (worth_telling(w->j, OBJ_RAW_INDEX))
        object_broken(w->j, OBJ_RAW_INDEX, here(w, start), "%s %u has no relocation", what, index);
    return true;
}

/* An index that must have a relocation. */
static bool index_operand(CodeWalk *w, uint32_t types, const char *what)
{
    uint32_t start = position(w), index;
    if (!rd_u32(&w->r, "", &index)) return false;
    return judge_operand(w, start, types, NULL) != OPERAND_PLAIN || raw_index(w, start, what, index);
}

/* Without reference types the table of call_indirect is one zero byte: table 0, which is the function table then. */
static bool table_of_call(CodeWalk *w)
{
    if (w->j->plain_calls && w->r.pos != w->r.end && *w->r.pos == 0) {
        w->r.pos++;
        return true;
    }
    return index_operand(w, TABLE_TYPES, "table index");
}

/* The one memory has no relocations. */
static bool memory_operand(CodeWalk *w)
{
    uint32_t start = position(w), index;
    if (!rd_u32(&w->r, "", &index)) return false;
    return index == 0 || raw_index(w, start, "memory index", index);
}

static bool block_operand(CodeWalk *w)
{
    uint32_t start = position(w);
    int64_t type;
    if (w->r.pos != w->r.end && *w->r.pos >= 0x40 && *w->r.pos < 0x80) { /* a negative number in one byte: void or a value type */
        w->r.pos++;
        return true;
    }
    if (!rd_s33(&w->r, "", &type)) return false;
    if (judge_operand(w, start, TYPE_TYPES, NULL) != OPERAND_PLAIN || type < 0) return true;
    return raw_index(w, start, "type index", (uint32_t)type);
}

static bool memarg_operand(CodeWalk *w)
{
    uint32_t align, offset;
    if (!rd_u32(&w->r, "", &align)) return false;
    uint32_t start = position(w);
    if (!rd_u32(&w->r, "", &offset)) return false;
    (void)judge_operand(w, start, OFFSET_TYPES, &w->address);
    return true;
}

static bool const_operand(CodeWalk *w)
{
    uint32_t start = position(w);
    int32_t value;
    if (!rd_s32(&w->r, "", &value)) return false;
    (void)judge_operand(w, start, CONST_TYPES, NULL);
    return true;
}

/* Operands that are neither index nor address: a relocation in them is misplaced, and found so by the next operand. */
static bool skip_labels(CodeWalk *w)
{
    uint32_t n, label;
    if (!rd_count(&w->r, "", 1, &n)) return false;
    for (uint32_t i = 0; i <= n; i++)
        if (!rd_u32(&w->r, "", &label)) return false;
    return true;
}

static bool skip_u32(CodeWalk *w)
{
    uint32_t ignored;
    return rd_u32(&w->r, "", &ignored);
}

static bool skip_bytes(CodeWalk *w, size_t n)
{
    if (n > rd_left(&w->r)) return false;
    w->r.pos += n;
    return true;
}

static bool skip_i64(CodeWalk *w)
{
    int64_t ignored;
    return rd_s64(&w->r, "", &ignored);
}

static bool skip_types(CodeWalk *w)
{
    uint32_t n;
    return rd_count(&w->r, "", 1, &n) && skip_bytes(w, n);
}

static bool read_operands(CodeWalk *w, WasmImm imm)
{
    switch (imm) {
    case IMM_NONE: return true;
    case IMM_BLOCK: return block_operand(w);
    case IMM_LABEL: return skip_u32(w);
    case IMM_BR_TABLE: return skip_labels(w);
    case IMM_FUNC: return index_operand(w, FUNC_TYPES, "function index");
    case IMM_CALL_IND: return index_operand(w, TYPE_TYPES, "type index") && table_of_call(w);
    case IMM_LOCAL: return skip_u32(w);
    case IMM_GLOBAL: return index_operand(w, GLOBAL_TYPES, "global index");
    case IMM_TABLE: return index_operand(w, TABLE_TYPES, "table index");
    case IMM_MEMARG: return memarg_operand(w);
    case IMM_MEM: return memory_operand(w);
    case IMM_MEM2: return memory_operand(w) && memory_operand(w);
    case IMM_DATA: return index_operand(w, NO_TYPES, "data segment index");
    case IMM_DATA_MEM: return index_operand(w, NO_TYPES, "data segment index") && memory_operand(w);
    case IMM_ELEM: return index_operand(w, NO_TYPES, "element segment index");
    case IMM_ELEM_TABLE: return index_operand(w, NO_TYPES, "element segment index") && index_operand(w, TABLE_TYPES, "table index");
    case IMM_TABLE2: return index_operand(w, TABLE_TYPES, "table index") && index_operand(w, TABLE_TYPES, "table index");
    case IMM_I32: return const_operand(w);
    case IMM_I64: return skip_i64(w);
    case IMM_F32: return skip_bytes(w, 4);
    case IMM_F64: return skip_bytes(w, 8);
    case IMM_V128: return skip_bytes(w, 16);
    case IMM_LANES16: return skip_bytes(w, 16);
    case IMM_LANE: return skip_bytes(w, 1);
    case IMM_MEMARG_LANE: return memarg_operand(w) && skip_bytes(w, 1);
    case IMM_REFTYPE: return skip_bytes(w, 1);
    case IMM_SELECT: return skip_types(w);
    case IMM_REFUSED: break;
    }
    return false;
}

/* ---- what instructions do ---- */

/* Stores with their own address: to a constant, whatever its segment says, or to what the linker defines. */
static void judge_store(CodeWalk *w, WasmOp op)
{
    ObjectJudge *j = w->j;
    uint32_t symbol = w->address->index;
    const WasmSymbol *s = &j->obj->symbols[symbol];
    bool undefined = s->flags & SYM_UNDEFINED;
    bool constant = !undefined && !(s->flags & SYM_ABSOLUTE) && val_segment_is_constant(&j->obj->segments[s->index]);
    bool linkers = undefined && is_linker_symbol(s->name) && !j->is_allocator;
    if ((!constant && !linkers) || (j->written[symbol / 8] & 1 << symbol % 8)) return;
    j->written[symbol / 8] |= (uint8_t)(1 << symbol % 8);
    ValObjectFinding f = here(w, w->instruction);
    f.symbol = symbol;
    f.segment = constant ? s->index : NONE;
    f.size = s->data_size;
    object_violated(j, RULE_P104, f, "%s writes %s: %.*s", wasm_op_text(op),
                    constant ? "constant data" : "at an address that the linker defines", (int)(s->name.len < 200 ? s->name.len : 200),
                    s->name.len ? s->name.ptr : "");
}

static void judge_op(CodeWalk *w, WasmOp op)
{
    switch (op) {
    case OP_TABLE_SET:
    case OP_TABLE_GROW:
    case OP_TABLE_FILL:
    case OP_TABLE_COPY:
    case OP_TABLE_INIT:
        if (!w->changes_table) object_violated(w->j, RULE_P105, here(w, w->instruction), "table is changed: %s", wasm_op_text(op));
        w->changes_table = true;
        break;
    default:
        if (w->address && wasm_op_info[op].pushes[0] == 0) judge_store(w, op);
        break;
    }
}

/* ---- instructions ---- */

static bool undecodable(CodeWalk *w, const char *what)
{
    if (worth_telling(w->j, OBJ_BAD_CODE)) object_broken(w->j, OBJ_BAD_CODE, here(w, w->instruction), "%s", what);
    return false;
}

/* Atomic operations have a memory operand like others, but for the fence. */
static bool atomic(CodeWalk *w, WasmOp op)
{
    if (worth_telling(w->j, P202))
        object_violated(w->j, RULE_P202, here(w, w->instruction), "atomic instruction: %s", wasm_op_text(op));
    return op == OP_ATOMIC_FENCE ? skip_bytes(w, 1) : memarg_operand(w);
}

static bool refused(CodeWalk *w, WasmOp op)
{
    const WasmOpInfo *info = &wasm_op_info[op];
    if (info->feature == FEATURE_THREADS) return atomic(w, op) || undecodable(w, "unexpected end of an instruction");
    if (worth_telling(w->j, WASM_FEATURE))
        object_broken(w->j, WASM_FEATURE, here(w, w->instruction), "feature %s is not supported: %s",
                      wasm_feature_text((WasmFeature)info->feature), wasm_op_text(op));
    return false;
}

static WasmOp read_opcode(CodeWalk *w)
{
    uint32_t code;
    uint8_t byte = *w->r.pos++;
    bool prefixed = byte >= 0xfb && byte <= 0xfe;
    if (!prefixed) return wasm_op_find(0, byte);
    return rd_u32(&w->r, "", &code) ? wasm_op_find(byte, code) : OP_COUNT;
}

/* false: nothing behind it can be read. */
static bool read_instruction(CodeWalk *w)
{
    w->instruction = position(w);
    w->address = NULL;
    WasmOp op = read_opcode(w);
    if (op == OP_COUNT) return undecodable(w, "illegal opcode");
    WasmImm imm = (WasmImm)wasm_op_info[op].imm;
    if (imm == IMM_REFUSED) return refused(w, op);
    if (!read_operands(w, imm)) return undecodable(w, "unexpected end of an instruction");
    judge_op(w, op);
    return true;
}

/* ---- bodies and initialisers ---- */

static bool skip_locals(CodeWalk *w)
{
    uint32_t groups, n;
    if (!rd_count(&w->r, "", 2, &groups)) return false;
    for (; groups; groups--)
        if (!rd_u32(&w->r, "", &n) || !skip_bytes(w, 1)) return false;
    return true;
}

static void walk_body(CodeWalk *w, WasmRange body)
{
    w->r = wasm_reader(&w->j->obj->module, body, &w->ignored);
    uint32_t end = position(w) + body.size;
    w->instruction = position(w);
    w->changes_table = false;
    bool ok = skip_locals(w) || undecodable(w, "malformed local declarations");
    while (ok && w->r.pos != w->r.end) ok = read_instruction(w);
    if (ok) (void)take_reloc(w, end);
    while (w->at < w->n_relocs && w->relocs[w->at].offset < end) w->at++; /* of a body that could not be read */
}

/* Initialisers have no relocations: what they name by index is another object's in the module. */
static void judge_initialisers(ObjectJudge *j)
{
    const WasmModule *m = &j->obj->module;
    for (uint32_t g = m->n_imported[KIND_GLOBAL]; g < m->n_globals; g++) {
        if (j->scope && j->scope->global && !j->scope->global(j->scope->ctx, g)) continue;
        CodeWalk w = {.j = j, .ignored = DIAGS_NOTHING, .func = NONE};
        w.r = wasm_reader(m, m->globals[g].init, &w.ignored);
        for (bool ok = true; ok && w.r.pos != w.r.end;) ok = read_instruction(&w);
    }
}

static bool first_table_is_the_function_table(const WasmModule *m)
{
    for (uint32_t i = 0; i < m->n_imports; i++)
        if (m->imports[i].kind == KIND_TABLE) return str_eq(m->imports[i].name, STR("__indirect_function_table"));
    return false;
}

void judge_object_code(ObjectJudge *j)
{
    const WasmObject *o = j->obj;
    const WasmModule *m = &o->module;
    j->plain_calls = first_table_is_the_function_table(m);
    j->written = arena_alloc(j->arena, o->n_symbols / 8 + 1);
    if (!j->written) {
        j->out_of_memory = true;
        return;
    }
    CodeWalk w = {.j = j, .ignored = DIAGS_NOTHING};
    for (uint32_t i = 0; i < m->n_sections; i++) {
        if (m->sections[i].id != SEC_CODE) continue;
        const WasmRelocs *relocs = wasm_section_relocs(o, i);
        w.base = m->sections[i].payload.offset;
        if (relocs) {
            w.relocs = wasm_reloc_array(relocs, j->arena);
            w.n_relocs = relocs->n;
            if (!w.relocs) {
                j->out_of_memory = true;
                return;
            }
        }
    }
    for (uint32_t i = 0; i < m->n_bodies; i++) {
        w.func = m->n_imported[KIND_FUNC] + i;
        uint32_t start = m->bodies[i].offset - w.base;
        while (w.at < w.n_relocs && w.relocs[w.at].offset < start) w.at++; /* of functions out of scope */
        if (!j->scope || !j->scope->func || j->scope->func(j->scope->ctx, w.func)) walk_body(&w, m->bodies[i]);
    }
    judge_initialisers(j);
}
