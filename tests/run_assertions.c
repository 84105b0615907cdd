/* run_assertions.c: runs assertions about modules on the interpreter, with guard pages and with checks, or as native code. TAP.
 *
 *     run-assertions [--native] MODULE.wasm ASSERTIONS [MODULE.wasm ASSERTIONS ...]
 *
 * Natively, modules that native code is not made of are left out.
 *
 * ASSERTIONS is any text, usually the module's source; these lines in it count, in order, against one instance:
 *
 *     ;; assert_return (invoke "name" ARG ...) RESULT ...    a float may be nan:canonical or nan:arithmetic
 *     ;; assert_trap (invoke "name" ARG ...) "text"          text: that of the trap, or its beginning
 *     ;; assert_unlinkable "text"                            text is in a diagnostic of the instantiation
 *     ;; fresh                                               the next line gets a new instance
 *
 * Values are written as for parigot-run; their types are the function's. Assertions in a row about functions whose
 * names are the same up to a slash are one point, which fails with the first of them. */
#include <stdio.h>
#include <stdlib.h>

#include "bundle/native.h"
#include "loader/engine.h"
#include "loader/values.h"
#include "validator/validator.h"

enum { WORDS_MAX = 64 };

typedef struct Subject {
    const LoadEngine *engine;
    ValReport report;
    LoadModule *module;
    LoadInstance *instance;
    LoadLimits limits;
} Subject;

static unsigned points, failures;

/* Assertions in a row about one function, or about those with one beginning. */
typedef struct Group {
    const char *file, *mode;
    char name[80];
    unsigned first_line, n;
    bool failed;
} Group;

static void end_group(Group *g)
{
    if (g->n == 0) return;
    points++;
    if (g->failed) failures++;
    printf("%sok %u - %s:%u %s %s, %u\n", g->failed ? "not " : "", points, g->file, g->first_line, g->mode, g->name, g->n);
    g->n = 0;
}

static void assertion(Group *g, const char *name, unsigned line, const char *why)
{
    int len = (int)strcspn(name, "/");
    if (g->n > 0 && (strncmp(g->name, name, (size_t)len) != 0 || g->name[len] != 0)) end_group(g);
    if (g->n++ == 0) {
        snprintf(g->name, sizeof g->name, "%.*s", len, name);
        g->first_line = line;
        g->failed = false;
    }
    if (*why != 0 && !g->failed) printf("# %s:%u: %s\n", g->file, line, why);
    if (*why != 0) g->failed = true;
}

/* ---- one instance ---- */

/* A host function for modules that import "test" "twice", and one that stops the guest. */
static bool twice(LoadHostCall *call)
{
    call->slots[0] *= 2;
    return true;
}
static bool stop(LoadHostCall *call) { return load_host_trap(call, TRAP_HOST, "stopped with %u", (unsigned)call->slots[0]); }
/* The instance is running: it cannot be called again from here. */
static bool again(LoadHostCall *call)
{
    LoadTrap trap = {0};
    LoadSlot slot = 0;
    const LoadEngine *engine = call->host;
    call->slots[0] = engine->call(call->instance, 0, &slot, &trap);
    return true;
}
static bool swap(LoadHostCall *call)
{
    LoadSlot first = call->slots[0];
    call->slots[0] = call->slots[1];
    call->slots[1] = first;
    return true;
}
static bool same(LoadHostCall *call)
{
    (void)call;
    return true;
}
#define TEST(name, params, results, fn) {{"test", 4}, {name, sizeof name - 1}, params, results, fn, NULL}
static const LoadImport imports[] = {
    TEST("twice", "i", "i", twice), TEST("stop", "i", "", stop),   TEST("again", "", "i", again),
    TEST("swap", "If", "fI", swap), TEST("funcref", "c", "c", same), TEST("externref", "e", "e", same),
};

static void *engine_of(Subject *s) { return (void *)(uintptr_t)s->engine; }

static bool open_subject(Subject *s, Diags *diags)
{
    s->instance = s->engine->instantiate(s->module, imports, ARRAY_LEN(imports), engine_of(s), &s->limits, diags);
    LoadTrap trap = {0};
    return s->instance != NULL && s->engine->start(s->instance, &trap);
}

static void close_subject(Subject *s)
{
    s->engine->destroy(s->instance);
    s->instance = NULL;
}

/* ---- lines ---- */

