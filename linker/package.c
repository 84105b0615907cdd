/* package.c: the linked module as a bundle. The bundle half validates the module once more, as it will be
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

bool ld_package(const LdCommand *c, BundleSignerProcess *signer, Arena *arena, Diags *d, Writer *module)
{
    Str name = c->bundle_name ? str_of(c->bundle_name) : stem(c->link.output);
    WorldModule m = {.name = name,
                     .file = c->link.output,
                     .bytes = module->ptr,
                     .size = module->len,
                     .policy = c->link.policy,
                     .grant_imports = true};
    World world = {
        .name = name, .main = name, .tool = "parigot-ld " PARIGOT_VERSION, .modules = &m, .n_modules = 1};
    Writer bundle = {0};
    bool ok = bundle_clock(d, &world.now) && bundle_create(&world, d, &bundle);
    if (ok && c->sign_key) ok = sign(c, signer, world.now, arena, d, &bundle);
    wr_free(module);
    *module = bundle;
    return ok;
}
