/* Tests of the isolation rules on objects: programs with writable data and programs without, as clang compiles them; the
 * wasi-libc of the system; code whose relocations are not what they should be, by hand. */
#include "tests/unit/compile.h"
#include "tests/unit/tap.h"
#include "validator/validator.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct Judged {
    Arena arena;
    Diags diags;
    WasmObject object;
    ValObjectReport report;
} Judged;

static void judge_in(Bytes b, const ValObjectScope *scope, Judged *j)
{
    *j = (Judged){0};
    ck_assert_msg(wasm_read_object(&j->arena, b.ptr, b.size, "test.o", &j->diags, &j->object), "%s",
                  j->diags.n ? j->diags.items[0].text : "");
    ck_assert(val_object_rules(&j->arena, &j->object, scope, &j->report));
}

static void judge(Bytes b, Judged *j) { judge_in(b, NULL, j); }

static void close_judged(Judged *j)
{
    arena_free(&j->arena);
    diag_free(&j->diags);
}

static Str symbol_of(const Judged *j, const ValObjectFinding *f)
{
    return f->symbol == DIAG_NOWHERE32 ? (Str){0} : j->object.symbols[f->symbol].name;
}

static const ValObjectFinding *find(const Judged *j, const char *code, const char *symbol)
{
    for (uint32_t i = 0; i < j->report.n_findings; i++) {
        const ValObjectFinding *f = &j->report.findings[i];
        if (strcmp(diag_code_text(f->code), code) == 0 && str_eq(symbol_of(j, f), str_of(symbol))) return f;
    }
    return NULL;
}

static uint32_t count(const Judged *j, const char *code)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < j->report.n_findings; i++) n += strcmp(diag_code_text(j->report.findings[i].code), code) == 0;
    return n;
}

static void show(const Judged *j, const char *what)
{
    for (uint32_t i = 0; i < j->report.n_findings; i++)
        fprintf(stderr, "%s: %s %s\n", what, diag_code_text(j->report.findings[i].code), j->report.findings[i].text);
}

/* ---- programs with writable data ---- */

enum { MOST = 4 };
typedef struct Expected { const char *symbol; uint32_t size, line; } Expected;

static const struct {
    const char *what, *language, *source;
    Expected p104[MOST];
} written[] = {
    {"initialised global", "c", "int counter = 7;\nint f(void) { return ++counter; }\n", {{"counter", 4, 1}}},
    {"zero-initialised global", "c", "\nlong long total;\nlong long f(int x) { return total += x; }\n", {{"total", 8, 2}}},
    {"static in a file", "c", "static int hidden;\nint f(void) { return hidden++; }\n", {{"hidden", 4, 1}}},
    {"static in a function", "c", "int f(void)\n{\n    static int n = 5;\n    return n++;\n}\n", {{"f.n", 4, 3}}},
    {"array", "c", "char buffer[1000];\nchar *f(int i) { return buffer + i; }\n", {{"buffer", 1000, 1}}},
    {"tentative definition (COMMON)", "c", "int common;\nint common;\nint *f(void) { return &common; }\n", {{"common", 4, 0}}},
    {"table of pointers that is not const", "c", "const char *names[] = {\"a\", \"b\"};\nconst char *f(int i) { return names[i]; }\n", {{"names", 8, 1}}},
    {"function pointer", "c", "void (*hook)(void);\nvoid f(void) { if (hook) hook(); }\n", {{"hook", 4, 1}}},
    {"struct", "c", "struct S { int a; double b; } state = {1, 2.0};\ndouble f(void) { return state.b += state.a; }\n", {{"state", 16, 1}}},
    {"pointer to its own static", "c", "static int a, *p = &a;\nint **f(void) { return &p; }\n", {{"a", 4, 1}, {"p", 4, 1}}},
    {"section of its own", "c", "__attribute__((section(\"mine\"))) int kept = 3;\nint f(void) { return kept--; }\n", {{"kept", 4, 1}}},
    {"thread-local", "c", "_Thread_local int each;\nint f(void) { return ++each; }\n", {{"each", 4, 1}}},
    {"section that calls itself constant", "c", "__attribute__((section(\".rodata.x\"))) int liar = 1;\nint f(void) { return liar++; }\n", {{"liar", 4, 2}}},
    {"template's static", "c++", "template <class T> struct S { static int n; };\ntemplate <class T> int S<T>::n = 1;\nint f() { return S<int>::n++; }\n", {{"_ZN1SIiE1nE", 4, 1}}},
    {"inline variable", "c++", "inline int v = 2;\nint f() { return v++; }\n", {{"v", 4, 1}}},
    {"static of an inline function", "c++", "inline int g()\n{\n    static int n;\n    return n++;\n}\nint f() { return g(); }\n", {{"_ZZ1gvE1n", 4, 3}}},
    {"guarded static", "c++", "int g();\nint f()\n{\n    static int n = g();\n    return n++;\n}\n", {{"_ZZ1fvE1n", 4, 4}, {"_ZGVZ1fvE1n", 1, 0}}},
    {"two in one section, -fno-data-sections", "c", "static int first = 1;\nstatic int second = 2;\nint f(int x) { return first++ + (second += x); }\n",
     {{"first", 4, 1}, {"second", 4, 2}}},
};
static const char *const levels[] = {"-O0 -gdwarf-4", "-O2 -gdwarf-5"};

