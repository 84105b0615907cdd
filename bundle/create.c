/* create.c: a world becomes the bytes of an unsigned bundle. bundle_create is the list of passes; the others
 * are in describe.c and order.c. What comes out is read again by the half that will have to believe it.
 * docs/bundle-format.md */
#include "bundle/create_impl.h"

#include "bundle/container.h"
#include "bundle/native.h"
#include "validator/validator.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#ifdef PARIGOT_NATIVE_TARGET
#define NATIVE_TARGET PARIGOT_NATIVE_TARGET
#else
#define NATIVE_TARGET "none" /* native_find_tools has said so */
#endif

/* ---- for all passes ---- */

static Diag *PRINTF(4, 0) add(Making *c, DiagCode code, DiagPlace at, const char *format, va_list args)
{
    c->failed = true;
    return diag_vadd(c->diags, code, at, format, args);
}

static DiagPlace world_line(const Making *c, uint32_t line)
{
    if (line) return DIAG_AT(.src_file = c->world->file, .src_line = line);
    return DIAG_AT(.file = c->world->file);
}

Diag *making_error(Making *c, DiagCode code, const Made *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    DiagPlace at = m->in->line ? world_line(c, m->in->line) : DIAG_AT(.file = m->in->file);
    Diag *d = add(c, code, at, format, args);
    va_end(args);
    return d;
}

Diag *making_world_error(Making *c, DiagCode code, uint32_t line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Diag *d = add(c, code, world_line(c, line), format, args);
    va_end(args);
    return d;
}

void making_out_of_memory(Making *c)
{
    if (!c->failed) diag_add(c->diags, OUT_OF_MEMORY, world_line(c, 0), "out of memory");
    c->failed = true;
}

char *making_text(Making *c, Str s)
{
    static char empty[1];
    char *p = arena_strndup(&c->arena, s.ptr, s.len);
    if (p) return p;
    making_out_of_memory(c);
    return empty;
}

ServiceRow *making_service(const Making *c, Str name)
{
    size_t low = 0, high = c->n_services;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = str_cmp(c->services[mid].name, name);
        if (order == 0) return &c->services[mid];
        if (order < 0) low = mid + 1;
        else high = mid;
    }
    return NULL;
}

/* ---- passes ---- */

static int by_name(const void *a, const void *b)
{
    return str_cmp((*(const WorldModule *const *)a)->name, (*(const WorldModule *const *)b)->name);
}

static void check_module_names(Making *c)
{
    const World *w = c->world;
    const WorldModule **sorted = arena_array(&c->arena, w->n_modules, sizeof(*sorted));
    if (!sorted) {
        making_out_of_memory(c);
        return;
    }
    for (uint32_t i = 0; i < w->n_modules; i++) {
        sorted[i] = &w->modules[i];
        if (!bundle_name_ok(sorted[i]->name))
            making_error(c, WORLD_VALUE, &c->made[i],
                         "\"%.*s\" is not a module's name: [a-z0-9][a-z0-9._-]{0,63}",
                         STR_ARG(sorted[i]->name));
    }
    qsort(sorted, w->n_modules, sizeof *sorted, by_name);
    for (uint32_t i = 1; i < w->n_modules; i++)
        if (str_eq(sorted[i - 1]->name, sorted[i]->name))
            making_world_error(c, WORLD_VALUE, sorted[i]->line, "two modules are named \"%.*s\"",
                               STR_ARG(sorted[i]->name));
}

static bool is_module(const World *w, Str name)
{
    for (uint32_t i = 0; i < w->n_modules; i++)
        if (str_eq(w->modules[i].name, name)) return true;
    return false;
}

static void check_folders(Making *c)
{
    const World *w = c->world;
    for (uint32_t i = 0; i < w->n_folders; i++)
        for (uint32_t j = 0; j < w->folders[i].n_modules; j++)
            if (!is_module(w, w->folders[i].modules[j]))
                making_world_error(c, WORLD_VALUE, w->folders[i].line,
                                   "folder \"%.*s\": there is no module \"%.*s\"",
                                   STR_ARG(w->folders[i].name), STR_ARG(w->folders[i].modules[j]));
}

