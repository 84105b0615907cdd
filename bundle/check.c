/* check.c: what must hold within a manifest, and between it and a module. Both halves call it: what one makes
 * is what the other accepts.  docs/bundle-format.md §3, docs/abi.md "Names"
 *
 * Services are the only names that many things refer to. The manifest lists them sorted, and that list is the
 * index here: once it is known to be sorted, each name is a binary search, and all of it is n log n. */
#include "bundle/bundle.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FINDINGS = 20, MAX_NAME = 64, MAX_PARAMS = 1000, MAX_SHARE = 10000, MAX_NATIVE = 64 };

/* ---- names ---- */

static bool is_lower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool bundle_name_ok(Str s)
{
    if (s.len == 0 || s.len > MAX_NAME || !is_lower(s.ptr[0])) return false;
    for (size_t i = 1; i < s.len; i++)
        if (!is_lower(s.ptr[i]) && !memchr("._-", s.ptr[i], 3)) return false;
    return true;
}

bool bundle_is_system_service(const char *service)
{
    return strncmp(service, "parigot.", strlen("parigot.")) == 0;
}

bool bundle_can_be_waived(Str rule)
{
    static const char *const rules[] = {"P101", "P104", "P105", "P106"};
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (str_eq(rule, str_of(rules[i]))) return true;
    return rule.len == 4 && str_has_prefix(rule, STR("P6")) && rule.ptr[2] >= '0' && rule.ptr[2] <= '9' &&
           rule.ptr[3] >= '0' && rule.ptr[3] <= '9';
}

/* ---- the walk ---- */

enum { NOBODY = -1, SEVERAL = -2, OUTSIDE = -3 };

typedef struct Check {
    const BundleManifest *m;
    const char *file;
    Diags *diags;
    Arena scratch;
    size_t n_bad;
    int32_t *provider; /* of each service: a module's index, or one of the above           */
    bool *routed;      /* of each service                                                   */
    bool *named;       /* of each service: something refers to it                           */
    bool *blob_used;
    bool *policy_used;
    uint32_t *by_name; /* modules' indices, sorted by name                                  */
} Check;

static void bad(Check *c, DiagCode code, const char *format, ...) PRINTF(3, 4);
static void bad(Check *c, DiagCode code, const char *format, ...)
{
    if (c->n_bad++ >= MAX_FINDINGS) return;
    va_list args;
    va_start(args, format);
    diag_vadd(c->diags, code, DIAG_AT(.file = c->file), format, args);
    va_end(args);
}

static bool same(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* Index of a service, or -1 (one finding). */
static int32_t find_service(Check *c, const char *name, const char *who)
{
    size_t low = 0, high = c->m->n_services;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(c->m->services[mid]->name, name);
        if (order == 0) {
            c->named[mid] = true;
            return (int32_t)mid;
        }
        if (order < 0) low = mid + 1;
        else high = mid;
    }
    bad(c, MANIFEST_VALUE, "%s: service \"%s\" is not in the list of services", who, name);
    return -1;
}

static int32_t find_module(const Check *c, const char *name)
{
    size_t low = 0, high = c->m->n_modules;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(c->m->modules[c->by_name[mid]]->name, name);
        if (order == 0) return (int32_t)c->by_name[mid];
        if (order < 0) low = mid + 1;
        else high = mid;
    }
    return -1;
}

static bool is_text(const char *s, size_t max)
{
    size_t len = strlen(s);
    for (size_t i = 0; i < len; i++)
        if ((uint8_t)s[i] < 0x20 || s[i] == 0x7f) return false;
    return len <= max;
}

static bool is_last_part(const char *s) { return is_text(s, 4096) && !strchr(s, '/'); }
static bool digest_or_none(ProtobufCBinaryData b) { return b.len == 0 || b.len == BUNDLE_DIGEST_BYTES; }

static bool blob_is(Check *c, const char *who, uint32_t blob, Parigot__Bundle__V1__BlobKind kind,
                    const char *what)
{
    if (blob >= c->m->n_blobs || c->m->blobs[blob]->kind != kind) {
        bad(c, MANIFEST_VALUE, "%s: blob %u is not %s", who, blob, what);
        return false;
    }
    c->blob_used[blob] = true;
    return true;
}

