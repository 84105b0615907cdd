/* host.c: a program that runs a bundle inside itself, by libparigot-loader, and calls the services in it.
 *
 *     cc host.c $(pkg-config --cflags --libs parigot-loader) -o host
 *     host KEY.pub FILE.pbundle NAME
 *
 * Asks greeting.v1.Greeter for one answer and for a reply in pieces, and prints both. */
#include <loader/loader.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

/* Messages are protobuf, and any encoder will do. These have one field each, with number 1, so it is done by hand: text
 * of at most 127 bytes, and a number of at most 127. */
static size_t encode_text(unsigned char out[129], const char *text)
{
    size_t len = strlen(text);
    if (len > 127) len = 127;
    out[0] = 1 << 3 | 2;
    out[1] = (unsigned char)len;
    memcpy(out + 2, text, len);
    return len + 2;
}

static size_t encode_number(unsigned char out[2], unsigned char n)
{
    out[0] = 1 << 3 | 0;
    out[1] = n;
    return 2;
}

static void print_text(const unsigned char *message, size_t size)
{
    if (size >= 2 && message[0] == (1 << 3 | 2) && message[1] <= size - 2 && message[1] <= 127)
        printf("%.*s\n", (int)message[1], (const char *)message + 2);
    else printf("(a message of %zu bytes)\n", size);
}

/* What modules log, and who was killed and why. */
static void on_log(void *ctx, const char *module, int level, const char *text)
{
    (void)ctx;
    (void)level;
    printf("%s: %s\n", module, text);
}

static void on_tell(void *ctx, const char *lines, size_t len)
{
    (void)ctx;
    fwrite(lines, 1, len, stderr);
}

/* One question, one answer: the world runs until it is there. */
static int say_hello(ParigotWorld *world, const char *name)
{
    unsigned char request[129];
    ParigotAnswer answer;
    int status = parigot_ask(world, parigot_method(world, "greeting.v1.Greeter/Hello"), request, encode_text(request, name),
                             5 * SECOND, &answer);
    if (status) fprintf(stderr, "host: Hello: %s: %s\n", parigot_status_text(status), answer.words);
    else print_text(answer.bytes, answer.size);
    free(answer.bytes);
    return status;
}

/* A reply in pieces: they come while the world runs. */
static void on_piece(void *arg, const ParigotReply *reply)
{
    if (reply->has_message) print_text(reply->bytes, reply->size);
    if (reply->last) *(int *)arg = reply->status;
}

static int count_down(ParigotWorld *world)
{
    unsigned char request[2];
    int status = 0;
    int64_t call = parigot_call(world, parigot_method(world, "greeting.v1.Greeter/Countdown"), request,
                                encode_number(request, 3), 5 * SECOND, on_piece, &status);
    if (call < 0) status = (int)-call;
    else parigot_wait(world, call, PARIGOT_FOREVER);
    if (status) fprintf(stderr, "host: Countdown: %s\n", parigot_status_text(status));
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: host KEY.pub FILE.pbundle NAME\n", stderr);
        return 2;
    }
    ParigotErrors *errors = parigot_errors_new();
    ParigotTrust *trust = parigot_trust_new();
    if (!errors || !trust) return 3;
    ParigotBundle *bundle = NULL;
    ParigotWorld *world = NULL;
    ParigotOpenOptions open_options = {.trust = trust, .state = "none"};
    ParigotWorldOptions options = {.log = on_log, .tell = on_tell, .tool = "host",
                                   .limits = {.memory_bytes = 16 << 20, .entry_ns = SECOND}};
    if (parigot_trust_add_file(trust, argv[1], errors)) bundle = parigot_bundle_open(argv[2], &open_options, errors);
    if (bundle) world = parigot_world_start(bundle, &options, errors);
    fputs(parigot_errors_text(errors, "host"), stderr);

    int status = world ? 0 : 1;
    if (world && (say_hello(world, argv[3]) || count_down(world))) status = 1;
    if (world) {
        parigot_world_stop(world); /* modules may say goodbye */
        parigot_world_run(world, PARIGOT_FOREVER);
    }
    parigot_world_close(world);
    parigot_bundle_close(bundle);
    parigot_trust_free(trust);
    parigot_errors_free(errors);
    return status;
}
