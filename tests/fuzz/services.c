/* Fuzz target: requests from a guest to the services of the host: the first byte says which service and method, the rest is the
 * message. Each call gets one last result, and a log line is one line. */
#include <stdlib.h>

#include "loader/services.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A process that sends the message when it starts, once with a cookie and once without. */
typedef struct Sender {
    Process *process;
    const uint8_t *message;
    size_t size;
    uint8_t buffer[8192];
    uint32_t import;
    unsigned results;
    bool sent;
} Sender;

static RunEnd sender_start(void *self) { return self ? RUN_RETURNED : RUN_TRAPPED; }
static void sender_stop(void *self) { (void)self; }
static RunEnd sender_alloc(void *self, uint32_t len, uint32_t *address)
{
    *address = len <= sizeof((Sender *)self)->buffer ? 1 : 0;
    return RUN_RETURNED;
}
static RunEnd sender_enter(void *self, const Entry *e)
{
    Sender *s = self;
    if (e->kind == ENTRY_INIT) {
        s->sent = kernel_call(s->process, s->import, 1, (uint32_t)s->size, 1) > 0;
        kernel_call(s->process, s->import, 1, (uint32_t)s->size, 0);
    }
    s->results += e->kind == ENTRY_RESULT && e->cookie == 1 && (e->flags & FLAG_LAST);
    return RUN_RETURNED;
}
static const uint8_t *sender_readable(void *self, uint32_t ptr, uint32_t len)
{
    Sender *s = self;
    return ptr == 1 && len <= s->size ? s->message : NULL;
}
static uint8_t *sender_writable(void *self, uint32_t ptr, uint32_t len)
{
    Sender *s = self;
    return ptr == 1 && len <= sizeof s->buffer ? s->buffer : NULL;
}
static const char *sender_why(void *self) { return self ? "" : NULL; }
static const ProcessOps sender_ops = {sender_start, sender_stop, sender_alloc, sender_enter, sender_readable, sender_writable, sender_why, NULL, NULL};

static uint64_t now_ns;
static uint64_t fuzz_now(void *ctx)
{
    (void)ctx;
    return now_ns;
}

static bool one_line(void *ctx, const char *module, int level, Str text)
{
    TextBuf line = {0};
    (void)ctx;
    log_format(&line, module, level, text, -1);
    for (size_t i = 0; i + 1 < line.len; i++)
        if (line.ptr[i] == '\n' || line.ptr[i] == '\r' || line.ptr[i] == 0x1b) abort();
    text_free(&line);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n = 0;
    if (size < 1) return 0;
    while (system_services[n]) n++;
    const SystemService *service = system_services[data[0] % n];
    ServiceHost host = {.log_fd = -1, .log = one_line};
    Sender s = {.message = data + 1, .size = size - 1};
    Kernel *k = kernel_new(&(KernelOptions){.now = fuzz_now});
    void *self = service->open(&host);
    if (!k || !self) abort();
    Process *native = kernel_add_native(k, &(NativeSpec){.name = service->name, .ops = service->ops, .self = self,
                                                         .methods = service->methods, .n_methods = service->n_methods});
    s.process = kernel_add(k, &(ProcessSpec){.name = "sender", .ops = &sender_ops, .self = &s});
    s.import = (uint32_t)kernel_import(s.process, native, data[0] / n % service->n_methods);
    for (KernelState state; (state = kernel_step(k)) != KERNEL_ENDED;)
        if (state == KERNEL_WAITING) now_ns = kernel_next_timer(k);
    if (s.results != s.sent) abort();
    kernel_free(k);
    service->close(self);
    return 0;
}
