/* services.h: the services that the host itself provides, each granted to a module by name in the manifest.
 *
 * A system service runs on the host between two turns of guests. Its requests come from hostile code: their size is
 * bounded before protobuf-c unpacks them, and none of them has messages within messages. It answers at once or later,
 * and never blocks.
 *
 * Sources: proto/parigot/log/v1/log.proto, proto/parigot/clock/v1/clock.proto. */
#ifndef PARIGOT_LOADER_SERVICES_H
#define PARIGOT_LOADER_SERVICES_H

#include "loader/kernel.h"

/* What services need of the host. */
typedef struct ServiceHost {
    int log_fd;     /* where log lines go                          */
    bool log_times; /* each line starts with the time, UTC         */
    /* Instead: takes a line, escaped, cut, without "\n". false: it could not. NULL: lines go to log_fd */
    bool (*log)(void *ctx, const char *module, int level, Str text);
    void *ctx;
} ServiceHost;

typedef struct SystemService {
    const char *name;              /* "parigot.log.v1.Log"                                                 */
    const char *const *methods;    /* "parigot.log.v1.Log/Write"                                           */
    uint32_t n_methods;
    const NativeOps *ops;
    void *(*open)(const ServiceHost *); /* its own state, one a world; NULL: out of memory. The host is borrowed */
    void (*close)(void *);         /* after the kernel has gone                                            */
} SystemService;

extern const SystemService service_log, service_clock;
extern const SystemService *const system_services[]; /* ends with NULL */

/* The longest text of a log line; what is beyond is cut. */
enum { LOG_LINE_BYTES = 16 << 10 };
void log_text(TextBuf *, Str text); /* what is shown of it */
/* log_format: one line as it is written, "\n" at its end: "[2026-11-22T13:04:32.123Z ]name: [level: ]text", escaped.
 * in: unix_ns: the time, or -1 for none; level: as in WriteRequest */
void log_format(TextBuf *, const char *name, int level, Str text, int64_t unix_ns);

#endif
