/* config.c: configuration files in libconfig's syntax, checked against one table of keys.
 *
 * libconfig does the grammar and knows the line of every setting; what it would let through is refused here:
 * included files, unknown names, other types, missing keys. The table is walked along the file, then the file
 * along the table. */
#include "validator/config.h"

#include <assert.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CfgFile {
    const char *name;
    const CfgTable *table;
    Diags *diags;
    Arena arena; /* paths, copies of strings */
    config_t config;
};

static const char *const type_words[] = {
    [CFG_STRING] = "a string",
    [CFG_BOOL] = "true or false",
    [CFG_NUMBER] = "an integer",
    [CFG_SIZE] = "a size in a string with its unit, \"64 MiB\" (B, KiB, MiB, GiB)",
    [CFG_DURATION] = "a duration in a string with its unit, \"30 s\" (ns, us, ms, s, min)",
    [CFG_STRINGS] = "strings in brackets, [ \"a\", \"b\" ]",
    [CFG_MAP] = "strings in braces, { name = \"value\"; }",
    [CFG_GROUP] = "settings in braces, { name = value; }",
    [CFG_LIST] = "groups in parentheses, ( { ... }, { ... } )",
};

static DiagPlace at_line(const CfgFile *f, unsigned line)
{
    return DIAG_AT(.src_file = f->name, .src_line = line);
}

static unsigned line_of(const config_setting_t *s) { return config_setting_source_line(s); }

/* ---- numbers with units ---- */

typedef struct Unit {
    const char *text;
    uint64_t factor;
} Unit;
static const Unit size_units[] = {
    {"B", 1}, {"KiB", UINT64_C(1) << 10}, {"MiB", UINT64_C(1) << 20}, {"GiB", UINT64_C(1) << 30}};
static const Unit time_units[] = {
    {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {"min", UINT64_C(60000000000)}};

static bool parse_digits(Str s, size_t *used, uint64_t *out)
{
    uint64_t value = 0;
    size_t i = 0;
    for (; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.ptr[i] - '0'), &value))
            return false;
    *used = i;
    *out = value;
    return i > 0;
}

static bool parse_unit(Str s, const Unit *units, size_t n, uint64_t *out)
{
    size_t used;
    uint64_t value;
    if (!parse_digits(s, &used, &value)) return false;
    while (used < s.len && s.ptr[used] == ' ') used++;
    Str unit = {s.ptr + used, s.len - used};
    for (size_t i = 0; i < n; i++)
        if (str_eq(unit, str_of(units[i].text))) return !__builtin_mul_overflow(value, units[i].factor, out);
    return false;
}

bool cfg_parse_size(Str s, uint64_t *bytes)
{
    return parse_unit(s, size_units, ARRAY_LEN(size_units), bytes);
}
bool cfg_parse_duration(Str s, uint64_t *ns) { return parse_unit(s, time_units, ARRAY_LEN(time_units), ns); }

const char *cfg_size_text(Arena *arena, uint64_t bytes)
{
    size_t unit = ARRAY_LEN(size_units);
    while (--unit > 0)
        if (bytes && bytes % size_units[unit].factor == 0) break;
    return arena_printf(arena, "%llu %s", (unsigned long long)(bytes / size_units[unit].factor),
                        size_units[unit].text);
}

/* ---- the table ---- */

static const CfgKey *find_key(const CfgTable *t, const char *path)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->keys[i].path, path) == 0) return &t->keys[i];
    return NULL;
}

/* The part of the row's path behind the prefix, when the row is a direct member of that group; else NULL. */
static const char *member_of(const CfgKey *key, const char *prefix)
{
    size_t n = strlen(prefix);
    if (strncmp(key->path, prefix, n) != 0) return NULL;
    const char *name = key->path + n;
    return *name && !strpbrk(name, ".[") ? name : NULL;
}

static void unknown_key(CfgFile *f, const config_setting_t *s, const char *prefix)
{
    const char *name = config_setting_name(s), *nearest = NULL;
    size_t best = 3; /* farther is no help */
    TextBuf known = {0};
    for (size_t i = 0; i < f->table->n; i++) {
        const char *member = member_of(&f->table->keys[i], prefix);
        if (!member) continue;
        text_printf(&known, known.len ? ", %s" : "%s", member);
        size_t d = str_distance(str_of(name), str_of(member));
        if (d < best) best = d, nearest = member;
    }
    Diag *d =
        diag_add(f->diags, CFG_UNKNOWN_KEY, at_line(f, line_of(s)), "unknown key \"%s%s\"", prefix, name);
    if (nearest) diag_note(f->diags, d, "did you mean \"%s\"?", nearest);
    else if (!known.failed && known.len) diag_note(f->diags, d, "expected one of: %s", known.ptr);
    text_free(&known);
}

