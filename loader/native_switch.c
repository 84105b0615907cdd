/* native_switch.c: the switch between stacks, in assembly for x86-64 (System V) and 64-bit ARM (AAPCS64).
 *
 * native_enter keeps the registers that a callee must keep on the thread's stack, notes where, and calls the guest function
 * on the other stack. Every way back begins at that note; so leaving guest code in the middle costs nothing and needs no
 * cooperation of what is left: it holds nothing. Frame pointers are 0 at the first guest frame: there walks end.
 *
 * in_guest is set before `stop` is looked at, so a poke (fault.h) either finds guest code to leave, or its word is seen here. */
#include "loader/native_switch.h"

#include <ucontext.h>

#if HAVE_NATIVE

_Static_assert(offsetof(Switch, host_stack) == 0 && offsetof(Switch, pc) == 8 && offsetof(Switch, frame) == 16 &&
                   offsetof(Switch, trap) == 24 && offsetof(Switch, stop) == 32 && offsetof(Switch, in_guest) == 40,
               "as the assembly has them");

extern const char native_switch_begin[], native_switch_end[];
void native_escape(void); /* the Switch in the first argument's register */

bool native_is_switch(uintptr_t pc) { return pc >= (uintptr_t)native_switch_begin && pc < (uintptr_t)native_switch_end; }

#define FUNCTION(name) ".globl " #name "\n.hidden " #name "\n.type " #name ", %function\n" #name ":\n"

#if defined __x86_64__

__asm__(".text\n.p2align 4\n"
        ".globl native_switch_begin\n.hidden native_switch_begin\nnative_switch_begin:\n"
        FUNCTION(native_enter) /* rdi switch, rsi fn, rdx instance, rcx slots, r8 stack */
        "push %rbp\n mov %rsp, %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n sub $8, %rsp\n"
        "mov %rsp, (%rdi)\n"
        "mov %rdi, %rbx\n mov %rsi, %rax\n mov %rdx, %rdi\n mov %rcx, %rsi\n"
        "mov %r8, %rsp\n xor %ebp, %ebp\n"
        "mov 40(%rbx), %r12\n mov 32(%rbx), %r13\n"
        "movl $1, (%r12)\n"
        "cmpl $0, (%r13)\n jne 1f\n"
        "call *%rax\n"
        "movl $0, (%r12)\n"
        "mov $1, %eax\n jmp 2f\n"
        "1: movl $0, (%r12)\n movq $0, 8(%rbx)\n movq $0, 16(%rbx)\n mov %rbx, %rdi\n"
        FUNCTION(native_escape)
        "mov %rdi, %rbx\n xor %eax, %eax\n"
        "2: cld\n mov (%rbx), %rsp\n"
        "add $8, %rsp\n pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n ret\n"
        FUNCTION(native_trap) /* rdi context, esi kind */
        "mov 48(%rdi), %rdi\n"
        "mov 40(%rdi), %rax\n movl $0, (%rax)\n"
        "mov (%rsp), %rax\n mov %rax, 8(%rdi)\n mov %rbp, 16(%rdi)\n"
        "mov %esi, %esi\n mov %rsi, 24(%rdi)\n"
        "jmp native_escape\n"
        FUNCTION(native_leave) /* rdi context, esi service, edx index, rcx slots */
        "push %rbp\n mov %rsp, %rbp\n push %rbx\n push %r12\n"
        "mov 48(%rdi), %rbx\n mov 40(%rbx), %r12\n"
        "movl $0, (%r12)\n"
        "mov 8(%rbp), %rax\n mov %rax, 8(%rbx)\n mov (%rbp), %rax\n mov %rax, 16(%rbx)\n"
        "mov (%rbx), %rsp\n"
        "call native_serve\n"
        "mov %rbx, %rdi\n"
        "test %al, %al\n jne native_escape\n"
        "movl $1, (%r12)\n"
        "mov 32(%rbx), %rax\n cmpl $0, (%rax)\n jne 3f\n"
        "lea -16(%rbp), %rsp\n pop %r12\n pop %rbx\n pop %rbp\n ret\n"
        "3: movl $0, (%r12)\n jmp native_escape\n"
        ".globl native_switch_end\n.hidden native_switch_end\nnative_switch_end:\n nop\n");

Place native_place(const void *context)
{
    const greg_t *r = ((const ucontext_t *)context)->uc_mcontext.gregs;
    return (Place){.pc = (uintptr_t)r[REG_RIP], .frame = (uintptr_t)r[REG_RBP], .stack = (uintptr_t)r[REG_RSP]};
}