START_TEST(writable_data)
{
    int row = _i / 2;
    char flags[256];
    snprintf(flags, sizeof flags, "%s -mbulk-memory -fno-exceptions%s", levels[_i % 2],
             strstr(written[row].what, "-fno-data-sections") ? " -fno-data-sections" : "");
    Bytes b;
    Judged j;
    if (!compile(written[row].language, written[row].source, flags, &b)) return;
    judge(b, &j);
    Dwarf *dwarf = dwarf_open_object(&j.object, &j.arena);
    uint32_t n = 0;
    for (; n < MOST && written[row].p104[n].symbol; n++) {
        const Expected *e = &written[row].p104[n];
        const ValObjectFinding *f = find(&j, "P104", e->symbol);
        if (!f) show(&j, written[row].what);
        ck_assert_msg(f && f->size == e->size && f->segment != DIAG_NOWHERE32, "%s: %s", written[row].what, e->symbol);
        Diag *d = val_report_finding(&j.object, f, dwarf, SEV_ERROR, &j.diags);
        ck_assert_str_eq(d->place.file, "test.o");
        ck_assert(str_eq(d->place.symbol, str_of(e->symbol)) && strstr(d->text, e->symbol));
        if (e->line == 0) continue;
        ck_assert_msg(d->place.src_file && strcmp(d->place.src_file, "prog") == 0, "%s: no place", written[row].what);
        ck_assert_msg(d->place.src_line == e->line, "%s: line %u", written[row].what, d->place.src_line);
    }
    if (count(&j, "P104") != n) show(&j, written[row].what);
    ck_assert_msg(count(&j, "P104") == n, "%s: %u findings", written[row].what, count(&j, "P104"));
    ck_assert_uint_eq(count(&j, "P203"), 0); /* without atomics clang makes plain data of it */
    close_judged(&j);
    bytes_free(&b);
}
END_TEST

/* ---- programs without ---- */

static const struct { const char *what, *language, *source; } constant[] = {
    {"string literals", "c", "const char *f(int i) { return i ? \"yes\" : \"no\"; }\n"},
    {"const table", "c", "static const short t[] = {5, 4, 3};\nint f(int i) { return t[i]; }\n"},
    {"const table of pointers", "c", "static const char *const t[] = {\"a\", \"b\"};\nconst char *f(int i) { return t[i]; }\n"},
    {"const table of functions", "c", "int a(int), b(int);\nstatic int (*const t[])(int) = {a, b};\nint f(int i) { return t[i](i); }\n"},
    {"switch", "c", "int f(int i) { switch (i) { case 0: return 7; case 1: return 123; case 2: return 19; case 3: return 4; case 4: return 99; default: return 0; } }\n"},
    {"local array", "c", "int g(int *);\nint f(void) { int a[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}; return g(a); }\n"},
    {"local struct, address taken", "c", "struct S { int a[20]; };\nvoid g(struct S *);\nvoid f(void) { struct S s = {{1}}; g(&s); }\n"},
    {"static const in a function", "c", "int f(int i) { static const int t[4] = {9, 8, 7, 6}; return t[i & 3]; }\n"},
    {"compound literal", "c", "int g(const int *);\nint f(void) { return g((const int[]){1, 2, 3}); }\n"},
    {"function's name", "c", "void g(const char *);\nvoid f(void) { g(__func__); }\n"},
    {"undefined data", "c", "extern int elsewhere;\nint f(void) { return elsewhere++; }\n"},
    {"heap's base, read", "c", "extern unsigned char __heap_base;\nunsigned char *f(void) { return &__heap_base; }\n"},
    {"floating point", "c", "double f(double x) { return x * 3.25 + 0.1; }\n"},
    {"indirect call", "c", "int f(int (*p)(int)) { return p(3); }\n"},
    {"multi-value and large frame", "c", "void g(char *);\nvoid f(void) { char a[70000]; g(a); }\n"},
    {"class with virtual functions", "c++", "struct A { virtual int f() const; int x; };\nint A::f() const { return x; }\nint g(const A &a) { return a.f(); }\n"},
    {"constexpr", "c++", "constexpr int t[] = {1, 2, 3};\nstruct S { static constexpr int n = 4; };\nint f(int i) { return t[i] + S::n; }\n"},
    {"lambda", "c++", "int f(int x) { auto g = [x](int y) { return x * y; }; return g(3); }\n"},
};
static const char *const constant_flags[] = {"-O0 -g", "-O2 -g", "-O1 -fPIC", "-O1 -mcpu=mvp", "-O1 -mcpu=mvp -mno-multivalue -msimd128"};

