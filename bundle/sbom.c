/* sbom.c: what a bundle is made of, for programs that watch over that: SPDX 2.3 and CycloneDX 1.6, as JSON.
 *
 *   bundle      what is described; it contains
 *   modules     each with the digest of its bytes; made of
 *   inputs      objects and archive members, each once however often it was linked; made by
 *   tools       what the inputs' producers sections and the manifest name
 *   services    what modules call: of another module, of the host, elsewhere
 *
 * Both are functions of the manifest and the modules' bytes alone. In SPDX everything is a package that was
 * not analysed: a file would need a SHA-1, which nobody has of what was linked. Elements are numbered:
 * SPDX 2.3 §7.2 and CycloneDX's bom-refs take no free text. Source: SPDX specification 2.3; CycloneDX 1.6,
 * bom-1.6.schema.json; docs/inspect.md "Materials" */
#include "bundle/container.h"
#include "bundle/json.h"
#include "bundle/show.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SPDX_NOTHING "NOASSERTION"

typedef struct Material {
    const BundleInput *input;
    size_t tool; /* index in Sbom.tools, or NO_TOOL */
} Material;
static const size_t NO_TOOL = SIZE_MAX;

typedef struct Sbom Sbom;

/* What is written alike in both: how a digest looks, and what there is an element for. */
typedef struct Format {
    const char *digests, *algorithm, *digest, *sha256; /* keys, and the name of SHA-256                  */
    void (*module)(Sbom *, uint32_t index);
    void (*blob)(Sbom *, uint32_t index);              /* one that is no module                            */
    void (*material)(Sbom *, size_t index);
    void (*tool)(Sbom *, size_t index);
    void (*document)(Sbom *);
} Format;

struct Sbom {
    const Format *format;
    Show show;
    Json json;
    int64_t created; /* < 0: nobody has said                                */
    char uuid[37];   /* of the manifest's hash                               */
    char hash[2 * HASH_BYTES + 1];
    Material *materials; /* by name, member, digest, producers; each once        */
    size_t n_materials;
    size_t
        *of_module; /* the materials of module i: of_module[first[i]] to [first[i + 1]]; rising, each once */
    size_t *first;
    const char **tools;                          /* by bytes; each once                                  */
    size_t n_tools, made_by;                     /* made_by: the manifest's tool                         */
    uint8_t (*sha256)[crypto_hash_sha256_BYTES]; /* of each blob; modules may share one */
    ShowServices services;
};

/* ---- what there is, each once ---- */

typedef struct Occurrence {
    const BundleInput *input;
    uint32_t module;
    size_t material;
} Occurrence;

static int by_bytes(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.data, b.data, n) : 0;
    return order ? order : a.len < b.len ? -1 : a.len > b.len;
}

static int same_input(const BundleInput *a, const BundleInput *b)
{
    int order = strcmp(a->name, b->name);
    if (!order) order = strcmp(a->member, b->member);
    if (!order) order = by_bytes(a->digest, b->digest);
    return order ? order : strcmp(a->producers, b->producers);
}

static int by_input(const void *a, const void *b)
{
    const Occurrence *x = a, *y = b;
    int order = same_input(x->input, y->input);
    return order ? order : x->module < y->module ? -1 : x->module > y->module;
}

static int by_module(const void *a, const void *b)
{
    const Occurrence *x = a, *y = b;
    if (x->module != y->module) return x->module < y->module ? -1 : 1;
    return x->material < y->material ? -1 : x->material > y->material;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t find_tool(const Sbom *s, const char *name)
{
    const char **found = bsearch(&name, s->tools, s->n_tools, sizeof *s->tools, by_name);
    return found ? (size_t)(found - s->tools) : NO_TOOL;
}

static void collect_tools(Sbom *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_materials; i++)
        if (s->materials[i].input->producers[0]) s->tools[n++] = s->materials[i].input->producers;
    if (s->show.m->tool[0]) s->tools[n++] = s->show.m->tool;
    qsort(s->tools, n, sizeof *s->tools, by_name);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(s->tools[i], s->tools[s->n_tools - 1]) != 0)
            s->tools[s->n_tools++] = s->tools[i];
    for (size_t i = 0; i < s->n_materials; i++)
        s->materials[i].tool = find_tool(s, s->materials[i].input->producers);
    s->made_by = find_tool(s, s->show.m->tool);
}