void native_abandon(Switch *s, void *context)
{
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    r[REG_RIP] = (greg_t)(uintptr_t)native_escape;
    r[REG_RDI] = (greg_t)(uintptr_t)s;
}

#elif defined __aarch64__

__asm__(".text\n.p2align 4\n"
        ".globl native_switch_begin\n.hidden native_switch_begin\nnative_switch_begin:\n"
        FUNCTION(native_enter) /* x0 switch, x1 fn, x2 instance, x3 slots, x4 stack */
        "stp x29, x30, [sp, #-160]!\n mov x29, sp\n"
        "stp x19, x20, [sp, #16]\n stp x21, x22, [sp, #32]\n stp x23, x24, [sp, #48]\n stp x25, x26, [sp, #64]\n"
        "stp x27, x28, [sp, #80]\n stp d8, d9, [sp, #96]\n stp d10, d11, [sp, #112]\n stp d12, d13, [sp, #128]\n"
        "stp d14, d15, [sp, #144]\n"
        "mov x9, sp\n str x9, [x0]\n"
        "mov x19, x0\n ldr x20, [x19, #40]\n ldr x21, [x19, #32]\n"
        "mov sp, x4\n mov x29, xzr\n mov x30, xzr\n"
        "mov x9, x1\n mov x0, x2\n mov x1, x3\n"
        "mov w10, #1\n str w10, [x20]\n"
        "ldr w10, [x21]\n cbnz w10, 1f\n"
        "blr x9\n"
        "str wzr, [x20]\n"
        "mov w1, #1\n mov x0, x19\n b 2f\n"
        "1: str wzr, [x20]\n str xzr, [x19, #8]\n str xzr, [x19, #16]\n mov x0, x19\n"
        FUNCTION(native_escape)
        "mov w1, #0\n"
        "2: ldr x9, [x0]\n mov sp, x9\n mov w0, w1\n"
        "ldp x19, x20, [sp, #16]\n ldp x21, x22, [sp, #32]\n ldp x23, x24, [sp, #48]\n ldp x25, x26, [sp, #64]\n"
        "ldp x27, x28, [sp, #80]\n ldp d8, d9, [sp, #96]\n ldp d10, d11, [sp, #112]\n ldp d12, d13, [sp, #128]\n"
        "ldp d14, d15, [sp, #144]\n ldp x29, x30, [sp], #160\n ret\n"
        FUNCTION(native_trap) /* x0 context, w1 kind */
        "ldr x0, [x0, #48]\n"
        "ldr x9, [x0, #40]\n str wzr, [x9]\n"
        "str x30, [x0, #8]\n str x29, [x0, #16]\n"
        "mov w1, w1\n str x1, [x0, #24]\n"
        "b native_escape\n"
        FUNCTION(native_leave) /* x0 context, w1 service, w2 index, x3 slots */
        "stp x29, x30, [sp, #-32]!\n mov x29, sp\n stp x19, x20, [sp, #16]\n"
        "ldr x19, [x0, #48]\n ldr x20, [x19, #40]\n"
        "str wzr, [x20]\n"
        "str x30, [x19, #8]\n ldr x9, [x29]\n str x9, [x19, #16]\n"
        "ldr x9, [x19]\n mov sp, x9\n"
        "bl native_serve\n"
        "mov w1, w0\n mov x0, x19\n tst w1, #1\n b.ne native_escape\n"
        "mov w9, #1\n str w9, [x20]\n"
        "ldr x9, [x19, #32]\n ldr w9, [x9]\n cbnz w9, 3f\n"
        "mov sp, x29\n ldp x19, x20, [sp, #16]\n ldp x29, x30, [sp], #32\n ret\n"
        "3: str wzr, [x20]\n b native_escape\n"
        ".globl native_switch_end\n.hidden native_switch_end\nnative_switch_end:\n nop\n");

Place native_place(const void *context)
{
    const mcontext_t *m = &((const ucontext_t *)context)->uc_mcontext;
    return (Place){.pc = m->pc, .frame = m->regs[29], .stack = m->sp, .link = m->regs[30]};
}

void native_abandon(Switch *s, void *context)
{
    mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
    m->pc = (uintptr_t)native_escape;
    m->regs[0] = (uintptr_t)s;
}

#endif
#endif
