/* manifest.c: the manifest's bytes become messages in an arena.  docs/bundle-format.md §3 */
#include "bundle/bundle.h"

#include <string.h>

/* Field 1, length-delimited, and the type: no other signed file can pass for a manifest, because these bytes
 * are looked at before any message is. */
#define TYPE_FIELD "\x0a\x1a" BUNDLE_MANIFEST_TYPE
_Static_assert(sizeof BUNDLE_MANIFEST_TYPE - 1 == 0x1a, "length byte of TYPE_FIELD");

static void *take(void *arena, size_t size) { return arena_alloc(arena, size); }
static void leave(void *arena, void *p) { (void)arena, (void)p; }

static bool fail(Diags *d, DiagCode code, const char *file, const char *why)
{
    diag_add(d, code, DIAG_AT(.file = file, .offset = BUNDLE_HEADER_BYTES), "%s", why);
    return false;
}

/* An absent message says what an empty one says; filled in here, so that nobody has to ask. */
static bool fill_absent(Arena *a, BundleManifest *m)
{
    for (size_t i = 0; i < m->n_modules; i++) {
        BundleModule *mod = m->modules[i];
        if (!mod->limits) {
            if (!(mod->limits = arena_alloc(a, sizeof *mod->limits))) return false;
            parigot__bundle__v1__limits__init(mod->limits);
        }
        if (!mod->meter) {
            if (!(mod->meter = arena_alloc(a, sizeof *mod->meter))) return false;
            parigot__bundle__v1__meter__init(mod->meter);
        }
    }
    return true;
}

bool bundle_read_manifest(Arena *a, Str bytes, const char *file, Diags *d, const BundleManifest **out)
{
    if (bytes.len > BUNDLE_MAX_MANIFEST)
        return fail(d, MANIFEST_TOO_BIG, file, "manifest is larger than 16 MiB");
    if (!str_has_prefix(bytes, STR(TYPE_FIELD)))
        return fail(
            d, MANIFEST_TYPE, file,
            "what was signed is not a manifest: it does not begin with the type " BUNDLE_MANIFEST_TYPE);
    ProtoWireLimits limits = {BUNDLE_MAX_DEPTH, BUNDLE_MAX_UNPACKED, BUNDLE_FIRST_INFORMATION};
    if (!proto_check_wire(&parigot__bundle__v1__manifest__descriptor, bytes, limits, BUNDLE_WIRE_CODES, file,
                          BUNDLE_HEADER_BYTES, d))
        return false;

    ProtobufCAllocator allocator = {take, leave, a};
    BundleManifest *m =
        parigot__bundle__v1__manifest__unpack(&allocator, bytes.len, (const uint8_t *)bytes.ptr);
    if (!m || !fill_absent(a, m)) /* the walk has refused what cannot be decoded, so it is memory */
        return fail(d, OUT_OF_MEMORY, file, "no memory to unpack the manifest");
    *out = m;
    return true;
}

const BundleModule *bundle_find_module(const BundleManifest *m, const char *name)
{
    for (size_t i = 0; i < m->n_modules; i++)
        if (strcmp(m->modules[i]->name, name) == 0) return m->modules[i];
    return NULL;
}

static bool provides(const BundleModule *mod, const char *service)
{
    for (size_t i = 0; i < mod->n_provides; i++)
        if (strcmp(mod->provides[i]->service, service) == 0) return true;
    return false;
}

int bundle_provider(const BundleManifest *m, const char *service)
{
    for (size_t i = 0; i < m->n_routes; i++) {
        if (strcmp(m->routes[i]->service, service) != 0) continue;
        for (size_t j = 0; j < m->n_modules; j++)
            if (strcmp(m->modules[j]->name, m->routes[i]->module) == 0) return (int)j;
    }
    for (size_t i = 0; i < m->n_modules; i++)
        if (provides(m->modules[i], service)) return (int)i;
    return -1;
}