static void check_world(Making *c)
{
    const World *w = c->world;
    if (!bundle_name_ok(w->name))
        making_world_error(c, WORLD_VALUE, 0, "\"%.*s\" is not a bundle's name: [a-z0-9][a-z0-9._-]{0,63}",
                           STR_ARG(w->name));
    if (w->n_modules == 0 || w->n_modules > BUNDLE_MAX_MODULES) {
        making_world_error(c, WORLD_VALUE, 0, "a bundle has 1 to %d modules, not %u", BUNDLE_MAX_MODULES,
                           w->n_modules);
        return;
    }
    c->n_made = w->n_modules;
    c->made = arena_array(&c->arena, c->n_made, sizeof *c->made);
    if (!c->made) {
        making_out_of_memory(c);
        return;
    }
    for (uint32_t i = 0; i < c->n_made; i++) c->made[i].in = &w->modules[i];
    check_module_names(c);
    check_folders(c);
    if (w->main.len && !is_module(w, w->main))
        making_world_error(c, WORLD_VALUE, w->main_line, "main: there is no module \"%.*s\"",
                           STR_ARG(w->main));
}

/* All modules, also after one has failed: every finding at once. */
static void validate_modules(Making *c)
{
    for (uint32_t i = 0; i < c->n_made; i++) {
        Made *m = &c->made[i];
        ValOptions o = {.policy = m->in->policy, .world = true, .now = c->world->now};
        if (m->in->policy->base == VAL_BASE_NONE)
            making_error(
                c, WORLD_MODULE, m,
                "module \"%.*s\": nothing is proved under the policy \"none\", so it cannot be bundled",
                STR_ARG(m->in->name));
        if (!val_module(&c->arena, m->in->bytes, m->in->size, m->in->file, &o, c->diags, &m->report))
            c->failed = true;
        crypto_generichash(m->digest, sizeof m->digest, m->in->bytes, m->in->size, NULL, 0);
    }
}

/* One policy as the manifest has it; NULL and a failure when there is no memory. */
static BundlePolicy *describe_policy(Making *c, const ValPolicy *policy)
{
    TextBuf text = {0};
    val_policy_text(&text, policy);
    BundlePolicy *p = text.failed ? NULL : arena_alloc(&c->arena, sizeof *p);
    uint8_t *digest = arena_alloc(&c->arena, BUNDLE_DIGEST_BYTES);
    if (!p || !digest) making_out_of_memory(c);
    else {
        parigot__bundle__v1__policy__init(p);
        p->name = making_text(c, policy->name);
        p->text = making_text(c, (Str){text.ptr, text.len});
        crypto_generichash(digest, BUNDLE_DIGEST_BYTES, (const uint8_t *)text.ptr, text.len, NULL, 0);
        p->digest = (ProtobufCBinaryData){BUNDLE_DIGEST_BYTES, digest};
    }
    text_free(&text);
    return c->failed ? NULL : p;
}

/* requires: order. provides: Made.out.policy, the list of policies, each once */
static void collect_policies(Making *c)
{
    BundleManifest *m = &c->manifest;
    m->policies = arena_array(&c->arena, c->n_order, sizeof(*m->policies));
    if (!m->policies) making_out_of_memory(c);
    for (uint32_t i = 0; !c->failed && i < c->n_order; i++) {
        BundlePolicy *p = describe_policy(c, c->order[i]->in->policy);
        uint32_t at = 0;
        while (p && at < m->n_policies && strcmp(m->policies[at]->text, p->text) != 0) at++;
        c->order[i]->out.policy = at;
        if (p && at == m->n_policies) m->policies[m->n_policies++] = p;
    }
}

/* requires: order. provides: Made.out.blob, the list of blobs; modules of the same bytes share one */
static void collect_blobs(Making *c)
{
    BundleManifest *m = &c->manifest;
    m->blobs = arena_array(&c->arena, (size_t)c->n_order * 2, sizeof(*m->blobs)); /* native code may come to each */
    c->blobs = arena_array(&c->arena, (size_t)c->n_order * 2, sizeof(*c->blobs));
    BundleBlobInfo *items = arena_array(&c->arena, c->n_order, sizeof *items);
    if (!m->blobs || !c->blobs || !items) {
        making_out_of_memory(c);
        return;
    }
    for (uint32_t i = 0; i < c->n_order; i++) {
        Made *made = c->order[i];
        uint32_t at = 0;
        while (at < m->n_blobs && memcmp(m->blobs[at]->digest.data, made->digest, sizeof made->digest) != 0) at++;
        made->out.blob = at;
        if (at < m->n_blobs) continue;
        parigot__bundle__v1__blob__init(&items[at]);
        items[at].kind = PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_MODULE;
        items[at].size = made->in->size;
        items[at].digest = (ProtobufCBinaryData){sizeof made->digest, made->digest};
        c->blobs[at] = (Str){(const char *)made->in->bytes, made->in->size};
        m->blobs[m->n_blobs++] = &items[at];
    }
}

