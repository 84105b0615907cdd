/* Fuzz target: import-oci, driven from a byte string. A fuzzer cannot make digests, so the input names blobs by number:
 *
 *   byte     how the manifest is asked for: no word, tag "1", the digest of blob 1
 *   pieces   u16 size, bytes; piece 0 is index.json, piece 1 oci-layout, the others are blobs
 *
 * In pieces that begin with "{", @3 stands for the digest of piece 3 and #3 for its size, if 3 comes later. */
#include "bundle/oci.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_PIECES = 10 };

typedef struct Piece {
    Writer bytes;
    char name[sizeof "blobs/sha256/" + 64];
    OciDescriptor what;
} Piece;

typedef struct Memory {
    OciStore store;
    Piece pieces[MAX_PIECES];
    size_t n;
} Memory;

static bool read_piece(OciStore *store, const char *name, uint64_t min, uint64_t max, Diags *d, Writer *append)
{
    const Memory *m = (const Memory *)store;
    for (size_t i = 0; i < m->n; i++) {
        const Writer *bytes = &m->pieces[i].bytes;
        if (strcmp(m->pieces[i].name, name) != 0) continue;
        if (bytes->len < min || bytes->len > max) {
            diag_add(d, OCI_BAD_SIZE, DIAG_AT(.file = name), "size");
            return false;
        }
        wr_bytes(append, bytes->ptr, bytes->len);
        return !append->failed;
    }
    diag_add(d, OCI_NO_BLOB, DIAG_AT(.file = name), "none");
    return false;
}

/* One piece, with what it says of later ones filled in. */
static void fill_in(Memory *m, size_t at, const uint8_t *p, size_t size)
{
    bool is_json = size && p[0] == '{';
    Writer *w = &m->pieces[at].bytes;
    for (size_t i = 0; i < size; i++) {
        size_t k = i + 1 < size ? (size_t)(p[i + 1] - '0') : 0;
        char number[24];
        if (!is_json || (p[i] != '@' && p[i] != '#') || k <= at || k >= m->n) {
            wr_byte(w, p[i]);
            continue;
        }
        snprintf(number, sizeof number, "%zu", m->pieces[k].bytes.len);
        const char *text = p[i] == '@' ? m->pieces[k].what.digest : number;
        wr_bytes(w, text, strlen(text));
        i++;
    }
    oci_describe(w->len ? (const void *)w->ptr : "", w->len, "", &m->pieces[at].what);
    snprintf(m->pieces[at].name, sizeof m->pieces[at].name, "blobs/sha256/%s", m->pieces[at].what.digest + 7);
    if (at < 2) snprintf(m->pieces[at].name, sizeof m->pieces[at].name, "%s", at ? "oci-layout" : "index.json");
}

static void split(Memory *m, const uint8_t *data, size_t size)
{
    const uint8_t *starts[MAX_PIECES];
    size_t sizes[MAX_PIECES];
    for (; m->n < MAX_PIECES && size >= 2; m->n++) {
        size_t n = (size_t)data[0] | (size_t)data[1] << 8;
        data += 2;
        size -= 2;
        sizes[m->n] = n < size ? n : size;
        starts[m->n] = data;
        data += sizes[m->n];
        size -= sizes[m->n];
    }
    for (size_t i = m->n; i-- > 0;) fill_in(m, i, starts[i], sizes[i]);
}

/* What was put together is a bundle only when a bundle says so; then it has to come out as it went in. */
static void open_imported(const OciImported *in, Diags *d)
{
    BundleOpenOptions o = {.allow_unsigned = true};
    Bundle b;
    Writer again = {0};
    if (!bundle_open_bytes(in->bundle.ptr, in->bundle.len, "fuzz", &o, d, &b)) return;
    if (oci_check_bundle(in, &b, d)) {
        oci_write_bundle(&b, &again);
        if (again.len != in->bundle.len || memcmp(again.ptr, in->bundle.ptr, again.len) != 0) abort();
    }
    wr_free(&again);
    bundle_close(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Memory m;
    Arena a = {0};
    Diags d = {.limit = 20};
    OciImported imported;
    if (size == 0) return 0;
    m = (Memory){.store = {.read = read_piece, .file = "fuzz", .fd = -1}};
    split(&m, data + 1, size - 1);
    OciPlace place = {.folder = "fuzz"};
    if (data[0] % 3 == 1) place.tag = STR("1");
    if (data[0] % 3 == 2 && m.n > 2) place.digest = str_of(m.pieces[2].what.digest);
    if (oci_import(&a, &m.store, &place, &d, &imported)) open_imported(&imported, &d);
    else if (d.errors == 0) abort(); /* what fails says why */
    oci_imported_free(&imported);
    for (size_t i = 0; i < m.n; i++) wr_free(&m.pieces[i].bytes);
    diag_free(&d);
    arena_free(&a);
    return 0;
}
