# As trap_att.s, but with two launch words swapped: T2 is refuted.
        .text
        .globl  engine_start
        .type   engine_start, @function
engine_start:
        popq    %rdx
        popq    %rcx
        popq    %rsi
        popq    %rdi
        call    engine_fiber_start
        cmpb    $1, %al
        sbbq    %rdi, %rdi
        negq    %rdi
        shlq    $34, %rdi
        movq    8(%rbp), %rsi
        movq    -8(%rbp), %rsp
        movq    (%rbp), %rbp
        jmp     *%rsi
        .size   engine_start, . - engine_start
        .section .note.GNU-stack, "", @progbits
