/* create_impl.h: what the passes of bundle_create share. Private to the create half of bundle/.
 *
 * A Made is a module on its way into the manifest. Strings of the manifest lie in the arena; those of services are the
 * rows' own, so that each name is there once. */
#ifndef PARIGOT_BUNDLE_CREATE_IMPL_H
#define PARIGOT_BUNDLE_CREATE_IMPL_H

#include "bundle/create.h"
#include "validator/validator.h"

enum { NO_PROVIDER = -1 };

/* One service, by name: everything that is known about it in this world. */
typedef struct ServiceRow {
    Str name;
    char *text;               /* the same with a NUL                                                       */
    int32_t provider;         /* index into made, after routes; NO_PROVIDER                                */
    uint32_t n_providers;
    bool remote, routed;
    const uint8_t *digest;    /* of its description, as the first module says; NULL = none did              */
    uint32_t digest_by;       /* index of that module                                                      */
} ServiceRow;

typedef enum Mark { MARK_NEW, MARK_OPEN, MARK_DONE } Mark;

typedef struct Made {
    const WorldModule *in;
    ValReport report;
    uint8_t digest[BUNDLE_DIGEST_BYTES];
    BundleModule out;
    Mark mark;                /* of order_modules */
    uint32_t via;             /* service row by which the module on the stack requires the next one */
} Made;

typedef struct Making {
    const World *world;
    Diags *diags;
    Arena arena;
    Made *made;               /* as in the world                       */
    uint32_t n_made;
    Made **order;             /* in start order                        */
    uint32_t n_order;
    ServiceRow *services;     /* sorted by name, bytewise              */
    uint32_t n_services;
    BundleManifest manifest;
    Str *blobs;               /* the bytes of each blob                */
    Writer *native;           /* native code by module blob, as far as there is any; wr_free */
    uint32_t n_native;
    bool failed;              /* an error was recorded                 */
} Making;

/* An error about a module: at its line of the world file, else at its own file. */
Diag *making_error(Making *, DiagCode, const Made *, const char *format, ...) PRINTF(4, 5);
/* About something else in the world file. */
Diag *making_world_error(Making *, DiagCode, uint32_t line, const char *format, ...) PRINTF(4, 5);
void making_out_of_memory(Making *);
/* NUL-terminated copy in the arena; "" and a failure when there is no memory. */
char *making_text(Making *, Str);
ServiceRow *making_service(const Making *, Str name); /* NULL when no module, grant or route names it */

/* describe.c */
void collect_services(Making *); /* requires: reports. provides: services, without providers            */
void describe_modules(Making *); /* requires: services. provides: Made.out but blob and policy          */
/* order.c */
void find_providers(Making *);   /* requires: services. provides: provider, remote, routed, digest      */
void order_modules(Making *);    /* requires: providers. provides: order                                */

#endif
