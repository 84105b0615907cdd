/* instr.c: stepping over instructions, driven by opcodes.def. core 2.0 §5.4 "Instructions"
 *
 * For code that needs to know where instructions begin and what they refer to, but not whether they are valid:
 * segment offsets, relocation coverage. The validator has its own loop, which judges as it reads. */
#include "wasm/wasm.h"

bool rd_op(Reader *r, WasmFeatures allowed, WasmOp *out)
{
    const uint8_t *start = r->pos;
    uint8_t first, prefix = 0;
    uint32_t code;
    if (!rd_byte(r, "opcode", &first)) return false;
    code = first;
    if (first >= 0xfb && first <= 0xfe) { /* the prefixes of §5.4.4 onwards, and of the threads proposal */
        prefix = first;
        if (!rd_u32(r, "opcode", &code)) {
            r->pos = start;
            return false;
        }
    }
    WasmOp op = wasm_op_find(prefix, code);
    if (op == OP_COUNT) {
        r->pos = start;
        return prefix ? rd_fail(r, WASM_BAD_OPCODE, "illegal opcode %02x %02x", prefix, code)
                      : rd_fail(r, WASM_BAD_OPCODE, "illegal opcode %02x", code);
    }
    *out = op;
    WasmFeature feature = (WasmFeature)wasm_op_info[op].feature;
    if (!wasm_feature_supported(feature) || !(allowed >> feature & 1)) {
        r->pos = start;
        return rd_fail(r, WASM_FEATURE, "feature %s is not %s: %s", wasm_feature_text(feature),
                       wasm_feature_supported(feature) ? "enabled" : "supported", wasm_op_text(op));
    }
    return true;
}

static bool skip_block_type(Reader *r)
{
    int64_t type; /* §5.4.1: one byte for void and value types, which read as negative numbers, else a type index */
    return rd_s33(r, "block type", &type);
}

static bool skip_memarg(Reader *r)
{
    uint32_t align, offset;
    return rd_u32(r, "alignment", &align) && rd_u32(r, "offset", &offset);
}

static bool skip_indices(Reader *r, const char *what, uint32_t n)
{
    for (uint32_t index; n; n--)
        if (!rd_u32(r, what, &index)) return false;
    return true;
}

bool rd_skip_imm(Reader *r, WasmOp op)
{
    const uint8_t *bytes;
    uint8_t byte;
    uint32_t n;
    int32_t i32;
    int64_t i64;
    switch ((WasmImm)wasm_op_info[op].imm) {
    case IMM_NONE: return true;
    case IMM_BLOCK: return skip_block_type(r);
    case IMM_BR_TABLE: return rd_count(r, "branch targets", 1, &n) && skip_indices(r, "label", n) && skip_indices(r, "label", 1);
    case IMM_LABEL: return skip_indices(r, "label", 1);
    case IMM_FUNC: return skip_indices(r, "function index", 1);
    case IMM_LOCAL: return skip_indices(r, "local index", 1);
    case IMM_GLOBAL: return skip_indices(r, "global index", 1);
    case IMM_TABLE: return skip_indices(r, "table index", 1);
    case IMM_MEM: return skip_indices(r, "memory index", 1);
    case IMM_DATA: return skip_indices(r, "data segment index", 1);
    case IMM_ELEM: return skip_indices(r, "element segment index", 1);
    case IMM_CALL_IND: return skip_indices(r, "type index", 1) && skip_indices(r, "table index", 1);
    case IMM_MEM2: return skip_indices(r, "memory index", 2);
    case IMM_DATA_MEM: return skip_indices(r, "data segment index", 1) && skip_indices(r, "memory index", 1);
    case IMM_ELEM_TABLE: return skip_indices(r, "element segment index", 1) && skip_indices(r, "table index", 1);
    case IMM_TABLE2: return skip_indices(r, "table index", 2);
    case IMM_MEMARG: return skip_memarg(r);
    case IMM_I32: return rd_s32(r, "i32 constant", &i32);
    case IMM_I64: return rd_s64(r, "i64 constant", &i64);
    case IMM_F32: return rd_bytes(r, "f32 constant", 4, &bytes);
    case IMM_F64: return rd_bytes(r, "f64 constant", 8, &bytes);
    case IMM_V128: return rd_bytes(r, "v128 constant", 16, &bytes);
    case IMM_LANES16: return rd_bytes(r, "lane indices", 16, &bytes);
    case IMM_LANE: return rd_byte(r, "lane index", &byte);
    case IMM_MEMARG_LANE: return skip_memarg(r) && rd_byte(r, "lane index", &byte);
    case IMM_REFTYPE: return rd_byte(r, "reference type", &byte);
    case IMM_SELECT: return rd_count(r, "types", 1, &n) && rd_bytes(r, "types", n, &bytes);
    case IMM_REFUSED: break; /* rd_op does not let these through */
    }
    return rd_fail(r, WASM_BAD_OPCODE, "illegal opcode: %s", wasm_op_text(op));
}

