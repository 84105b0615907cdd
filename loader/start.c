/* start.c: verify, check the generation, open the world, record the generation: in this order. */
#include "loader/start.h"

#include <string.h>

/* The file of the generations seen; NULL: none is wanted, or nothing could be compared with it. */
static bool find_state(LoadBundle *b, const char *asked, Diags *diags)
{
    if (!b->bundle.trusted || (asked && strcmp(asked, "none") == 0)) return true;
    b->state = asked ? arena_strndup(&b->arena, asked, strlen(asked)) : bundle_state_default(&b->arena, diags);
    if (asked && !b->state) diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = asked), "out of memory");
    return b->state != NULL;
}

bool load_bundle_open(const char *file, Str bytes, const LoadOpenOptions *o, Diags *diags, LoadBundle *out)
{
    *out = (LoadBundle){.trust = o->trust, .now = o->now};
    file = arena_strndup(&out->arena, file, strlen(file)); /* the bundle keeps it */
    if (!file) {
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = NULL), "out of memory");
        return false;
    }
    BundleOpenOptions options = {.trust = o->trust, .require = o->require, .allow_unsigned = o->allow_unsigned, .now = o->now};
    bool opened = bytes.ptr ? bundle_open_bytes((const uint8_t *)bytes.ptr, bytes.len, file, &options, diags, &out->bundle)
                            : bundle_open(file, &options, diags, &out->bundle);
    return opened && find_state(out, o->state, diags) &&
           (!out->state || bundle_state_check(out->state, &out->bundle, out->trust, diags));
}

LoadWorld *load_bundle_start(const LoadBundle *b, const LoadWorldOptions *asked, Diags *diags)
{
    LoadWorldOptions options = *asked;
    options.now = b->now;
    LoadWorld *w = load_world_open(&b->bundle, &options, diags);
    if (!w || !b->state || bundle_state_update(b->state, &b->bundle, b->trust, diags)) return w;
    load_world_close(w);
    return NULL;
}

void load_bundle_close(LoadBundle *b)
{
    bundle_close(&b->bundle);
    arena_free(&b->arena);
}
