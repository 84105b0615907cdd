/* driver.c: the main module of the soak: keeps calls in flight at every service, and counts. Each call must end exactly
 * once, with its own number and the load that was asked for, or by a failure; when enough calls have been made, it waits for
 * the last of them, reports, and exits with 0 if all is right.
 *
 * config: calls: how many, or seconds: for how long. */
#include <parigot.h>
#include <stdlib.h>
#include <string.h>

#include "parigot/clock/v1/clock.parigot.h"
#include "soak/v1/brittle.parigot.h"
#include "soak/v1/keeper.parigot.h"
#include "soak/v1/mute.parigot.h"
#include "soak/v1/relay.parigot.h"
#include "soak/v1/steady.parigot.h"
#include "soak/v1/stream.parigot.h"
#include "soak/v1/thirsty.parigot.h"

enum { TICK_MS = 20, MUTE_MS = 30, MOST_WINDOW = 64, STATUSES = 17, PIECES = 150, LOAD = 40 };

typedef int32_t CallFn(parigot_app *, const soak_v1_Task *, soak_v1_Done_done *, void *);
typedef enum Kind { ANSWERS, STREAMS, NEVER_ANSWERS } Kind;

/* act: every so many calls it is asked to go wrong; 0: never. */
static const struct Service {
    const char *name;
    CallFn *call;
    uint32_t window, act;
    Kind kind;
} services[] = {
    {"steady",  soak_v1_Steady_Do_call,  64, 0,     ANSWERS},
    {"brittle", soak_v1_Brittle_Do_call, 8,  1500,  ANSWERS},
    {"thirsty", soak_v1_Thirsty_Do_call, 8,  2000,  ANSWERS},
    {"keeper",  soak_v1_Keeper_Do_call,  12, 100,   ANSWERS},
    {"relay",   soak_v1_Relay_Do_call,   16, 5000,  ANSWERS},
    {"stream",  soak_v1_Stream_Do_call,  2,  0,     STREAMS},
    {"mute",    soak_v1_Mute_Do_call,    8,  0,     NEVER_ANSWERS},
};
enum { N_SERVICES = sizeof services / sizeof *services };

typedef struct Target Target;
typedef struct Slot Slot;
struct Slot {
    Slot *next_free;
    Target *target;
    uint64_t number;
    uint32_t pieces, wanted;
    bool open;
};
struct Target {
    const struct Service *service;
    Slot slots[MOST_WINDOW];
    Slot *free;
    uint32_t open;
    uint64_t made, answered, refused, failed[STATUSES];
};
struct parigot_app {
    Target targets[N_SERVICES];
    uint64_t made, most, seconds, ticks, wrong;
    bool enough;
};

/* ---- one call ----------------------------------------------------------------------------------------------------------- */

static void fill(parigot_app *, Target *);
static void report(parigot_app *);

static void wrong(parigot_app *app, const Slot *s, const char *what)
{
    if (app->wrong++ < 10) parigot_log("wrong: %s, call %llu: %s", s->target->service->name, (unsigned long long)s->number, what);
}

static void check_piece(parigot_app *app, Slot *s, const soak_v1_Done *done)
{
    size_t size = s->target->service->kind == STREAMS ? 1 : s->wanted;
    if (done->number != s->number) wrong(app, s, "another number");
    if (done->load.len != size) wrong(app, s, "another size");
    for (size_t i = 0; i < done->load.len; i++)
        if (done->load.ptr[i] != (uint8_t)s->number) {
            wrong(app, s, "another load");
            break;
        }
    s->pieces++;
}

static void on_done(parigot_app *app, void *arg, const parigot_result_info *info, const soak_v1_Done *done)
{
    Slot *s = arg;
    Target *t = s->target;
    if (!s->open) {
        wrong(app, s, "a result after the last");
        return;
    }
    if (done) check_piece(app, s, done);
    if (!info->last) return;
    if (info->status) t->failed[info->status]++;
    else t->answered++;
    if (!info->status && s->pieces != (t->service->kind == STREAMS ? s->wanted : 1)) wrong(app, s, "pieces are missing");
    s->open = false;
    s->next_free = t->free;
    t->free = s;
    t->open--;
    fill(app, t);
    if (app->enough) report(app);
}