/* Words apart by space, with brackets as words of their own and strings as one; cuts the line up. */
static size_t split(char *line, char *words[WORDS_MAX])
{
    size_t n = 0;
    while (*line && n < WORDS_MAX) {
        line += strspn(line, " \t\r\n()");
        if (!*line) break;
        if (*line == '"') {
            words[n++] = ++line;
            line += strcspn(line, "\"");
        } else {
            words[n++] = line;
            line += strcspn(line, " \t\r\n()");
        }
        if (*line) *line++ = 0;
    }
    return n;
}

static bool is_nan_of_kind(const char *kind, uint8_t type, LoadSlot v)
{
    uint64_t fraction = type == TYPE_F32 ? v & 0x7fffff : v & ((UINT64_C(1) << 52) - 1);
    uint64_t exponent = type == TYPE_F32 ? v >> 23 & 0xff : v >> 52 & 0x7ff;
    uint64_t quiet = type == TYPE_F32 ? 0x400000 : UINT64_C(1) << 51;
    bool nan = exponent == (type == TYPE_F32 ? 0xffu : 0x7ffu);
    return nan && (strcmp(kind, "nan:canonical") == 0 ? fraction == quiet : (fraction & quiet) != 0);
}

static bool matches(const char *expected, uint8_t type, const LoadSlot *v)
{
    if (strcmp(expected, "nan:canonical") == 0 || strcmp(expected, "nan:arithmetic") == 0)
        return is_nan_of_kind(expected, type, *v);
    LoadSlot e[2];
    return value_parse(expected, type, e) && memcmp(e, v, load_slots(&type, 1) * sizeof *v) == 0;
}

static const WasmExport *find_function(const WasmModule *m, const char *name)
{
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (m->exports[i].kind == KIND_FUNC && str_eq(m->exports[i].name, str_of(name))) return &m->exports[i];
    return NULL;
}

/* The reason why it is wrong; "" when it is right. */
static const char *check_line(Subject *s, char **words, size_t n, bool wants_trap)
{
    static char why[512];
    const WasmModule *m = &s->report.module;
    const WasmExport *e = n > 2 ? find_function(m, words[2]) : NULL;
    if (n < 3 || strcmp(words[1], "invoke") != 0 || e == NULL) return "no such function";
    const WasmType *type = wasm_func_type(m, e->index);
    size_t n_expected = wants_trap ? 1 : type->n_results;
    if (n != 3 + type->n_params + n_expected) return "wrong number of values";

    LoadSlot slots[2 * WORDS_MAX] = {0};
    LoadSlot *at = slots;
    for (uint32_t i = 0; i < type->n_params; at += load_slots(&type->params[i++], 1))
        if (!value_parse(words[3 + i], type->params[i], at)) return "an argument is none";
    LoadTrap trap = {0};
    bool returned = s->engine->call(s->instance, e->index, slots, &trap);
    char **expected = words + 3 + type->n_params;
    if (wants_trap) {
        if (returned) return "did not trap";
        const char *text = load_trap_text(trap.kind);
        if (strncmp(text, expected[0], strlen(expected[0])) == 0) return "";
        snprintf(why, sizeof why, "trapped with: %s", text);
        return why;
    }
    if (!returned) {
        snprintf(why, sizeof why, "trap: %s %s", load_trap_text(trap.kind), trap.detail);
        return why;
    }
    at = slots;
    for (uint32_t i = 0; i < type->n_results; at += load_slots(&type->results[i++], 1)) {
        if (matches(expected[i], type->results[i], at)) continue;
        TextBuf text = {0};
        value_print(&text, type->results[i], at);
        snprintf(why, sizeof why, "result %u is %s, expected %s", i, text.ptr, expected[i]);
        text_free(&text);
        return why;
    }
    return "";
}

static const char *check_unlinkable(Subject *s, const char *expected)
{
    Diags diags = {0};
    const char *why = "instantiated";
    close_subject(s);
    if (!open_subject(s, &diags)) why = diags.n > 0 && strstr(diags.items[0].text, expected) ? "" : "failed otherwise";
    diag_free(&diags);
    return why;
}

/* ---- files ---- */