/* requires: nothing. provides: `named`, `provider` and so on have room; the list of services is sorted. */
static bool prepare(Check *c)
{
    const BundleManifest *m = c->m;
    if (m->n_modules == 0 || m->n_modules > BUNDLE_MAX_MODULES)
        bad(c, MANIFEST_VALUE, "number of modules is not in 1..%d", BUNDLE_MAX_MODULES);
    if (m->n_policies > m->n_modules) bad(c, MANIFEST_VALUE, "there are more policies than modules");
    if (m->n_blobs > BUNDLE_MAX_BLOBS) bad(c, MANIFEST_VALUE, "more than %d blobs", BUNDLE_MAX_BLOBS);
    for (size_t i = 0; i < m->n_services && !c->n_bad; i++) {
        const BundleService *s = m->services[i];
        if (!wasm_is_service(str_of(s->name)))
            bad(c, MANIFEST_VALUE, "service %zu: \"%s\" is not a service's name", i, s->name);
        if (i && strcmp(m->services[i - 1]->name, s->name) >= 0)
            bad(c, MANIFEST_VALUE, "service %zu: the list is not sorted by name", i);
    }
    if (c->n_bad) return false;

    c->provider = arena_array(&c->scratch, m->n_services, sizeof *c->provider);
    c->routed = arena_array(&c->scratch, m->n_services, sizeof *c->routed);
    c->named = arena_array(&c->scratch, m->n_services, sizeof *c->named);
    c->blob_used = arena_array(&c->scratch, m->n_blobs, sizeof *c->blob_used);
    c->policy_used = arena_array(&c->scratch, m->n_policies, sizeof *c->policy_used);
    c->by_name = arena_array(&c->scratch, m->n_modules, sizeof *c->by_name);
    if (!c->provider || !c->routed || !c->named || !c->blob_used || !c->policy_used || !c->by_name) {
        bad(c, OUT_OF_MEMORY, "out of memory");
        return false;
    }
    for (size_t i = 0; i < m->n_services; i++) c->provider[i] = NOBODY;
    return true;
}

static void check_head(Check *c)
{
    const BundleManifest *m = c->m;
    if (!same(m->type, BUNDLE_MANIFEST_TYPE)) bad(c, MANIFEST_TYPE, "type is not " BUNDLE_MANIFEST_TYPE);
    if (!bundle_name_ok(str_of(m->name)))
        bad(c, MANIFEST_VALUE, "name \"%s\" is not [a-z0-9][a-z0-9._-]{0,63}", m->name);
    if (!is_text(m->version, 255))
        bad(c, MANIFEST_VALUE, "version is longer than 255 bytes or has control characters");
    if (!is_text(m->tool, 255))
        bad(c, MANIFEST_VALUE, "tool is longer than 255 bytes or has control characters");
    if (m->generation == 0) bad(c, MANIFEST_VALUE, "generation is 0");
    if (m->not_after < 0) bad(c, MANIFEST_VALUE, "not_after is negative");
}

static void check_blobs(Check *c)
{
    for (size_t i = 0; i < c->m->n_blobs; i++) {
        const BundleBlobInfo *b = c->m->blobs[i];
        if (b->kind == PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_NONE)
            bad(c, MANIFEST_VALUE, "blob %zu has no kind", i);
        if (b->size == 0) bad(c, MANIFEST_VALUE, "blob %zu is empty", i);
        if (b->digest.len != BUNDLE_DIGEST_BYTES)
            bad(c, MANIFEST_VALUE, "blob %zu: digest is not 32 bytes long", i);
    }
}

