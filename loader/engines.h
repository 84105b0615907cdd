/* engines.h: which engines there are, and how one that is a library of its own is found. Private to tools.
 *
 * parigot-run has its interpreter built in. What needs other libraries is a plug-in, loaded when it is asked for by name:
 * a shared object that defines `parigot_engine`. */
#ifndef PARIGOT_LOADER_ENGINES_H
#define PARIGOT_LOADER_ENGINES_H

#include "loader/engine.h"

typedef struct LoadEnginePlugin {
    const char *version;      /* PARIGOT_VERSION of both: the struct of functions is no stable interface            */
    size_t engine_bytes;      /* sizeof(LoadEngine)                                                                  */
    const LoadEngine *(*open)(const char **why); /* NULL: *why. May be called again                                  */
} LoadEnginePlugin;
#define LOAD_ENGINE_SYMBOL "parigot_engine"

bool load_engine_is_known(const char *name);
/* load_engine_find: "interp", or one of a plug-in; that stays loaded.
 * errors: RUN_NO_ENGINE: this program was built without, or the plug-in or its library is not there */
const LoadEngine *load_engine_find(const char *name, Diags *);

#endif
