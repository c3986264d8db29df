# The entry trampoline of trap_att.s under names with the separators of a place, as Wasmtime, Rust and
# C++ have them, and twice under one name.
        .macro  trampoline name
        .type   "\name", @function
"\name":
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
        .size   "\name", . - "\name"
        .endm

        .text
        trampoline "wasm[0]::function[3]"
        trampoline "_RNvNtCs2OpA4fNwd7R_1r6engine4wake"
        trampoline "_ZN6engineplEii"
        trampoline "start:12"
        trampoline "start"
        .globl  chosen
        .type   chosen, @gnu_indirect_function
        .set    chosen, start
        .section .note.GNU-stack, "", @progbits
