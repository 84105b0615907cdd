/* Tests of wasm/child.c: every way in which a program that was started can end, and what it can reach. */
#include "wasm/child.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static ChildJob shell(const char *const arguments[4], unsigned seconds)
{
    return (ChildJob){.program = "/bin/sh",
                      .arguments = arguments,
                      .input = (const uint8_t *)"input",
                      .input_size = 5,
                      .limits = {.output_bytes = 1 << 16, .seconds = seconds}};
}
#define SHELL(script, seconds) shell((const char *const[4]){"sh", "-c", (script), NULL}, (seconds))

static ChildEnd ends(ChildJob job, ChildResult *r)
{
    (void)!child_run(&job, r);
    return r->end;
}

/* What is told of a result: the code. */
static DiagCode told(ChildJob job, const ChildResult *r)
{
    Diags d = {0};
    child_tell(&job, r, "a.wasm", &d);
    DiagCode code = d.n == 1 ? d.items[0].code : DIAG_NONE;
    diag_free(&d);
    return code;
}

static void expect(const char *script, ChildEnd end, int value, DiagCode code)
{
    ChildResult r;
    ChildJob job = SHELL(script, 20);
    ck_assert_msg(ends(job, &r) == end, "%s: %d, said: %s", script, r.end, r.said);
    ck_assert_msg(r.value == value || end == CHILD_TOO_MUCH_OUTPUT || end == CHILD_OUT_OF_MEMORY, "%s: %d", script, r.value);
    ck_assert_uint_eq(r.output.len, 0);
    ck_assert_int_eq(told(job, &r), code);
}

START_TEST(test_bytes)
{
    ChildResult r;
    ck_assert_msg(ends(SHELL("cat; cat " CHILD_INPUT_PATH, 20), &r) == CHILD_DONE, "%s", r.said);
    ck_assert(r.output.len == 10 && memcmp(r.output.ptr, "inputinput", 10) == 0);
    wr_free(&r.output);
    ck_assert_int_eq(ends(SHELL("echo -n there > " CHILD_OUTPUT_PATH, 20), &r), CHILD_DONE);
    ck_assert(r.output.len == 5 && memcmp(r.output.ptr, "there", 5) == 0);
    wr_free(&r.output);
    ck_assert_int_eq(ends(SHELL(":", 20), &r), CHILD_DONE);
    ck_assert_uint_eq(r.output.len, 0);
}
END_TEST

START_TEST(test_second)
{
    ChildResult r;
    ChildJob job = SHELL("cat " CHILD_SECOND_INPUT_PATH "; cat > " CHILD_SECOND_OUTPUT_PATH, 20);
    job.has_second = true;
    job.second_input = (const uint8_t *)"more";
    job.second_input_size = 4;
    ck_assert_msg(ends(job, &r) == CHILD_DONE, "%s", r.said);
    ck_assert(r.output.len == 4 && memcmp(r.output.ptr, "more", 4) == 0);
    ck_assert(r.second_output.len == 5 && memcmp(r.second_output.ptr, "input", 5) == 0);
    wr_free(&r.output);
    wr_free(&r.second_output);
    ck_assert_int_eq(ends(SHELL("cat " CHILD_SECOND_INPUT_PATH, 20), &r), CHILD_FAILED);
}
END_TEST

START_TEST(test_ends)
{
    expect("echo -n half; exit 3", CHILD_FAILED, 3, LD_CHILD_FAILED);
    expect("echo -n half; kill -SEGV $$", CHILD_CRASHED, SIGSEGV, LD_CHILD_CRASHED);
    expect("echo Assertion failed >&2; kill -ABRT $$", CHILD_CRASHED, SIGABRT, LD_CHILD_CRASHED);
    expect("kill -ABRT $$", CHILD_OUT_OF_MEMORY, 0, LD_CHILD_MEMORY);
    expect("echo 'std::bad_alloc' >&2; kill -ABRT $$", CHILD_OUT_OF_MEMORY, 0, LD_CHILD_MEMORY);
    expect("kill -KILL $$", CHILD_OUT_OF_MEMORY, 0, LD_CHILD_MEMORY);
    expect("kill -XCPU $$", CHILD_OUT_OF_TIME, 20, LD_CHILD_TIME);
    expect("exec head -c 100000 /dev/zero", CHILD_TOO_MUCH_OUTPUT, 0, LD_CHILD_OUTPUT);
}
END_TEST

