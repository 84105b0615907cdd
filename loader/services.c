/* services.c: the system services that this loader has. */
#include "loader/services.h"

const SystemService *const system_services[] = {&service_log, &service_clock, NULL};
