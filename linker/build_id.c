/* build_id.c: --build-id: the last section of the module, build_id, which says what the rest is: a hash of
 * it. WebAssembly tool-conventions BuildId.md
 *
 * sha1 is wasm-ld's: SHA-1 of the SHA-1s of the module's megabytes, made while the id itself is still blank.
 * What wasm-ld derives from XXH3 (fast), or draws at random (uuid), is derived from BLAKE2b here: the same
 * inputs make the same bytes. */
#include "linker/ld.h"

#include <nettle/sha1.h>
#include <sodium.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { UUID_BYTES = 16, CHUNK_BYTES = 1 << 20 };

static uint32_t id_size(const LdOptions *o)
{
    switch (o->build_id) {
    case LD_BUILD_ID_FAST:
    case LD_BUILD_ID_UUID: return UUID_BYTES;
    case LD_BUILD_ID_SHA1: return SHA1_DIGEST_SIZE;
    case LD_BUILD_ID_HEX: return o->build_id_size;
    case LD_BUILD_ID_NONE: break;
    }
    return 0;
}

/* The section with an id that is still to come. */
void ld_write_build_id(const Ld *ld, Writer *w)
{
    if (ld->opt->build_id == LD_BUILD_ID_NONE) return;
    wr_byte(w, SEC_CUSTOM);
    size_t mark = wr_begin_size(w);
    wr_name(w, STR("build_id"));
    wr_u32(w, id_size(ld->opt));
    for (uint32_t i = 0; i < id_size(ld->opt); i++) wr_byte(w, ' ');
    wr_end_size(w, mark);
}

static void tree_sha1(const uint8_t *bytes, size_t size, uint8_t id[SHA1_DIGEST_SIZE])
{
    struct sha1_ctx of_chunk, whole;
    uint8_t digest[SHA1_DIGEST_SIZE];
    sha1_init(&whole);
    for (size_t at = 0; at < size; at += CHUNK_BYTES) {
        sha1_init(&of_chunk);
        sha1_update(&of_chunk, size - at < CHUNK_BYTES ? size - at : CHUNK_BYTES, bytes + at);
        sha1_digest(&of_chunk, sizeof digest, digest);
        sha1_update(&whole, sizeof digest, digest);
    }
    sha1_digest(&whole, SHA1_DIGEST_SIZE, id);
}

/* A UUID of version 8: "vendor-specific", RFC 9562 §5.8. The key keeps the two kinds apart. */
static void derive_uuid(const uint8_t *bytes, size_t size, const char key[UUID_BYTES], uint8_t id[UUID_BYTES])
{
    crypto_generichash(id, UUID_BYTES, bytes, size, (const uint8_t *)key, UUID_BYTES);
    id[6] = (uint8_t)(0x80 | (id[6] & 0x0f));
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
}

static void fill(const LdOptions *o, const uint8_t *bytes, size_t size, uint8_t *id)
{
    switch (o->build_id) {
    case LD_BUILD_ID_FAST: derive_uuid(bytes, size, "build id: fast ", id); break;
    case LD_BUILD_ID_UUID: derive_uuid(bytes, size, "build id: uuid ", id); break;
    case LD_BUILD_ID_SHA1: tree_sha1(bytes, size, id); break;
    case LD_BUILD_ID_HEX: memcpy(id, o->build_id_bytes, o->build_id_size); break;
    case LD_BUILD_ID_NONE: break;
    }
}

/* requires: the module is whole, in memory or in the file. provides: its last bytes are its id. */
void ld_set_build_id(Ld *ld, Writer *w, uint64_t size)
{
    uint32_t n = id_size(ld->opt);
    if (n == 0 || ld->diags->errors) return;
    if (w) {
        fill(ld->opt, w->ptr, w->len, w->ptr + w->len - n);
        return;
    }
    uint8_t *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ld->opt->output_fd, 0);
    if (bytes == MAP_FAILED) {
        diag_add(ld->diags, OUT_OF_MEMORY, DIAG_AT(.file = ld->opt->output),
                 "out of memory for the build id");
        return;
    }
    fill(ld->opt, bytes, size, bytes + size - n);
    munmap(bytes, size);
}
