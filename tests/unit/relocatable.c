/* Tests of -r and --emit-relocs in memory: everything written for a later link is read back by the reader of
 * objects, holds what the inputs hold, and is the same when it is made again, from itself or by another
 * number of threads. */
#include "linker/linker.h"
#include "tests/unit/compile.h"
#include "tests/unit/tap.h"

#include <string.h>

static const char source[] =
    "inline int count() { static int n = 3; return ++n; }\n"
    "template <class T> struct Shape { virtual T area() { return count(); } T size = 4; };\n"
    "extern int shared; int other(int); __attribute__((weak)) int maybe();\n"
    "static int start = count();\n"
    "__attribute__((constructor(9))) static void early() { start += other(1); }\n"
    "#ifdef SECOND\n"
    "const char *text = \"text\"; int shared = 5;\n"
    "int other(int x) { Shape<int> s; return s.area() + x + text[x]; }\n"
    "#else\n"
    "const char *tail = \"xt\"; int (*pointer)(int) = other;\n"
    "int run(Shape<int> &s) { return s.area() + pointer(start) + other(shared) + (maybe ? maybe() : "
    "tail[0]); }\n"
    "#endif\n";

typedef struct How {
    bool emit_relocs;
    unsigned threads;
    size_t memory_limit;
} How;

static bool make(const Bytes *objects, size_t n, How how, Writer *out, Diags *d)
{
    LdInput inputs[4];
    LdOptions o;
    LdOutput made;
    ld_default_options(&o, false);
    for (size_t i = 0; i < n; i++)
        inputs[i] = (LdInput){.path = "x.o", .bytes = objects[i].ptr, .size = objects[i].size};
    o.inputs = inputs;
    o.n_inputs = n;
    o.entry = NULL;
    o.threads = how.threads;
    o.memory_limit = how.memory_limit;
    o.emit_relocs = how.emit_relocs;
    o.relocatable = o.import_table = o.no_merge_data = !how.emit_relocs;
    o.no_gc = true;
    if (how.emit_relocs) o.unresolved = LD_UNRESOLVED_IGNORE;
    bool ok = ld_link(&o, d, &made);
    *out = made.module;
    made.module = (Writer){0};
    ld_free_output(&made);
    return ok;
}

static void must_make(const Bytes *objects, size_t n, How how, Writer *out)
{
    Diags d = {0};
    ck_assert_msg(make(objects, n, how, out, &d), "%s", d.n ? d.items[0].text : "");
    diag_free(&d);
}

static void must_read(Arena *a, const uint8_t *bytes, size_t size, WasmObject *o)
{
    Diags d = {0};
    ck_assert_msg(wasm_read_object(a, bytes, size, "again.o", &d, o), "%s", d.n ? d.items[0].text : "");
    diag_free(&d);
}

static uint32_t count_relocs(const WasmObject *o, uint8_t section)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < o->n_relocs; i++)
        if (o->module.sections[o->relocs[i].section].id == section) n += o->relocs[i].n;
    return n;
}

static const WasmSymbol *find(const WasmObject *o, const char *name)
{
    for (uint32_t i = 0; i < o->n_symbols; i++)
        if (str_eq(o->symbols[i].name, str_of(name))) return &o->symbols[i];
    return NULL;
}

static bool compile_both(const char *how, Bytes objects[2])
{
    char line[160];
    for (int i = 0; i < 2; i++) {
        snprintf(line, sizeof line, "-O1 -fno-rtti -fno-exceptions %s %s", i ? "-DSECOND" : "", how);
        if (!compile("c++", source, line, &objects[i])) return false;
    }
    return true;
}

static const char *const flags[] = {"", "-g", "-fPIC", "-mcpu=mvp", "-g -gdwarf-5 -O0"};

START_TEST(test_read_back)
{
    Bytes in[2] = {0};
    Arena a = {0};
    WasmObject o, of[2];
    Writer w;
    if (!compile_both(flags[_i], in)) return;
    must_make(in, 2, (How){0}, &w);
    must_read(&a, w.ptr, w.len, &o);
    for (int i = 0; i < 2; i++) must_read(&a, in[i].ptr, in[i].size, &of[i]);
    uint32_t sum = count_relocs(&of[0], SEC_CODE) + count_relocs(&of[1], SEC_CODE),
             kept = count_relocs(&o, SEC_CODE);
    ck_assert(kept > 0 && kept <= sum); /* all but those of the second copy of a comdat group's functions */
    ck_assert(o.n_comdats > 0 && o.n_comdats < of[0].n_comdats + of[1].n_comdats);
    ck_assert_uint_eq(o.n_inits, of[0].n_inits + of[1].n_inits);
    ck_assert_uint_eq(o.inits[0].priority, 9);
    const WasmSymbol *s = find(&o, "_Z5maybev");
    ck_assert(s && s->flags & SYM_UNDEFINED && s->flags & SYM_BINDING_WEAK);
    s = find(&o, "shared");
    ck_assert(s && !(s->flags & SYM_UNDEFINED) && s->data_size == 4);
    wr_free(&w);
    must_make(in, 2, (How){.emit_relocs = true}, &w);
    must_read(&a, w.ptr, w.len, &o);
    ck_assert_uint_eq(count_relocs(&o, SEC_CODE), kept);
    wr_free(&w);
    arena_free(&a);
    bytes_free(&in[0]);
    bytes_free(&in[1]);
}
END_TEST

/* Once data is in the order of its names, what is made of the output is the output; but with -fPIC each link
 * has its own globals that hold addresses. */
START_TEST(test_again)
{
    Bytes in[2] = {0};
    Writer first, second, third;
    if (!compile_both(flags[_i], in)) return;
    must_make(in, 2, (How){.threads = 1}, &first);
    for (unsigned threads = 2; threads < 9; threads *= 2) {
        must_make(in, 2, (How){.threads = threads}, &second);
        ck_assert(second.len == first.len && memcmp(second.ptr, first.ptr, first.len) == 0);
        wr_free(&second);
    }
    must_make(&(Bytes){first.ptr, first.len}, 1, (How){0}, &second);
    ck_assert(second.len == first.len || strstr(flags[_i], "PIC"));
    must_make(&(Bytes){second.ptr, second.len}, 1, (How){0}, &third);
    if (!strstr(flags[_i], "PIC"))
        ck_assert(third.len == second.len && memcmp(third.ptr, second.ptr, third.len) == 0);
    wr_free(&third);
    wr_free(&second);
    wr_free(&first);
    bytes_free(&in[0]);
    bytes_free(&in[1]);
}
END_TEST

START_TEST(test_out_of_memory)
{
    Bytes in[2] = {0};
    if (!compile_both("-g", in)) return;
    bool ok = false;
    for (size_t limit = 1024; !ok && limit < (16 << 20); limit += limit / 8) {
        Diags d = {0};
        Writer w;
        ok = make(in, 2, (How){.memory_limit = limit, .emit_relocs = limit % 2}, &w, &d);
        ck_assert(ok || (d.n > 0 && d.items[d.n - 1].code == OUT_OF_MEMORY && w.len == 0));
        wr_free(&w);
        diag_free(&d);
    }
    ck_assert(ok);
    bytes_free(&in[0]);
    bytes_free(&in[1]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("relocatable");
    TCase *c = tcase_create("written and read");
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, test_read_back, 0, ARRAY_LEN(flags));
    tcase_add_loop_test(c, test_again, 0, ARRAY_LEN(flags));
    tcase_add_test(c, test_out_of_memory);
    suite_add_tcase(s, c);
    return run_tap(s);
}