/* ---- checking ---- */

static void wrong_type(CfgFile *f, const config_setting_t *s, const CfgKey *key)
{
    diag_add(f->diags, CFG_TYPE, at_line(f, line_of(s)), "\"%s\": expected %s (%s)", key->path,
             type_words[key->type], key->doc);
}

static bool is_clean(Str s)
{
    if (!str_is_utf8(s)) return false;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f) return false;
    return true;
}

static bool check_string(CfgFile *f, const config_setting_t *s, const CfgKey *key)
{
    if (config_setting_type(s) != CONFIG_TYPE_STRING) {
        wrong_type(f, s, key);
        return false;
    }
    if (is_clean(str_of(config_setting_get_string(s)))) return true;
    diag_add(f->diags, CFG_VALUE, at_line(f, line_of(s)),
             "\"%s\": expected UTF-8 text without control characters", key->path);
    return false;
}

static void check_range(CfgFile *f, const config_setting_t *s, const CfgKey *key, uint64_t value)
{
    if ((key->min == 0 && key->max == 0) || (value >= key->min && value <= key->max)) return;
    diag_add(f->diags, CFG_VALUE, at_line(f, line_of(s)), "\"%s\": expected %llu to %llu, found %llu (%s)",
             key->path, (unsigned long long)key->min, (unsigned long long)key->max, (unsigned long long)value,
             key->doc);
}

static bool parse_value(const CfgKey *key, Str text, uint64_t *out)
{
    size_t used;
    if (key->type == CFG_SIZE) return cfg_parse_size(text, out);
    if (key->type == CFG_DURATION) return cfg_parse_duration(text, out);
    return parse_digits(text, &used, out) && used == text.len;
}

static void check_number(CfgFile *f, const config_setting_t *s, const CfgKey *key)
{
    int type = config_setting_type(s);
    long long value = 0;
    if (type == CONFIG_TYPE_INT) value = config_setting_get_int(s);
    else if (type == CONFIG_TYPE_INT64) value = config_setting_get_int64(s);
    else {
        wrong_type(f, s, key);
        return;
    }
    if (value < 0)
        diag_add(f->diags, CFG_VALUE, at_line(f, line_of(s)),
                 "\"%s\": expected a number that is not negative, found %lld%s", key->path, value,
                 type == CONFIG_TYPE_INT ? " (above 2147483647 write an L behind it)" : "");
    else check_range(f, s, key, (uint64_t)value);
}

static void check_unit(CfgFile *f, const config_setting_t *s, const CfgKey *key)
{
    uint64_t value;
    if (!check_string(f, s, key)) return;
    if (parse_value(key, str_of(config_setting_get_string(s)), &value)) check_range(f, s, key, value);
    else
        diag_add(f->diags, CFG_VALUE, at_line(f, line_of(s)), "\"%s\": expected %s, found \"%s\"", key->path,
                 type_words[key->type], config_setting_get_string(s));
}

static void check_group(CfgFile *f, const config_setting_t *group, const char *prefix);

static void check_items(CfgFile *f, const config_setting_t *s, const CfgKey *key)
{
    for (int i = 0; i < config_setting_length(s); i++) {
        const config_setting_t *item = config_setting_get_elem(s, (unsigned)i);
        if (key->type == CFG_STRINGS || key->type == CFG_MAP) (void)check_string(f, item, key);
        else if (!config_setting_is_group(item)) wrong_type(f, item, key);
        else check_group(f, item, arena_printf(&f->arena, "%s[].", key->path));
    }
}

