/* services.c: the host's own services, called through a kernel by a process that is a C function. */
#include "loader/services.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parigot/clock/v1/clock.pb-c.h"
#include "parigot/log/v1/log.pb-c.h"
#include "tap.h"

#define MS UINT64_C(1000000)
enum { MEMORY = 256 << 10, BUFFER = 8192, MESSAGE = 100000 };

/* A process that sends one prepared request and keeps what comes back. */
typedef struct Caller {
    Process *p;
    uint8_t memory[MEMORY];
    uint32_t import, len, cookie;
    bool traps, cancels;
    unsigned results;
    Entry got;
    uint64_t at;
    int32_t id;
} Caller;

static uint64_t now_ns;
static uint64_t test_now(void *ctx)
{
    (void)ctx;
    return now_ns;
}
static RunEnd start(void *self) { return self ? RUN_RETURNED : RUN_TRAPPED; }
static void stop(void *self) { (void)self; }
static RunEnd give_buffer(void *self, uint32_t len, uint32_t *address)
{
    (void)self;
    *address = len < MESSAGE - BUFFER ? BUFFER : 0;
    return RUN_RETURNED;
}
static RunEnd enter(void *self, const Entry *e)
{
    Caller *c = self;
    if (e->kind == ENTRY_INIT) {
        c->id = kernel_call(c->p, c->import, MESSAGE, c->len, c->cookie);
        if (c->cancels) ck_assert_int_eq(kernel_cancel(c->p, (uint32_t)c->id), 0);
        return c->traps ? RUN_TRAPPED : RUN_RETURNED;
    }
    c->results++;
    c->got = *e;
    c->at = now_ns;
    return RUN_RETURNED;
}
static uint8_t *at(void *self, uint32_t ptr, uint32_t len)
{
    return (uint64_t)ptr + len <= MEMORY ? ((Caller *)self)->memory + ptr : NULL;
}
static const uint8_t *const_at(void *self, uint32_t ptr, uint32_t len) { return at(self, ptr, len); }
static const char *why(void *self) { return self ? "trap" : ""; }
static const ProcessOps ops = {start, stop, give_buffer, enter, const_at, at, why, NULL};

static void run(const SystemService *service, uint32_t method, const ServiceHost *host, Caller *c)
{
    Kernel *k = kernel_new(&(KernelOptions){.now = test_now});
    void *self = service->open(host);
    Process *n = kernel_add_native(k, &(NativeSpec){.name = service->name, .ops = service->ops, .self = self,
                                                    .methods = service->methods, .n_methods = service->n_methods});
    c->p = kernel_add(k, &(ProcessSpec){.name = "tester", .ops = &ops, .self = c});
    c->import = (uint32_t)kernel_import(c->p, n, method);
    for (KernelState s; (s = kernel_step(k)) != KERNEL_ENDED;)
        if (s == KERNEL_WAITING) now_ns = kernel_next_timer(k);
    kernel_free(k);
    service->close(self);
}

/* What a Write of this text makes the service write. */
static char *logged(Caller *c, int level, const char *text, bool times)
{
    static char out[200000];
    FILE *f = tmpfile();
    ck_assert_ptr_nonnull(f);
    if (text) {
        Parigot__Log__V1__WriteRequest r = PARIGOT__LOG__V1__WRITE_REQUEST__INIT;
        r.level = (Parigot__Log__V1__Level)level;
        r.text = strdup(text);
        c->len = (uint32_t)parigot__log__v1__write_request__pack(&r, c->memory + MESSAGE);
        free(r.text);
    }
    run(&service_log, 0, &(ServiceHost){.log_fd = fileno(f), .log_times = times}, c);
    rewind(f);
    out[fread(out, 1, sizeof out - 1, f)] = 0;
    fclose(f);
    return out;
}