bool rd_plain_i32(Reader *r, uint32_t *value)
{
    if (rd_left(r) < 6 || r->pos[0] != wasm_op_info[OP_I32_CONST].code) return false;
    unsigned n = short_leb(r->pos + 1, value);
    if (n == 0 || r->pos[1 + n] != wasm_op_info[OP_END].code) return false;
    *value = (uint32_t)short_leb_signed(*value, n);
    r->pos += n + 2;
    return true;
}

bool wasm_skip_expr(Reader *r, WasmFeatures allowed, WasmRange *out)
{
    uint32_t start = (uint32_t)rd_offset(r), value;
    if (rd_plain_i32(r, &value)) {
        *out = (WasmRange){start, (uint32_t)rd_offset(r) - start};
        return true;
    }
    for (uint32_t depth = 1; depth;) {
        WasmOp op;
        if (!rd_op(r, allowed, &op) || !rd_skip_imm(r, op)) return false;
        if (op == OP_BLOCK || op == OP_LOOP || op == OP_IF) depth++;
        else if (op == OP_END) depth--;
    }
    *out = (WasmRange){start, (uint32_t)rd_offset(r) - start};
    return true;
}

/* ---- whole instructions, of valid code ---- */

static bool rd_labels(Reader *r, WasmInstr *out)
{
    if (!rd_count(r, "branch targets", 1, &out->n_labels)) return false;
    out->labels = r->pos;
    return skip_indices(r, "label", out->n_labels) && rd_u32(r, "label", &out->index);
}

static bool rd_offset_of_memarg(Reader *r, WasmInstr *out)
{
    uint32_t align, offset;
    if (!rd_u32(r, "alignment", &align) || !rd_u32(r, "offset", &offset)) return false;
    out->value = offset;
    return true;
}

bool rd_locals(Reader *r, WasmLocals *out)
{
    uint32_t n;
    uint8_t type;
    *out = (WasmLocals){0};
    if (!rd_count(r, "locals", 2, &out->groups)) return false;
    out->group_bytes.offset = (uint32_t)rd_offset(r);
    for (uint32_t i = 0; i < out->groups; i++) {
        if (!rd_u32(r, "number of locals", &n) || !rd_byte(r, "type", &type)) return false;
        out->declared += n;
        if (n) out->last_type = type;
    }
    out->code_at = (uint32_t)rd_offset(r);
    out->group_bytes.size = out->code_at - out->group_bytes.offset;
    return true;
}

/* By first byte: 1 + WasmOp; 0: more bytes tell, or it is refused. */
static const uint8_t by_byte[256] = {
#define IS_PLAIN(prefix, imm) ((prefix) == 0 && IMM_##imm != IMM_REFUSED)
#define OP(name, text, prefix, code, pops, pushes, imm, align, feature)                                                \
    [IS_PLAIN(prefix, imm) ? (code) : 0xff] = IS_PLAIN(prefix, imm) ? (uint8_t)(1 + OP_##name) : 0,
#include "wasm/opcodes.def"
#undef OP
#undef IS_PLAIN
};
_Static_assert(OP_I64_EXTEND32_S < UINT8_MAX, "opcodes of one byte come first");

static bool rd_any_op(Reader *r, WasmOp *out)
{
    if (r->pos == r->end || by_byte[*r->pos] == 0) return rd_op(r, FEATURES_ALL, out);
    *out = (WasmOp)(by_byte[*r->pos++] - 1);
    return true;
}

bool rd_instr(Reader *r, WasmInstr *out)
{
    int32_t i32;
    uint8_t lane;
    *out = (WasmInstr){.at = r->pos};
    if (!rd_any_op(r, &out->op)) return false;
    switch ((WasmImm)wasm_op_info[out->op].imm) {
    case IMM_NONE: return true;
    case IMM_BLOCK: return rd_s33(r, "block type", &out->value);
    case IMM_BR_TABLE: return rd_labels(r, out);
    case IMM_LABEL:
    case IMM_FUNC:
    case IMM_LOCAL:
    case IMM_GLOBAL:
    case IMM_TABLE:
    case IMM_DATA:
    case IMM_ELEM: return rd_u32(r, "index", &out->index);
    case IMM_CALL_IND: return rd_u32(r, "type index", &out->index) && skip_indices(r, "table index", 1);
    case IMM_I32:
        if (!rd_s32(r, "i32 constant", &i32)) return false;
        out->value = i32;
        return true;
    case IMM_I64: return rd_s64(r, "i64 constant", &out->value);
    case IMM_MEMARG: return rd_offset_of_memarg(r, out);
    case IMM_MEMARG_LANE: return rd_offset_of_memarg(r, out) && rd_byte(r, "lane index", &lane);
    default: return rd_skip_imm(r, out->op);
    }
}

uint32_t wasm_block_params(const WasmModule *m, int64_t block_type)
{
    return block_type >= 0 && block_type < m->n_types ? m->types[block_type].n_params : 0;
}

uint32_t wasm_block_results(const WasmModule *m, int64_t block_type)
{
    if (block_type < 0) return block_type != BLOCK_VOID;
    return block_type < m->n_types ? m->types[block_type].n_results : 0;
}
