/* rules_names.c: what a module asks for and offers: P301 to P305 imports, P501 to P504 exports, P105 and
 * P106, and the names that betray threads and schedulers, P203 to P206. docs/rules.md; the tables are
 * docs/abi.md's. */
#include "validator/state.h"

#include <string.h>

/* ---- names of services and methods ---- */

static bool is_hosts_package(Str service) { return str_has_prefix(service, STR("parigot.")); }

/* `*` stands for any characters but `stop` (-1: for any). One star is tried again at a time: at most |pattern| * |name|
 * steps. */
static bool glob(Str pattern, Str name, int stop)
{
    size_t p = 0, n = 0, star = SIZE_MAX, mark = 0;
    while (n < name.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            mark = n;
        } else if (p < pattern.len && pattern.ptr[p] == name.ptr[n]) {
            p++;
            n++;
        } else if (star != SIZE_MAX && name.ptr[mark] != stop) {
            p = star + 1;
            n = ++mark;
        } else return false;
    }
    while (p < pattern.len && pattern.ptr[p] == '*') p++;
    return p == pattern.len;
}

static bool matches(Str pattern, Str name) { return glob(pattern, name, '/'); }

static bool any_matches(const Str *patterns, uint32_t n, Str name)
{
    for (uint32_t i = 0; i < n; i++)
        if (matches(patterns[i], name)) return true;
    return false;
}

/* Both sides of an import against both sides of a pattern, whose last slash separates them: so no name of one side
 * can pass for the other's. */
static bool any_matches_import(const Str *patterns, uint32_t n, const WasmImport *im)
{
    for (uint32_t i = 0; i < n; i++) {
        const char *slash = patterns[i].len ? memrchr(patterns[i].ptr, '/', patterns[i].len) : NULL;
        size_t side = slash ? (size_t)(slash - patterns[i].ptr) : 0;
        if (slash && glob((Str){patterns[i].ptr, side}, im->module, -1) &&
            glob((Str){slash + 1, patterns[i].len - side - 1}, im->name, -1))
            return true;
    }
    return false;
}

/* ---- signatures: docs/abi.md. All parameters and results are i32. ---- */

typedef struct AbiFunc {
    const char *name;
    uint8_t n_params, n_results;
} AbiFunc;

static const Str kernel = {"parigot.kernel.v1.Kernel", 24};
static const AbiFunc kernel_methods[] = {
    {"Reply", 4, 1}, {"Fail", 4, 1}, {"Cancel", 1, 1}, {"Deadline", 2, 1}, {"Exit", 1, 1}};
static const AbiFunc service_method = {"", 3, 1}; /* ptr, len, cookie -> call id */
static const AbiFunc entries[] = {
    {"parigot_alloc", 1, 1}, {"parigot_init", 2, 1}, {"parigot_result", 6, 0}, {"parigot_event", 3, 0}};
static const AbiFunc provided_method = {"", 4, 0}; /* state, call, ptr, len */

static const AbiFunc *find_abi(const AbiFunc *rows, size_t n, Str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(name, str_of(rows[i].name))) return &rows[i];
    return NULL;
}

static bool has_type(const WasmType *t, const AbiFunc *a)
{
    if (t->n_params != a->n_params || t->n_results != a->n_results) return false;
    for (uint32_t i = 0; i < t->n_params; i++)
        if (t->params[i] != TYPE_I32) return false;
    return t->n_results == 0 || t->results[0] == TYPE_I32;
}

/* As words, where this rule's finding will be shown. */
static const char *signature(Val *v, ValRule rule, const WasmType *t)
{
    return worth_words(v, rule) ? wasm_type_signature(&v->scratch, t) : "";
}

static const char *abi_signature(Val *v, ValRule rule, const AbiFunc *a)
{
    static const uint8_t i32s[] = {TYPE_I32, TYPE_I32, TYPE_I32, TYPE_I32, TYPE_I32, TYPE_I32};
    return signature(v, rule, &(WasmType){i32s, i32s, a->n_params, a->n_results});
}

/* ---- P301 to P305 ---- */

