/* tables.c: look-ups over the .def tables. */
#include "wasm/wasm.h"

#include <string.h>

/* ---- instructions ---- */

/* The names one behind the other; rows hold places in it, so that the table needs no relocation. */
static const struct Texts {
#define OP(name, text, prefix, code, pops, pushes, imm, align, feature) char name[sizeof text];
#include "wasm/opcodes.def"
#undef OP
} texts = {
#define OP(name, text, prefix, code, pops, pushes, imm, align, feature) text,
#include "wasm/opcodes.def"
#undef OP
};

const WasmOpInfo wasm_op_info[OP_COUNT] = {
#define OP(name, text, prefix, code, pops, pushes, imm, align, feature)                                                \
    [OP_##name] = {offsetof(struct Texts, name), code, prefix, IMM_##imm, align, FEATURE_##feature, pops, pushes},
#include "wasm/opcodes.def"
#undef OP
};
_Static_assert(sizeof(struct Texts) <= UINT16_MAX, "text_at");

const char *wasm_op_text(WasmOp op) { return (const char *)&texts + wasm_op_info[op].text_at; }

/* By encoding: the single bytes, then a block for each of the prefixes 0xfb to 0xfe; 1 + WasmOp, 0 = not assigned. */
enum { FIRST_PREFIX = 0xfb, PREFIXES = 4, PLAIN_CODES = 0x100, PREFIXED_CODES = 0x150 };
#define SLOT(prefix, code) ((prefix) ? PLAIN_CODES + ((prefix)-FIRST_PREFIX) * PREFIXED_CODES + (code) : (code))
static const uint16_t by_code[PLAIN_CODES + PREFIXES * PREFIXED_CODES] = {
#define OP(name, text, prefix, code, pops, pushes, imm, align, feature) [SLOT(prefix, code)] = 1 + OP_##name,
#include "wasm/opcodes.def"
#undef OP
};

WasmOp wasm_op_find(uint8_t prefix, uint32_t code)
{
    if (prefix ? prefix < FIRST_PREFIX || prefix >= FIRST_PREFIX + PREFIXES || code >= PREFIXED_CODES : code >= PLAIN_CODES)
        return OP_COUNT;
    uint16_t found = by_code[SLOT(prefix, code)];
    return found ? (WasmOp)(found - 1) : OP_COUNT;
}

/* ---- features ---- */

static const struct {
    const char *text;
    bool supported;
} features[FEATURE_COUNT] = {
#define FEATURE(name, text, supported, summary) [FEATURE_##name] = {text, supported},
#include "wasm/features.def"
#undef FEATURE
};

const char *wasm_feature_text(WasmFeature f) { return features[f].text; }
bool wasm_feature_supported(WasmFeature f) { return features[f].supported; }

bool wasm_feature_find(Str text, WasmFeature *out)
{
    for (int f = 0; f < FEATURE_COUNT; f++)
        if (str_eq(text, str_of(features[f].text))) {
            *out = (WasmFeature)f;
            return true;
        }
    return false;
}

/* ---- types and kinds ---- */

bool wasm_is_ref_type(uint8_t t) { return t == TYPE_FUNCREF || t == TYPE_EXTERNREF; }
bool wasm_is_value_type(uint8_t t) { return (t >= TYPE_V128 && t <= TYPE_I32) || wasm_is_ref_type(t); }

const char *wasm_type_text(uint8_t t)
{
    switch (t) {
    case TYPE_I32: return "i32";
    case TYPE_I64: return "i64";
    case TYPE_F32: return "f32";
    case TYPE_F64: return "f64";
    case TYPE_V128: return "v128";
    case TYPE_FUNCREF: return "funcref";
    case TYPE_EXTERNREF: return "externref";
    default: return "?";
    }
}

const char *wasm_kind_text(uint8_t kind)
{
    static const char *const text[KIND_COUNT] = {"function", "table", "memory", "global", "tag"};
    return kind < KIND_COUNT ? text[kind] : "?";
}

/* ---- relocations ---- */

const WasmRelocInfo wasm_reloc_rows[WASM_RELOC_TYPES] = {
#define WIDTH_LEB32  5
#define WIDTH_SLEB32 5
#define WIDTH_I32    4
#define WIDTH_LEB64  10
#define WIDTH_SLEB64 10
#define WIDTH_I64    8
/* Kinds of symbol that a relocation can use; none: its index is not a symbol. */
#define SYMBOLS_FUNC           (1u << SYM_FUNCTION)
#define SYMBOLS_TABLE_ELEM     (1u << SYM_FUNCTION)
#define SYMBOLS_DATA           (1u << SYM_DATA)
#define SYMBOLS_TYPE           0
#define SYMBOLS_GLOBAL         (1u << SYM_GLOBAL)
#define SYMBOLS_FUNC_OFFSET    (1u << SYM_FUNCTION)
#define SYMBOLS_SECTION_OFFSET (1u << SYM_SECTION)
#define SYMBOLS_TAG            (1u << SYM_TAG)
#define SYMBOLS_TABLE          (1u << SYM_TABLE)
/* In code, a function's or datum's address can be taken through a global of its own (-fPIC). */
#define GOT_LEB32  (1u << SYM_FUNCTION | 1u << SYM_DATA)
#define GOT_SLEB32 0
#define GOT_I32    0
#define GOT_LEB64  0
#define GOT_SLEB64 0
#define GOT_I64    0
#define RELOC(name, number, field, index_kind, has_addend)                                                             \
    [number] = {#name, FIELD_##field, RI_##index_kind, WIDTH_##field,                                                  \
                SYMBOLS_##index_kind | (RI_##index_kind == RI_GLOBAL ? GOT_##field : 0), has_addend, true},
#include "wasm/relocs.def"
#undef RELOC
};
