/* native_rig.h: tests of an engine that are compiled a second time, with TEST_NATIVE, for native code. */
#ifndef PARIGOT_TESTS_NATIVE_RIG_H
#define PARIGOT_TESTS_NATIVE_RIG_H

#include <check.h>
#include <stdio.h>

#include "loader/engine.h"
#include "validator/validator.h"

#ifdef TEST_NATIVE
#include "bundle/native.h"

/* made_native: the module's native code, for the options; to be freed with wr_free after the LoadModule. */
static inline Writer made_native(Arena *arena, const ValReport *report, LoadCompileOptions *options, Diags *diags)
{
    Writer code = {0};
    NativeTools tools;
    NativeJob job = {.module = &report->module, .features = report->features, .name = STR("test"),
                     .stack_pointer = options->stack_pointer, .fuel = options->fuel};
    ck_assert(native_find_tools(arena, &tools, diags));
    ck_assert_int_eq(native_make(&tools, &job, diags, &code), NATIVE_MADE);
    options->native = code.ptr;
    options->native_bytes = code.len;
    return code;
}

/* engine_is_here: false: the tests are skipped, and why is printed. */
static inline bool engine_is_here(void)
{
    Arena arena = {0};
    Diags diags = {0};
    NativeTools tools;
    bool there = native_find_tools(&arena, &tools, &diags);
#ifdef __SANITIZE_THREAD__ /* it holds signals back until the thread calls something, which guest code does not */
    if (there) diag_add(&diags, USAGE, DIAG_AT(.file = NULL), "ThreadSanitizer holds signals back");
    there = false;
#endif
    if (!there) printf("1..0 # SKIP %s\n", diags.items[0].text);
    arena_free(&arena);
    diag_free(&diags);
    return there;
}
#else
static inline Writer made_native(Arena *arena, const ValReport *report, LoadCompileOptions *options, Diags *diags)
{
    (void)arena, (void)report, (void)options, (void)diags;
    return (Writer){0};
}
static inline bool engine_is_here(void) { return true; }
#endif
#endif