static bool make_call(parigot_app *app, Target *t)
{
    const struct Service *service = t->service;
    Slot *s = t->free;
    uint64_t number = app->made + 1;
    bool act = service->act && (t->made + 1) % service->act == 0;
    uint32_t wanted = service->kind == STREAMS ? PIECES : (uint32_t)(number % LOAD);
    soak_v1_Task task = {.number = number, .size = wanted, .act = act};
    int32_t id = service->call(app, &task, on_done, s);
    if (id < 0) {
        t->refused++;
        return false;
    }
    t->free = s->next_free;
    *s = (Slot){.target = t, .number = number, .wanted = wanted, .open = true};
    app->made++;
    t->made++;
    t->open++;
    if (service->kind == NEVER_ANSWERS) {
        parigot_deadline(id, MUTE_MS);
        if (number % 3 == 0) parigot_cancel(id);
    }
    return true;
}

static void fill(parigot_app *app, Target *t)
{
    while (!app->enough && t->open < t->service->window && make_call(app, t))
        if (app->most && app->made >= app->most) app->enough = true;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------ */

/* When nothing is open any more. */
static void report(parigot_app *app)
{
    for (Target *t = app->targets; t < app->targets + N_SERVICES; t++)
        if (t->open) return;
    uint64_t answered = 0, failed = 0;
    for (Target *t = app->targets; t < app->targets + N_SERVICES; t++) {
        uint64_t f = 0;
        for (int i = 1; i < STATUSES; i++) f += t->failed[i];
        parigot_log("service %s made %llu answered %llu failed %llu refused %llu (killed %llu deadline %llu cancelled %llu)",
                    t->service->name, (unsigned long long)t->made, (unsigned long long)t->answered, (unsigned long long)f,
                    (unsigned long long)t->refused, (unsigned long long)t->failed[PARIGOT_UNAVAILABLE],
                    (unsigned long long)t->failed[PARIGOT_DEADLINE_EXCEEDED], (unsigned long long)t->failed[PARIGOT_CANCELLED]);
        answered += t->answered;
        failed += f;
    }
    if (answered + failed != app->made) app->wrong++;
    parigot_log("total made %llu answered %llu failed %llu ticks %llu wrong %llu", (unsigned long long)app->made,
                (unsigned long long)answered, (unsigned long long)failed, (unsigned long long)app->ticks, (unsigned long long)app->wrong);
    parigot_exit(app->wrong ? 1 : 0);
}

static void sleep_ms(parigot_app *app, uint64_t ms, parigot_clock_v1_SleepReply_done *then)
{
    app->ticks++;
    parigot_clock_v1_Clock_Sleep_call(app, &(parigot_clock_v1_SleepRequest){ms * 1000000}, then, NULL);
}

/* Those that were refused have nothing open, perhaps. */
static void on_tick(parigot_app *app, void *arg, const parigot_result_info *info, const parigot_clock_v1_SleepReply *reply)
{
    (void)arg, (void)info, (void)reply;
    for (Target *t = app->targets; t < app->targets + N_SERVICES; t++) fill(app, t);
    sleep_ms(app, TICK_MS, on_tick);
}

static void on_time_over(parigot_app *app, void *arg, const parigot_result_info *info, const parigot_clock_v1_SleepReply *reply)
{
    (void)arg, (void)info, (void)reply;
    app->enough = true;
}

static uint64_t number_of(const parigot_kernel_v1_InitRequest *init, const char *key)
{
    parigot_str s = parigot_config(init, key);
    uint64_t n = 0;
    for (size_t i = 0; i < s.len; i++) n = n * 10 + (uint64_t)(s.ptr[i] - '0');
    return n;
}

parigot_app *parigot_start(const parigot_kernel_v1_InitRequest *init)
{
    parigot_app *app = parigot_new(sizeof *app);
    app->most = number_of(init, "calls");
    app->seconds = number_of(init, "seconds");
    for (int i = 0; i < N_SERVICES; i++) {
        Target *t = &app->targets[i];
        t->service = &services[i];
        for (uint32_t k = services[i].window; k > 0; k--) {
            t->slots[k - 1] = (Slot){.target = t, .next_free = t->free};
            t->free = &t->slots[k - 1];
        }
    }
    if (app->seconds) sleep_ms(app, app->seconds * 1000, on_time_over);
    sleep_ms(app, TICK_MS, on_tick);
    for (int i = 0; i < N_SERVICES; i++) fill(app, &app->targets[i]);
    return app;
}
