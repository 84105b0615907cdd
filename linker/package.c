/* package.c: the linked module as a bundle, alone or in its place in a world. The bundle half validates the module once more, as it will be
 * signed. */
#include "linker/package.h"

#include <string.h>

/* The output's name without folder and suffix; standard output has none. */
static Str stem(const char *path)
{
    const char *slash = strrchr(path, '/');
    Str s = str_of(slash ? slash + 1 : path);
    if (str_has_suffix(s, STR(BUNDLE_SUFFIX))) s.len -= strlen(BUNDLE_SUFFIX);
    else if (str_has_suffix(s, STR(".wasm"))) s.len -= strlen(".wasm");
    return str_eq(s, STR("-")) ? STR("module") : s;
}

static bool sign(const LdCommand *c, BundleSignerProcess *signer, int64_t now, Arena *arena, Diags *d,
                 Writer *bundle)
{
    Writer with = {0};
    const char *comment = bundle_default_comment(arena, c->link.output, now);
    if (!comment) return false;
    bool ok = bundle_signer_sign(signer, bundle->ptr, bundle->len, c->link.output, comment, d, &with);
    wr_free(bundle);
    *bundle = with;
    return ok;
}

/* A world of the module alone, which may call the system services that it imports. */
static World world_of_one(const LdCommand *c, WorldModule *m)
{
    Str name = c->bundle_name ? str_of(c->bundle_name) : stem(c->link.output);
    *m = (WorldModule){.name = name, .policy = c->link.policy, .grant_imports = true};
    return (World){.name = name, .main = name, .modules = m, .n_modules = 1};
}

bool ld_package(const LdCommand *c, BundleSignerProcess *signer, Arena *arena, Diags *d, Writer *module)
{
    WorldModule alone, *m = c->world_file ? c->linked : &alone;
    World world = c->world_file ? c->world : world_of_one(c, &alone);
    world.tool = "parigot-ld " PARIGOT_VERSION;
    m->file = c->link.output;
    m->bytes = module->ptr;
    m->size = module->len;
    Writer bundle = {0};
    bool ok = bundle_clock(d, &world.now) && bundle_create(&world, d, &bundle);
    m->bytes = NULL;
    m->size = 0;
    if (ok && c->sign_key) ok = sign(c, signer, world.now, arena, d, &bundle);
    wr_free(module);
    *module = bundle;
    return ok;
}
