/* service_log.c: parigot.log.v1.Log: one line for each Write, with the name of the module in front.
 *
 * A line is written while the caller's entry is still running: it is seen even if the module traps right after
 * (docs/abi.md rule 9). What a guest says is shown escaped: it can neither move the cursor nor fake another module's line. */
#include "loader/services.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "parigot/log/v1/log.pb-c.h"

enum { MOST_REQUEST = 64 << 10 }; /* bounds what unpacking costs; longer ones are not looked into */

typedef struct LogService {
    const ServiceHost *host;
    TextBuf line;
} LogService;

static const char *level_text(int level)
{
    switch (level) {
    case PARIGOT__LOG__V1__LEVEL__LEVEL_DEBUG: return "debug: ";
    case PARIGOT__LOG__V1__LEVEL__LEVEL_WARNING: return "warning: ";
    case PARIGOT__LOG__V1__LEVEL__LEVEL_ERROR: return "error: ";
    default: return ""; /* LEVEL_INFO, and what later versions may name */
    }
}

static void add_time(TextBuf *out, int64_t unix_ns)
{
    time_t seconds = (time_t)(unix_ns / 1000000000);
    struct tm tm;
    char text[40];
    if (!gmtime_r(&seconds, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm)) return;
    text_printf(out, "%s.%03dZ ", text, (int)(unix_ns / 1000000 % 1000));
}

void log_text(TextBuf *out, Str text)
{
    size_t cut = text.len > LOG_LINE_BYTES ? text.len - LOG_LINE_BYTES : 0;
    text.len -= cut;
    Arena scratch = {0};
    const char *shown = diag_escape(&scratch, text);
    text_printf(out, "%s", shown ? shown : "(out of memory)");
    if (cut) text_printf(out, " ... (%zu more bytes)", cut);
    arena_free(&scratch);
}

void log_format(TextBuf *out, const char *name, int level, Str text, int64_t unix_ns)
{
    if (unix_ns >= 0) add_time(out, unix_ns);
    text_printf(out, "%s: %s", name, level_text(level));
    log_text(out, text);
    text_add(out, STR("\n"));
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        } else if (n < 0 && errno != EINTR) {
            return false;
        } else if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return true;
}

static bool write_line(LogService *log, const char *name, int level, Str text)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    log->line.len = 0;
    log->line.failed = false;
    if (log->host->log) {
        log_text(&log->line, text);
        return !log->line.failed && log->host->log(log->host->ctx, name, level, (Str){log->line.ptr, log->line.len});
    }
    log_format(&log->line, name, level, text,
               log->host->log_times ? (int64_t)now.tv_sec * 1000000000 + now.tv_nsec : -1);
    return !log->line.failed && write_all(log->host->log_fd, log->line.ptr, log->line.len);
}

static void log_write(LogService *log, Call *call, const uint8_t *bytes, size_t len)
{
    const char *name = process_name(call_caller(call));
    if (len > MOST_REQUEST) {
        char text[100];
        snprintf(text, sizeof text, "(a log line of %zu bytes is not shown; the most is %d)", len, MOST_REQUEST);
        write_line(log, name, PARIGOT__LOG__V1__LEVEL__LEVEL_WARNING, str_of(text));
        kernel_answer_fail(call, STATUS_RESOURCE_EXHAUSTED, "the log line is too long");
        return;
    }
    Parigot__Log__V1__WriteRequest *request = parigot__log__v1__write_request__unpack(NULL, len, bytes);
    if (!request) {
        kernel_answer_fail(call, STATUS_INVALID_ARGUMENT, "not a parigot.log.v1.WriteRequest");
        return;
    }
    if (write_line(log, name, (int)request->level, str_of(request->text))) kernel_answer(call, NULL, 0);
    else kernel_answer_fail(call, STATUS_UNAVAILABLE, "the log cannot be written");
    parigot__log__v1__write_request__free_unpacked(request, NULL);
}

static void log_request(void *self, Call *call, uint32_t method, const uint8_t *bytes, size_t len)
{
    (void)method; /* there is one */
    log_write(self, call, bytes, len);
}

static void log_ended(void *self, Call *call)
{
    (void)self; /* every call has been answered by the time it could end */
    (void)call;
}

static void *log_open(const ServiceHost *host)
{
    LogService *log = calloc(1, sizeof *log);
    if (log) log->host = host;
    return log;
}

static void log_close(void *self)
{
    LogService *log = self;
    text_free(&log->line);
    free(log);
}

static const char *const methods[] = {"parigot.log.v1.Log/Write"};
static const NativeOps ops = {log_request, log_ended};
const SystemService service_log = {"parigot.log.v1.Log", methods, ARRAY_LEN(methods), &ops, log_open, log_close};
