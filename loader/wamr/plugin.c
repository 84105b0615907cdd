/* plugin.c: the engine as parigot-run loads it when it is asked for (loader/engines.h). */
#include "loader/engines.h"
#include "loader/wamr/wamr.h"

extern const LoadEnginePlugin parigot_engine __attribute__((visibility("default")));
const LoadEnginePlugin parigot_engine = {.version = PARIGOT_VERSION, .engine_bytes = sizeof(LoadEngine), .open = wamr_open};