/* The native code of one module as a blob behind the others. */
static uint32_t add_native_blob(Making *c, const Writer *code)
{
    BundleManifest *m = &c->manifest;
    BundleBlobInfo *blob = arena_alloc(&c->arena, sizeof *blob);
    uint8_t *digest = arena_alloc(&c->arena, BUNDLE_DIGEST_BYTES);
    if (!blob || !digest) {
        making_out_of_memory(c);
        return 0;
    }
    parigot__bundle__v1__blob__init(blob);
    crypto_generichash(digest, BUNDLE_DIGEST_BYTES, code->ptr, code->len, NULL, 0);
    blob->kind = PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_NATIVE;
    blob->size = code->len;
    blob->digest = (ProtobufCBinaryData){BUNDLE_DIGEST_BYTES, digest};
    c->blobs[m->n_blobs] = (Str){(const char *)code->ptr, code->len};
    m->blobs[m->n_blobs] = blob;
    return (uint32_t)m->n_blobs++;
}

static void add_native(Making *c, Made *made, uint32_t blob)
{
    BundleNative *native = arena_alloc(&c->arena, sizeof *native);
    made->out.native = arena_alloc(&c->arena, sizeof *made->out.native);
    if (!native || !made->out.native) {
        making_out_of_memory(c);
        return;
    }
    parigot__bundle__v1__native__init(native);
    native->blob = blob;
    native->target = making_text(c, STR(NATIVE_TARGET));
    native->abi = PARIGOT_NATIVE_ABI;
    native->module_digest = (ProtobufCBinaryData){sizeof made->digest, made->digest};
    made->out.native[0] = native;
    made->out.n_native = 1;
}

/* requires: blobs. provides: native code, once for modules of the same bytes, where the world asks for it and it can be made */
static void make_native(Making *c)
{
    NativeTools tools;
    uint32_t n_modules = (uint32_t)c->manifest.n_blobs, *blobs = arena_array(&c->arena, n_modules, sizeof *blobs);
    c->native = arena_array(&c->arena, n_modules, sizeof *c->native);
    if (!blobs || !c->native) making_out_of_memory(c);
    else if (!native_find_tools(&c->arena, &tools, c->diags)) c->failed = true;
    for (uint32_t i = 0; !c->failed && i < c->n_order; i++) {
        Made *made = c->order[i];
        const ValReport *r = &made->report;
        const NativeJob job = {.module = &r->module, .features = r->features, .name = made->in->name,
                               .stack_pointer = r->layout_proved ? r->pm.stack_pointer : 0, .fuel = r->metered ? r->pm.fuel : 0};
        if (made->out.blob == c->n_native) { /* blobs are numbered in this order */
            Writer *code = &c->native[c->n_native++];
            NativeEnd end = native_make(&tools, &job, c->diags, code);
            if (end == NATIVE_FAILED) c->failed = true;
            blobs[made->out.blob] = end == NATIVE_MADE ? add_native_blob(c, code) : 0;
        }
        if (!c->failed && blobs[made->out.blob]) add_native(c, made, blobs[made->out.blob]);
    }
}

static void list_services(Making *c)
{
    BundleManifest *m = &c->manifest;
    m->services = arena_array(&c->arena, c->n_services, sizeof(*m->services));
    BundleService *items = arena_array(&c->arena, c->n_services, sizeof *items);
    if (!m->services || !items) {
        making_out_of_memory(c);
        return;
    }
    for (uint32_t i = 0; i < c->n_services; i++) {
        parigot__bundle__v1__service__init(&items[i]);
        items[i].name = c->services[i].text;
        if (c->services[i].digest)
            items[i].descriptor_digest =
                (ProtobufCBinaryData){BUNDLE_DIGEST_BYTES, (uint8_t *)(uintptr_t)c->services[i].digest};
        m->services[m->n_services++] = &items[i];
    }
}

