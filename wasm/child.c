/* child.c: a program that works on bytes in a process of its own, with limits. See child.h.
 *
 * Between fork and exec only system calls are made: the process that is forked may have threads. What it says is read
 * while it runs, so that it cannot block on it, and only the start is kept. */
#include "wasm/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Programs under these sanitizers want address space by the terabyte: they get no limit of it. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { LIMITS_SPACE = 0 };
#elif defined __clang__
enum {
    LIMITS_SPACE = !__has_feature(address_sanitizer) && !__has_feature(memory_sanitizer) && !__has_feature(thread_sanitizer)
};
#else
enum { LIMITS_SPACE = 1 };
#endif

/* All descriptors of one run; -1: closed. */
typedef struct Pipes {
    int input, output, second_input, second_output; /* files in memory */
    int said_read, said_write;      /* its standard error */
    int started_read, started_write; /* closed by exec; else errno comes through */
} Pipes;

static void close_one(int *fd)
{
    if (*fd >= 0) (void)close(*fd);
    *fd = -1;
}

static void close_pipes(Pipes *p)
{
    close_one(&p->input);
    close_one(&p->output);
    close_one(&p->second_input);
    close_one(&p->second_output);
    close_one(&p->said_read);
    close_one(&p->said_write);
    close_one(&p->started_read);
    close_one(&p->started_write);
}

/* ---- before ---- */

static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/* The input is sealed: the child, which could open it anew for writing, cannot change what it was given. */
static bool open_input(const uint8_t *bytes, size_t size, int *fd)
{
    *fd = memfd_create("parigot-input", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return *fd >= 0 && write_all(*fd, bytes, size) && lseek(*fd, 0, SEEK_SET) == 0 &&
           fcntl(*fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
}

static bool open_output(int *fd) { return (*fd = memfd_create("parigot-output", MFD_CLOEXEC)) >= 0; }

static bool open_pipes(const ChildJob *job, Pipes *p)
{
    int said[2], started[2];
    if (!open_input(job->input, job->input_size, &p->input) || !open_output(&p->output)) return false;
    if (job->has_second && (!open_input(job->second_input, job->second_input_size, &p->second_input) ||
                            !open_output(&p->second_output)))
        return false;
    if (pipe2(said, O_CLOEXEC) != 0) return false;
    p->said_read = said[0];
    p->said_write = said[1];
    if (pipe2(started, O_CLOEXEC) != 0) return false;
    p->started_read = started[0];
    p->started_write = started[1];
    return fcntl(p->said_read, F_SETFL, O_NONBLOCK) == 0;
}

/* ---- in the child, between fork and exec ---- */

static void limit(int resource, uint64_t soft, uint64_t hard)
{
    struct rlimit now, l = {soft, hard};
    if (getrlimit((__rlimit_resource_t)resource, &now) != 0) return;
    if (l.rlim_max > now.rlim_max) l.rlim_max = now.rlim_max; /* it never gets more than we have */
    if (l.rlim_cur > l.rlim_max) l.rlim_cur = l.rlim_max;
    (void)setrlimit((__rlimit_resource_t)resource, &l);
}

static void set_limits(const ChildLimits *l)
{
    uint64_t cpu = (uint64_t)l->seconds * (l->processors ? l->processors : 1);
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_CPU, cpu, cpu + 1);
    limit(RLIMIT_FSIZE, l->output_bytes, l->output_bytes);
    if (l->memory_bytes && LIMITS_SPACE) limit(RLIMIT_AS, l->memory_bytes, l->memory_bytes);
}

/* Its descriptors, in their order; all others go. The last one is closed by exec. false: errno */
static bool arrange_descriptors(const Pipes *p, int started_at)
{
    enum { HIGH = 100, MOST = 6 };
    const int wanted[MOST] = {p->input, p->output, p->said_write, p->second_input, p->second_output, p->started_write};
    int high[MOST]; /* first out of the way: each may have the number of another */
    for (int i = 0; i < MOST; i++)
        if ((high[i] = wanted[i] < 0 ? -1 : fcntl(wanted[i], F_DUPFD_CLOEXEC, HIGH)) < 0 && wanted[i] >= 0) return false;
    for (int i = 0; i < started_at; i++) {
        (void)close(i);
        if (high[i] >= 0 && dup2(high[i], i) < 0) return false;
    }
    bool ok = dup3(high[started_at], started_at, O_CLOEXEC) >= 0;
    (void)close_range((unsigned)started_at + 1, UINT_MAX, 0);
    return ok;
}

static _Noreturn void become(const ChildJob *job, const Pipes *p, pid_t parent)
{
    static const char *const plain[] = {"LC_ALL=C", NULL};
    enum { STARTED = 5 };
    sigset_t none;
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1); /* it died before that */
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    for (int s = 1; s < NSIG; s++) (void)signal(s, SIG_DFL); /* what is ignored would stay so */
    if (arrange_descriptors(p, STARTED)) {
        set_limits(&job->limits);
        /* exec changes neither of the two, it has never been declared so */
        execve(job->program, (char *const *)(uintptr_t)job->arguments,
               (char *const *)(uintptr_t)(job->environment ? job->environment : plain));
    }
    int error = errno;
    (void)!write(STARTED, &error, sizeof error);
    _exit(1);
}

