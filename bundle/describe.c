/* describe.c: what the manifest says about one module: what the validator proved, what the linker recorded in
 * parigot.module, what the world file asks for.  proto/parigot/bundle/v1/manifest.proto, Module */
#include "bundle/create_impl.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_BYTES = 65536, DEFAULT_SHARE = 100, MAX_WAIVERS = 4096 };

static bool is_kernel(Str service) { return str_eq(service, STR(BUNDLE_KERNEL)); }

static ProtobufCBinaryData bytes_of(Making *c, const void *bytes, size_t n)
{
    void *p = arena_alloc(&c->arena, n ? n : 1);
    if (!p) making_out_of_memory(c);
    else if (n) memcpy(p, bytes, n);
    return (ProtobufCBinaryData){p ? n : 0, p};
}

/* An array of n pointers to messages of `size` bytes, all in one go; NULL and a failure when there is no
 * memory. */
static void *messages(Making *c, size_t n, size_t size, void (*init)(void *))
{
    void **list = arena_array(&c->arena, n, sizeof *list);
    uint8_t *items = arena_array(&c->arena, n, size);
    if (!list || !items) {
        making_out_of_memory(c);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        list[i] = items + i * size;
        init(list[i]);
    }
    return list;
}
#define INIT(Type, lower)                                                                                    \
    static void init_##lower(void *p) { parigot__bundle__v1__##lower##__init((Type *)p); }
INIT(BundleImport, import)
INIT(BundleMethod, method)
INIT(BundleVerdict, verdict)
INIT(BundleWaiver, waiver)
INIT(BundleInput, input)
INIT(BundleKeyValue, key_value)
INIT(BundleFolder, folder)
#undef INIT

/* ---- services: collected first, so that names can be shared ---- */

typedef struct Names {
    Str *items;
    size_t n, cap;
} Names;

static void add_name(Making *c, Names *names, Str name)
{
    if (names->n && str_eq(names->items[names->n - 1], name)) return;
    Str *items = arena_grow(&c->arena, names->items, names->n, &names->cap, sizeof *items);
    if (!items) {
        making_out_of_memory(c);
        return;
    }
    names->items = items;
    names->items[names->n++] = name;
}

static int by_name(const void *a, const void *b) { return str_cmp(*(const Str *)a, *(const Str *)b); }

static void add_module_names(Making *c, Names *names, const Made *m)
{
    const WasmModule *w = &m->report.module;
    for (uint32_t i = 0; i < w->n_imports; i++)
        if (wasm_is_service(w->imports[i].module)) add_name(c, names, w->imports[i].module);
    for (uint32_t i = 0; i < w->n_exports; i++) {
        Str service, method;
        if (wasm_split_method(w->exports[i].name, &service, &method)) add_name(c, names, service);
    }
    for (uint32_t i = 0; i < m->in->n_grants; i++) add_name(c, names, m->in->grants[i]);
}

void collect_services(Making *c)
{
    Names names = {0};
    for (uint32_t i = 0; i < c->n_made; i++) add_module_names(c, &names, &c->made[i]);
    for (uint32_t i = 0; i < c->world->n_remote; i++) add_name(c, &names, c->world->remote[i]);
    for (uint32_t i = 0; i < c->world->n_routes; i++) add_name(c, &names, c->world->routes[i].service);
    if (names.n) qsort(names.items, names.n, sizeof *names.items, by_name);
    c->services = arena_array(&c->arena, names.n, sizeof *c->services);
    if (!c->services) {
        making_out_of_memory(c);
        return;
    }
    for (size_t i = 0; i < names.n; i++) {
        if (i && str_eq(names.items[i - 1], names.items[i])) continue;
        c->services[c->n_services++] = (ServiceRow){
            .name = names.items[i], .text = making_text(c, names.items[i]), .provider = NO_PROVIDER};
    }
}

static char *service_text(Making *c, Str name)
{
    const ServiceRow *row = making_service(c, name);
    return row ? row->text : making_text(c, name); /* not a row: a finding was or will be recorded */
}

