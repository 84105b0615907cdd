/* What every module of a world exports; and memory for messages without the guest library. */
#define ENTRY(name) __attribute__((export_name(name)))
#define IMPORT(service, method) __attribute__((import_module(service), import_name(method)))
ENTRY("parigot_alloc") int parigot_alloc(int len) { return len < 0 ? 0 : 0x20000; }
ENTRY("parigot_init") int parigot_init(int ptr, int len) { return ptr + len; }
ENTRY("parigot_result") void parigot_result(int state, int cookie, int status, int ptr, int len, int flags)
{
    (void)state, (void)cookie, (void)status, (void)ptr, (void)len, (void)flags;
}