/* requires: no more policies than modules, so that comparing each with each stays small */
static void check_policies(Check *c)
{
    for (size_t i = 0; i < c->m->n_policies; i++) {
        const BundlePolicy *p = c->m->policies[i];
        uint8_t digest[BUNDLE_DIGEST_BYTES];
        crypto_generichash(digest, sizeof digest, (const uint8_t *)p->text, strlen(p->text), NULL, 0);
        if (p->name[0] == 0 || !is_text(p->name, 255))
            bad(c, MANIFEST_VALUE, "policy %zu: name is empty, too long or not text", i);
        if (p->digest.len != sizeof digest || memcmp(p->digest.data, digest, sizeof digest) != 0)
            bad(c, MANIFEST_VALUE, "policy %zu \"%s\": digest is not that of its text", i, p->name);
        for (size_t j = 0; j < i; j++)
            if (same(c->m->policies[j]->text, p->text))
                bad(c, MANIFEST_VALUE, "policies %zu and %zu are the same", j, i);
    }
}

static int by_name(const void *a, const void *b, void *manifest)
{
    const BundleManifest *m = manifest;
    return strcmp(m->modules[*(const uint32_t *)a]->name, m->modules[*(const uint32_t *)b]->name);
}

static void check_module_names(Check *c)
{
    const BundleManifest *m = c->m;
    for (uint32_t i = 0; i < m->n_modules; i++) {
        c->by_name[i] = i;
        if (!bundle_name_ok(str_of(m->modules[i]->name)))
            bad(c, MANIFEST_VALUE, "module %u: name \"%s\" is not [a-z0-9][a-z0-9._-]{0,63}", i,
                m->modules[i]->name);
    }
    BundleManifest shallow = *m;
    qsort_r(c->by_name, m->n_modules, sizeof *c->by_name, by_name, &shallow);
    for (size_t i = 1; i < m->n_modules; i++)
        if (same(m->modules[c->by_name[i - 1]]->name, m->modules[c->by_name[i]]->name))
            bad(c, MANIFEST_VALUE, "two modules are named \"%s\"", m->modules[c->by_name[i]]->name);
}

static bool are_value_types(ProtobufCBinaryData types)
{
    for (size_t i = 0; i < types.len; i++)
        if (!wasm_is_value_type(types.data[i])) return false;
    return types.len <= MAX_PARAMS;
}

/* ---- one module ---- */

/* spec: docs/module-section.md "Checked means" 1; the loader proves the rest on the module itself */
static void check_layout(Check *c, const char *who, const BundleLayout *l)
{
    if (!l) return;
    const uint32_t rising[] = {l->null_guard,  l->stack_low,  l->stack_high,  l->sealed_low,
                               l->sealed_high, l->waived_low, l->waived_high, l->heap_base};
    bool ok = (l->null_guard == 0 || l->null_guard == 4096) && l->stack_low < l->stack_high &&
              l->seal <= PM_SEAL_CHECK && l->page_log2 >= 12 && l->page_log2 <= 16 && l->heap_control <= 256;
    for (size_t i = 1; i < ARRAY_LEN(rising); i++) ok = ok && rising[i - 1] <= rising[i];
    uint32_t page = ok ? UINT32_C(1) << l->page_log2 : 1;
    ok = ok && l->sealed_low % page == 0 && l->sealed_high % page == 0;
    if (!ok) bad(c, MANIFEST_VALUE, "%s: the memory layout contradicts itself", who);
}

static void check_verdicts(Check *c, const char *who, const BundleModule *mod)
{
    for (size_t i = 0; i < mod->n_verdicts; i++) {
        const BundleVerdict *v = mod->verdicts[i];
        bool ok = v->code[0] == 'P' && strlen(v->code) == 4 && strspn(v->code + 1, "0123456789") == 3;
        if (!ok || v->result == PARIGOT__BUNDLE__V1__RESULT__RESULT_NONE)
            bad(c, MANIFEST_VALUE, "%s: verdict %zu names no rule or has no result", who, i);
        if (i && strcmp(mod->verdicts[i - 1]->code, v->code) >= 0)
            bad(c, MANIFEST_VALUE, "%s: verdicts are not sorted by rule", who);
    }
    for (size_t i = 0; i < mod->n_waivers; i++) {
        const BundleWaiver *w = mod->waivers[i];
        if (!bundle_can_be_waived(str_of(w->rule)))
            bad(c, MANIFEST_VALUE, "%s: rule \"%s\" cannot be waived", who, w->rule);
        if (w->name[0] == 0 || w->reason[0] == 0)
            bad(c, MANIFEST_VALUE, "%s: waiver %zu has no name or no reason", who, i);
        if (!digest_or_none(w->archive_digest))
            bad(c, MANIFEST_VALUE, "%s: waiver %zu: digest is not 32 bytes long", who, i);
        if (w->expires < 0) bad(c, MANIFEST_VALUE, "%s: waiver %zu: expires is negative", who, i);
    }
}