static bool collect(Sbom *s)
{
    const BundleManifest *m = s->show.m;
    size_t n = 0;
    for (size_t i = 0; i < m->n_modules; i++) n += m->modules[i]->n_inputs;
    Occurrence *all = show_array(&s->show, n, sizeof *all);
    s->materials = show_array(&s->show, n, sizeof *s->materials);
    s->of_module = show_array(&s->show, n, sizeof *s->of_module);
    s->first = show_array(&s->show, m->n_modules + 1, sizeof *s->first);
    s->tools = show_array(&s->show, n + 1, sizeof *s->tools);
    if (!all || !s->materials || !s->of_module || !s->first || !s->tools) return false;
    n = 0;
    for (uint32_t i = 0; i < m->n_modules; i++)
        for (size_t j = 0; j < m->modules[i]->n_inputs; j++)
            all[n++] = (Occurrence){m->modules[i]->inputs[j], i, 0};
    qsort(all, n, sizeof *all, by_input);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || same_input(all[i - 1].input, all[i].input) != 0)
            s->materials[s->n_materials++] = (Material){all[i].input, NO_TOOL};
        all[i].material = s->n_materials - 1;
    }
    qsort(all, n, sizeof *all, by_module);
    size_t kept = 0;
    for (size_t i = 0, module = 0; module < m->n_modules; module++) {
        s->first[module] = kept;
        for (; i < n && all[i].module == module; i++)
            if (kept == s->first[module] || s->of_module[kept - 1] != all[i].material)
                s->of_module[kept++] = all[i].material;
    }
    s->first[m->n_modules] = kept;
    collect_tools(s);
    return show_services(&s->show, &s->services);
}

/* The first sixteen bytes of the manifest's hash: what RFC 9562 §5.8 calls version 8. */
static void identify(Sbom *s)
{
    uint8_t hash[HASH_BYTES];
    Str bytes = s->show.bundle->manifest_bytes;
    bundle_hash_manifest(bytes.ptr, bytes.len, hash);
    sodium_bin2hex(s->hash, sizeof s->hash, hash, sizeof hash);
    hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x80);
    hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80);
    char hex[33], *out = s->uuid;
    sodium_bin2hex(hex, sizeof hex, hash, 16);
    for (int i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) *out++ = '-';
        *out++ = hex[i];
    }
    *out = 0;
}

static bool hash_blobs(Sbom *s)
{
    const Bundle *b = s->show.bundle;
    s->sha256 = show_array(&s->show, b->n_blobs, sizeof *s->sha256);
    for (uint32_t i = 0; s->sha256 && i < b->n_blobs; i++)
        crypto_hash_sha256(s->sha256[i], b->blobs[i].ptr, b->blobs[i].size);
    return s->sha256 != NULL;
}

/* ---- words for both ---- */

static const char *input_name(Show *s, const BundleInput *in)
{
    return in->member[0] ? show_format(s, "%s(%s)", in->name, in->member) : in->name;
}

static const char *blob_word(Parigot__Bundle__V1__BlobKind kind)
{
    switch (kind) {
    case PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_NATIVE: return "native code";
    case PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_DESCRIPTORS: return "service descriptors";
    case PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_DEBUG: return "debug information";
    default: return "module";
    }
}

static bool is_module_blob(const BundleBlobInfo *b)
{
    return b->kind == PARIGOT__BUNDLE__V1__BLOB_KIND__BLOB_KIND_MODULE;
}

/* "P104: violated, 7 findings" for what is not proved; how many are proved. */
static const char *proof_of(Show *s, const BundleModule *mod)
{
    size_t count[5] = {0};
    for (size_t i = 0; i < mod->n_verdicts; i++)
        count[(unsigned)mod->verdicts[i]->result % ARRAY_LEN(count)]++;
    return show_format(s, "%zu rules proved, %zu violated, %zu not provable, %zu off", count[1], count[2],
                       count[3], count[4]);
}

/* ---- the walk of both ---- */

static void add_digest(Sbom *s, const char *algorithm, const uint8_t *p, size_t n)
{
    json_object(&s->json, NULL);
    json_string(&s->json, s->format->algorithm, algorithm);
    json_hex(&s->json, s->format->digest, p, n);
    json_end_object(&s->json);
}

static void add_blob_digests(Sbom *s, uint32_t blob)
{
    json_array(&s->json, s->format->digests);
    add_digest(s, "BLAKE2b-256", s->show.m->blobs[blob]->digest.data, BUNDLE_DIGEST_BYTES);
    add_digest(s, s->format->sha256, s->sha256[blob], sizeof s->sha256[blob]);
    json_end_array(&s->json);
}

