# The entry trampoline from SPEC.md's rules T1 to T6, revision `trap`, in other instructions than
# core's: loads for pops, no branch and no cmov for the payload, another register for the jump.
        .text
        .globl  engine_start
        .type   engine_start, @function
engine_start:
        movq    (%rsp), %rcx            # return_value_count
        movq    8(%rsp), %rdx           # args
        movq    16(%rsp), %rsi          # caller_vmctx
        movq    24(%rsp), %rdi          # func_ref
        addq    $32, %rsp
        call    engine_fiber_start
        cmpb    $1, %al                 # CF where it returned false
        sbbq    %rdi, %rdi
        negq    %rdi
        shlq    $34, %rdi               # 4 << 32, or 0
        movq    8(%rbp), %r11
        movq    -8(%rbp), %rsp
        movq    (%rbp), %rbp
        jmp     *%r11
        .size   engine_start, . - engine_start

# A switch with other registers, which computes the address after it first.
        .globl  engine_switch
        .type   engine_switch, @function
engine_switch:
        leaq    1f(%rip), %r9
        movq    16(%rsi), %rax
        movq    (%rsi), %r10
        movq    8(%rsi), %r11
        movq    %r9, 16(%rdx)
        movq    %rbp, 8(%rdx)
        movq    %rsp, (%rdx)
        movq    %r11, %rbp
        movq    %r10, %rsp
        jmp     *%rax
1:      ret
        .size   engine_switch, . - engine_switch
        .section .note.GNU-stack, "", @progbits