static void check_setting(CfgFile *f, const config_setting_t *s, const CfgKey *key)
{
    switch (key->type) {
    case CFG_STRING: (void)check_string(f, s, key); return;
    case CFG_BOOL:
        if (config_setting_type(s) != CONFIG_TYPE_BOOL) wrong_type(f, s, key);
        return;
    case CFG_NUMBER: check_number(f, s, key); return;
    case CFG_SIZE:
    case CFG_DURATION: check_unit(f, s, key); return;
    case CFG_STRINGS: /* an empty list and an empty array are the same to a reader */
        if (config_setting_is_array(s) || config_setting_is_list(s)) check_items(f, s, key);
        else wrong_type(f, s, key);
        return;
    case CFG_LIST:
        if (config_setting_is_list(s)) check_items(f, s, key);
        else wrong_type(f, s, key);
        return;
    case CFG_MAP:
        if (config_setting_is_group(s)) check_items(f, s, key);
        else wrong_type(f, s, key);
        return;
    case CFG_GROUP:
        if (config_setting_is_group(s)) check_group(f, s, arena_printf(&f->arena, "%s.", key->path));
        else wrong_type(f, s, key);
        return;
    }
}

static void out_of_memory(CfgFile *f) { diag_add(f->diags, OUT_OF_MEMORY, at_line(f, 0), "out of memory"); }

static void check_group(CfgFile *f, const config_setting_t *group, const char *prefix)
{
    if (!prefix) {
        out_of_memory(f);
        return;
    }
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
        const char *path = arena_printf(&f->arena, "%s%s", prefix, config_setting_name(s));
        const CfgKey *key = path ? find_key(f->table, path) : NULL;
        if (!path) out_of_memory(f);
        else if (key) check_setting(f, s, key);
        else unknown_key(f, s, prefix);
    }
    for (size_t i = 0; i < f->table->n; i++) {
        const CfgKey *key = &f->table->keys[i];
        const char *name = key->value ? NULL : member_of(key, prefix);
        if (name && !config_setting_get_member(group, name))
            diag_add(f->diags, CFG_MISSING, at_line(f, line_of(group)), "\"%s\" is missing: %s", key->path,
                     key->doc);
    }
}

static void check_version(CfgFile *f)
{
    const config_setting_t *root = config_root_setting(&f->config), *first = config_setting_get_elem(root, 0);
    const char *key = f->table->version_key;
    if (!first || strcmp(config_setting_name(first), key) != 0)
        diag_add(f->diags, CFG_VERSION, at_line(f, first ? line_of(first) : 1),
                 "expected \"%s = 1;\" (the version of the grammar) first", key);
    else if (config_setting_type(first) == CONFIG_TYPE_INT && config_setting_get_int(first) != 1)
        diag_add(f->diags, CFG_VERSION, at_line(f, line_of(first)),
                 "this program reads version 1 of the grammar, the file says %d",
                 config_setting_get_int(first));
}

/* libconfig would follow these, also into files that it should not see. Its scanner looks for them at the
 * start of a line; one inside a comment or a string is refused as well, which nobody misses. */
static bool scan(CfgFile *f, Str text)
{
    unsigned line = 1;
    bool start = true, ok = true;
    static const char include[] = "@include";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == 0) {
            diag_add(f->diags, CFG_SYNTAX, at_line(f, line), "a zero byte: this is not a text file");
            return false;
        }
        if (start && str_has_prefix((Str){text.ptr + i, text.len - i}, (Str){include, sizeof include - 1})) {
            diag_add(f->diags, CFG_INCLUDE, at_line(f, line), "@include is not allowed");
            ok = false;
        }
        if (c == '\n') line++;
        start = c == '\n' || (start && (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'));
    }
    return ok;
}

static bool parse(CfgFile *f, Str text)
{
    if (!scan(f, text)) return false;
    const char *copy = arena_strndup(&f->arena, text.ptr, text.len);
    if (!copy) {
        out_of_memory(f);
        return false;
    }
    if (!config_read_string(&f->config, copy)) {
        diag_add(f->diags, CFG_SYNTAX, at_line(f, (unsigned)config_error_line(&f->config)), "%s",
                 config_error_text(&f->config));
        return false;
    }
    return true;
}

CfgFile *cfg_parse(Str text, const char *name, const CfgTable *table, Diags *diags)
{
    size_t errors = diags->errors;
    CfgFile *f = calloc(1, sizeof *f);
    if (!f) {
        diag_add(diags, OUT_OF_MEMORY, DIAG_AT(.file = name), "out of memory");
        return NULL;
    }
    *f = (CfgFile){.name = name, .table = table, .diags = diags};
    config_init(&f->config);
    if (parse(f, text)) {
        check_version(f);
        check_group(f, config_root_setting(&f->config), "");
    }
    if (diags->errors == errors) return f;
    cfg_close(f);
    return NULL;
}