static void add_input_digest(Sbom *s, const BundleInput *in)
{
    json_array(&s->json, s->format->digests);
    add_digest(s, "BLAKE2b-256", in->digest.data, in->digest.len);
    json_end_array(&s->json);
}

static void add_elements(Sbom *s)
{
    const BundleManifest *m = s->show.m;
    for (uint32_t i = 0; i < m->n_modules; i++) s->format->module(s, i);
    for (uint32_t i = 0; i < m->n_blobs; i++)
        if (!is_module_blob(m->blobs[i])) s->format->blob(s, i);
    for (size_t i = 0; i < s->n_materials; i++) s->format->material(s, i);
    for (size_t i = 0; i < s->n_tools; i++) s->format->tool(s, i);
}

static void show_as(const Format *format, TextBuf *t, const Bundle *b, int64_t created)
{
    Sbom s = {.format = format, .show = {.text = t, .bundle = b, .m = b->manifest}, .json = {.text = t}, .created = created};
    identify(&s);
    if (hash_blobs(&s) && collect(&s)) {
        json_object(&s.json, NULL);
        format->document(&s);
        json_end_object(&s.json);
        text_add(t, STR("\n"));
    }
    arena_free(&s.show.arena);
}

/* ---- SPDX 2.3 ---- */

/* Left open: what belongs to this package alone. */
static void spdx_package(Json *j, const char *kind, size_t number, const char *purpose)
{
    json_object(j, NULL);
    if (number) json_format(j, "SPDXID", "SPDXRef-%s-%zu", kind, number);
    else json_format(j, "SPDXID", "SPDXRef-%s", kind);
    json_string(j, "downloadLocation", SPDX_NOTHING);
    json_bool(j, "filesAnalyzed", false);
    json_string(j, "supplier", SPDX_NOTHING);
    json_string(j, "licenseConcluded", SPDX_NOTHING);
    json_string(j, "licenseDeclared", SPDX_NOTHING);
    json_string(j, "copyrightText", SPDX_NOTHING);
    json_string(j, "primaryPackagePurpose", purpose);
}

static void spdx_bundle(Sbom *s)
{
    Json *j = &s->json;
    const BundleManifest *m = s->show.m;
    spdx_package(j, "Bundle", 0, "APPLICATION");
    json_string(j, "name", m->name);
    if (m->version[0]) json_string(j, "versionInfo", m->version);
    json_format(j, "comment", "generation %" PRIu64 "; BLAKE2b-512 of its manifest: %s", m->generation,
                s->hash);
    json_end_object(j);
}

static void spdx_module(Sbom *s, uint32_t index)
{
    Json *j = &s->json;
    const BundleModule *mod = s->show.m->modules[index];
    const BundlePolicy *policy = s->show.m->policies[mod->policy];
    spdx_package(j, "Module", index + 1, "APPLICATION");
    json_string(j, "name", mod->name);
    json_format(j, "packageFileName", "%s.wasm", mod->name);
    json_format(j, "comment", "%s, under policy %s (blake2b-256:%s); %zu findings waived",
                proof_of(&s->show, mod), policy->name,
                show_hex(&s->show, policy->digest.data, policy->digest.len), mod->n_waivers);
    add_blob_digests(s, mod->blob);
    json_end_object(j);
}

static void spdx_blob(Sbom *s, uint32_t blob)
{
    Json *j = &s->json;
    spdx_package(j, "Blob", blob + 1, "OTHER");
    json_format(j, "name", "%s %" PRIu32, blob_word(s->show.m->blobs[blob]->kind), blob + 1);
    add_blob_digests(s, blob);
    json_end_object(j);
}

static void spdx_material(Sbom *s, size_t index)
{
    Json *j = &s->json;
    const BundleInput *in = s->materials[index].input;
    spdx_package(j, "Input", index + 1, "FILE");
    json_string(j, "name", input_name(&s->show, in));
    json_string(j, "packageFileName", in->member[0] ? in->member : in->name);
    add_input_digest(s, in);
    if (in->producers[0]) json_format(j, "sourceInfo", "made by %s", in->producers);
    json_end_object(j);
}

static void spdx_tool(Sbom *s, size_t index)
{
    spdx_package(&s->json, "Tool", index + 1, "APPLICATION");
    json_string(&s->json, "name", s->tools[index]);
    json_end_object(&s->json);
}