START_TEST(no_writable_data)
{
    int row = _i / (int)ARRAY_LEN(constant_flags);
    const char *more = constant_flags[_i % (int)ARRAY_LEN(constant_flags)];
    if (strstr(more, "PIC") && strcmp(constant[row].what, "heap's base, read") == 0) return; /* through the GOT */
    char flags[256];
    snprintf(flags, sizeof flags, "%s -fno-exceptions -fno-rtti", more);
    Bytes b;
    Judged j;
    if (!compile(constant[row].language, constant[row].source, flags, &b)) return;
    judge(b, &j);
    bool pic = strstr(more, "PIC"); /* imports __memory_base and GOT entries: globals that a static link resolves */
    uint32_t expected = pic ? count(&j, "P102") : 0;
    if (j.report.n_findings != expected) show(&j, constant[row].what);
    ck_assert_msg(j.report.n_findings == expected, "%s, %s", constant[row].what, flags);
    close_judged(&j);
    bytes_free(&b);
}
END_TEST

/* FACTS that a reader can count with llvm-nm: members of Debian's wasi-libc that define writable data. */
START_TEST(system_libc)
{
    static const char path[] = "/usr/lib/wasm32-wasi/libc.a";
    FileBytes f;
    Diags d = {0};
    Arena a = {0};
    Archive ar;
    if (access(path, R_OK) != 0) {
        fprintf(stderr, "skipped: %s is not there\n", path);
        return;
    }
    ck_assert(file_map(path, 0, &d, &f));
    ck_assert(ar_read(&a, f.ptr, f.size, path, &d, &ar));
    uint32_t with_data = 0, other = 0, broken = 0;
    for (uint32_t i = 0; i < ar.n_members; i++) {
        WasmObject o;
        ValObjectReport r;
        ck_assert(wasm_read_object(&a, ar.members[i].bytes, ar.members[i].size, "member", &d, &o));
        ck_assert(val_object_rules(&a, &o, NULL, &r));
        bool has = false;
        for (uint32_t k = 0; k < r.n_findings; k++) {
            has |= r.findings[k].code == P104;
            other += r.findings[k].rule != VAL_RULE_COUNT && r.findings[k].code != P104;
            broken += r.findings[k].rule == VAL_RULE_COUNT;
        }
        with_data += has;
    }
    ck_assert_uint_eq(broken, 0);
    ck_assert_uint_ge(with_data, 30);
    ck_assert_uint_le(with_data, 80);
    ck_assert_uint_le(other, 10); /* constructors, and pthread_create where it is there */
    fprintf(stderr, "%u of %u members define writable data, %u findings of other rules\n", with_data, ar.n_members, other);
    arena_free(&a);
    file_close(&f);
}
END_TEST

/* ---- the other rules, as clang compiles them ---- */

START_TEST(constructors)
{
    static const char source[] = "extern void g(void);\n__attribute__((constructor)) static void early(void) { g(); }\n"
                                 "__attribute__((constructor(101))) void first(void) { g(); }\n";
    Bytes b;
    Judged j;
    if (!compile("c", source, "-O1 -g", &b)) return;
    judge(b, &j);
    ck_assert_uint_eq(count(&j, "P106"), 2);
    ck_assert(find(&j, "P106", "early") && find(&j, "P106", "first"));
    Diag *d = val_report_finding(&j.object, find(&j, "P106", "first"), dwarf_open_object(&j.object, &j.arena), SEV_ERROR, &j.diags);
    ck_assert_uint_eq(d->place.src_line, 3);
    ck_assert(str_eq(d->place.func_name, STR("first")));
    close_judged(&j);
    bytes_free(&b);
}
END_TEST

