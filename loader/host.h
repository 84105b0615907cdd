/* host.h: the host program as a process of the kernel: it calls services as a module would, and gets each result in a
 * turn of its own. What it has for a memory is the message of the moment.
 *
 * Source: docs/abi.md rules 2, 5, 8 and 11. */
#ifndef PARIGOT_LOADER_HOST_H
#define PARIGOT_LOADER_HOST_H

#include "loader/kernel.h"
#include "loader/loader.h"

typedef struct Host Host;

Host *host_new(void);                     /* NULL: out of memory                                                     */
ProcessSpec host_spec(Host *);            /* for kernel_add, before the first step                                   */
void host_attach(Host *, Process *);
void host_free(Host *);                   /* after the kernel                                                        */

/* host_call: between two steps, or within a ParigotReplyFn. fn is called exactly once with `last`, never before host_call
 * has returned. A call's number is never used again.
 * in:   import      of kernel_import(process of host_attach, ...)
 *       timeout_ns  besides the provider's limit; 0 = none
 * out:  >= 1, or minus a status: fn is not called */
int64_t host_call(Host *, uint32_t import, const void *bytes, uint32_t len, uint64_t timeout_ns, ParigotReplyFn *fn,
                  void *arg);
/* host_watch: *done becomes true after the call's last reply has been given; NULL: no longer. false: it has ended. */
bool host_watch(Host *, int64_t call, bool *done);
void host_forget(Host *, int64_t call);   /* its replies go nowhere from now on                                     */
bool host_cancel(Host *, int64_t call);   /* false: it has ended. Else its last result still comes, with status 1    */
bool host_is_in_reply(const Host *);      /* within a ParigotReplyFn                                                 */
/* The kernel has halted: calls that are still open end with UNAVAILABLE. */
void host_end_calls(Host *);

#endif