static void spdx_relation(Sbom *s, const char *from, size_t from_number, const char *type, const char *to,
                          size_t to_number, const char *comment)
{
    Json *j = &s->json;
    json_object(j, NULL);
    if (from_number) json_format(j, "spdxElementId", "SPDXRef-%s-%zu", from, from_number);
    else json_format(j, "spdxElementId", "SPDXRef-%s", from);
    json_string(j, "relationshipType", type);
    if (to_number) json_format(j, "relatedSpdxElement", "SPDXRef-%s-%zu", to, to_number);
    else json_format(j, "relatedSpdxElement", "SPDXRef-%s", to);
    if (comment) json_string(j, "comment", comment);
    json_end_object(j);
}

/* Which modules it calls. Services of the host and elsewhere are no packages. */
static void spdx_calls(Sbom *s, uint32_t index)
{
    size_t n;
    const ShowUse *uses = show_requires(&s->show, s->show.m->modules[index], &n);
    for (size_t i = 0; i < n; i = show_group_end(uses, n, i)) {
        int32_t to = s->services.provider[uses[i].service];
        if (to >= 0 && uses[i].method)
            spdx_relation(s, "Module", index + 1, "DEPENDS_ON", "Module", (size_t)to + 1,
                          s->show.m->services[uses[i].service]->name);
    }
}

static void spdx_module_relations(Sbom *s, uint32_t index)
{
    const BundleModule *mod = s->show.m->modules[index];
    spdx_relation(s, "Bundle", 0, "CONTAINS", "Module", index + 1, NULL);
    for (size_t i = s->first[index]; i < s->first[index + 1]; i++)
        spdx_relation(s, "Module", index + 1, "GENERATED_FROM", "Input", s->of_module[i] + 1, NULL);
    for (size_t i = 0; i < mod->n_native; i++)
        spdx_relation(s, "Blob", mod->native[i]->blob + 1, "GENERATED_FROM", "Module", index + 1, NULL);
    if (mod->debug_blob) spdx_relation(s, "Blob", mod->debug_blob, "METAFILE_OF", "Module", index + 1, NULL);
    spdx_calls(s, index);
}

static void spdx_relations(Sbom *s)
{
    const BundleManifest *m = s->show.m;
    json_array(&s->json, "relationships");
    spdx_relation(s, "DOCUMENT", 0, "DESCRIBES", "Bundle", 0, NULL);
    for (uint32_t i = 0; i < m->n_modules; i++) spdx_module_relations(s, i);
    for (uint32_t i = 0; i < m->n_blobs; i++)
        if (!is_module_blob(m->blobs[i])) spdx_relation(s, "Bundle", 0, "CONTAINS", "Blob", i + 1, NULL);
    if (s->made_by != NO_TOOL) spdx_relation(s, "Tool", s->made_by + 1, "BUILD_TOOL_OF", "Bundle", 0, NULL);
    for (size_t i = 0; i < s->n_materials; i++)
        if (s->materials[i].tool != NO_TOOL)
            spdx_relation(s, "Tool", s->materials[i].tool + 1, "BUILD_TOOL_OF", "Input", i + 1, NULL);
    json_end_array(&s->json);
}

static void spdx_document(Sbom *s)
{
    Json *j = &s->json;
    const BundleManifest *m = s->show.m;
    json_string(j, "spdxVersion", "SPDX-2.3");
    json_string(j, "dataLicense", "CC0-1.0");
    json_string(j, "SPDXID", "SPDXRef-DOCUMENT");
    json_string(j, "name", m->name);
    json_format(j, "documentNamespace", "https://spdx.org/spdxdocs/%s-%s", m->name, s->uuid);
    json_object(j, "creationInfo");
    json_string(j, "created", show_time(&s->show, s->created < 0 ? 0 : s->created));
    json_array(j, "creators");
    json_string(j, NULL, "Tool: parigot-bundle-" PARIGOT_VERSION);
    json_end_array(j);
    if (s->created < 0)
        json_string(j, "comment",
                    "No time is known: a bundle has none, so that its bytes can be reproduced.");
    json_end_object(j);
    json_array(j, "packages");
    spdx_bundle(s);
    add_elements(s);
    json_end_array(j);
    spdx_relations(s);
}

static const Format spdx = {.digests = "checksums", .algorithm = "algorithm", .digest = "checksumValue", .sha256 = "SHA256",
                            .module = spdx_module, .blob = spdx_blob, .material = spdx_material, .tool = spdx_tool,
                            .document = spdx_document};