START_TEST(threads)
{
    static const char source[] = "_Thread_local int mine;\nint shared;\n"
                                 "int f(void) { return __atomic_add_fetch(&shared, ++mine, __ATOMIC_SEQ_CST); }\n"
                                 "extern int pthread_create(void *, void *, void *(*)(void *), void *);\n"
                                 "int g(void) { return pthread_create(0, 0, 0, 0); }\n"
                                 "void h(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); shared = 1; }\n";
    Bytes b;
    Judged j;
    if (!compile("c", source, "-O1 -g -matomics -mbulk-memory", &b)) return;
    judge(b, &j);
    ck_assert_uint_eq(count(&j, "P202"), 2);
    ck_assert(find(&j, "P203", "mine") && find(&j, "P104", "mine") && find(&j, "P104", "shared"));
    ck_assert(find(&j, "P204", "pthread_create"));
    ck_assert_uint_eq(count(&j, "P205"), 1);
    for (uint32_t i = 0; i < j.report.n_findings; i++)
        if (j.report.findings[i].code == P202 && j.object.symbols[0].kind == SYM_FUNCTION) {
            Diag *d = val_report_finding(&j.object, &j.report.findings[i], dwarf_open_object(&j.object, &j.arena), SEV_ERROR, &j.diags);
            ck_assert(d->place.src_line == 3 || d->place.src_line == 6);
            ck_assert(d->place.func_name.len == 1);
        }
    close_judged(&j);
    bytes_free(&b);
}
END_TEST

START_TEST(globals_and_tables)
{
    static const char source[] = "\t.globaltype state, i32\n\t.globl state\nstate:\n"
                                 "\t.globaltype fixed, i32, immutable\n\t.globl fixed\nfixed:\n"
                                 "\t.globaltype foreign, i64\n\t.globaltype __stack_pointer, i32\n"
                                 "\t.tabletype slots, externref\n\t.globl slots\nslots:\n"
                                 "\t.export_name state, state\n"
                                 "\t.globl f\nf:\n\t.functype f () -> ()\n"
                                 "\tglobal.get __stack_pointer\n\tglobal.set state\n\tglobal.get foreign\n\tdrop\n\tglobal.get fixed\n\tdrop\n"
                                 "\ti32.const 0\n\tref.null_extern\n\ttable.set slots\n"
                                 "\tref.null_extern\n\ti32.const 1\n\ttable.grow slots\n\tdrop\n"
                                 "\ti32.const 0\n\ti32.const 0\n\ti32.const 0\n\ttable.copy slots, slots\n"
                                 "\ti32.const 0\n\ttable.get slots\n\tdrop\n\tend_function\n";
    Bytes b;
    Judged j;
    if (!compile("assembler", source, "-mreference-types -mbulk-memory", &b)) return;
    judge(b, &j);
    ck_assert(find(&j, "P101", "state") && find(&j, "P102", "foreign"));
    ck_assert_uint_eq(count(&j, "P101"), 1);
    ck_assert_uint_eq(count(&j, "P102"), 1);
    ck_assert_uint_eq(count(&j, "P105"), 1); /* once a function */
    ck_assert_uint_eq(count(&j, "W0307"), 0);
    close_judged(&j);
    bytes_free(&b);
}
END_TEST

START_TEST(linker_symbols)
{
    static const char source[] = "extern int __heap_base, __data_end;\n"
                                 "void f(int x) { __heap_base = x; }\n"
                                 "int g(void) { return __data_end; }\n"
                                 "%s";
    for (int allocator = 0; allocator < 2; allocator++) {
        char text[512];
        snprintf(text, sizeof text, source, allocator ? "void *parigot_alloc(int n) { return (void *)(long)n; }\n" : "");
        Bytes b;
        Judged j;
        if (!compile("c", text, "-O1 -g", &b)) return;
        judge(b, &j);
        const ValObjectFinding *f = find(&j, "P104", "__heap_base");
        ck_assert(allocator ? !f : f != NULL);
        ck_assert_uint_eq(j.report.n_findings, !allocator);
        if (f) ck_assert_uint_eq(val_report_finding(&j.object, f, dwarf_open_object(&j.object, &j.arena), SEV_ERROR, &j.diags)->place.src_line, 2);
        close_judged(&j);
        bytes_free(&b);
    }
}
END_TEST

/* ---- scope ---- */

static bool no(void *ctx, uint32_t index)
{
    (void)ctx;
    (void)index;
    return false;
}