static bool is_allowed(const Val *v, const WasmImport *im)
{
    for (int i = 0; i < 2; i++) {
        const ValPolicy *p = policy_at(v, i);
        if (!p || p->rules[RULE_P303].violated == VAL_OFF) continue;
        if (!any_matches_import(p->imports_allow, p->n_imports_allow, im) ||
            any_matches_import(p->imports_deny, p->n_imports_deny, im))
            return false;
    }
    return true;
}

/* ", nearest: greeting.v1.Greeter/Hello", or nothing. */
static const char *nearest(Val *v, ValRule rule, Str service, Str method)
{
    ValNearest n;
    if (!v->o.abi || !worth_words(v, rule) || !val_nearest_method(v->o.abi, &v->o.named, service, method, &v->nearest_budget, &n))
        return "";
    const char *text = arena_printf(&v->scratch, ", nearest: %.*s/%.*s", STR_ARG(n.service->name),
                                    STR_ARG(n.method->name));
    return text ? text : "";
}

/* Is there such a method, by what --abi says? The kernel's are known without. P301 and P305 */
static void judge_described_import(Val *v, const WasmImport *im, Site site)
{
    if (!v->o.abi || (!rule_on(v, RULE_P301) && !rule_on(v, RULE_P305))) return;
    const ValService *s = val_find_service(v->o.abi, im->module);
    const ValMethod *m = s ? val_find_method(s, im->name) : NULL;
    if (!m)
        violated(v, RULE_P301, site, im->name, "import \"%.*s\" \"%.*s\": %s%s", STR_ARG(shown(v, im->module)),
                 STR_ARG(shown(v, im->name)), s ? "the service has no such method" : "no such service is described",
                 nearest(v, RULE_P301, im->module, im->name));
    else if (m->streams_request)
        violated(v, RULE_P305, site, im->name,
                 "import \"%.*s\" \"%.*s\": the method streams its request, which modules cannot",
                 STR_ARG(shown(v, im->module)), STR_ARG(shown(v, im->name)));
}

/* P303, whatever the import is and is called: a policy may let through what no service is, and still have a list. */
static bool judge_allowed(Val *v, const WasmImport *im, Site site)
{
    if ((im->kind == KIND_FUNC && str_eq(im->module, kernel)) || is_allowed(v, im)) return true;
    violated(v, RULE_P303, site, im->name, "import \"%.*s\" \"%.*s\" is not allowed by the policy",
             STR_ARG(shown(v, im->module)), STR_ARG(shown(v, im->name)));
    return false;
}

static void judge_import(Val *v, const WasmImport *im)
{
    Site site = SITE(im->offset);
    bool allowed = judge_allowed(v, im, site);
    if (im->module.len == 0 || im->name.len == 0) {
        violated(v, RULE_P302, site, (Str){0}, "import \"%.*s\" \"%.*s\" has an empty name",
                 STR_ARG(shown(v, im->module)), STR_ARG(shown(v, im->name)));
        return;
    }
    if (im->kind != KIND_FUNC) {
        violated(v, RULE_P304, site, im->name, "imports the %s \"%.*s\" \"%.*s\"", wasm_kind_text(im->kind),
                 STR_ARG(shown(v, im->module)), STR_ARG(shown(v, im->name)));
        return;
    }
    const AbiFunc *wanted = &service_method;
    if (!wasm_is_service(im->module) || !wasm_is_method(im->name)) {
        violated(v, RULE_P301, site, im->name,
                 "import \"%.*s\" \"%.*s\" does not name a method of a service%s", STR_ARG(shown(v, im->module)),
                 STR_ARG(shown(v, im->name)), nearest(v, RULE_P301, im->module, im->name));
        return;
    }
    if (str_eq(im->module, kernel)) {
        wanted = find_abi(kernel_methods, ARRAY_LEN(kernel_methods), im->name);
        if (!wanted) {
            violated(v, RULE_P301, site, im->name, "the kernel has no method \"%.*s\"", STR_ARG(shown(v, im->name)));
            return;
        }
    } else {
        if (allowed && !val_is_named(&v->o.named, im->module))
            violated(v, RULE_P303, site, im->name,
                     "import \"%.*s\" \"%.*s\": the service is not named by --service%s",
                     STR_ARG(shown(v, im->module)), STR_ARG(shown(v, im->name)), nearest(v, RULE_P303, im->module, im->name));
        judge_described_import(v, im, site);
    }
    const WasmType *t = wasm_func_type(v->m, im->index);
    if (rule_on(v, RULE_P305) && !has_type(t, wanted))
        violated(v, RULE_P305, site, im->name, "import \"%.*s\" \"%.*s\" is %s, the method is %s",
                 STR_ARG(shown(v, im->module)), STR_ARG(shown(v, im->name)), signature(v, RULE_P305, t), abi_signature(v, RULE_P305, wanted));
}

