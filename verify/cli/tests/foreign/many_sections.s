# The entry trampoline of trap_att.s and its callee behind 65,400 sections, whose numbers do not fit
# into 16 bits.
        .altmacro
        .macro  filler number
        .section .filler.\number, "a"
        .endm
        .set    count, 0
        .rept   65400
        filler  %count
        .set    count, count + 1
        .endr

        .section .text.callee, "ax"
        .globl  engine_fiber_start
        .type   engine_fiber_start, @function
engine_fiber_start:
        movl    $1, %eax
        ret
        .size   engine_fiber_start, . - engine_fiber_start

        .section .text.start, "ax"
        .globl  engine_start
        .type   engine_start, @function
engine_start:
        movq    (%rsp), %rcx
        movq    8(%rsp), %rdx
        movq    16(%rsp), %rsi
        movq    24(%rsp), %rdi
        addq    $32, %rsp
        call    engine_fiber_start
        cmpb    $1, %al
        sbbq    %rdi, %rdi
        negq    %rdi
        shlq    $34, %rdi
        movq    8(%rbp), %r11
        movq    -8(%rbp), %rsp
        movq    (%rbp), %rbp
        jmp     *%r11
        .size   engine_start, . - engine_start
        .section .note.GNU-stack, "", @progbits