static bool only_named(void *ctx, uint32_t segment)
{
    Judged *j = ctx;
    return str_has_suffix(j->object.segments[segment].name, STR("kept"));
}

START_TEST(scope)
{
    static const char source[] = "int kept, dropped;\nint pthread_create(void);\nint f(void) { return kept++ + dropped++ + pthread_create(); }\n";
    Bytes b;
    Judged j, all;
    if (!compile("c", source, "-O1 -matomics -mbulk-memory", &b)) return;
    judge(b, &all);
    ValObjectScope some = {.ctx = &all, .segment = only_named, .func = no, .symbol = no};
    judge_in(b, &some, &j);
    ck_assert_uint_eq(count(&all, "P104"), 2);
    ck_assert_uint_eq(count(&all, "P204"), 1);
    ck_assert(find(&j, "P104", "kept"));
    ck_assert_uint_eq(count(&j, "P104"), 1);
    ck_assert_uint_eq(count(&j, "P204"), 0);
    close_judged(&j);
    close_judged(&all);
    bytes_free(&b);
}
END_TEST

/* ---- code and relocations, by hand ---- */

static void section(Writer *w, uint8_t id, const char *name, const void *payload, size_t size)
{
    wr_byte(w, id);
    size_t mark = wr_begin_size(w);
    if (id == SEC_CUSTOM) wr_name(w, str_of(name));
    wr_bytes(w, payload, size);
    wr_end_size(w, mark);
}
#define SECTION(w, id, name, bytes) section(w, id, name, bytes, sizeof(bytes) - 1)

enum { ATOMICS = 1, START = 2, SHARED = 4, NO_TABLE = 8, ABSOLUTE = 16 };

/* Types 0 () -> (), 1 (i32) -> i32. Function 0 and global 0 are imported, table 0 the function table. Function 1 is
 * given: its code begins at 3 of the section. Symbols: 0 f, 1 main, 2 constant data, 3 __heap_base, 4 __stack_pointer,
 * 5 the table (unless NO_TABLE), then an absolute one at 4096. */
static Bytes code_object(Str code, Str relocs, int options)
{
    Writer w = {0}, body = {0};
    wr_bytes(&w, "\0asm\1\0\0\0", 8);
    SECTION(&w, SEC_TYPE, "", "\2\x60\0\0\x60\1\x7f\1\x7f");
    if (options & SHARED) SECTION(&w, SEC_IMPORT, "", "\4\3env\1f\0\0" "\3env\x0f__stack_pointer\3\x7f\1" "\3env\3mem\2\3\1\1"
                                                      "\3env\x19__indirect_function_table\1\x70\0\0");
    else SECTION(&w, SEC_IMPORT, "", "\4\3env\1f\0\0" "\3env\x0f__stack_pointer\3\x7f\1" "\3env\3mem\2\0\1"
                                     "\3env\x19__indirect_function_table\1\x70\0\0");
    SECTION(&w, SEC_FUNCTION, "", "\1\0");
    if (options & START) SECTION(&w, SEC_START, "", "\1");
    wr_byte(&body, 1);
    wr_u32(&body, (uint32_t)code.len + 1);
    wr_byte(&body, 0);
    wr_bytes(&body, code.ptr, code.len);
    section(&w, SEC_CODE, "", body.ptr, body.len);
    SECTION(&w, SEC_DATA, "", "\1\0\x41\0\x0b\x08" "12345678");
    Writer symbols = {0}, linking = {0};
    wr_byte(&symbols, (uint8_t)(5 + !(options & NO_TABLE) + !!(options & ABSOLUTE)));
    wr_bytes(&symbols, "\0\x10\0" "\0\0\1\4main" "\1\0\1c\0\0\4" "\1\x10\x0b__heap_base" "\2\x10\0", 3 + 8 + 7 + 14 + 3);
    if (!(options & NO_TABLE)) wr_bytes(&symbols, "\5\x10\0", 3);
    if (options & ABSOLUTE) wr_bytes(&symbols, "\1\x80\4\4mmio\0\x80\x20\4", 12);
    wr_byte(&linking, 2);
    wr_byte(&linking, 8);
    wr_u32(&linking, (uint32_t)symbols.len);
    wr_bytes(&linking, symbols.ptr, symbols.len);
    wr_bytes(&linking, "\5\x0d\1\x09.rodata.c\2\0", 2 + 13);
    section(&w, SEC_CUSTOM, "linking", linking.ptr, linking.len);
    Writer rel = {0};
    wr_byte(&rel, options & START ? 4 : 3);
    wr_bytes(&rel, relocs.ptr, relocs.len);
    section(&w, SEC_CUSTOM, "reloc.CODE", rel.ptr, rel.len);
    if (options & ATOMICS) SECTION(&w, SEC_CUSTOM, "target_features", "\2+\7atomics+\x0ashared-mem");
    wr_free(&body);
    wr_free(&symbols);
    wr_free(&linking);
    wr_free(&rel);
    return (Bytes){w.ptr, w.len};
}