/* ---- what the module is ---- */

static void describe_imports(Making *c, Made *m)
{
    const WasmModule *w = &m->report.module;
    m->out.imports = messages(c, w->n_imports, sizeof(BundleImport), init_import);
    for (uint32_t i = 0; m->out.imports && i < w->n_imports; i++) {
        const WasmImport *is = &w->imports[i];
        BundleImport *im = m->out.imports[m->out.n_imports++];
        const WasmType *type = is->kind == KIND_FUNC ? wasm_func_type(w, is->index) : NULL;
        im->service = service_text(c, is->module);
        im->method = making_text(c, is->name);
        if (!type || !wasm_is_service(is->module) || !wasm_is_method(is->name)) {
            making_error(c, WORLD_MODULE, m,
                         "module \"%.*s\" imports %s \"%.*s\" \"%.*s\", which is no method of a service",
                         STR_ARG(m->in->name), wasm_kind_text(is->kind), STR_ARG(is->module),
                         STR_ARG(is->name));
            continue;
        }
        im->params = bytes_of(c, type->params, type->n_params);
        im->results = bytes_of(c, type->results, type->n_results);
    }
}

static void describe_provides(Making *c, Made *m)
{
    const WasmModule *w = &m->report.module;
    m->out.provides = messages(c, w->n_exports, sizeof(BundleMethod), init_method);
    for (uint32_t i = 0; m->out.provides && i < w->n_exports; i++) {
        Str service, method;
        if (w->exports[i].kind != KIND_FUNC ||
            !wasm_split_method(w->exports[i].name, &service, &method))
            continue;
        BundleMethod *p = m->out.provides[m->out.n_provides++];
        p->service = service_text(c, service);
        p->method = making_text(c, method);
        if (bundle_is_system_service(p->service))
            making_error(c, WORLD_MODULE, m, "module \"%.*s\" provides %s, which only the host may",
                         STR_ARG(m->in->name), p->service);
    }
}

static void describe_layout(Making *c, Made *m)
{
    const PmSection *pm = &m->report.pm;
    if (m->report.section != PM_PRESENT) return;
    if (pm->has_layout) {
        const PmLayout *l = &pm->layout;
        BundleLayout *out = m->out.layout = arena_alloc(&c->arena, sizeof *out);
        if (!out) {
            making_out_of_memory(c);
            return;
        }
        parigot__bundle__v1__layout__init(out);
        out->null_guard = l->null_guard;
        out->stack_low = l->stack_low;
        out->stack_high = l->stack_high;
        out->sealed_low = l->sealed_low;
        out->sealed_high = l->sealed_high;
        out->waived_low = l->waived_low;
        out->waived_high = l->waived_high;
        out->heap_base = l->heap_base;
        out->heap_control = l->heap_control;
        out->seal = l->seal;
        out->page_log2 = l->page_log2;
    }
    if (pm->has_meter) {
        m->out.meter->kind = pm->meter_kind;
        m->out.meter->prices = pm->meter_prices;
    }
}

static void describe_verdicts(Making *c, Made *m)
{
    m->out.verdicts = messages(c, VAL_RULE_COUNT, sizeof(BundleVerdict), init_verdict);
    for (int r = 0; m->out.verdicts && r < VAL_RULE_COUNT; r++) {
        const ValResult *is = &m->report.rules[r];
        BundleVerdict *v = m->out.verdicts[m->out.n_verdicts++];
        v->code = making_text(c, str_of(val_rule_info[r].code));
        v->result = (Parigot__Bundle__V1__Result)is->verdict; /* validator.h: the numbers are the same */
        v->findings = is->findings;
        v->waived = is->waived;
    }
}