CfgFile *cfg_read(const char *path, const CfgTable *table, Diags *diags)
{
    FileBytes bytes;
    if (!file_read(path, CFG_MAX_BYTES, diags, &bytes)) return NULL;
    CfgFile *f = cfg_parse((Str){(const char *)bytes.ptr, bytes.size}, path, table, diags);
    file_close(&bytes);
    return f;
}

void cfg_close(CfgFile *f)
{
    if (!f) return;
    config_destroy(&f->config);
    arena_free(&f->arena);
    free(f);
}

/* ---- values ---- */

CfgAt cfg_root(const CfgFile *f) { return (CfgAt){f, config_root_setting(&f->config), {"", 0}}; }

static const CfgKey *key_of(CfgAt at, const char *key)
{
    size_t n = at.prefix.len;
    const CfgTable *t = at.file->table;
    for (size_t i = 0; i < t->n; i++)
        if (strncmp(t->keys[i].path, at.prefix.ptr, n) == 0 && strcmp(t->keys[i].path + n, key) == 0)
            return &t->keys[i];
    assert(!"no such key in the table");
    abort();
}

/* Follows "limits.types" through the groups; NULL when it is not written. */
static const config_setting_t *find(CfgAt at, const char *key)
{
    const config_setting_t *s = at.setting;
    while (s && *key) {
        char name[64];
        size_t n = strcspn(key, ".");
        assert(n < sizeof name);
        memcpy(name, key, n);
        name[n] = 0;
        s = config_setting_get_member(s, name);
        key += n + (key[n] == '.');
    }
    return s;
}

bool cfg_has(CfgAt at, const char *key) { return find(at, key) != NULL; }

Str cfg_string(CfgAt at, const char *key)
{
    const config_setting_t *s = find(at, key);
    return str_of(s ? config_setting_get_string(s) : key_of(at, key)->value);
}

bool cfg_bool(CfgAt at, const char *key)
{
    const config_setting_t *s = find(at, key);
    return s ? config_setting_get_bool(s) : strcmp(key_of(at, key)->value, "true") == 0;
}

uint64_t cfg_number(CfgAt at, const char *key)
{
    const CfgKey *row = key_of(at, key);
    const config_setting_t *s = find(at, key);
    uint64_t value = 0;
    if (s && row->type == CFG_NUMBER)
        return config_setting_type(s) == CONFIG_TYPE_INT ? (uint64_t)config_setting_get_int(s)
                                                         : (uint64_t)config_setting_get_int64(s);
    bool ok = parse_value(row, str_of(s ? config_setting_get_string(s) : row->value), &value);
    assert(ok);
    (void)ok;
    return value;
}

uint32_t cfg_count(CfgAt at, const char *key)
{
    const config_setting_t *s = find(at, key);
    return s ? (uint32_t)config_setting_length(s) : 0;
}

static const config_setting_t *element(CfgAt at, const char *key, uint32_t i)
{
    const config_setting_t *s = find(at, key);
    assert(s && i < (uint32_t)config_setting_length(s));
    return config_setting_get_elem(s, i);
}

Str cfg_string_at(CfgAt at, const char *key, uint32_t i)
{
    return str_of(config_setting_get_string(element(at, key, i)));
}

Str cfg_map_at(CfgAt at, const char *key, uint32_t i, Str *name)
{
    const config_setting_t *s = element(at, key, i);
    *name = str_of(config_setting_name(s));
    return str_of(config_setting_get_string(s));
}

CfgAt cfg_item(CfgAt at, const char *key, uint32_t i)
{
    const char *path =
        key_of(at, key)->path; /* rows of its members follow: the first one has the prefix to use */
    const CfgTable *t = at.file->table;
    size_t n = strlen(path);
    for (size_t k = 0; k < t->n; k++)
        if (strncmp(t->keys[k].path, path, n) == 0 && strncmp(t->keys[k].path + n, "[].", 3) == 0)
            return (CfgAt){at.file, element(at, key, i), {t->keys[k].path, n + 3}};
    assert(!"a list without rows for its items");
    abort();
}

/* ---- places ---- */

DiagPlace cfg_place(CfgAt at, const char *key)
{
    const config_setting_t *s = find(at, key);
    return at_line(at.file, line_of(s ? s : at.setting));
}

void cfg_error(CfgAt at, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_vadd(at.file->diags, CFG_VALUE, cfg_place(at, key), format, args);
    va_end(args);
}
