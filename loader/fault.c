/* fault.c: which faults are a guest's; and the poke, by which guest code is reached that looks at nothing.
 *
 * Guest memory is not checked by code but by the processor: what is out of bounds, below the null guard, or a write to
 * sealed data, faults. The signal handler takes the fault for the guest's if this thread is inside guest code at that
 * moment (a thread-local record says so: Run) and the address lies in the reservation of that instance's memory; what then
 * happens is the engine's. Every other fault goes to the handler that was installed before, or kills the process as it would
 * have without us.
 *
 * The poke is a SIGURG that carries an address of ours, so that no other one is taken for it. SIGURG: nobody is harmed by
 * one that comes late, since it is ignored unless somebody wants it. */
#include "loader/fault.h"

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The run that this thread is in, innermost, and its id. What the loader has for each thread. A handler reads it in any
 * thread of any program: not by a way that may allocate memory first, as in a library that was loaded late. */
#define THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))
static THREAD_LOCAL Run *current_run;
static THREAD_LOCAL pid_t own_thread;

/* The process's handlers from before; written once, under the once-control, before our handlers can run. */
static struct sigaction previous_segv, previous_bus, previous_urg;
static pthread_once_t install_once = PTHREAD_ONCE_INIT;
static bool installed;
/* Comes with each poke: an address that nobody else sends. */
#define POKE_MARK ((void *)&install_once)

Run *fault_current(void) { return current_run; }

void fault_enter(Run *run)
{
    run->outer = current_run;
    current_run = run;
}

void fault_leave(Run *run) { current_run = run->outer; }

/* ---- signals ------------------------------------------------------------------------------------------------------------ */

static bool is_guests(const Run *run, const siginfo_t *info)
{
    if (run == NULL || !run->in_guest || info->si_code <= 0) return false; /* <= 0: sent by kill() and the like */
    const LoadMemory *m = run->memory;
    uintptr_t address = (uintptr_t)info->si_addr, base = (uintptr_t)m->base;
    return address >= base && address - base < m->reserved_bytes;
}

static const struct sigaction *previous_of(int signal_number)
{
    return signal_number == SIGSEGV ? &previous_segv : signal_number == SIGBUS ? &previous_bus : &previous_urg;
}

static void chain(int signal_number, siginfo_t *info, void *context)
{
    const struct sigaction *previous = previous_of(signal_number);
    if (previous->sa_flags & SA_SIGINFO || (previous->sa_handler != SIG_DFL && previous->sa_handler != SIG_IGN)) {
        sigset_t mask;
        pthread_sigmask(SIG_BLOCK, &previous->sa_mask, &mask); /* as it would run without us */
        if (previous->sa_flags & SA_SIGINFO) previous->sa_sigaction(signal_number, info, context);
        else previous->sa_handler(signal_number);
        pthread_sigmask(SIG_SETMASK, &mask, NULL);
    } else if (signal_number != SIGURG) { /* faults cannot be ignored: with the default handler back, the instruction faults again and ends it */
        struct sigaction standard = {.sa_handler = SIG_DFL};
        sigaction(signal_number, &standard, NULL);
        if (info->si_code <= 0) raise(signal_number);
    }
}

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
    Run *run = current_run;
    if (!is_guests(run, info)) {
        int saved_errno = errno;
        chain(signal_number, info, context);
        errno = saved_errno;
        return;
    }
    run->in_guest = 0;
    run->fault(run, (uint64_t)((uintptr_t)info->si_addr - (uintptr_t)run->memory->base), context);
}

/* The same signal to this thread, a little later: whoever has interrupted the guest has ended by then, or there will be
 * another. Raw system calls: the library's may take memory. */
static void poke_again(void)
{
    enum { LATER_NS = 1000000 };
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGURG, .sigev_value.sival_ptr = POKE_MARK};
    struct itimerspec later = {.it_value.tv_nsec = LATER_NS};
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    int timer;
    if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0) (void)syscall(SYS_timer_settime, timer, 0, &later, NULL);
}

static void on_poke(int signal_number, siginfo_t *info, void *context)
{
    Run *run = current_run;
    int saved_errno = errno;
    bool sent = info->si_code == SI_QUEUE && info->si_pid == getpid() && info->si_value.sival_ptr == POKE_MARK;
    bool again = info->si_code == SI_TIMER && info->si_value.sival_ptr == POKE_MARK;
    if (again) (void)syscall(SYS_timer_delete, info->si_timerid);
    if (!sent && !again) chain(signal_number, info, context);
    else if (run != NULL && run->in_guest && run->poke && !run->poke(run, context)) poke_again();
    errno = saved_errno;
}

void fault_poke(pid_t thread)
{
    siginfo_t info = {.si_code = SI_QUEUE};
    int saved_errno = errno;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_ptr = POKE_MARK;
    (void)syscall(SYS_rt_tgsigqueueinfo, info.si_pid, thread, SIGURG, &info);
    errno = saved_errno;
}

static void forget_thread(void) { own_thread = 0; } /* after fork, in the child */

pid_t fault_thread(void)
{
    if (own_thread == 0) {
        sigset_t urg;
        sigemptyset(&urg);
        sigaddset(&urg, SIGURG);
        pthread_sigmask(SIG_UNBLOCK, &urg, NULL);
        own_thread = (pid_t)syscall(SYS_gettid);
    }
    return own_thread;
}

static bool take(int signal_number, void (*handler)(int, siginfo_t *, void *), int flags, struct sigaction *previous)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | flags};
    sigemptyset(&action.sa_mask);
    return sigaction(signal_number, &action, previous) == 0;
}

static void install(void)
{
    installed = take(SIGSEGV, on_fault, 0, &previous_segv) && take(SIGBUS, on_fault, 0, &previous_bus) &&
                take(SIGURG, on_poke, SA_RESTART, &previous_urg) && pthread_atfork(NULL, NULL, forget_thread) == 0;
}

bool fault_handler_install(void)
{
    pthread_once(&install_once, install);
    return installed;
}

/* ---- what a fault means --------------------------------------------------------------------------------------------- */

static bool is_shadow_stack(const PmLayout *l, uint32_t sp, uint64_t address)
{
    if (l == NULL) return false;
    if (sp < l->stack_low || sp > l->stack_high) return true;
    return address < l->stack_low && sp - address <= l->null_guard;
}

LoadTrapKind fault_kind(const LoadMemory *m, const PmLayout *layout, uint32_t stack_pointer, uint64_t address)
{
    if (address < m->null_guard) return is_shadow_stack(layout, stack_pointer, address) ? TRAP_SHADOW_STACK : TRAP_NULL_POINTER;
    if (m->sealed && address >= m->sealed_low && address < m->sealed_high) return TRAP_READ_ONLY;
    return is_shadow_stack(layout, stack_pointer, address) ? TRAP_SHADOW_STACK : TRAP_OOB_MEMORY;
}