static void check_provenance(Check *c, const char *who, const BundleModule *mod)
{
    for (size_t i = 0; i < mod->n_inputs; i++) {
        const BundleInput *in = mod->inputs[i];
        if (in->digest.len != BUNDLE_DIGEST_BYTES)
            bad(c, MANIFEST_VALUE, "%s: input %zu: digest is not 32 bytes long", who, i);
        if (!is_last_part(in->name) || !is_last_part(in->member))
            bad(c, MANIFEST_VALUE, "%s: input %zu: not the last part of a path", who, i);
    }
    WasmFeatures seen = 0;
    for (size_t i = 0; i < mod->n_features; i++) {
        WasmFeature f;
        if (!wasm_feature_find(str_of(mod->features[i]), &f))
            bad(c, MANIFEST_VALUE, "%s: unknown feature \"%s\"", who, mod->features[i]);
        else if (seen >> f & 1)
            bad(c, MANIFEST_VALUE, "%s: feature \"%s\" is there twice", who, mod->features[i]);
        else seen |= UINT64_C(1) << f;
    }
    if (mod->n_native > MAX_NATIVE) bad(c, MANIFEST_VALUE, "%s: native code for more than %d targets", who, MAX_NATIVE);
    for (size_t i = 0; i < mod->n_native && i < MAX_NATIVE; i++) {
        const BundleNative *n = mod->native[i];
        if (!blob_is(c, who, n->blob, PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_NATIVE, "native code"))
            continue;
        const ProtobufCBinaryData *of = &c->m->blobs[mod->blob]->digest;
        if (n->target[0] == 0 || n->module_digest.len != of->len ||
            memcmp(n->module_digest.data, of->data, of->len) != 0)
            bad(c, MANIFEST_VALUE, "%s: native code %zu was made from another module", who, i);
        for (size_t j = 0; j < i; j++)
            if (n->abi == mod->native[j]->abi && strcmp(n->target, mod->native[j]->target) == 0)
                bad(c, MANIFEST_VALUE, "%s: native code for %s is there twice", who, n->target);
    }
}

static bool is_granted(const BundleModule *mod, const char *service)
{
    size_t low = 0, high = mod->n_grants; /* sorted, or there was a finding */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(mod->grants[mid], service);
        if (order == 0) return true;
        if (order < 0) low = mid + 1;
        else high = mid;
    }
    return false;
}