static void list_routes(Making *c)
{
    BundleManifest *m = &c->manifest;
    const World *w = c->world;
    m->remote = arena_array(&c->arena, w->n_remote, sizeof *m->remote);
    m->routes = arena_array(&c->arena, w->n_routes, sizeof(*m->routes));
    BundleRoute *routes = arena_array(&c->arena, w->n_routes, sizeof *routes);
    if (!m->remote || !m->routes || !routes) {
        making_out_of_memory(c);
        return;
    }
    for (uint32_t i = 0; i < w->n_remote; i++) m->remote[m->n_remote++] = making_text(c, w->remote[i]);
    for (uint32_t i = 0; i < w->n_routes; i++) {
        parigot__bundle__v1__route__init(&routes[i]);
        routes[i].service = making_text(c, w->routes[i].service);
        routes[i].module = making_text(c, w->routes[i].module);
        m->routes[m->n_routes++] = &routes[i];
    }
}

/* requires: order, policies, blobs. provides: the manifest */
static void describe_world(Making *c)
{
    BundleManifest *m = &c->manifest;
    const World *w = c->world;
    m->type = making_text(c, STR(BUNDLE_MANIFEST_TYPE));
    m->name = making_text(c, w->name);
    m->version = making_text(c, w->version);
    m->generation = w->generation ? w->generation : 1;
    m->not_after = w->not_after;
    m->tool = making_text(c, str_of(w->tool));
    m->main = making_text(c, w->main);
    m->modules = arena_array(&c->arena, c->n_order, sizeof(*m->modules));
    if (!m->modules) {
        making_out_of_memory(c);
        return;
    }
    for (uint32_t i = 0; i < c->n_order; i++) m->modules[m->n_modules++] = &c->order[i]->out;
    list_services(c);
    list_routes(c);
}

static void encode(Making *c, Writer *out)
{
    size_t size = parigot__bundle__v1__manifest__get_packed_size(&c->manifest);
    if (size > BUNDLE_MAX_MANIFEST) {
        making_world_error(c, MANIFEST_TOO_BIG, 0, "the manifest would have %zu bytes; 16 MiB are the most",
                           size);
        return;
    }
    bundle_write_header(out, (BundleHeader){.manifest_size = (uint32_t)size});
    wr_zeros(out, size);
    if (!out->failed) parigot__bundle__v1__manifest__pack(&c->manifest, out->ptr + BUNDLE_HEADER_BYTES);
    out->limit_bytes = UINT32_MAX; /* as much as a reader takes */
    for (size_t i = 0; i < c->manifest.n_blobs; i++) {
        wr_zeros(out, bundle_align(out->len) - out->len);
        wr_bytes(out, c->blobs[i].ptr, c->blobs[i].len);
    }
    if (out->failed) making_out_of_memory(c);
}

/* The half that will have to believe these bytes reads them once. A finding here is a mistake of ours, or a
 * name in a module or policy that no manifest can hold. */
static void read_back(Making *c, const Writer *w)
{
    const BundleManifest *m;
    const char *file = c->world->file ? c->world->file : c->made[0].in->file;
    Str bytes = {(const char *)w->ptr + BUNDLE_HEADER_BYTES, load_le32(w->ptr + 12)};
    if (!bundle_read_manifest(&c->arena, bytes, file, c->diags, &m) ||
        !bundle_check_manifest(m, file, c->diags))
        c->failed = true;
}

bool bundle_create(const World *world, Diags *d, Writer *out)
{
    Making c = {.world = world, .diags = d};
    *out = (Writer){0};
    parigot__bundle__v1__manifest__init(&c.manifest);
    if (sodium_init() < 0) making_out_of_memory(&c);
    check_world(&c);
    if (!c.failed) validate_modules(&c);
    if (!c.failed) collect_services(&c);
    if (!c.failed) describe_modules(&c); /* findings of these three are wanted together */
    if (c.services) find_providers(&c);
    if (c.services) order_modules(&c);
    if (!c.failed) collect_policies(&c);
    if (!c.failed) collect_blobs(&c);
    if (!c.failed && world->native) make_native(&c);
    if (!c.failed) describe_world(&c);
    if (!c.failed) encode(&c, out);
    if (!c.failed) read_back(&c, out);
    if (c.failed) wr_free(out);
    for (uint32_t i = 0; i < c.n_native; i++) wr_free(&c.native[i]);
    arena_free(&c.arena);
    return !c.failed;
}