static void add_waiver(Making *c, Made *m, const PmWaiver *is, Str rule)
{
    for (size_t i = 0; i < m->out.n_waivers; i++) {
        const BundleWaiver *w = m->out.waivers[i];
        if (w->address == is->address && str_eq(str_of(w->symbol), is->symbol) &&
            str_eq(str_of(w->rule), rule))
            return;
    }
    BundleWaiver *w = m->out.waivers[m->out.n_waivers++];
    w->name = making_text(c, is->waiver);
    w->rule = making_text(c, rule);
    w->symbol = making_text(c, is->symbol);
    w->reason = making_text(c, is->reason);
    if (is->has_archive) w->archive_digest = bytes_of(c, is->archive, sizeof is->archive);
    w->expires = (int64_t)is->expires;
    w->address = is->address;
    w->size = is->size;
}

/* One message for each symbol that was let through, by the linker (parigot.module says so) or by the
 * validator. */
static void describe_waivers(Making *c, Made *m)
{
    const ValReport *r = &m->report;
    uint32_t recorded = r->section == PM_PRESENT ? r->pm.n_waivers : 0;
    if (recorded > MAX_WAIVERS || r->n_waived > MAX_WAIVERS) { /* each is compared with each */
        making_error(c, WORLD_MODULE, m, "module \"%.*s\" needs more than %d waivers", STR_ARG(m->in->name),
                     MAX_WAIVERS);
        return;
    }
    m->out.waivers = messages(c, (size_t)recorded + r->n_waived, sizeof(BundleWaiver), init_waiver);
    if (!m->out.waivers) return;
    for (uint32_t i = 0; i < recorded; i++) add_waiver(c, m, &r->pm.waivers[i], r->pm.waivers[i].rule);
    for (uint32_t i = 0; i < r->n_waived; i++) {
        const ValWaived *is = &r->waived[i];
        PmWaiver w = {.waiver = is->waiver->name,
                      .symbol = is->symbol,
                      .has_archive = is->waiver->has_archive,
                      .reason = is->waiver->reason,
                      .expires = (uint64_t)is->waiver->expires,
                      .address = is->address,
                      .size = is->size};
        memcpy(w.archive, is->waiver->archive, sizeof w.archive);
        add_waiver(c, m, &w, str_of(val_rule_info[is->waiver->rule].code));
    }
}

static Str last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return str_of(slash ? slash + 1 : path);
}

/* What was linked, as the linker recorded it; for somebody else's module that is the module itself. */
static void describe_inputs(Making *c, Made *m)
{
    bool recorded = m->report.section == PM_PRESENT && m->report.pm.n_inputs > 0;
    uint32_t n = recorded ? m->report.pm.n_inputs : 1;
    m->out.inputs = messages(c, n, sizeof(BundleInput), init_input);
    for (uint32_t i = 0; m->out.inputs && i < n; i++) {
        BundleInput *in = m->out.inputs[m->out.n_inputs++];
        const PmInput *is = recorded ? &m->report.pm.inputs[i] : NULL;
        in->name = making_text(c, is ? is->name : last_part(m->in->file));
        in->member = making_text(c, is ? is->member : (Str){0});
        in->producers = making_text(c, is ? is->producers : (Str){0});
        in->digest = bytes_of(c, is ? is->digest : m->digest, BUNDLE_DIGEST_BYTES);
    }
}

static void describe_features(Making *c, Made *m)
{
    m->out.features = arena_array(&c->arena, FEATURE_COUNT, sizeof *m->out.features);
    if (!m->out.features) {
        making_out_of_memory(c);
        return;
    }
    for (int f = 0; f < FEATURE_COUNT; f++)
        if (m->report.features >> f & 1)
            m->out.features[m->out.n_features++] = making_text(c, str_of(wasm_feature_text((WasmFeature)f)));
}

