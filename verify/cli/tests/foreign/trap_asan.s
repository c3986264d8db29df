# The entry trampoline of SPEC.md in its variant `trap-asan`, in instructions of our own: one correct
# routine, and others that are each wrong in one place.
        .text

# KEPT: where the address of the args object is read from. SECOND: 1 if fiber_exit is called. ROOM: bytes
# that are reserved. RESULT: 1 if fiber_start's result outlives the second call. EXTRA: instructions
# before the first call. RIP, RSP and RBP: where the parent's registers are read from.
        .macro  trampoline name, room=16, kept=0, second=1, result=1, rip=8, rsp=-8, rbp=0, extra=nop
        .globl  \name
        .type   \name, @function
\name:
        popq    %rcx                    # return_value_count
        popq    %rdx                    # args
        popq    %rsi                    # caller_vmctx
        popq    %rdi                    # func_ref
        leaq    -\room(%rsp), %rsp
        movq    %rdx, (%rsp)
        \extra
        call    asan_fiber_start
        movb    %al, 8(%rsp)
        movq    \kept(%rsp), %rdi
        .if \second
        call    asan_fiber_exit
        .endif
        .if \result
        movb    8(%rsp), %al
        .endif
        leaq    \room(%rsp), %rsp
        xorl    %edi, %edi
        movabsq $0x400000000, %r10
        testb   %al, %al
        cmovzq  %r10, %rdi
        movq    \rip(%rbp), %r11
        movq    \rsp(%rbp), %rsp
        movq    \rbp(%rbp), %rbp
        jmp     *%r11
        .size   \name, . - \name
        .endm

        trampoline asan_start
        trampoline asan_start_lower, room=24
        trampoline asan_start_wrong_slot, kept=8
        trampoline asan_start_forgets_al, result=0
        trampoline asan_start_one_call, second=0
        trampoline asan_start_swaps_rcx, extra="xchgq %rcx, %rdx"
        trampoline asan_start_swaps_rsi, extra="xchgq %rsi, %rdi"
        trampoline asan_start_moves_rbp, extra="leaq -32(%rbp), %rbp"
        trampoline asan_start_sets_df, extra=std
        trampoline asan_start_sets_mxcsr, extra="movq $0x1fa0, 8(%rsp); ldmxcsr 8(%rsp)"
        trampoline asan_start_sets_x87, extra="fldcw (%rsp)"
        trampoline asan_start_reads_far, extra="movq 24(%rbp), %rax"
        trampoline asan_start_other_rip, rip=0
        trampoline asan_start_other_rsp, rsp=-16
        trampoline asan_start_other_rbp, rbp=8

        .globl  asan_fiber_start
        .type   asan_fiber_start, @function
asan_fiber_start:
        movl    $1, %eax
        ret
        .size   asan_fiber_start, . - asan_fiber_start

        .globl  asan_fiber_exit
        .type   asan_fiber_exit, @function
asan_fiber_exit:
        xorl    %eax, %eax
        ret
        .size   asan_fiber_exit, . - asan_fiber_exit
        .section .note.GNU-stack, "", @progbits