#define ZERO5 "\x80\x80\x80\x80\0"
static const struct {
    const char *what;
    Str code, relocs;
    const char *codes[3]; /* of the findings, in order */
    int options;
} codes[] = {
    {"call with its relocation", STR("\x10" ZERO5 "\x0b"), STR("\1\0\4\0"), {NULL}, 0},
    {"call without", STR("\x10" ZERO5 "\x0b"), STR("\0"), {"W0307"}, 0},
    {"call in one byte", STR("\x10\0\x0b"), STR("\0"), {"W0307"}, 0},
    {"second call without", STR("\x10" ZERO5 "\x10" ZERO5 "\x0b"), STR("\1\0\4\0"), {"W0307"}, 0},
    {"relocation of a type that does not fit", STR("\x10" ZERO5 "\x0b"), STR("\1\7\4\4"), {"W0308"}, 0},
    {"relocation over the opcode", STR("\x01\x10" ZERO5 "\x0b"), STR("\1\0\4\0"), {"W0308", "W0307"}, 0},
    {"relocation across two operands", STR("\x10\0\x10\0\x10\0\x0b"), STR("\1\0\4\0"), {"W0308", "W0307", "W0307"}, 0},
    {"relocation behind the last operand", STR("\x10" ZERO5 "\1\1\1\1\1\1\x0b"), STR("\2\0\4\0\0\x09\0"), {"W0308"}, 0},
    {"relocation in a label", STR("\2\x40\x0c" ZERO5 "\x0b\x0b"), STR("\1\0\6\0"), {"W0308"}, 0},
    {"relocation in a local", STR("\x20" ZERO5 "\x1a\x0b"), STR("\1\0\4\0"), {"W0308"}, 0},
    {"relocation in an i64", STR("\x42" ZERO5 "\x1a\x0b"), STR("\1\4\4\2\0"), {"W0308"}, 0},
    {"relocation in a float", STR("\x44\0\0\0\0\0\0\0\0\x1a\x0b"), STR("\1\4\4\2\0"), {"W0308"}, 0},
    {"address in an i32", STR("\x41" ZERO5 "\x1a\x0b"), STR("\1\4\4\2\0"), {NULL}, 0},
    {"table index in an i32", STR("\x41" ZERO5 "\x1a\x0b"), STR("\1\1\4\1"), {NULL}, 0},
    {"plain i32", STR("\x41\x80\1\x1a\x0b"), STR("\0"), {NULL}, 0},
    {"address of a load", STR("\x41\0\x28\2" ZERO5 "\x1a\x0b"), STR("\1\3\7\2\0"), {NULL}, 0},
    {"function index as address", STR("\x41\0\x28\2" ZERO5 "\x1a\x0b"), STR("\1\0\7\0"), {"W0308"}, 0},
    {"alignment relocated", STR("\x41\0\x28" ZERO5 "\0\x1a\x0b"), STR("\1\3\6\2\0"), {"W0308"}, 0},
    {"store to constant data", STR("\x41\0\x41\0\x36\2" ZERO5 "\x0b"), STR("\1\3\x09\2\0"), {"P104"}, 0},
    {"two stores to it", STR("\x41\0\x41\0\x36\2" ZERO5 "\x41\0\x41\0\x3a\0" ZERO5 "\x0b"), STR("\2\3\x09\2\0\3\x14\2\0"), {"P104"}, 0},
    {"store to the heap's base", STR("\x41\0\x41\0\x36\2" ZERO5 "\x0b"), STR("\1\3\x09\3\0"), {"P104"}, 0},
    {"store of a lane", STR("\x41\0\xfd\x0c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xfd\x58\0" ZERO5 "\0\x0b"), STR("\1\3\x1a\2\0"), {"P104"}, 0},
    {"load of a lane", STR("\x41\0\xfd\x0c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xfd\x54\0" ZERO5 "\0\x1a\x0b"), STR("\1\3\x1a\2\0"), {NULL}, 0},
    {"global.set with its relocation", STR("\x41\0\x24" ZERO5 "\x0b"), STR("\1\7\6\4"), {NULL}, 0},
    {"global.set 1", STR("\x41\0\x24\1\x0b"), STR("\0"), {"W0307"}, 0},
    {"global.get 0", STR("\x23\0\x1a\x0b"), STR("\0"), {"W0307"}, 0},
    {"ref.func", STR("\xd2\0\x1a\x0b"), STR("\0"), {"W0307"}, 0},
    {"call_indirect, both relocated", STR("\x41\0\x11" ZERO5 ZERO5 "\x0b"), STR("\2\6\6\0\x14\x0b\5"), {NULL}, 0},
    {"call_indirect of table 0, as without reference types", STR("\x41\0\x11" ZERO5 "\0\x0b"), STR("\1\6\6\0"), {NULL}, 0},
    {"call_indirect of table 0 in five bytes", STR("\x41\0\x11" ZERO5 ZERO5 "\x0b"), STR("\1\6\6\0"), {"W0307"}, 0},
    {"call_indirect of table 1", STR("\x41\0\x11" ZERO5 "\1\x0b"), STR("\1\6\6\0"), {"W0307"}, 0},
    {"call_indirect, type without", STR("\x41\0\x11\0\0\x0b"), STR("\0"), {"W0307"}, 0},
    {"block of a type", STR("\x41\0\2\x81\x80\x80\x80\0\x0b\x1a\x0b"), STR("\1\6\6\1"), {NULL}, 0},
    {"block of a type without", STR("\x41\0\2\1\x0b\x1a\x0b"), STR("\0"), {"W0307"}, 0},
    {"block of a value type", STR("\2\x7f\x41\0\x0b\x1a\x0b"), STR("\0"), {NULL}, 0},
    {"table.set", STR("\x41\0\xd0\x70\x26" ZERO5 "\x0b"), STR("\1\x14\x08\5"), {"P105"}, 0},
    {"table.set 0", STR("\x41\0\xd0\x70\x26\0\x0b"), STR("\0"), {"W0307", "P105"}, 0},
    {"table.init", STR("\x41\0\x41\0\x41\0\xfc\x0c\0\0\x0b"), STR("\0"), {"W0307", "W0307", "P105"}, 0},
    {"elem.drop", STR("\xfc\x0d\0\x0b"), STR("\0"), {"W0307"}, 0},
    {"memory.init", STR("\x41\0\x41\0\x41\0\xfc\x08\0\0\x0b"), STR("\0"), {"W0307"}, 0},
    {"data.drop", STR("\xfc\x09\0\x0b"), STR("\0"), {"W0307"}, 0},
    {"memory.copy", STR("\x41\0\x41\0\x41\0\xfc\x0a\0\0\x0b"), STR("\0"), {NULL}, 0},
    {"memory.copy of memory 1", STR("\x41\0\x41\0\x41\0\xfc\x0a\1\0\x0b"), STR("\0"), {"W0307"}, 0},
    {"memory.grow of memory 1", STR("\x41\0\x40\1\x1a\x0b"), STR("\0"), {"W0307"}, 0},
    {"atomic load", STR("\x41\0\xfe\x10\2" ZERO5 "\x1a\x0b"), STR("\1\3\x08\2\0"), {"P202"}, 0},
    {"fence, then a raw call", STR("\xfe\3\0\x10\0\x0b"), STR("\0"), {"P202", "W0307"}, 0},
    {"tail call", STR("\x12" ZERO5 "\x0b"), STR("\1\0\4\0"), {NULL}, 0},
    {"tail call without", STR("\x12\0\x0b"), STR("\0"), {"W0307"}, 0},
    {"exception", STR("\x08\0\x0b"), STR("\0"), {"W0117"}, 0},
    {"illegal opcode", STR("\xff\x0b"), STR("\0"), {"W0309"}, 0},
    {"illegal opcode behind a prefix", STR("\xfc\x7f\x0b"), STR("\0"), {"W0309"}, 0},
    {"cut in an operand", STR("\x41\x80"), STR("\0"), {"W0309"}, 0},
    {"cut behind a prefix", STR("\xfc"), STR("\0"), {"W0309"}, 0},
    {"branch table longer than the code", STR("\x0e\xff\xff\xff\xff\x0f\0"), STR("\0"), {"W0309"}, 0},
    {"target features", STR("\x0b"), STR("\0"), {"P205", "P205"}, ATOMICS},
    {"start section", STR("\x0b"), STR("\0"), {"P106"}, START},
    {"shared memory", STR("\x0b"), STR("\0"), {"P201"}, SHARED},
    {"absolute symbol", STR("\x0b"), STR("\0"), {"P104"}, ABSOLUTE},
};