/* ---- what the world asks for ---- */

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void check_grant(Making *c, const Made *m, Str grant)
{
    if (bundle_find_system_service(grant)) return;
    if (is_kernel(grant)) {
        making_error(c, WORLD_GRANT, m, "%s needs no grant: every module has it", BUNDLE_KERNEL);
        return;
    }
    Diag *d = making_error(c, WORLD_GRANT, m, "there is no system service %.*s", STR_ARG(grant));
    const char *nearest = bundle_nearest_system_service(grant);
    if (nearest) diag_note(c->diags, d, "did you mean %s?", nearest);
    else
        for (size_t i = 0; i < BUNDLE_SYSTEM_COUNT; i++)
            diag_note(c->diags, d, "can be granted: %s", bundle_system_services[i].name);
}

static bool has_grant(const Made *m, const char *service)
{
    for (size_t i = 0; i < m->out.n_grants; i++)
        if (strcmp(m->out.grants[i], service) == 0) return true;
    return false;
}

static void require_grant(Making *c, Made *m, const char *service)
{
    if (m->in->grant_imports) {
        m->out.grants[m->out.n_grants++] = service_text(c, str_of(service));
        check_grant(c, m, str_of(service));
        return;
    }
    Diag *d = making_error(c, WORLD_GRANT, m, "module \"%.*s\" imports %s, which is not granted to it",
                           STR_ARG(m->in->name), service);
    diag_note(c->diags, d, "to grant it: grant = [ \"%s\" ];", service);
}

static void describe_grants(Making *c, Made *m)
{
    m->out.grants = arena_array(&c->arena, (size_t)m->in->n_grants + m->out.n_imports, sizeof *m->out.grants);
    if (!m->out.grants) {
        making_out_of_memory(c);
        return;
    }
    for (uint32_t i = 0; i < m->in->n_grants; i++) {
        char *name = service_text(c, m->in->grants[i]);
        check_grant(c, m, m->in->grants[i]);
        if (has_grant(m, name)) making_error(c, WORLD_GRANT, m, "%s is granted twice", name);
        else m->out.grants[m->out.n_grants++] = name;
    }
    const char *before = "";
    for (size_t i = 0; i < m->out.n_imports; i++) {
        const char *service = m->out.imports[i]->service;
        if (strcmp(before, service) == 0 || !bundle_is_system_service(service) || is_kernel(str_of(service)))
            continue;
        before = service;
        if (!has_grant(m, service)) require_grant(c, m, service);
    }
    qsort(m->out.grants, m->out.n_grants, sizeof *m->out.grants, by_text);
}

/* The module's own maximum, or less where the world says so; 0 when there is neither. */
static void describe_memory(Making *c, Made *m)
{
    const WasmModule *w = &m->report.module;
    uint64_t asked = m->in->memory_bytes, own = 0;
    if (w->n_memories) {
        const WasmLimits *l = &w->memories[0];
        own = l->has_max ? (uint64_t)l->max * PAGE_BYTES : 0;
        if (asked && asked < (uint64_t)l->min * PAGE_BYTES)
            making_error(c, WORLD_LIMIT, m,
                         "module \"%.*s\" starts with %u pages of 64 KiB, and memory would be %llu bytes",
                         STR_ARG(m->in->name), l->min, (unsigned long long)asked);
    }
    m->out.limits->memory_bytes = asked && (!own || asked < own) ? asked : own;
}

static void describe_limits(Making *c, Made *m)
{
    const WorldModule *in = m->in;
    describe_memory(c, m);
    m->out.limits->fuel_per_entry = in->fuel_per_entry;
    m->out.limits->fuel_total = in->fuel_total;
    m->out.limits->deadline_ns = in->deadline_ns;
    m->out.limits->entry_ns = in->entry_ns;
    m->out.limits->stack_bytes = in->stack_bytes;
    m->out.limits->table_elems = in->table_elems;
    m->out.limits->waiting_bytes = in->waiting_bytes;
    m->out.limits->instances = in->instances;
    m->out.limits->calls = in->calls;
    m->out.limits->message_bytes = in->message_bytes;
    m->out.limits->queue = in->queue;
    m->out.limits->restarts_per_minute = in->restarts_per_minute;
    m->out.share = in->share ? in->share : DEFAULT_SHARE;
    if ((in->fuel_per_entry || in->fuel_total) && m->out.meter->kind == 0)
        making_error(c, WORLD_LIMIT, m, "module \"%.*s\" is not metered: its fuel cannot be limited",
                     STR_ARG(in->name));
}