void bundle_show_spdx(TextBuf *t, const Bundle *b, int64_t created) { show_as(&spdx, t, b, created); }

/* ---- CycloneDX 1.6 ---- */

static void cdx_property(Json *j, const char *name, const char *value)
{
    json_object(j, NULL);
    json_format(j, "name", "parigot:%s", name);
    json_string(j, "value", value);
    json_end_object(j);
}

/* Left open: what belongs to this component alone. */
static void cdx_component(Json *j, const char *type, const char *kind, size_t number)
{
    json_object(j, NULL);
    json_string(j, "type", type);
    if (number) json_format(j, "bom-ref", "%s-%zu", kind, number);
    else json_string(j, "bom-ref", kind);
}

static void cdx_tool_of_ours(Json *j)
{
    json_object(j, "tools");
    json_array(j, "components");
    json_object(j, NULL);
    json_string(j, "type", "application");
    json_string(j, "name", "parigot-bundle");
    json_string(j, "version", PARIGOT_VERSION);
    json_end_object(j);
    json_end_array(j);
    json_end_object(j);
}

static void cdx_metadata(Sbom *s)
{
    Json *j = &s->json;
    const BundleManifest *m = s->show.m;
    json_object(j, "metadata");
    if (s->created >= 0) json_string(j, "timestamp", show_time(&s->show, s->created));
    json_array(j, "lifecycles");
    json_object(j, NULL);
    json_string(j, "phase", "post-build");
    json_end_object(j);
    json_end_array(j);
    cdx_tool_of_ours(j);
    json_object(j, "component");
    json_string(j, "type", "application");
    json_string(j, "bom-ref", "bundle");
    json_string(j, "name", m->name);
    if (m->version[0]) json_string(j, "version", m->version);
    json_array(j, "properties");
    cdx_property(j, "generation", show_format(&s->show, "%" PRIu64, m->generation));
    cdx_property(j, "manifest:blake2b-512", s->hash);
    if (m->tool[0]) cdx_property(j, "tool", m->tool);
    if (m->not_after) cdx_property(j, "not-after", show_time(&s->show, m->not_after));
    json_end_array(j);
    json_end_object(j);
    json_end_object(j);
}

static void cdx_module_properties(Sbom *s, const BundleModule *mod)
{
    Json *j = &s->json;
    Show *show = &s->show;
    const BundlePolicy *policy = s->show.m->policies[mod->policy];
    json_array(j, "properties");
    cdx_property(j, "policy", policy->name);
    cdx_property(j, "policy:blake2b-256", show_hex(show, policy->digest.data, policy->digest.len));
    for (size_t i = 0; i < mod->n_verdicts; i++)
        cdx_property(j, show_format(show, "verdict:%s", mod->verdicts[i]->code),
                     show_result(mod->verdicts[i]->result));
    for (size_t i = 0; i < mod->n_waivers; i++) {
        const BundleWaiver *w = mod->waivers[i];
        cdx_property(j, "waiver", show_format(show, "%s %s: %s", w->rule, w->symbol, w->reason));
    }
    for (size_t i = 0; i < mod->n_grants; i++) cdx_property(j, "grant", mod->grants[i]);
    for (size_t i = 0; i < mod->n_folders; i++)
        cdx_property(j, mod->folders[i]->write ? "folder:write" : "folder:read", mod->folders[i]->name);
    for (size_t i = 0; i < mod->n_features; i++) cdx_property(j, "feature", mod->features[i]);
    json_end_array(j);
}

static void cdx_module(Sbom *s, uint32_t index)
{
    const BundleModule *mod = s->show.m->modules[index];
    cdx_component(&s->json, "application", "module", index + 1);
    json_string(&s->json, "mime-type", "application/wasm");
    json_string(&s->json, "name", mod->name);
    add_blob_digests(s, mod->blob);
    cdx_module_properties(s, mod);
    json_end_object(&s->json);
}

static void cdx_blob(Sbom *s, uint32_t blob)
{
    cdx_component(&s->json, "file", "blob", blob + 1);
    json_format(&s->json, "name", "%s %" PRIu32, blob_word(s->show.m->blobs[blob]->kind), blob + 1);
    add_blob_digests(s, blob);
    json_end_object(&s->json);
}