static void run_lines(Subject *s, const char *path, const char *mode, Diags *diags)
{
    const char *slash = strrchr(path, '/');
    Group group = {.file = slash ? slash + 1 : path, .mode = mode};
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        assertion(&group, "open", 0, "cannot be read");
        end_group(&group);
        return;
    }
    char *line = NULL;
    size_t cap = 0;
    bool opened = false;
    for (unsigned number = 1; getline(&line, &cap, f) >= 0; number++) {
        char *words[WORDS_MAX], *start = strstr(line, ";; ");
        if (start == NULL) continue;
        size_t n = split(start + 3, words);
        bool is_return = n > 2 && strcmp(words[0], "assert_return") == 0;
        bool is_trap = n > 2 && strcmp(words[0], "assert_trap") == 0;
        if (n == 2 && strcmp(words[0], "assert_unlinkable") == 0) {
            assertion(&group, "instantiate", number, check_unlinkable(s, words[1]));
            opened = false;
        } else if (n == 1 && strcmp(words[0], "fresh") == 0) {
            opened = false;
        } else if (is_return || is_trap) {
            if (!opened) {
                close_subject(s);
                opened = open_subject(s, diags);
            }
            const char *broken = diags->n ? diags->items[0].text : "start trapped";
            assertion(&group, words[2], number, opened ? check_line(s, words, n, is_trap) : broken);
        }
    }
    end_group(&group);
    free(line);
    fclose(f);
    close_subject(s);
}

/* false: it is left out, or there was an error. */
static bool make_native(const Subject *s, const NativeTools *tools, const char *wasm, Diags *diags, Writer *out)
{
    bool pm = s->report.section == PM_PRESENT && s->report.pm.has_layout;
    NativeJob job = {.module = &s->report.module, .features = s->report.features, .name = str_of(wasm),
                     .stack_pointer = pm ? s->report.pm.stack_pointer : 0};
    return native_make(tools, &job, diags, out) == NATIVE_MADE;
}

static void run_file(const char *wasm, const char *assertions, const char *mode, const NativeTools *tools)
{
    Arena arena = {0};
    Diags diags = {0};
    FileBytes file = {0};
    Writer native = {0};
    bool checked = strcmp(mode, "checked") == 0, is_native = strcmp(mode, "native") == 0, left = false;
    Subject s = {.engine = is_native ? &load_native : &load_interp, .limits = {.memory_bytes = UINT64_C(256) << 20}};
    ValOptions options = {.features = load_interp.features};
    if (file_read(wasm, 0, &diags, &file) &&
        val_module(&arena, file.ptr, file.size, wasm, &options, &diags, &s.report)) {
        bool pm = s.report.section == PM_PRESENT && s.report.pm.has_layout;
        left = is_native && !make_native(&s, tools, wasm, &diags, &native) && diags.errors == 0;
        LoadCompileOptions compile = {.layout = pm ? &s.report.pm.layout : NULL,
                                      .stack_pointer = pm ? s.report.pm.stack_pointer : 0,
                                      .force_checks = checked, .native = native.ptr, .native_bytes = native.len};
        if (!is_native || native.len) s.module = s.engine->compile(&s.report.module, &compile, &diags);
    }
    if (s.module != NULL) {
        run_lines(&s, assertions, mode, &diags);
    } else if (!left) {
        Group group = {.file = wasm, .mode = mode};
        assertion(&group, "compile", 0, diags.n > 0 ? diags.items[0].text : "failed");
        end_group(&group);
    }
    s.engine->free_module(s.module);
    wr_free(&native);
    file_close(&file);
    diag_free(&diags);
    arena_free(&arena);
}

static int run_natively(int argc, char **argv)
{
    Arena arena = {0};
    Diags diags = {0};
    NativeTools tools;
    if (!native_find_tools(&arena, &tools, &diags)) {
        printf("1..0 # SKIP %s\n", diags.n ? diags.items[0].text : "no native code");
        diag_free(&diags);
        return 0;
    }
    for (int i = 2; i + 1 < argc; i += 2) run_file(argv[i], argv[i + 1], "native", &tools);
    printf("1..%u\n", points);
    arena_free(&arena);
    return failures > 0 || points == 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--native") == 0) return run_natively(argc, argv);
    for (int i = 1; i + 1 < argc; i += 2) {
        run_file(argv[i], argv[i + 1], "guarded", NULL);
        run_file(argv[i], argv[i + 1], "checked", NULL);
    }
    printf("1..%u\n", points);
    return failures > 0 || points == 0;
}