START_TEST(a_log_line_has_the_name_in_front)
{
    Caller *c = calloc(1, sizeof *c);
    c->cookie = 5;
    ck_assert_str_eq(logged(c, 2, "hello", false), "tester: hello\n");
    ck_assert_uint_eq(c->results, 1);
    ck_assert_uint_eq(c->got.status, 0);
    ck_assert_uint_eq(c->got.cookie, 5);
    c->cookie = 0;
    ck_assert_str_eq(logged(c, 0, "hello", false), "tester: hello\n");
    ck_assert_str_eq(logged(c, 1, "hello", false), "tester: debug: hello\n");
    ck_assert_str_eq(logged(c, 3, "hello", false), "tester: warning: hello\n");
    ck_assert_str_eq(logged(c, 4, "hello", false), "tester: error: hello\n");
    ck_assert_str_eq(logged(c, 77, "hello", false), "tester: hello\n");
    ck_assert_str_eq(logged(c, 2, "", false), "tester: \n");
    ck_assert_uint_eq(c->results, 1);
    free(c);
}
END_TEST

START_TEST(a_log_line_cannot_move_the_cursor_nor_be_two)
{
    Caller *c = calloc(1, sizeof *c);
    ck_assert_str_eq(logged(c, 2, "a\nroot: b\r\033[2J\x7f\xc2\x9b\xff\xe2\x80\xae", false),
                     "tester: a\\x0aroot: b\\x0d\\x1b[2J\\x7f\\xc2\\x9b\\xff\\xe2\\x80\\xae\n");
    ck_assert_str_eq(logged(c, 2, "gr\xc3\xbc\xc3\x9f", false), "tester: gr\xc3\xbc\xc3\x9f\n");
    free(c);
}
END_TEST

START_TEST(a_log_line_is_seen_before_the_crash)
{
    Caller *c = calloc(1, sizeof *c);
    c->traps = true;
    ck_assert_str_eq(logged(c, 2, "last words", false), "tester: last words\n");
    free(c);
}
END_TEST

START_TEST(times_are_utc_with_milliseconds)
{
    TextBuf t = {0};
    log_format(&t, "m", 2, STR("x"), INT64_C(1795352672007000000));
    ck_assert_str_eq(t.ptr, "2026-11-22T13:04:32.007Z m: x\n");
    text_free(&t);
    Caller *c = calloc(1, sizeof *c);
    const char *line = logged(c, 2, "hello", true);
    ck_assert_uint_eq(strlen(line), strlen("2026-11-22T13:04:32.007Z tester: hello\n"));
    ck_assert_ptr_nonnull(strstr(line, "Z tester: hello\n"));
    free(c);
}
END_TEST

START_TEST(long_lines_are_cut_and_longer_requests_are_not_read)
{
    Caller *c = calloc(1, sizeof *c);
    char *text = calloc(1, 70000);
    memset(text, 'x', 20000);
    const char *line = logged(c, 2, text, false);
    ck_assert_uint_eq(strlen(line), strlen("tester: ") + LOG_LINE_BYTES + strlen(" ... (3616 more bytes)\n"));
    ck_assert_ptr_nonnull(strstr(line, "x ... (3616 more bytes)\n"));
    memset(text, 'x', 69999);
    c->cookie = 1;
    ck_assert_str_eq(logged(c, 2, text, false),
                     "tester: warning: (a log line of 70005 bytes is not shown; the most is 65536)\n");
    ck_assert_uint_eq(c->got.status, STATUS_RESOURCE_EXHAUSTED);
    free(text);
    free(c);
}
END_TEST

START_TEST(what_cannot_be_decoded_is_refused)
{
    Caller *c = calloc(1, sizeof *c);
    c->cookie = 1;
    memcpy(c->memory + MESSAGE, "\x12\x10zz", 4);
    c->len = 4;
    ck_assert_str_eq(logged(c, 0, NULL, false), "");
    ck_assert_uint_eq(c->got.status, STATUS_INVALID_ARGUMENT);
    for (uint32_t method = 0; method < 2; method++) {
        memcpy(c->memory + MESSAGE, "\x12\x10zz", 4);
        run(&service_clock, method, &(ServiceHost){0}, c);
        ck_assert_uint_eq(c->got.status, STATUS_INVALID_ARGUMENT);
    }
    /* 60 KB of unknown fields, and of groups within groups */
    for (uint32_t i = 0; i < 60000; i += 2) memcpy(c->memory + MESSAGE + i, "\x78\x01", 2);
    c->len = 60000;
    ck_assert_str_eq(logged(c, 0, NULL, false), "tester: \n");
    memset(c->memory + MESSAGE, 0x0b, 60000);
    ck_assert_str_eq(logged(c, 0, NULL, false), "");
    ck_assert_uint_eq(c->got.status, STATUS_INVALID_ARGUMENT);
    run(&service_clock, 0, &(ServiceHost){0}, c);
    ck_assert_uint_eq(c->got.status, STATUS_RESOURCE_EXHAUSTED);
    free(c);
}
END_TEST

