/* native_image.c: a native instance at one moment, instances made from it, and the way back (policy reset, docs/reset.md).
 *
 * All that a module can change lies in linear memory, in the struct that wasm2c made (globals, sizes, flags of dropped
 * segments), and in the elements of its tables. References in them are functions of the shared object: the same for each
 * instance. Memory goes back as it does in the interpreter. */
#include <stdlib.h>

#include "loader/native.h"

#if HAVE_NATIVE

typedef struct Image {
    Object *object;
    MemoryImage memory;
    void *data;            /* the struct; malloc                                                                     */
    void **elems;          /* of each table; malloc                                                                  */
    const LoadImport *imports;
    uint32_t table_elems, table_elems_left;
    void (*refused)(void *host, LoadGrowth, uint64_t limit, uint64_t wanted);
    uint64_t stack_limit_bytes;
    bool enforces_layout;
    Arena arena;
} Image;

static const NativeTable *table_of(const Image *image, uint32_t i)
{
    return (const NativeTable *)(const void *)((const char *)image->data + image->object->code->tables_at[i]);
}

void native_free_image(LoadImage *of)
{
    Image *image = (Image *)of;
    if (!image) return;
    for (uint32_t i = 0; image->elems && i < image->object->wasm->n_tables; i++) free(image->elems[i]);
    free(image->data);
    memory_image_free(&image->memory);
    arena_free(&image->arena);
    free(image);
}

static void *copy_of(const void *bytes, size_t n)
{
    void *copy = malloc(n ? n : 1);
    if (copy && n) memcpy(copy, bytes, n);
    return copy;
}

static bool copy_tables(Image *image, const Native *n)
{
    const WasmModule *m = image->object->wasm;
    image->elems = arena_array(&image->arena, m->n_tables + 1, sizeof *image->elems);
    for (uint32_t i = 0; image->elems && i < m->n_tables; i++) {
        const NativeTable *t = native_table(n, i);
        image->elems[i] = copy_of(t->data, t->size * native_elem_bytes(image->object, i));
        if (!image->elems[i]) return false;
    }
    return image->elems != NULL;
}

LoadImage *native_take_image(LoadInstance *of)
{
    Native *n = (Native *)of;
    uint32_t n_imported = n->object->wasm->n_imported[KIND_FUNC];
    Image *image = calloc(1, sizeof *image);
    if (!image) return NULL;
    image->object = n->object;
    image->memory = (MemoryImage){.fd = -1, .pagemap = -1};
    image->table_elems = n->table_elems;
    image->table_elems_left = n->table_elems_left;
    image->refused = n->refused;
    image->stack_limit_bytes = n->stack_limit_bytes;
    image->enforces_layout = n->enforces_layout;
    image->data = copy_of(native_data(n), n->object->code->instance_bytes);
    LoadImport *imports = arena_array(&image->arena, n_imported + 1, sizeof *imports);
    if (!image->data || !imports || !copy_tables(image, n) ||
        !memory_image_take(&image->memory, &n->memory, n->object->has_layout && n->enforces_layout)) {
        native_free_image((LoadImage *)image);
        return NULL;
    }
    if (n_imported) memcpy(imports, n->imports, n_imported * sizeof *imports);
    image->imports = imports;
    n->image = (LoadImage *)image;
    return n->image;
}

LoadInstance *native_from_image(LoadImage *of, void *host)
{
    Image *image = (Image *)of;
    const Object *o = image->object;
    Native *n = calloc(1, sizeof *n);
    if (!n) return NULL;
    n->object = image->object;
    n->image = of;
    n->host = host;
    n->imports = image->imports;
    n->refused = image->refused;
    n->table_elems = image->table_elems;
    n->enforces_layout = image->enforces_layout;
    n->context = calloc(1, sizeof *n->context + o->code->instance_bytes);
    if (n->context && native_make_stack(n, image->stack_limit_bytes) && memory_from_image(&n->memory, &image->memory) &&
        native_reset((LoadInstance *)n))
        return (LoadInstance *)n;
    native_destroy((LoadInstance *)n);
    return NULL;
}

/* The struct's tables have the image's sizes and this instance's elements; what grew is given back. */
static bool reset_tables(Native *n, const Image *image)
{
    const Object *o = image->object;
    for (uint32_t i = 0; i < o->wasm->n_tables; i++) {
        NativeTable *t = native_table(n, i);
        const NativeTable *from = table_of(image, i);
        size_t bytes = from->size * native_elem_bytes(o, i);
        if (t->size != from->size || !t->data) {
            void *data = realloc(t->data, bytes ? bytes : 1);
            if (!data) return false;
            t->data = data;
            t->size = from->size;
        }
        if (bytes) memcpy(t->data, image->elems[i], bytes);
    }
    return true;
}

bool native_reset(LoadInstance *of)
{
    Native *n = (Native *)of;
    const Image *image = (const Image *)n->image;
    if (!image || n->busy || !memory_restore(&n->memory, &image->memory) || !reset_tables(n, image)) return false;
    const Object *o = image->object;
    void *data[8], **kept = data;
    uint32_t n_tables = o->wasm->n_tables;
    if (n_tables > ARRAY_LEN(data) && !(kept = malloc(n_tables * sizeof *kept))) return false;
    for (uint32_t i = 0; i < n_tables; i++) kept[i] = native_table(n, i)->data;
    memcpy(native_data(n), image->data, o->code->instance_bytes);
    for (uint32_t i = 0; i < n_tables; i++) native_table(n, i)->data = kept[i];
    if (kept != data) free(kept);
    n->table_elems_left = image->table_elems_left;
    native_bind(n);
    atomic_store_explicit(&n->stop, TRAP_NONE, memory_order_relaxed);
    return true;
}

#endif
