/* pack.c: --compress-relocations: the numbers that relocations put into code, without the padding that
 * compilers leave for them. Every number is known by now, so each body is made once, relocated, and written
 * again with shorter ones; from here on it is code without relocations. */
#include "linker/ld.h"

#include <string.h>

static uint32_t read_padded(const uint8_t *at)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < 5; i++) v |= (uint32_t)(at[i] & 0x7f) << 7 * i;
    return v;
}

/* The body with its relocations applied, in scratch, written shorter. */
static void pack(const InFunc *f, const uint8_t *scratch, Writer *w)
{
    WasmRelocCursor c = wasm_relocs_in(f->obj->code_relocs, f->relocs);
    WasmReloc r;
    uint32_t done = 0;
    while (wasm_next_reloc(&c, &r)) {
        const WasmRelocInfo *info = wasm_reloc_info(r.type);
        uint32_t at = r.offset - f->code_offset;
        if (!info || at < done || at + info->width > f->size)
            break; /* the file was changed: told by ld_apply_relocs */
        if (info->field != FIELD_LEB32 && info->field != FIELD_SLEB32) continue;
        wr_bytes(w, scratch + done, at - done);
        if (info->field == FIELD_LEB32) wr_u32(w, read_padded(scratch + at));
        else wr_s32(w, (int32_t)read_padded(scratch + at));
        done = at + info->width;
    }
    wr_bytes(w, scratch + done, f->size - done);
}

/* requires: indices and addresses. provides: code that is shorter, and has no relocations. */
void ld_pack_code(Ld *ld)
{
    Writer scratch = {0}, w = {0};
    for (size_t i = 0; i < ld->n_funcs; i++) {
        InFunc *f = ld->funcs[i];
        if (!f->obj || !f->relocs.n) continue;
        scratch.len = w.len = 0;
        wr_bytes(&scratch, f->body, f->size);
        if (scratch.failed) break;
        RelocSite site = ld_code_site(f, scratch.ptr);
        if (!ld_apply_relocs(ld, &site, wasm_relocs_in(f->obj->code_relocs, f->relocs))) continue;
        pack(f, scratch.ptr, &w);
        if (w.failed) break;
        f->body = (const uint8_t *)arena_strndup(&ld->arena, (const char *)w.ptr, w.len);
        f->size = (uint32_t)w.len;
        f->relocs.n = 0;
        f->packed = true;
    }
    if (scratch.failed || w.failed) diag_add(ld->diags, OUT_OF_MEMORY, DIAG_AT(), "out of memory");
    wr_free(&scratch);
    wr_free(&w);
}