START_TEST(now_tells_both_times)
{
    Caller *c = calloc(1, sizeof *c);
    c->cookie = 1;
    now_ns = 77 * MS;
    run(&service_clock, 0, &(ServiceHost){0}, c);
    ck_assert_uint_eq(c->got.status, 0);
    Parigot__Clock__V1__NowReply *r = parigot__clock__v1__now_reply__unpack(NULL, c->got.len, c->memory + BUFFER);
    ck_assert_uint_eq(r->monotonic_ns, 77 * MS);
    ck_assert_int_gt(r->unix_ns, INT64_C(1700000000) * 1000000000);
    parigot__clock__v1__now_reply__free_unpacked(r, NULL);
    free(c);
}
END_TEST

static void ask_sleep(Caller *c, uint64_t ns)
{
    Parigot__Clock__V1__SleepRequest r = PARIGOT__CLOCK__V1__SLEEP_REQUEST__INIT;
    r.duration_ns = ns;
    c->len = (uint32_t)parigot__clock__v1__sleep_request__pack(&r, c->memory + MESSAGE);
    run(&service_clock, 1, &(ServiceHost){0}, c);
}
START_TEST(sleep_wakes_when_its_time_has_come)
{
    Caller *c = calloc(1, sizeof *c);
    c->cookie = 1;
    static const uint64_t naps[] = {0, 1, 500 * MS, UINT64_MAX};
    for (unsigned i = 0; i < ARRAY_LEN(naps); i++) {
        now_ns = 10 * MS;
        ask_sleep(c, naps[i]);
        ck_assert_uint_eq(c->results, i + 1);
        ck_assert_uint_eq(c->at, naps[i] < UINT64_MAX / 2 ? 10 * MS + naps[i] : UINT64_MAX - 1);
        ck_assert_uint_eq(c->got.status, 0);
    }
    free(c);
}
END_TEST

START_TEST(a_cancelled_sleep_wakes_at_once)
{
    Caller *c = calloc(1, sizeof *c);
    c->cookie = 1;
    c->cancels = true;
    now_ns = 10 * MS;
    ask_sleep(c, 3600000 * MS);
    ck_assert_uint_eq(c->results, 1);
    ck_assert_uint_eq(c->got.status, STATUS_CANCELLED);
    ck_assert_uint_eq(c->at, 10 * MS);
    c->cancels = false; /* and one whose sleeper dies holds nothing up */
    c->traps = true;
    ask_sleep(c, 3600000 * MS);
    ck_assert_uint_eq(now_ns, 10 * MS);
    free(c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("services");
    TCase *t = tcase_create("log");
    tcase_add_test(t, a_log_line_has_the_name_in_front);
    tcase_add_test(t, a_log_line_cannot_move_the_cursor_nor_be_two);
    tcase_add_test(t, a_log_line_is_seen_before_the_crash);
    tcase_add_test(t, times_are_utc_with_milliseconds);
    tcase_add_test(t, long_lines_are_cut_and_longer_requests_are_not_read);
    tcase_add_test(t, what_cannot_be_decoded_is_refused);
    suite_add_tcase(s, t);
    t = tcase_create("clock");
    tcase_add_test(t, now_tells_both_times);
    tcase_add_test(t, sleep_wakes_when_its_time_has_come);
    tcase_add_test(t, a_cancelled_sleep_wakes_at_once);
    suite_add_tcase(s, t);
    return run_tap(s);
}