START_TEST(code)
{
    Bytes b = code_object(codes[_i].code, codes[_i].relocs, codes[_i].options);
    Judged j;
    judge(b, &j);
    uint32_t n = 0;
    while (n < 3 && codes[_i].codes[n]) n++;
    bool same = n == j.report.n_findings;
    for (uint32_t i = 0; same && i < n; i++) same = strcmp(diag_code_text(j.report.findings[i].code), codes[_i].codes[i]) == 0;
    if (!same) show(&j, codes[_i].what);
    ck_assert_msg(same, "%s", codes[_i].what);
    for (uint32_t i = 0; i < n; i++) ck_assert(val_report_finding(&j.object, &j.report.findings[i], NULL, SEV_ERROR, &j.diags));
    close_judged(&j);
    bytes_free(&b);
}
END_TEST

/* Millions of raw indices must not become millions of findings, nor hide behind as many of another kind. */
START_TEST(code_findings_are_bounded)
{
    enum { CALLS = 1000000 };
    Writer w = {0};
    for (int i = 0; i < CALLS; i++) wr_bytes(&w, "\xfe\3\0", 3); /* atomic.fence */
    for (int i = 0; i < CALLS; i++) wr_bytes(&w, "\x10\0", 2);
    wr_byte(&w, 0x0b);
    Bytes b = code_object((Str){(const char *)w.ptr, w.len}, STR("\0"), 0);
    Judged j;
    judge(b, &j);
    ck_assert_uint_eq(count(&j, "P202"), VAL_OBJECT_CODE_FINDINGS);
    ck_assert_uint_eq(count(&j, "W0307"), VAL_OBJECT_CODE_FINDINGS);
    ck_assert_uint_eq(j.report.not_stored, 2 * (CALLS - VAL_OBJECT_CODE_FINDINGS));
    close_judged(&j);
    bytes_free(&b);
    wr_free(&w);
}
END_TEST

