/* runtime.c: WAMR's runtime in this process, and what this libiwasm was built with.
 *
 * There is no function that tells WAMR's build options, so they are found by what they do: a module with a vector is
 * loaded or not, the thread manager has its functions, a reservation shows in the list of mappings. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "loader/wamr/wamr.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *failure; /* of the runtime: written under once, like what follows */
static bool has_simd;
static pthread_key_t thread_key; /* its value is set in threads that we have told WAMR about */

/* (module (func (drop (v128.const i64x2 0 0)))) */
static const uint8_t vector_module[] = {
    0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0, 0xfd, 12,
    0, 0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0, 0x1a, 0x0b,
};

static bool loads(const uint8_t *bytes, size_t size)
{
    uint8_t copy[64];
    char why[128];
    memcpy(copy, bytes, size);
    wasm_module_t m = wasm_runtime_load(copy, (uint32_t)size, why, sizeof why);
    if (m) wasm_runtime_unload(m);
    return m != NULL;
}

static void leave_thread(void *value)
{
    (void)value;
    wasm_runtime_destroy_thread_env();
}

/* memory.grow was refused: what was asked for is worth telling. */
static void on_refused(uint32_t pages, uint64_t size_bytes, uint32_t memory_index, enlarge_memory_error_reason_t reason,
                       wasm_module_inst_t inst, wasm_exec_env_t env, void *data)
{
    (void)memory_index;
    (void)reason;
    (void)env;
    (void)data;
    LoadInstance *instance = wasm_runtime_get_custom_data(inst);
    uint64_t wanted = size_bytes + pages * UINT64_C(65536);
    if (instance && instance->refused && wanted > instance->memory.max_bytes)
        instance->refused(instance->host, GROWTH_MEMORY, instance->memory.max_bytes, wanted);
}

static void open_runtime(void)
{
    RuntimeInitArgs args = {.mem_alloc_type = Alloc_With_System_Allocator, .running_mode = Mode_Interp};
    traps_remember();
    if (pthread_key_create(&thread_key, leave_thread) != 0 || !wasm_runtime_full_init(&args)) {
        failure = "libiwasm cannot be initialised: it has no interpreter, or the host has no memory";
        return;
    }
    wasm_runtime_set_log_level(WASM_LOG_LEVEL_FATAL); /* what is wrong is said by us, once, with a code */
    wasm_runtime_set_enlarge_mem_error_callback(on_refused, NULL);
    has_simd = loads(vector_module, sizeof vector_module);
    traps_install();
}

const char *runtime_open(void)
{
    pthread_once(&once, open_runtime);
    return failure;
}

bool runtime_has_simd(void) { return has_simd; }
bool runtime_can_interrupt(void) { return wasm_runtime_spawn_exec_env != NULL; }

static pthread_mutex_t entering = PTHREAD_MUTEX_INITIALIZER;

/* WAMR installs its handlers anew for each thread, in front of whatever there is: that is put back as it was. */
bool runtime_enter_thread(void)
{
    struct sigaction segv, bus;
    if (wasm_runtime_thread_env_inited()) return true;
    pthread_mutex_lock(&entering);
    bool ok = sigaction(SIGSEGV, NULL, &segv) == 0 && sigaction(SIGBUS, NULL, &bus) == 0 && wasm_runtime_init_thread_env();
    if (ok) {
        sigaction(SIGSEGV, &segv, NULL);
        sigaction(SIGBUS, &bus, NULL);
        pthread_setspecific(thread_key, &thread_key); /* fails: some memory of the thread's is not given back */
    }
    pthread_mutex_unlock(&entering);
    return ok;
}

/* One line of /proc/self/maps: "7f0000000000-7f0000001000 ---p ..." */
bool runtime_reserves(const uint8_t *base)
{
    uint64_t at = (uint64_t)(uintptr_t)base, end = at + (UINT64_C(8) << 30);
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "re");
    if (!maps) return false;
    while (at < end && fgets(line, sizeof line, maps)) {
        unsigned long long from, to;
        char access[5];
        if (sscanf(line, "%llx-%llx %4s", &from, &to, access) == 3 && from <= at && to > at) at = to;
    }
    fclose(maps);
    return at >= end;
}