static void check_settings(Check *c, const char *who, const BundleModule *mod)
{
    if (mod->share == 0 || mod->share > MAX_SHARE)
        bad(c, MANIFEST_VALUE, "%s: share is not in 1..%d", who, MAX_SHARE);
    if (mod->limits->memory_bytes > UINT64_C(1) << 32)
        bad(c, MANIFEST_VALUE, "%s: memory is larger than 4 GiB", who);
    if (mod->meter->kind > 2) bad(c, MANIFEST_VALUE, "%s: unknown kind of meter", who);
    for (size_t i = 0; i < mod->n_config; i++) {
        if (mod->config[i]->key[0] == 0 || !is_text(mod->config[i]->key, 255))
            bad(c, MANIFEST_VALUE, "%s: a key of its config is empty, too long or not text", who);
        if (i && strcmp(mod->config[i - 1]->key, mod->config[i]->key) >= 0)
            bad(c, MANIFEST_VALUE, "%s: its config is not sorted by key", who);
    }
    for (size_t i = 0; i < mod->n_folders; i++) {
        if (!bundle_name_ok(str_of(mod->folders[i]->name)))
            bad(c, MANIFEST_VALUE, "%s: \"%s\" is not a folder's name", who, mod->folders[i]->name);
        if (i && strcmp(mod->folders[i - 1]->name, mod->folders[i]->name) >= 0)
            bad(c, MANIFEST_VALUE, "%s: its folders are not sorted by name", who);
    }
    for (size_t i = 0; i < mod->n_grants; i++) {
        find_service(c, mod->grants[i], who);
        if (!bundle_is_system_service(mod->grants[i]))
            bad(c, MANIFEST_VALUE, "%s: \"%s\" is granted, but is no system service", who, mod->grants[i]);
        if (i && strcmp(mod->grants[i - 1], mod->grants[i]) >= 0)
            bad(c, MANIFEST_VALUE, "%s: its grants are not sorted", who);
    }
    if (mod->n_folders && !is_granted(mod, BUNDLE_FILE_SERVICE))
        bad(c, MANIFEST_VALUE, "%s: it sees folders, but is not granted " BUNDLE_FILE_SERVICE, who);
}

/* provides: `provider` of each service that this module provides */
static void check_provides(Check *c, const char *who, uint32_t index)
{
    const BundleModule *mod = c->m->modules[index];
    for (size_t i = 0; i < mod->n_provides; i++) {
        const BundleMethod *p = mod->provides[i];
        if (!wasm_is_method(str_of(p->method)))
            bad(c, MANIFEST_VALUE, "%s: \"%s\" is not a method's name", who, p->method);
        if (bundle_is_system_service(p->service))
            bad(c, MANIFEST_VALUE, "%s: provides %s, which only the host may", who, p->service);
        int32_t s = find_service(c, p->service, who);
        if (s < 0) continue;
        if (c->provider[s] == NOBODY) c->provider[s] = (int32_t)index;
        else if (c->provider[s] != (int32_t)index) c->provider[s] = SEVERAL;
    }
}

static void check_module(Check *c, uint32_t index)
{
    const BundleModule *mod = c->m->modules[index];
    const char *who = arena_printf(&c->scratch, "module \"%s\"", mod->name);
    if (!who) who = "a module";
    if (!blob_is(c, who, mod->blob, PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_MODULE, "a module")) return;
    if (mod->debug_blob)
        blob_is(c, who, mod->debug_blob - 1, PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_DEBUG,
                "debug information");
    if (mod->policy >= c->m->n_policies)
        bad(c, MANIFEST_VALUE, "%s: there is no policy %u", who, mod->policy);
    else c->policy_used[mod->policy] = true;
    check_layout(c, who, mod->layout);
    check_settings(c, who, mod);
    check_verdicts(c, who, mod);
    check_provenance(c, who, mod);
    check_provides(c, who, index);
}

/* ---- how the modules fit together ---- */

/* requires: `provider` is final but for routes */
static void check_routes(Check *c)
{
    const BundleManifest *m = c->m;
    for (size_t i = 0; i < m->n_remote; i++) {
        int32_t s = find_service(c, m->remote[i], "remote");
        if (s < 0) continue;
        if (c->provider[s] == OUTSIDE)
            bad(c, MANIFEST_WORLD, "remote service %s is named twice", m->remote[i]);
        else if (c->provider[s] != NOBODY)
            bad(c, MANIFEST_WORLD, "remote service %s has a provider in the bundle", m->remote[i]);
        else if (bundle_is_system_service(m->remote[i]))
            bad(c, MANIFEST_WORLD, "%s is the host's: it cannot be remote", m->remote[i]);
        else c->provider[s] = OUTSIDE;
    }
    for (size_t i = 0; i < m->n_routes; i++) {
        const BundleRoute *r = m->routes[i];
        int32_t s = find_service(c, r->service, "routes"), to = find_module(c, r->module);
        if (s < 0) continue;
        bool found = false;
        for (size_t j = 0; to >= 0 && j < m->modules[to]->n_provides; j++)
            found = found || same(m->modules[to]->provides[j]->service, r->service);
        if (!found)
            bad(c, MANIFEST_WORLD, "route of %s leads to \"%s\", which does not provide it", r->service,
                r->module);
        else if (c->routed[s]) bad(c, MANIFEST_WORLD, "service %s is routed twice", r->service);
        else if (c->provider[s] != SEVERAL)
            bad(c, MANIFEST_WORLD, "service %s is routed, but has one provider only", r->service);
        else {
            c->routed[s] = true;
            c->provider[s] = to;
        }
    }
    for (size_t i = 0; i < m->n_services; i++)
        if (c->provider[i] == SEVERAL)
            bad(c, MANIFEST_WORLD, "service %s has several providers and no route", m->services[i]->name);
    if (m->main[0] && find_module(c, m->main) < 0)
        bad(c, MANIFEST_WORLD, "main names \"%s\", which is no module here", m->main);
}