void judge_imports(Val *v)
{
    for (uint32_t i = 0; i < v->m->n_imports; i++) judge_import(v, &v->m->imports[i]);
}

/* ---- P501 to P504 ---- */

static bool export_allowed(const Val *v, Str name)
{
    bool some = false;
    for (int i = 0; i < 2; i++) {
        const ValPolicy *p = policy_at(v, i);
        if (!p || p->rules[RULE_P501].violated == VAL_OFF) continue;
        if (!any_matches(p->exports_allow, p->n_exports_allow, name)) return false;
        some = true;
    }
    return some;
}

/* What the ABI knows under this name; NULL = nothing. */
static const AbiFunc *abi_of_export(Str name)
{
    Str service, method;
    if (wasm_split_method(name, &service, &method)) return is_hosts_package(service) ? NULL : &provided_method;
    return find_abi(entries, ARRAY_LEN(entries), name);
}

static void judge_entry(Val *v, const WasmExport *e, const AbiFunc *abi)
{
    Site site = SITE(e->offset);
    if (e->kind != KIND_FUNC) {
        violated(v, RULE_P502, site, e->name, "export \"%.*s\" is a %s, the ABI's is a function",
                 STR_ARG(shown(v, e->name)), wasm_kind_text(e->kind));
        return;
    }
    if (e->index < v->m->n_imported[KIND_FUNC]) {
        violated(v, RULE_P502, site, e->name,
                 "export \"%.*s\" hands an import on: entries are functions of the module's own",
                 STR_ARG(shown(v, e->name)));
        return;
    }
    const WasmType *t = wasm_func_type(v->m, e->index);
    if (rule_on(v, RULE_P502) && !has_type(t, abi))
        violated(v, RULE_P502, (Site){e->offset, e->index}, e->name, "export \"%.*s\" is %s, the ABI's is %s",
                 STR_ARG(shown(v, e->name)), signature(v, RULE_P502, t), abi_signature(v, RULE_P502, abi));
}

/* Kinds with a rule of their own: memories P402, tables P105, mutable globals P103. */
static bool judged_elsewhere(const Val *v, const WasmExport *e)
{
    return e->kind == KIND_MEMORY || e->kind == KIND_TABLE ||
           (e->kind == KIND_GLOBAL && v->m->globals[e->index].mutable);
}

/* An exported method: does the module provide that service, and is there such a method? */
static void judge_provided(Val *v, const WasmExport *e, Str service, Str method)
{
    Site site = SITE(e->offset);
    const ValService *s = v->o.abi ? val_find_service(v->o.abi, service) : NULL;
    const ValMethod *m = s ? val_find_method(s, method) : NULL;
    if (!val_is_named(&v->o.named, service))
        violated(v, RULE_P501, site, e->name, "export \"%.*s\": the service is not named by --service%s",
                 STR_ARG(shown(v, e->name)), nearest(v, RULE_P501, service, method));
    if (!v->o.abi || !rule_on(v, RULE_P504)) return;
    if (!m)
        violated(v, RULE_P504, site, e->name, "export \"%.*s\": %s%s", STR_ARG(shown(v, e->name)),
                 s ? "the service has no such method" : "no such service is described",
                 nearest(v, RULE_P504, service, method));
    else if (m->streams_request)
        violated(v, RULE_P504, site, e->name,
                 "export \"%.*s\": the method streams its request, which modules cannot", STR_ARG(shown(v, e->name)));
}

