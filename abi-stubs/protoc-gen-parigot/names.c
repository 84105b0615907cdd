/* names.c: from protobuf names to C names, and no two things under one name. */
#include <stdlib.h>
#include <string.h>
#include "gen.h"

/* Words that cannot be a member's name in C or C++, and macros that headers or compilers define. Sorted. */
static const char *const reserved[] = {
    "EOF",
    "I",
    "INFINITY",
    "NAN",
    "NDEBUG",
    "NULL",
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "assert",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "complex",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "errno",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "i386",
    "if",
    "imaginary",
    "inline",
    "int",
    "linux",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "noreturn",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "stderr",
    "stdin",
    "stdout",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "typeof_unqual",
    "union",
    "unix",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
};

static int compare_words(const void *key, const void *element)
{
    return strcmp(key, *(const char *const *)element);
}

const char *gen_c_name(Gen *g, const char *full_name)
{
    if (*full_name == '.') full_name++;
    char *name = arena_strndup(&g->arena, full_name, strlen(full_name));
    for (char *p = name; *p; p++)
        if (*p == '.') *p = '_';
    return name;
}

const char *gen_member_name(Gen *g, const char *name)
{
    bool taken = bsearch(name, reserved, ARRAY_LEN(reserved), sizeof *reserved, compare_words) ||
                 (name[0] == '_' && (name[1] == '_' || (name[1] >= 'A' && name[1] <= 'Z')));
    return taken ? arena_printf(&g->arena, "%s_", name) : name;
}

/* A name of the generated code, and why it is there. */
struct Identifier {
    const char *name, *owner;
    const File *file;
    Path path;
};

void gen_note_name(Gen *g, const char *name, const File *file, const Path *path, const char *owner)
{
    g->identifiers =
        arena_grow(&g->arena, g->identifiers, g->n_identifiers, &g->cap_identifiers, sizeof *g->identifiers);
    g->identifiers[g->n_identifiers++] = (struct Identifier){name, owner, file, *path};
}

/* By name; of one name, in the order in which they were noted, which is that of the files. */
static int compare_identifiers(const void *a, const void *b)
{
    const struct Identifier *x = *(const struct Identifier *const *)a,
                            *y = *(const struct Identifier *const *)b;
    int order = strcmp(x->name, y->name);
    return order ? order : x < y ? -1 : x > y;
}

void gen_check_names(Gen *g)
{
    const struct Identifier **sorted = arena_array(&g->arena, g->n_identifiers, sizeof *sorted);
    const char **told =
        arena_array(&g->arena, g->n_identifiers, sizeof *told); /* owners that have had their error */
    size_t n_told = 0;
    for (size_t i = 0; i < g->n_identifiers; i++) sorted[i] = &g->identifiers[i];
    qsort(sorted, g->n_identifiers, sizeof *sorted, compare_identifiers);
    for (size_t i = 1; i < g->n_identifiers; i++) {
        const struct Identifier *first = sorted[i - 1], *again = sorted[i];
        size_t k = 0;
        if (strcmp(first->name, again->name) != 0) continue;
        while (k < n_told && told[k] != again->owner) k++;
        if (k < n_told) continue;
        told[n_told++] = again->owner;
        gen_error(g, again->file, &again->path, "%s: its name %s in C is also that of %s%s%s", again->owner,
                  again->name, first->owner, first->file == again->file ? "" : " in ",
                  first->file == again->file ? "" : first->file->proto->name);
    }
}