/* requires: `provider` is final. Each import has somebody who answers, and who is started before. */
static void check_imports(Check *c, uint32_t index)
{
    const BundleModule *mod = c->m->modules[index];
    const char *who = arena_printf(&c->scratch, "module \"%s\"", mod->name);
    if (!who) who = "a module";
    for (size_t i = 0; i < mod->n_imports; i++) {
        const BundleImport *im = mod->imports[i];
        if (!wasm_is_method(str_of(im->method)))
            bad(c, MANIFEST_VALUE, "%s: \"%s\" is not a method's name", who, im->method);
        if (!are_value_types(im->params) || !are_value_types(im->results))
            bad(c, MANIFEST_VALUE, "%s: type of %s/%s is not one of value types", who, im->service,
                im->method);
        int32_t s = find_service(c, im->service, who);
        if (s < 0 || same(im->service, BUNDLE_KERNEL)) continue;
        if (bundle_is_system_service(im->service)) {
            if (!is_granted(mod, im->service))
                bad(c, MANIFEST_WORLD, "%s requires %s, which is not granted to it", who, im->service);
        } else if (c->provider[s] == NOBODY)
            bad(c, MANIFEST_WORLD, "%s requires %s, which nobody provides", who, im->service);
        else if (c->provider[s] > (int32_t)index)
            bad(c, MANIFEST_WORLD, "%s stands before \"%s\", which provides its %s", who,
                c->m->modules[c->provider[s]]->name, im->service);
    }
}

static void check_services(Check *c)
{
    for (size_t i = 0; i < c->m->n_services; i++) {
        const BundleService *s = c->m->services[i];
        if (!digest_or_none(s->descriptor_digest))
            bad(c, MANIFEST_VALUE, "service %s: digest is not 32 bytes long", s->name);
        if (s->descriptors)
            blob_is(c, s->name, s->descriptors - 1, PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_DESCRIPTORS,
                    "a set of descriptors");
        if (!c->named[i]) bad(c, MANIFEST_VALUE, "service %s is listed, but nothing refers to it", s->name);
    }
    for (size_t i = 0; i < c->m->n_blobs; i++)
        if (!c->blob_used[i]) bad(c, MANIFEST_VALUE, "blob %zu belongs to nothing", i);
    for (size_t i = 0; i < c->m->n_policies; i++)
        if (!c->policy_used[i]) bad(c, MANIFEST_VALUE, "policy %zu is no module's", i);
}

bool bundle_check_manifest(const BundleManifest *m, const char *file, Diags *d)
{
    Check c = {.m = m, .file = file, .diags = d};
    check_head(&c);
    if (prepare(&c)) {
        check_blobs(&c);
        check_policies(&c);
        check_module_names(&c);
        for (uint32_t i = 0; i < m->n_modules; i++) check_module(&c, i);
        check_routes(&c);
        for (uint32_t i = 0; i < m->n_modules; i++) check_imports(&c, i);
        check_services(&c);
    }
    arena_free(&c.scratch);
    return c.n_bad == 0;
}

/* ---- manifest and module ---- */