/* ---- while it runs ---- */

static int64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads what there is; true: there will be more. */
static bool listen(int fd, ChildResult *out, size_t *kept)
{
    char more[CHILD_SAID_BYTES];
    for (;;) {
        ssize_t n = read(fd, more, sizeof more);
        if (n < 0) return errno == EAGAIN || errno == EINTR;
        if (n == 0) return false;
        size_t room = sizeof out->said - 1 - *kept, take = (size_t)n < room ? (size_t)n : room;
        memcpy(out->said + *kept, more, take);
        *kept += take;
    }
}

/* Until it ends, or has had its time. */
static bool wait_for(pid_t pid, int pid_fd, const ChildJob *job, const Pipes *p, ChildResult *out, siginfo_t *how)
{
    int64_t until = now_ms() + (int64_t)job->limits.seconds * 1000;
    struct pollfd polled[] = {{.fd = pid_fd, .events = POLLIN}, {.fd = p->said_read, .events = POLLIN}};
    size_t kept = 0;
    bool ended = false;
    while (!ended) {
        int64_t left = until - now_ms();
        if (left <= 0) break;
        if (poll(polled, ARRAY_LEN(polled), left > INT_MAX ? INT_MAX : (int)left) < 0 && errno != EINTR) break;
        if (polled[1].fd >= 0 && polled[1].revents && !listen(p->said_read, out, &kept)) polled[1].fd = -1;
        ended = (polled[0].revents & POLLIN) != 0;
    }
    (void)kill(-pid, SIGKILL); /* also what it started */
    (void)kill(pid, SIGKILL);
    while (waitid(P_PID, (id_t)pid, how, WEXITED) != 0 && errno == EINTR) continue;
    (void)listen(p->said_read, out, &kept);
    return ended;
}

/* ---- after ---- */

static bool read_output(int fd, uint64_t most, Writer *out)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || (uint64_t)st.st_size > most) return false;
    if (st.st_size == 0) return true;
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) return false;
    wr_bytes(out, bytes, (size_t)st.st_size);
    (void)munmap(bytes, (size_t)st.st_size);
    return !out->failed;
}

static bool read_outputs(const ChildJob *job, const Pipes *p, ChildResult *out)
{
    return read_output(p->output, job->limits.output_bytes, &out->output) &&
           (!job->has_second || read_output(p->second_output, job->limits.output_bytes, &out->second_output));
}

/* Programs that find no memory say so, and end as they like; one that aborts without a word had none to say it with. */
static bool lacked_memory(const siginfo_t *how, const char *said)
{
    static const char *const words[] = {"bad_alloc", "out of memory", "Out of memory", "Cannot allocate memory",
                                        "failed to map segment", "terminate called recursively"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strstr(said, words[i])) return true;
    return how->si_code != CLD_EXITED && how->si_status == SIGABRT && !*said;
}

static ChildEnd end_of(const siginfo_t *how, bool in_time, ChildResult *out)
{
    out->value = how->si_status;
    if (!in_time || (how->si_code != CLD_EXITED && how->si_status == SIGXCPU)) return CHILD_OUT_OF_TIME;
    if (how->si_code == CLD_EXITED && how->si_status == 0) return CHILD_DONE;
    if (lacked_memory(how, out->said)) return CHILD_OUT_OF_MEMORY;
    if (how->si_code == CLD_EXITED) return CHILD_FAILED;
    if (how->si_status == SIGXFSZ) return CHILD_TOO_MUCH_OUTPUT;
    return how->si_status == SIGKILL ? CHILD_OUT_OF_MEMORY : CHILD_CRASHED; /* not by us: the kernel's way to find memory */
}