START_TEST(test_hangs)
{
    static const char *const scripts[] = {"sleep 100", "sleep 100 & sleep 100", "trap '' TERM; while :; do :; done",
                                          "exec 2>&-; sleep 100", "while :; do echo noise >&2; done"};
    for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
        ChildResult r;
        time_t before = time(NULL);
        ChildJob job = SHELL(scripts[i], 1);
        ck_assert_int_eq(ends(job, &r), CHILD_OUT_OF_TIME);
        ck_assert_int_eq(told(job, &r), LD_CHILD_TIME);
        ck_assert(time(NULL) - before < 10);
    }
}
END_TEST

START_TEST(test_noise_is_cut)
{
    ChildResult r;
    ck_assert_int_eq(ends(SHELL("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1", 20), &r), CHILD_FAILED);
    ck_assert_uint_eq(strlen(r.said), CHILD_SAID_BYTES - 1);
}
END_TEST

START_TEST(test_nothing_is_inherited)
{
    ChildResult r;
    int mine = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    ck_assert(mine >= 0 && fcntl(mine, F_DUPFD, 50) >= 50);
    (void)setenv("SECRET", "x", 1);
    (void)signal(SIGPIPE, SIG_IGN);
    /* 3 and up: what the shell and ls have open themselves */
    ck_assert_int_eq(ends(SHELL("set -- /proc/$$/fd/*; echo \"$#\"; env; grep -E 'NoNewPrivs|SigIgn' /proc/$$/status", 20), &r), CHILD_DONE);
    wr_byte(&r.output, 0);
    const char *text = (const char *)r.output.ptr;
    ck_assert_msg(text[0] <= '4' && text[1] == '\n', "%s", text);
    ck_assert_msg(strstr(text, "LC_ALL=C") && !strstr(text, "SECRET"), "%s", text);
    ck_assert_msg(strstr(text, "NoNewPrivs:\t1") && strstr(text, "SigIgn:\t0000000000000000"), "%s", text);
    wr_free(&r.output);
    /* its input stays what it was */
    ck_assert_int_eq(ends(SHELL("echo other > " CHILD_INPUT_PATH, 20), &r), CHILD_FAILED);
}
END_TEST

START_TEST(test_memory_is_limited)
{
    const char *sanitizer = getenv("PARIGOT_SANITIZE");
    if (sanitizer && strcmp(sanitizer, "none") != 0) return; /* those programs cannot live with it */
    ChildResult r;
    ChildJob job = SHELL("ulimit -v", 20);
    job.limits.memory_bytes = 64 << 20;
    ck_assert_int_eq(ends(job, &r), CHILD_DONE);
    ck_assert(r.output.len == 6 && memcmp(r.output.ptr, "65536\n", 6) == 0);
    wr_free(&r.output);
}
END_TEST

START_TEST(test_not_there)
{
    ChildResult r;
    ChildJob job = SHELL(":", 20);
    job.program = "/nowhere/tool";
    ck_assert(ends(job, &r) == CHILD_NOT_STARTED && r.value == ENOENT && told(job, &r) == LD_CHILD_MISSING);
    job.program = "/etc/passwd";
    ck_assert(ends(job, &r) == CHILD_NOT_STARTED && r.value == EACCES);
    Arena arena = {0};
    ck_assert_ptr_null(child_find(&arena, "no-such-tool", true));
    ck_assert_ptr_nonnull(child_find(&arena, "sh", true));
    ck_assert_ptr_null(child_find(&arena, "sh", false));
    ck_assert_ptr_nonnull(child_find(&arena, "unit-child", false)); /* beside this one */
    (void)setenv("PARIGOT_LIBEXEC_DIR", "/bin", 1);
    ck_assert_str_eq(child_find(&arena, "sh", false), "/bin/sh");
    ck_assert_ptr_null(child_find(&arena, "unit-child", true));
    arena_free(&arena);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {test_bytes, test_second, test_ends, test_hangs, test_noise_is_cut, test_nothing_is_inherited,
                                         test_memory_is_limited, test_not_there};
    Suite *s = suite_create("child");
    TCase *t = tcase_create("child");
    tcase_set_timeout(t, 60);
    for (size_t i = 0; i < ARRAY_LEN(tests); i++) tcase_add_test(t, tests[i]);
    suite_add_tcase(s, t);
    return run_tap(s);
}