static bool same_types(ProtobufCBinaryData said, const uint8_t *types, uint32_t n)
{
    return said.len == n && (n == 0 || memcmp(said.data, types, n) == 0);
}

static bool check_import_section(const BundleModule *said, const WasmModule *w, Diags *d, DiagPlace at)
{
    if (said->n_imports != w->n_imports) {
        diag_add(d, BUNDLE_MODULE_DIFFERS, at, "module \"%s\" has %u imports, the manifest says %zu",
                 said->name, w->n_imports, said->n_imports);
        return false;
    }
    bool ok = true;
    for (uint32_t i = 0; i < w->n_imports; i++) {
        const WasmImport *is = &w->imports[i];
        const BundleImport *im = said->imports[i];
        const WasmType *type = is->kind == KIND_FUNC ? wasm_func_type(w, is->index) : NULL;
        if (str_eq(is->module, str_of(im->service)) && str_eq(is->name, str_of(im->method)) && type &&
            same_types(im->params, type->params, type->n_params) &&
            same_types(im->results, type->results, type->n_results))
            continue;
        diag_add(d, BUNDLE_MODULE_DIFFERS, at, "module \"%s\": import %u is not the %s/%s of the manifest",
                 said->name, i, im->service, im->method);
        ok = false;
    }
    return ok;
}

static bool check_export_section(const BundleModule *said, const WasmModule *w, Diags *d, DiagPlace at)
{
    size_t n = 0;
    bool ok = true;
    for (uint32_t i = 0; i < w->n_exports; i++) {
        Str service, method;
        if (!wasm_split_method(w->exports[i].name, &service, &method)) continue;
        bool found = n < said->n_provides && w->exports[i].kind == KIND_FUNC &&
                     str_eq(service, str_of(said->provides[n]->service)) &&
                     str_eq(method, str_of(said->provides[n]->method));
        if (!found) {
            diag_add(d, BUNDLE_MODULE_DIFFERS, at,
                     "module \"%s\": exported method %zu, %.*s, is not that of the manifest", said->name, n,
                     STR_ARG(w->exports[i].name));
            ok = false;
        }
        n++;
    }
    if (n >= said->n_provides) return ok;
    diag_add(d, BUNDLE_MODULE_DIFFERS, at, "module \"%s\" does not export %s/%s", said->name,
             said->provides[n]->service, said->provides[n]->method);
    return false;
}

static bool same_layout(const BundleLayout *said, const PmSection *pm)
{
    if (!said || !pm || !pm->has_layout) return !said && !(pm && pm->has_layout);
    const PmLayout *is = &pm->layout;
    return said->null_guard == is->null_guard && said->stack_low == is->stack_low &&
           said->stack_high == is->stack_high && said->sealed_low == is->sealed_low &&
           said->sealed_high == is->sealed_high && said->waived_low == is->waived_low &&
           said->waived_high == is->waived_high && said->heap_base == is->heap_base &&
           said->heap_control == is->heap_control && said->seal == is->seal &&
           said->page_log2 == is->page_log2;
}

static bool same_meter(const BundleMeter *said, const PmSection *pm)
{
    bool metered = pm && pm->has_meter;
    return said->kind == (metered ? pm->meter_kind : 0u) && said->prices == (metered ? pm->meter_prices : 0u);
}

bool bundle_check_module(const Bundle *b, uint32_t module, const WasmModule *w, const PmSection *pm, Diags *d)
{
    const BundleModule *said = b->manifest->modules[module];
    DiagPlace at = DIAG_AT(.file = b->file);
    bool ok = check_import_section(said, w, d, at);
    ok = check_export_section(said, w, d, at) && ok;
    if (!same_layout(said->layout, pm)) {
        diag_add(d, BUNDLE_MODULE_DIFFERS, at, "module \"%s\": its memory layout is not that of the manifest",
                 said->name);
        ok = false;
    }
    if (!same_meter(said->meter, pm)) {
        diag_add(d, BUNDLE_MODULE_DIFFERS, at, "module \"%s\": it is not metered as the manifest says",
                 said->name);
        ok = false;
    }
    return ok;
}
