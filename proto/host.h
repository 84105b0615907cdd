/* host.h: the descriptions of the host's own services, package parigot: a FileDescriptorSet, with all that it
 * refers to, made from proto/parigot/ when the tools are built. */
#ifndef PARIGOT_PROTO_HOST_H
#define PARIGOT_PROTO_HOST_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t proto_host_services[];
extern const size_t proto_host_services_size;

#endif