static void judge_export(Val *v, const WasmExport *e)
{
    Str service, method;
    const AbiFunc *abi = abi_of_export(e->name);
    if (abi) {
        judge_entry(v, e, abi);
        if (wasm_split_method(e->name, &service, &method)) judge_provided(v, e, service, method);
    }
    else if (judged_elsewhere(v, e) || export_allowed(v, e->name)) return;
    else if (wasm_split_method(e->name, &service, &method))
        violated(v, RULE_P501, SITE(e->offset), e->name,
                 "export \"%.*s\": package parigot belongs to the host, a module cannot provide it",
                 STR_ARG(shown(v, e->name)));
    else
        violated(v, RULE_P501, SITE(e->offset), e->name, "export \"%.*s\" (%s) is not named by the ABI",
                 STR_ARG(shown(v, e->name)), wasm_kind_text(e->kind));
}

static bool exports(const WasmModule *m, const char *name)
{
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (str_eq(m->exports[i].name, str_of(name))) return true;
    return false;
}

static void require_export(Val *v, const char *name, const char *why)
{
    if (!exports(v->m, name))
        violated(v, RULE_P503, SITE_OF_MODULE, (Str){0}, "no export \"%s\": %s", name, why);
}

void judge_exports(Val *v)
{
    const WasmModule *m = v->m;
    bool in_world = v->o.world, calls = false;
    for (uint32_t i = 0; i < m->n_exports; i++) {
        judge_export(v, &m->exports[i]);
        in_world |= abi_of_export(m->exports[i].name) != NULL;
    }
    for (uint32_t i = 0; i < m->n_imports; i++) {
        bool service = m->imports[i].kind == KIND_FUNC && wasm_is_service(m->imports[i].module) &&
                       wasm_is_method(m->imports[i].name);
        in_world |= service;
        calls |= service && !str_eq(m->imports[i].module, kernel);
    }
    if (in_world) {
        require_export(v, "parigot_alloc", "the kernel hands messages over in memory that it gives");
        require_export(v, "parigot_init", "the kernel calls it once, first");
    }
    if (calls) require_export(v, "parigot_result", "the module calls services, their results come there");
}

/* ---- P105, P106 ---- */

void judge_tables(Val *v)
{
    static const char *const constructors[] = {"__wasm_call_ctors", "__post_instantiate", "_initialize",
                                               "__wasm_apply_data_relocs", "__wasm_init_memory"};
    const WasmModule *m = v->m;
    for (uint32_t i = 0; i < m->n_exports; i++) {
        const WasmExport *e = &m->exports[i];
        if (e->kind == KIND_TABLE)
            violated(v, RULE_P105, SITE(e->offset), e->name, "exports the table %u as \"%.*s\"", e->index,
                     STR_ARG(shown(v, e->name)));
        for (size_t k = 0; k < ARRAY_LEN(constructors) && e->kind == KIND_FUNC; k++)
            if (str_eq(e->name, str_of(constructors[k])))
                violated(v, RULE_P106, (Site){e->offset, e->index}, e->name,
                         "exports the constructor \"%.*s\"", STR_ARG(shown(v, e->name)));
    }
    if (m->has_start)
        violated(v, RULE_P106, (Site){m->start_offset, m->start}, func_name(v, m->start),
                 "the start section runs a function when the module is instantiated");
}

/* ---- P203 to P206 ---- */

/* The name of an export that betrays something; imports: foreign.def. */
typedef struct Telltale {
    ValRule rule;
    const char *name, *what;
} Telltale;

static const Telltale export_telltales[] = {
    {RULE_P203, "__tls_base", "belongs to thread-local storage"},
    {RULE_P203, "__tls_size", "belongs to thread-local storage"},
    {RULE_P203, "__tls_align", "belongs to thread-local storage"},
    {RULE_P203, "__wasm_init_tls", "initialises thread-local storage"},
    {RULE_P204, "wasi_thread_start", "is where threads start (wasi-threads)"},
    {RULE_P204, "_emscripten_thread_*", "belongs to threads (Emscripten)"},
    {RULE_P206, "asyncify_*", "suspends the program (asyncify)"},
    {RULE_P206, "go_scheduler", "is the scheduler of TinyGo"},
};

static const Telltale *betrays(Str name)
{
    for (size_t i = 0; i < ARRAY_LEN(export_telltales); i++)
        if (matches(str_of(export_telltales[i].name), name)) return &export_telltales[i];
    return NULL;
}