static int by_key(const void *a, const void *b)
{
    const BundleKeyValue *x = *(BundleKeyValue *const *)a, *y = *(BundleKeyValue *const *)b;
    return strcmp(x->key, y->key);
}

static void describe_config(Making *c, Made *m)
{
    m->out.config = messages(c, m->in->n_config, sizeof(BundleKeyValue), init_key_value);
    for (uint32_t i = 0; m->out.config && i < m->in->n_config; i++) {
        BundleKeyValue *kv = m->out.config[m->out.n_config++];
        kv->key = making_text(c, m->in->config[i].key);
        kv->value = making_text(c, m->in->config[i].value);
    }
    if (m->out.n_config) qsort(m->out.config, m->out.n_config, sizeof *m->out.config, by_key);
}

static int by_folder(const void *a, const void *b)
{
    const BundleFolder *x = *(BundleFolder *const *)a, *y = *(BundleFolder *const *)b;
    return strcmp(x->name, y->name);
}

static void add_folder(Making *c, Made *m, const WorldFolder *from)
{
    BundleFolder *f = m->out.folders[m->out.n_folders++];
    f->name = making_text(c, from->name);
    f->write = from->write;
    if (has_grant(m, BUNDLE_FILE_SERVICE)) return;
    Diag *d = making_world_error(c, WORLD_GRANT, from->line,
                                 "folder \"%s\" is for module \"%.*s\", which is not granted %s", f->name,
                                 STR_ARG(m->in->name), BUNDLE_FILE_SERVICE);
    diag_note(c->diags, d, "to grant it: grant = [ \"%s\" ];", BUNDLE_FILE_SERVICE);
}

/* requires: grants */
static void describe_folders(Making *c, Made *m)
{
    const World *w = c->world;
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->n_folders; i++)
        for (uint32_t j = 0; j < w->folders[i].n_modules; j++) n += str_eq(w->folders[i].modules[j], m->in->name);
    if (n == 0) return;
    m->out.folders = messages(c, n, sizeof(BundleFolder), init_folder);
    if (!m->out.folders) return;
    for (uint32_t i = 0; i < w->n_folders; i++)
        for (uint32_t j = 0; j < w->folders[i].n_modules; j++)
            if (str_eq(w->folders[i].modules[j], m->in->name)) add_folder(c, m, &w->folders[i]);
    qsort(m->out.folders, m->out.n_folders, sizeof *m->out.folders, by_folder);
    for (uint32_t i = 1; i < n; i++)
        if (strcmp(m->out.folders[i - 1]->name, m->out.folders[i]->name) == 0)
            making_error(c, WORLD_VALUE, m, "module \"%.*s\" is given the folder \"%s\" twice",
                         STR_ARG(m->in->name), m->out.folders[i]->name);
}

void describe_modules(Making *c)
{
    for (uint32_t i = 0; i < c->n_made; i++) {
        Made *m = &c->made[i];
        parigot__bundle__v1__module__init(&m->out);
        m->out.name = making_text(c, m->in->name);
        m->out.limits = arena_alloc(&c->arena, sizeof *m->out.limits);
        m->out.meter = arena_alloc(&c->arena, sizeof *m->out.meter);
        if (!m->out.limits || !m->out.meter) {
            making_out_of_memory(c);
            return;
        }
        parigot__bundle__v1__limits__init(m->out.limits);
        parigot__bundle__v1__meter__init(m->out.meter);
        describe_imports(c, m);
        describe_provides(c, m);
        describe_layout(c, m);
        describe_verdicts(c, m);
        describe_waivers(c, m);
        describe_inputs(c, m);
        describe_features(c, m);
        describe_grants(c, m);
        describe_limits(c, m);
        describe_config(c, m);
        describe_folders(c, m);
    }
}
