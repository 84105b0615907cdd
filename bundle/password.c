/* password.c: the password of a secret key: from a file, from the environment, or from whoever sits at the
 * terminal. */
#include "bundle/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static char *fail(char *password, Diags *d, DiagCode code, const char *file, const char *why)
{
    sodium_free(password);
    diag_add(d, code, DIAG_AT(.file = file), "%s", why);
    return NULL;
}

static char *from_bytes(char *to, const char *bytes, size_t size, Diags *d, const char *file)
{
    const char *nl = memchr(bytes, '\n', size);
    if (nl) size = (size_t)(nl - bytes);
    if (size && bytes[size - 1] == '\r') size--;
    if (size > PASSWORD_MAX_BYTES)
        return fail(to, d, BUNDLE_BAD_PASSWORD, file, "password is longer than 1024 bytes");
    if (memchr(bytes, 0, size)) return fail(to, d, BUNDLE_BAD_PASSWORD, file, "NUL in the password");
    memcpy(to, bytes, size);
    to[size] = 0;
    return to;
}

static char *from_file(char *to, const char *path, Diags *d)
{
    FileBytes f;
    if (!file_read(path, 64 << 10, d, &f)) {
        sodium_free(to);
        return NULL;
    }
    to = from_bytes(to, (const char *)f.ptr, f.size, d, path);
    sodium_memzero(f.ptr, f.size);
    file_close(&f);
    return to;
}

/* ---- terminal ---- */

enum { CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, CTRL_U = 21, ESCAPE_DELETE = 127 };

static void say(int tty, const char *text)
{
    size_t len = strlen(text);
    while (len) {
        ssize_t n = write(tty, text, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        text += n;
        len -= (size_t)n;
    }
}

/* Reads one line with neither echo nor signals, so that an interrupt cannot leave the terminal without echo.
 */
static bool read_line(int tty, char *to)
{
    size_t len = 0;
    for (;;) {
        char c;
        ssize_t n = read(tty, &c, 1);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0 || c == CTRL_C || (c == CTRL_D && len == 0)) return false;
        if (c == '\n' || c == '\r') break;
        if (c == BACKSPACE || c == ESCAPE_DELETE) len -= len > 0;
        else if (c == CTRL_U) len = 0;
        else if (len < PASSWORD_MAX_BYTES) to[len++] = c;
        else return false;
    }
    to[len] = 0;
    return true;
}

static bool ask(int tty, const char *question, const char *about, char *to)
{
    struct termios before, quiet;
    if (tcgetattr(tty, &before) < 0) return false;
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    if (tcsetattr(tty, TCSAFLUSH, &quiet) < 0) return false;
    say(tty, question);
    say(tty, about);
    say(tty, ": ");
    bool ok = read_line(tty, to);
    say(tty, "\n");
    tcsetattr(tty, TCSAFLUSH, &before);
    return ok;
}

static char *from_terminal(char *to, const char *key_file, bool repeat, Diags *d)
{
    Arena scratch = {0};
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    const char *about = diag_escape(&scratch, str_of(key_file));
    if (tty < 0 || !about) {
        if (tty >= 0) close(tty);
        arena_free(&scratch);
        return fail(
            to, d, BUNDLE_BAD_PASSWORD, key_file,
            "a password is needed and there is no terminal to ask: use --password-file or --password-env");
    }
    char *again = repeat ? sodium_malloc(PASSWORD_MAX_BYTES + 1) : NULL;
    bool ok = ask(tty, "password for ", about, to) &&
              (!repeat || (again && ask(tty, "once more, password for ", about, again)));
    bool same = ok && (!repeat || strcmp(to, again) == 0);
    sodium_free(again);
    close(tty);
    arena_free(&scratch);
    if (!ok) return fail(to, d, BUNDLE_BAD_PASSWORD, key_file, "no password was given");
    if (!same) return fail(to, d, BUNDLE_BAD_PASSWORD, key_file, "the two passwords differ");
    return to;
}

char *password_get(const BundlePassword *from, const char *key_file, bool repeat, Diags *d)
{
    char *to = sodium_malloc(PASSWORD_MAX_BYTES + 1);
    if (!to) return fail(to, d, OUT_OF_MEMORY, key_file, "out of memory");
    if (from && from->file) return from_file(to, from->file, d);
    if (from && from->environment) {
        const char *value = getenv(from->environment);
        if (!value)
            return fail(to, d, BUNDLE_BAD_PASSWORD, key_file,
                        "the variable that --password-env names is not set");
        return from_bytes(to, value, strlen(value), d, from->environment);
    }
    return from_terminal(to, key_file, repeat, d);
}