/* Binaryen's asyncify exports functions that switch the program's state; where exports were given short names they are known
 * by their code, which later passes leave as it is (Binaryen, passes/Asyncify.cpp):
 *     i32.const state, global.set S, (local.get 0, global.set D,)? then the check that the buffer's position D[0] is not
 *     above its end D[4]: global.get D, i32.load 0, global.get D, i32.load 4, i32.gt_u, if, unreachable, end, end */
static bool has_code_of_asyncify(Val *v, uint32_t func)
{
    FuncStart s, next;
    uint32_t state, data, align;
    open_func(v, func, &s);
    if (!start_op(&s, OP_I32_CONST) || !start_i32(&s, &state) || state > 2 || !start_op(&s, OP_GLOBAL_SET) ||
        !rd_u32(&s.r, "index", &data))
        return false;
    next = s;
    if (start_op(&next, OP_LOCAL_GET) && start_u32(&next, 0) && start_op(&next, OP_GLOBAL_SET) && rd_u32(&next.r, "index", &data))
        s = next;
    for (uint32_t offset = 0; offset <= 4; offset += 4) {
        if (!start_op(&s, OP_GLOBAL_GET) || !(offset ? start_u32(&s, data) : rd_u32(&s.r, "index", &data)) ||
            !start_op(&s, OP_I32_LOAD) || !rd_u32(&s.r, "alignment", &align) || !start_u32(&s, offset))
            return false;
    }
    return start_op(&s, OP_I32_GT_U) && start_op(&s, OP_IF) && start_byte(&s, TYPE_VOID) && start_op(&s, OP_UNREACHABLE) &&
           start_op(&s, OP_END) && start_op(&s, OP_END);
}

/* tool-conventions Linking.md "Target Features Section": vec(prefix, name) */
static void judge_target_features(Val *v)
{
    const WasmCustom *custom = wasm_find_custom(v->m, STR("target_features"));
    if (!custom) return;
    Diags ignored = {.limit = 1};
    Reader r = wasm_reader(v->m, custom->payload, &ignored);
    uint32_t n;
    uint8_t prefix;
    Str name;
    if (rd_count(&r, "features", 2, &n))
        while (n-- && rd_byte(&r, "prefix", &prefix) && rd_name(&r, "name", &name))
            if (prefix != '-' && (str_eq(name, STR("atomics")) || str_eq(name, STR("shared-mem"))))
                violated(v, RULE_P205, SITE(custom->payload.offset), name, "target_features: %c%.*s", prefix,
                         STR_ARG(name));
    diag_free(&ignored);
}

void judge_threads(Val *v)
{
    const WasmModule *m = v->m;
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const WasmImport *im = &m->imports[i];
        const ValForeign *f = val_find_foreign(im->module, im->name);
        if (f)
            violated(v, f->rule, SITE(im->offset), im->name, "import \"%.*s\" \"%.*s\" %s",
                     STR_ARG(shown(v, im->module)), STR_ARG(shown(v, im->name)), f->what);
    }
    for (uint32_t i = 0; i < m->n_exports; i++) {
        const WasmExport *e = &m->exports[i];
        const Telltale *t = betrays(e->name);
        if (t)
            violated(v, t->rule, SITE(e->offset), e->name, "export \"%.*s\" %s", STR_ARG(shown(v, e->name)), t->what);
        else if (e->kind == KIND_FUNC && rule_on(v, RULE_P206) && has_code_of_asyncify(v, e->index))
            violated(v, RULE_P206, (Site){e->offset, e->index}, e->name,
                     "export \"%.*s\" suspends the program: it has the code of asyncify", STR_ARG(shown(v, e->name)));
    }
    for (uint32_t i = m->n_imported[KIND_GLOBAL]; i < m->n_globals; i++)
        if (str_eq(global_name(v, i), STR("__tls_base")))
            violated(v, RULE_P203, SITE(m->globals[i].init.offset), global_name(v, i),
                     "global %u is __tls_base", i);
    for (uint32_t i = 0; i < m->n_datas; i++) {
        Str name = data_name(v, i);
        if (str_has_prefix(name, STR(".tdata")) || str_has_prefix(name, STR(".tbss")))
            violated(v, RULE_P203, SITE(m->datas[i].offset), name, "data segment %u is called \"%.*s\"", i, STR_ARG(shown(v, name)));
    }
    judge_target_features(v);
}