static void run(const ChildJob *job, Pipes *p, ChildResult *out)
{
    siginfo_t how = {0};
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) become(job, p, parent);
    out->value = errno;
    if (pid < 0) return;
    (void)setpgid(pid, pid); /* whichever of the two comes first */
    close_one(&p->said_write);
    close_one(&p->started_write);
    int error = 0, pid_fd = pidfd_open(pid, 0);
    ssize_t n;
    do n = read(p->started_read, &error, sizeof error);
    while (n < 0 && errno == EINTR);
    if (pid_fd < 0 && n != sizeof error) {
        error = errno; /* nobody could tell when it ends */
        n = sizeof error;
        (void)kill(pid, SIGKILL);
    }
    bool in_time = wait_for(pid, pid_fd, job, p, out, &how);
    close_one(&pid_fd);
    if (n == sizeof error) {
        out->value = error;
        return;
    }
    out->end = end_of(&how, in_time, out);
    if (out->end == CHILD_OUT_OF_TIME) out->value = (int)job->limits.seconds;
    if (out->end == CHILD_DONE && !read_outputs(job, p, out))
        out->end = out->output.failed || out->second_output.failed ? CHILD_OUT_OF_MEMORY : CHILD_TOO_MUCH_OUTPUT;
    if (out->end == CHILD_DONE) return;
    wr_free(&out->output);
    wr_free(&out->second_output);
}

bool child_run(const ChildJob *job, ChildResult *out)
{
    Pipes p = {-1, -1, -1, -1, -1, -1, -1, -1};
    *out = (ChildResult){.end = CHILD_NOT_STARTED};
    if (open_pipes(job, &p)) run(job, &p, out);
    else out->value = errno;
    close_pipes(&p);
    return out->end == CHILD_DONE;
}

/* ---- what is told ---- */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static Diag *tell(const char *name, const ChildJob *job, const ChildResult *r, DiagPlace at, Diags *d)
{
    switch (r->end) {
    case CHILD_NOT_STARTED:
        return diag_add(d, LD_CHILD_MISSING, at, "%s could not be started: %s", job->program, strerror(r->value));
    case CHILD_CRASHED:
        return diag_add(d, LD_CHILD_CRASHED, at, "%s crashed: %s", name, strsignal(r->value));
    case CHILD_OUT_OF_TIME:
        return diag_add(d, LD_CHILD_TIME, at, "%s had not finished after %d seconds", name, r->value);
    case CHILD_OUT_OF_MEMORY:
        return diag_add(d, LD_CHILD_MEMORY, at, "%s needs more than %llu MiB of memory", name,
                        (unsigned long long)(job->limits.memory_bytes >> 20));
    case CHILD_TOO_MUCH_OUTPUT:
        return diag_add(d, LD_CHILD_OUTPUT, at, "%s wrote more than %llu MiB", name,
                        (unsigned long long)(job->limits.output_bytes >> 20));
    default: return diag_add(d, LD_CHILD_FAILED, at, "%s ended with status %d", name, r->value);
    }
}

void child_tell(const ChildJob *job, const ChildResult *r, const char *file, Diags *d)
{
    enum { LINES = 3 };
    Diag *diag = tell(last_part(job->program), job, r, DIAG_AT(.file = file), d);
    Arena arena = {0};
    const char *at = r->said;
    for (int i = 0; i < LINES && *at; i++) {
        size_t len = strcspn(at, "\n");
        const char *line = diag_escape(&arena, (Str){at, len});
        if (len && line) diag_note(d, diag, "%s", line);
        at += len + (at[len] == '\n');
    }
    arena_free(&arena);
}

/* ---- where programs are ---- */

static const char *in_folder(Arena *arena, const char *folder, size_t len, const char *name)
{
    const char *path = arena_printf(arena, "%.*s/%s", (int)len, folder, name);
    struct stat st;
    return path && stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? path : NULL;
}

const char *child_find_on_path(Arena *arena, const char *name)
{
    const char *at = getenv("PATH"), *found = NULL;
    while (at && *at && !found) {
        size_t len = strcspn(at, ":");
        if (len && *at == '/') found = in_folder(arena, at, len, name); /* never in whatever folder one stands in */
        at += len + (at[len] == ':');
    }
    return found;
}

const char *child_find(Arena *arena, const char *name, bool on_path)
{
    static const char *const places[] = {"", "/../libexec/parigot"};
    const char *named = getenv("PARIGOT_LIBEXEC_DIR"), *found = NULL;
    if (named && *named) return in_folder(arena, named, strlen(named), name);
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    while (n > 0 && self[n - 1] != '/') n--;
    for (size_t i = 0; n > 1 && i < ARRAY_LEN(places) && !found; i++) {
        const char *folder = arena_printf(arena, "%.*s%s", (int)n - 1, self, places[i]);
        if (folder) found = in_folder(arena, folder, strlen(folder), name);
    }
    return found || !on_path ? found : child_find_on_path(arena, name);
}

void child_missing(const char *name, const char *wanted_for, const char *cure, Diags *d)
{
    const char *named = getenv("PARIGOT_LIBEXEC_DIR");
    Diag *diag = diag_add(d, LD_CHILD_MISSING, DIAG_AT(), "%s is not here, which %s needs", name, wanted_for);
    if (named && *named) diag_note(d, diag, "PARIGOT_LIBEXEC_DIR names the folder where it was looked for");
    else diag_note(d, diag, "%s", cure);
}
