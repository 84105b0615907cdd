/* policy.c: policy files: one table of keys, from there to a ValPolicy, and back to canonical text.
 * docs/policy.md */
#include "validator/validator.h"
#include "validator/config.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* The rows of limits.def are keys as well. Defaults of keys that the base has too are never looked at: what
 * is not written comes from the base. */
#define DEFAULT_BYTES "0 B"
#define DEFAULT_COUNT "0"
#define TYPE_BYTES    CFG_SIZE
#define TYPE_COUNT    CFG_NUMBER
static const CfgKey keys[] = {
    {"policy", CFG_NUMBER, NULL, 1, 1, "the version of this grammar"},
    {"name", CFG_STRING, NULL, 0, 0, "what the policy is called"},
    {"base", CFG_STRING, "strict", 0, 0,
     "strict, reset, audit or none: where what is not said here comes from"},
    {"rules", CFG_LIST, "", 0, 0, "levels of rules"},
    {"rules[].code", CFG_STRING, NULL, 0, 0, "a rule, P104, or a family, P1xx"},
    {"rules[].violated", CFG_STRING, "", 0, 0, "error, warning, note or off"},
    {"rules[].not_provable", CFG_STRING, "", 0, 0, "error, warning, note or off"},
    {"imports", CFG_GROUP, "", 0, 0, "what may be imported"},
    {"imports.allow", CFG_STRINGS, "", 0, 0, "patterns over service/Method"},
    {"imports.deny", CFG_STRINGS, "", 0, 0, "patterns over service/Method"},
    {"exports", CFG_GROUP, "", 0, 0, "what may be exported"},
    {"exports.allow", CFG_STRINGS, "", 0, 0, "patterns over names"},
    {"exports.memory", CFG_BOOL, "false", 0, 0, "whether the memory may be exported"},
    {"features", CFG_STRINGS, "", 0, 0, "names of features"},
    {"limits", CFG_GROUP, "", 0, 0, "limits; 0 = none"},
#define LIMIT(NAME, key, unit, value, rule)                                                                  \
    {"limits." key, TYPE_##unit, DEFAULT_##unit, 0, 0, "0 = no limit"},
#include "validator/limits.def"
#undef LIMIT
    {"waivers", CFG_LIST, "", 0, 0, "findings to let through"},
    {"waivers[].name", CFG_STRING, NULL, 0, 0, "what the waiver is called"},
    {"waivers[].rule", CFG_STRING, NULL, 0, 0, "P101, P104, P105, P106 or P6.."},
    {"waivers[].symbol", CFG_STRING, "", 0, 0, "the symbol to let through"},
    {"waivers[].object", CFG_STRING, "", 0, 0,
     "digest of the object that defines the symbol: blake2b-256:..."},
    {"waivers[].archive", CFG_STRING, "", 0, 0, "digest of the archive to let through: blake2b-256:..."},
    {"waivers[].finding", CFG_STRING, "", 0, 0, "code@function"},
    {"waivers[].reason", CFG_STRING, NULL, 0, 0, "why"},
    {"waivers[].expires", CFG_STRING, "", 0, 0, "the last day, 2027-06-30"},
    {"waivers[].bytes", CFG_NUMBER, "0", 0, 0, "the most that an archive may bring"},
};
static const CfgTable table = {"policy", keys, ARRAY_LEN(keys)};

static const char *const level_words[] = {
    [VAL_OFF] = "off", [VAL_NOTE] = "note", [VAL_WARNING] = "warning", [VAL_ERROR] = "error"};

/* ---- digests ---- */

static const char digest_prefix[] = "blake2b-256:";

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool val_parse_digest(Str s, uint8_t digest[32])
{
    size_t n = sizeof digest_prefix - 1;
    if (s.len != n + 64 || memcmp(s.ptr, digest_prefix, n) != 0) return false;
    for (size_t i = 0; i < 32; i++) {
        int high = hex_digit(s.ptr[n + 2 * i]), low = hex_digit(s.ptr[n + 2 * i + 1]);
        if (high < 0 || low < 0) return false;
        digest[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void val_digest_text(TextBuf *t, const uint8_t digest[32])
{
    text_add(t, str_of(digest_prefix));
    for (size_t i = 0; i < 32; i++) text_printf(t, "%02x", digest[i]);
}

/* ---- from a file ---- */

typedef struct Load {
    Arena *arena;
    ValPolicy *p;
    bool out_of_memory;
} Load;

static Str copy(Load *l, Str s)
{
    const char *ptr = arena_strndup(l->arena, s.ptr, s.len);
    if (!ptr) l->out_of_memory = true;
    return ptr ? (Str){ptr, s.len} : (Str){0};
}

static int compare_str(const void *a, const void *b) { return str_cmp(*(const Str *)a, *(const Str *)b); }

/* A list of strings, sorted, each once. */
static void load_strings(Load *l, CfgAt at, const char *key, const Str **out, uint32_t *n_out)
{
    uint32_t n = cfg_count(at, key), kept = 0;
    Str *items = arena_array(l->arena, n, sizeof *items);
    if (!items) {
        l->out_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < n; i++) items[i] = copy(l, cfg_string_at(at, key, i));
    qsort(items, n, sizeof *items, compare_str);
    for (uint32_t i = 0; i < n; i++)
        if (kept == 0 || !str_eq(items[i], items[kept - 1])) items[kept++] = items[i];
    *out = items;
    *n_out = kept;
}

static void load_patterns(Load *l, CfgAt at, const char *key, const Str **out, uint32_t *n_out)
{
    load_strings(l, at, key, out, n_out);
    for (uint32_t i = 0; i < *n_out; i++) {
        if (!(*out)[i].len || !memchr((*out)[i].ptr, '/', (*out)[i].len))
            cfg_error(at, key, "\"%s\": expected a pattern of the form service/Method, found \"%.*s\"", key,
                      STR_ARG((*out)[i]));
    }
}

static void load_level(CfgAt at, const char *key, int *out)
{
    if (!cfg_has(at, key)) return;
    Str word = cfg_string(at, key);
    for (int i = 0; i <= VAL_ERROR; i++)
        if (str_eq(word, str_of(level_words[i]))) {
            *out = i;
            return;
        }
    cfg_error(at, key, "\"%s\": expected error, warning, note or off, found \"%.*s\"", key, STR_ARG(word));
}

/* "P104", or "P1xx" for all that begin so. Families without a rule in this version are known, and empty. */
static bool code_matches(Str code, const char *rule)
{
    if (code.len == 4 && str_has_suffix(code, STR("xx"))) return memcmp(code.ptr, rule, 2) == 0;
    return str_eq(code, str_of(rule));
}

static void load_rule(Load *l, CfgAt at)
{
    Str code = cfg_string(at, "code");
    bool family = code.len == 4 && code.ptr[0] == 'P' && code.ptr[1] >= '1' && code.ptr[1] <= '7' &&
                  str_has_suffix(code, STR("xx"));
    bool found = family;
    int violated = -1, not_provable = -1; /* not said */
    load_level(at, "violated", &violated);
    load_level(at, "not_provable", &not_provable);
    if (violated == VAL_OFF && not_provable < 0) not_provable = VAL_OFF; /* a rule that is off is not asked for */
    for (int r = 0; r < VAL_RULE_COUNT; r++) {
        if (!code_matches(code, val_rule_info[r].code)) continue;
        found = true;
        if (violated >= 0) l->p->rules[r].violated = (ValLevel)violated;
        if (not_provable >= 0) l->p->rules[r].not_provable = (ValLevel)not_provable;
    }
    if (!found)
        cfg_error(at, "code", "no such rule: \"%.*s\" (parigot-validate --list-rules names them)",
                  STR_ARG(code));
}

/* The set wamr asks for its rule too; "rules" may still say otherwise. */
static void load_features(Load *l, CfgAt root)
{
    bool wamr = false;
    if (!cfg_has(root, "features")) return;
    l->p->features = FEATURE_BIT(MVP) | FEATURE_BIT(MUTABLE_GLOBAL);
    for (uint32_t i = 0; i < cfg_count(root, "features"); i++) {
        const char *why = val_add_feature(l->arena, cfg_string_at(root, "features", i), &l->p->features, &wamr);
        if (why) cfg_error(root, "features", "%s", why);
    }
    if (wamr) l->p->rules[RULE_P606].violated = l->p->rules[RULE_P606].not_provable = VAL_ERROR;
}

static void load_limits(Load *l, CfgAt root)
{
    for (int i = 0; i < VAL_LIMIT_COUNT; i++) {
        char key[64] = "limits.";
        strcat(key, val_limit_info[i].key);
        if (!cfg_has(root, key)) continue;
        uint64_t value = cfg_number(root, key);
        if ((i == VAL_LIMIT_PARAMS) && value > VAL_MAX_PARAMS)
            cfg_error(root, key, "\"%s\": at most %d, whatever the policy", key, VAL_MAX_PARAMS);
        l->p->limits[i] = value ? value : UINT64_MAX;
    }
}

static void load_digest(CfgAt at, const char *key, bool *has, uint8_t digest[32])
{
    if (!cfg_has(at, key)) return;
    *has = val_parse_digest(cfg_string(at, key), digest);
    if (!*has)
        cfg_error(at, key, "\"%s\": expected \"blake2b-256:\" and 64 hexadecimal digits in lower case", key);
}

static void load_waiver(Load *l, CfgAt at, ValWaiver *w)
{
    *w = (ValWaiver){.name = copy(l, cfg_string(at, "name")),
                     .symbol = copy(l, cfg_string(at, "symbol")),
                     .finding = copy(l, cfg_string(at, "finding")),
                     .reason = copy(l, cfg_string(at, "reason")),
                     .bytes = cfg_number(at, "bytes")};
    Str rule = cfg_string(at, "rule"), day = cfg_string(at, "expires");
    if (w->name.len == 0) cfg_error(at, "name", "a waiver needs a name");
    if (w->reason.len == 0) cfg_error(at, "reason", "a waiver needs a reason");
    if (!val_rule_find(rule, &w->rule)) cfg_error(at, "rule", "no such rule: \"%.*s\"", STR_ARG(rule));
    else if (!val_rule_info[w->rule].waivable)
        cfg_error(at, "rule", "%.*s cannot be waived: only P101, P104 to P106 and P6xx can", STR_ARG(rule));
    load_digest(at, "object", &w->has_object, w->object);
    load_digest(at, "archive", &w->has_archive, w->archive);
    if (cfg_has(at, "symbol") + cfg_has(at, "archive") + cfg_has(at, "finding") != 1)
        cfg_error(at, "", "a waiver names exactly one of symbol, archive and finding");
    if (cfg_has(at, "object") && !cfg_has(at, "symbol")) cfg_error(at, "object", "object goes with symbol");
    if (cfg_has(at, "archive") && w->bytes == 0)
        cfg_error(at, "archive", "an archive needs bytes: the most that it may bring");
    if (cfg_has(at, "bytes") && !cfg_has(at, "archive")) cfg_error(at, "bytes", "bytes goes with archive");
    if (w->finding.len &&
        (!str_has_prefix(w->finding, rule) || w->finding.len <= rule.len || w->finding.ptr[rule.len] != '@'))
        cfg_error(at, "finding",
                  "\"finding\": expected %.*s@function, or %.*s@ for one about the whole module",
                  STR_ARG(rule), STR_ARG(rule));
    if (day.len && !val_parse_day(day, &w->expires))
        cfg_error(at, "expires", "\"expires\": expected a day, 2027-06-30, found \"%.*s\"", STR_ARG(day));
}

static int compare_waiver(const void *a, const void *b)
{
    return str_cmp(((const ValWaiver *)a)->name, ((const ValWaiver *)b)->name);
}

static void load_waivers(Load *l, CfgAt root)
{
    uint32_t n = cfg_count(root, "waivers");
    ValWaiver *w = arena_array(l->arena, n, sizeof *w);
    if (!w) {
        l->out_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < n; i++) load_waiver(l, cfg_item(root, "waivers", i), &w[i]);
    qsort(w, n, sizeof *w, compare_waiver);
    for (uint32_t i = 1; i < n; i++)
        if (str_eq(w[i].name, w[i - 1].name))
            cfg_error(root, "waivers", "two waivers are called \"%.*s\"", STR_ARG(w[i].name));
    l->p->waivers = w;
    l->p->n_waivers = n;
}

static bool load(Load *l, CfgFile *file, Diags *diags)
{
    CfgAt root = cfg_root(file);
    size_t errors = diags->errors;
    Str base_name = cfg_string(root, "base");
    const ValPolicy *base = val_builtin_policy(base_name);
    if (!base) {
        cfg_error(root, "base", "\"base\": expected strict, reset, audit or none, found \"%.*s\"",
                  STR_ARG(base_name));
        base = val_builtin_policy(STR("strict"));
    }
    *l->p = *base;
    l->p->name = copy(l, cfg_string(root, "name"));
    if (l->p->name.len == 0) cfg_error(root, "name", "\"name\": a policy needs a name");
    load_features(l, root);
    for (uint32_t i = 0; i < cfg_count(root, "rules"); i++) load_rule(l, cfg_item(root, "rules", i));
    if (cfg_has(root, "imports.allow"))
        load_patterns(l, root, "imports.allow", &l->p->imports_allow, &l->p->n_imports_allow);
    if (cfg_has(root, "imports.deny"))
        load_patterns(l, root, "imports.deny", &l->p->imports_deny, &l->p->n_imports_deny);
    if (cfg_has(root, "exports.allow"))
        load_strings(l, root, "exports.allow", &l->p->exports_allow, &l->p->n_exports_allow);
    if (cfg_has(root, "exports.memory")) l->p->exports_memory = cfg_bool(root, "exports.memory");
    load_limits(l, root);
    load_waivers(l, root);
    if (l->out_of_memory) diag_add(diags, OUT_OF_MEMORY, cfg_place(root, ""), "out of memory");
    return diags->errors == errors;
}

static bool finish(Arena *arena, CfgFile *file, Diags *diags, ValPolicy *out)
{
    if (!file) return false;
    Load l = {.arena = arena, .p = out};
    bool ok = load(&l, file, diags);
    cfg_close(file);
    return ok;
}

/* A bundle holds the canonical text of each policy, and mostly that is a built-in one: known by its bytes, it need not be
 * read, which is a quarter of the time that a small world takes to start. NULL: another, or memory is out. */
static const ValPolicy *builtin_with_text(Str text)
{
    static const char start[] = "policy = 1;\nname = \"";
    size_t n = sizeof start - 1;
    if (text.len < n || memcmp(text.ptr, start, n) != 0) return NULL;
    const char *end = memchr(text.ptr + n, '"', text.len - n);
    const ValPolicy *p = end ? val_builtin_policy((Str){text.ptr + n, (size_t)(end - text.ptr) - n}) : NULL;
    if (!p) return NULL;
    TextBuf t = {0};
    val_policy_text(&t, p);
    bool same = !t.failed && str_eq(text, (Str){t.ptr, t.len});
    text_free(&t);
    return same ? p : NULL;
}

bool val_parse_policy(Arena *arena, Str text, const char *name, Diags *diags, ValPolicy *out)
{
    const ValPolicy *builtin = builtin_with_text(text);
    if (builtin) {
        *out = *builtin;
        return true;
    }
    return finish(arena, cfg_parse(text, name, &table, diags), diags, out);
}

bool val_load_policy(Arena *arena, const char *name_or_file, Diags *diags, ValPolicy *out)
{
    const ValPolicy *builtin = val_builtin_policy(str_of(name_or_file));
    if (builtin) {
        *out = *builtin;
        return true;
    }
    size_t before = diags->n;
    bool ok = finish(arena, cfg_read(name_or_file, &table, diags), diags, out);
    if (!ok && diags->n > before && diags->items[before].code == IO_READ && !strchr(name_or_file, '/') &&
        !strchr(name_or_file, '.'))
        diag_note(diags, &diags->items[before], "the policies that need no file are strict, reset, audit and none");
    return ok;
}

/* ---- canonical text ---- */

static void quoted(TextBuf *t, Str s)
{
    text_add(t, STR("\""));
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"' || s.ptr[i] == '\\') text_add(t, STR("\\"));
        text_add(t, (Str){s.ptr + i, 1});
    }
    text_add(t, STR("\""));
}

static void list(TextBuf *t, const Str *items, uint32_t n)
{
    text_add(t, STR("["));
    for (uint32_t i = 0; i < n; i++) {
        text_add(t, i ? STR(", ") : STR(" "));
        quoted(t, items[i]);
    }
    text_add(t, n ? STR(" ]") : STR("]"));
}

static void features_list(TextBuf *t, WasmFeatures features)
{
    Str names[FEATURE_COUNT];
    uint32_t n = 0;
    for (int f = 0; f < FEATURE_COUNT; f++)
        if (f != FEATURE_MVP && f != FEATURE_MUTABLE_GLOBAL && (features >> f & 1))
            names[n++] = str_of(wasm_feature_text((WasmFeature)f));
    qsort(names, n, sizeof *names, compare_str);
    list(t, names, n);
}

static void limit_text(TextBuf *t, const ValLimitInfo *info, uint64_t value)
{
    if (value == UINT64_MAX) value = 0;
    text_printf(t, "  %s = ", info->key);
    if (info->unit == VAL_UNIT_BYTES) {
        Arena a = {0};
        const char *size = cfg_size_text(&a, value);
        if (size) text_printf(t, "\"%s\"", size);
        else t->failed = true;
        arena_free(&a);
    } else {
        text_printf(t, "%llu%s", (unsigned long long)value, value > INT32_MAX ? "L" : "");
    }
    text_add(t, STR(";\n"));
}

static void key_text(TextBuf *t, const char *key, Str value)
{
    text_printf(t, " %s = ", key);
    quoted(t, value);
    text_add(t, STR(";"));
}

static void key_digest(TextBuf *t, const char *key, const uint8_t digest[32])
{
    text_printf(t, " %s = \"", key);
    val_digest_text(t, digest);
    text_add(t, STR("\";"));
}

static void waiver_text(TextBuf *t, const ValWaiver *w)
{
    text_add(t, STR("  {"));
    key_text(t, "name", w->name);
    key_text(t, "rule", str_of(val_rule_info[w->rule].code));
    if (w->symbol.len) key_text(t, "symbol", w->symbol);
    if (w->has_object) key_digest(t, "object", w->object);
    if (w->has_archive) key_digest(t, "archive", w->archive);
    if (w->finding.len) key_text(t, "finding", w->finding);
    key_text(t, "reason", w->reason);
    if (w->expires) {
        char day[VAL_DAY_SIZE];
        key_text(t, "expires", str_of(val_day_text(day, w->expires)));
    }
    if (w->has_archive)
        text_printf(t, " bytes = %llu%s;", (unsigned long long)w->bytes, w->bytes > INT32_MAX ? "L" : "");
    text_add(t, STR(" }"));
}

void val_policy_text(TextBuf *t, const ValPolicy *p)
{
    text_add(t, STR("policy = 1;\nname = "));
    quoted(t, p->name);
    text_printf(t, ";\nbase = \"%s\";\nrules = (\n", val_base_text(p->base));
    for (int r = 0; r < VAL_RULE_COUNT; r++)
        text_printf(t, "  { code = \"%s\"; violated = \"%s\"; not_provable = \"%s\"; }%s\n",
                    val_rule_info[r].code, level_words[p->rules[r].violated],
                    level_words[p->rules[r].not_provable], r + 1 < VAL_RULE_COUNT ? "," : "");
    text_add(t, STR(");\nimports = {\n  allow = "));
    list(t, p->imports_allow, p->n_imports_allow);
    text_add(t, STR(";\n  deny = "));
    list(t, p->imports_deny, p->n_imports_deny);
    text_add(t, STR(";\n};\nexports = {\n  allow = "));
    list(t, p->exports_allow, p->n_exports_allow);
    text_printf(t, ";\n  memory = %s;\n};\nfeatures = ", p->exports_memory ? "true" : "false");
    features_list(t, p->features);
    text_add(t, STR(";\nlimits = {\n"));
    for (int l = 0; l < VAL_LIMIT_COUNT; l++) limit_text(t, &val_limit_info[l], p->limits[l]);
    text_add(t, STR("};\nwaivers = ("));
    for (uint32_t i = 0; i < p->n_waivers; i++) {
        text_add(t, i ? STR(",\n") : STR("\n"));
        waiver_text(t, &p->waivers[i]);
    }
    text_add(t, p->n_waivers ? STR("\n);\n") : STR(");\n"));
}

bool val_policy_digest(const ValPolicy *p, uint8_t digest[32])
{
    TextBuf t = {0};
    val_policy_text(&t, p);
    bool ok = !t.failed;
    if (ok) crypto_generichash(digest, 32, (const unsigned char *)t.ptr, t.len, NULL, 0);
    text_free(&t);
    return ok;
}