START_TEST(segment_names)
{
    static const struct { const char *name; uint32_t flags; bool constant; } rows[] = {
        {".rodata", 0, true},       {".rodata.x", 0, true},      {".rodata.str1.1", 1, true}, {".data.rel.ro", 0, true},
        {".data.rel.ro.x", 0, true}, {".rodata.x", 2, false},    {".rodatax", 0, false},      {".data.rel.rox", 0, false},
        {".data", 0, false},        {".data.rodata", 0, false},  {".bss.x", 0, false},        {".tdata.x", 2, false},
        {"", 0, false},             {"rodata", 0, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WasmSegmentInfo s = {.name = str_of(rows[i].name), .flags = rows[i].flags};
        ck_assert_msg(val_segment_is_constant(&s) == rows[i].constant, "%s", rows[i].name);
    }
}
END_TEST

START_TEST(foreign_names)
{
    static const struct { const char *module, *name; int rule; } rows[] = {
        {"wasi", "thread-spawn", RULE_P204},        {"env", "pthread_create", RULE_P204},
        {"env", "pthread_created", -1},             {"env", "asyncify_start_unwind", RULE_P206},
        {"gojs", "anything", RULE_P206},            {"env", "emscripten_fiber_swap", RULE_P206},
        {"env", "printf", -1},                      {"greeting.v1.Greeter", "Hello", -1},
        {"", "", -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const ValForeign *f = val_find_foreign(str_of(rows[i].module), str_of(rows[i].name));
        ck_assert_msg((f ? (int)f->rule : -1) == rows[i].rule, "%s %s", rows[i].module, rows[i].name);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("object-rules");
    TCase *t = tcase_create("programs");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, writable_data, 0, 2 * (int)ARRAY_LEN(written));
    tcase_add_loop_test(t, no_writable_data, 0, (int)(ARRAY_LEN(constant) * ARRAY_LEN(constant_flags)));
    tcase_add_test(t, system_libc);
    tcase_add_test(t, constructors);
    tcase_add_test(t, threads);
    tcase_add_test(t, globals_and_tables);
    tcase_add_test(t, linker_symbols);
    tcase_add_test(t, scope);
    suite_add_tcase(s, t);
    t = tcase_create("code");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, code, 0, ARRAY_LEN(codes));
    tcase_add_test(t, code_findings_are_bounded);
    tcase_add_test(t, segment_names);
    tcase_add_test(t, foreign_names);
    suite_add_tcase(s, t);
    return run_tap(s);
}