static void cdx_material(Sbom *s, size_t index)
{
    Json *j = &s->json;
    const BundleInput *in = s->materials[index].input;
    cdx_component(j, "file", "input", index + 1);
    json_string(j, "name", input_name(&s->show, in));
    add_input_digest(s, in);
    if (in->producers[0]) {
        json_array(j, "properties");
        cdx_property(j, "producers", in->producers);
        json_end_array(j);
    }
    json_end_object(j);
}

/* Tools are no part of what is run: "excluded". */
static void cdx_tool(Sbom *s, size_t index)
{
    cdx_component(&s->json, "application", "tool", index + 1);
    json_string(&s->json, "name", s->tools[index]);
    json_string(&s->json, "scope", "excluded");
    json_end_object(&s->json);
}

static void cdx_services(Sbom *s)
{
    static const char *const where[] = {"another module", "host", "elsewhere"};
    Json *j = &s->json;
    const BundleManifest *m = s->show.m;
    json_array(j, "services");
    for (size_t i = 0; i < m->n_services; i++) {
        int32_t provider = s->services.provider[i];
        json_object(j, NULL);
        json_format(j, "bom-ref", "service-%zu", i + 1);
        json_string(j, "name", m->services[i]->name);
        json_bool(j, "x-trust-boundary", provider < 0); /* out of the sandbox */
        json_array(j, "properties");
        cdx_property(j, "provided-by",
                     provider >= 0           ? m->modules[provider]->name
                     : provider == SHOW_HOST ? where[1]
                                             : where[2]);
        const ProtobufCBinaryData *d = &m->services[i]->descriptor_digest;
        if (d->len) cdx_property(j, "description:blake2b-256", show_hex(&s->show, d->data, d->len));
        json_end_array(j);
        json_end_object(j);
    }
    json_end_array(j);
}

static void cdx_refs(Json *j, const char *key, const char *kind, size_t from, size_t to)
{
    json_array(j, key);
    for (size_t i = from; i < to; i++) json_format(j, NULL, "%s-%zu", kind, i + 1);
    json_end_array(j);
}

static void cdx_module_needs(Sbom *s, uint32_t index)
{
    Json *j = &s->json;
    size_t n;
    const ShowUse *uses = show_requires(&s->show, s->show.m->modules[index], &n);
    json_object(j, NULL);
    json_format(j, "ref", "module-%u", index + 1);
    json_array(j, "dependsOn");
    for (size_t i = s->first[index]; i < s->first[index + 1]; i++)
        json_format(j, NULL, "input-%zu", s->of_module[i] + 1);
    for (size_t i = 0; i < n; i = show_group_end(uses, n, i))
        if (uses[i].method) json_format(j, NULL, "service-%zu", uses[i].service + 1);
    json_end_array(j);
    json_end_object(j);
}

static void cdx_dependencies(Sbom *s)
{
    Json *j = &s->json;
    const BundleManifest *m = s->show.m;
    json_array(j, "dependencies");
    json_object(j, NULL);
    json_string(j, "ref", "bundle");
    cdx_refs(j, "dependsOn", "module", 0, m->n_modules);
    json_end_object(j);
    for (uint32_t i = 0; i < m->n_modules; i++) cdx_module_needs(s, i);
    for (size_t i = 0; i < m->n_services; i++) {
        int32_t provider = s->services.provider[i];
        if (provider < 0) continue; /* who is behind it is not known here */
        json_object(j, NULL);
        json_format(j, "ref", "service-%zu", i + 1);
        cdx_refs(j, "dependsOn", "module", (size_t)provider, (size_t)provider + 1);
        json_end_object(j);
    }
    json_end_array(j);
}

static void cdx_document(Sbom *s)
{
    Json *j = &s->json;
    json_string(j, "$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
    json_string(j, "bomFormat", "CycloneDX");
    json_string(j, "specVersion", "1.6");
    json_format(j, "serialNumber", "urn:uuid:%s", s->uuid);
    json_number(j, "version", 1);
    cdx_metadata(s);
    json_array(j, "components");
    add_elements(s);
    json_end_array(j);
    cdx_services(s);
    cdx_dependencies(s);
}

static const Format cyclonedx = {.digests = "hashes", .algorithm = "alg", .digest = "content", .sha256 = "SHA-256",
                                 .module = cdx_module, .blob = cdx_blob, .material = cdx_material, .tool = cdx_tool,
                                 .document = cdx_document};
void bundle_show_cyclonedx(TextBuf *t, const Bundle *b, int64_t created) { show_as(&cyclonedx, t, b, created); }
