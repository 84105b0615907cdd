/* service_clock.c: parigot.clock.v1.Clock. Now answers at once; Sleep answers when its timer rings, and nothing waits
 * for it meanwhile: the caller goes on serving, and so does everybody else. */
#include "loader/services.h"

#include <stdlib.h>
#include <time.h>

#include "parigot/clock/v1/clock.pb-c.h"

enum { MOST_REQUEST = 1024, MOST_REPLY = 32 };
enum { METHOD_NOW, METHOD_SLEEP };

typedef struct Sleep {
    Timer timer; /* first: the timer's address is the Sleep's */
    Call *call;
} Sleep;

static void now(Call *call, const uint8_t *bytes, size_t len)
{
    Parigot__Clock__V1__NowRequest *request = parigot__clock__v1__now_request__unpack(NULL, len, bytes);
    if (!request) {
        kernel_answer_fail(call, STATUS_INVALID_ARGUMENT, "not a parigot.clock.v1.NowRequest");
        return;
    }
    parigot__clock__v1__now_request__free_unpacked(request, NULL);
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    Parigot__Clock__V1__NowReply reply = PARIGOT__CLOCK__V1__NOW_REPLY__INIT;
    reply.unix_ns = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
    reply.monotonic_ns = kernel_now(call_kernel(call));
    uint8_t packed[MOST_REPLY];
    kernel_answer(call, packed, parigot__clock__v1__now_reply__pack(&reply, packed));
}

static void wakes(Timer *timer)
{
    Sleep *sleep = (Sleep *)(void *)timer;
    Call *call = sleep->call;
    free(sleep);
    Parigot__Clock__V1__SleepReply reply = PARIGOT__CLOCK__V1__SLEEP_REPLY__INIT;
    reply.monotonic_ns = kernel_now(call_kernel(call));
    uint8_t packed[MOST_REPLY];
    kernel_answer(call, packed, parigot__clock__v1__sleep_reply__pack(&reply, packed));
}

static void start_sleep(Call *call, const uint8_t *bytes, size_t len)
{
    Parigot__Clock__V1__SleepRequest *request = parigot__clock__v1__sleep_request__unpack(NULL, len, bytes);
    if (!request) {
        kernel_answer_fail(call, STATUS_INVALID_ARGUMENT, "not a parigot.clock.v1.SleepRequest");
        return;
    }
    uint64_t duration = request->duration_ns;
    parigot__clock__v1__sleep_request__free_unpacked(request, NULL);

    Kernel *k = call_kernel(call);
    uint64_t at = kernel_now(k);
    at = duration < UINT64_MAX - at ? at + duration : UINT64_MAX - 1;
    Sleep *sleep = calloc(1, sizeof *sleep);
    if (!sleep || !timer_set(k, &sleep->timer, at, wakes)) {
        free(sleep);
        kernel_answer_fail(call, STATUS_RESOURCE_EXHAUSTED, "host out of memory");
        return;
    }
    sleep->call = call;
    *call_data(call) = sleep;
}

static void clock_request(void *self, Call *call, uint32_t method, const uint8_t *bytes, size_t len)
{
    (void)self;
    if (len > MOST_REQUEST) kernel_answer_fail(call, STATUS_RESOURCE_EXHAUSTED, "the request is too long");
    else if (method == METHOD_NOW) now(call, bytes, len);
    else start_sleep(call, bytes, len);
}

static void clock_ended(void *self, Call *call)
{
    (void)self;
    Sleep *sleep = *call_data(call);
    timer_clear(call_kernel(call), &sleep->timer);
    free(sleep);
}

static void *clock_open(const ServiceHost *host)
{
    (void)host;
    return calloc(1, 1); /* no state, but NULL says out of memory */
}

static const char *const methods[] = {[METHOD_NOW] = "parigot.clock.v1.Clock/Now",
                                      [METHOD_SLEEP] = "parigot.clock.v1.Clock/Sleep"};
static const NativeOps ops = {clock_request, clock_ended};
const SystemService service_clock = {"parigot.clock.v1.Clock", methods, ARRAY_LEN(methods), &ops, clock_open, free};
