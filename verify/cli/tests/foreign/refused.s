# Routines that cannot be proved, each for a reason that a message names.
        .text
        .globl  uses_vectors
        .type   uses_vectors, @function
uses_vectors:
        movaps  %xmm0, (%rsp)
        jmp     *%rsi
        .size   uses_vectors, . - uses_vectors

        .globl  reads_thread_local
        .type   reads_thread_local, @function
reads_thread_local:
        movq    engine_variable@GOTTPOFF(%rip), %rax
        jmp     *%rsi
        .size   reads_thread_local, . - reads_thread_local

# The linker would fill in the opcode of this one.
        .globl  relocated_opcode
        .type   relocated_opcode, @function
relocated_opcode:
        .long   elsewhere - .
        jmp     *%rsi
        .size   relocated_opcode, . - relocated_opcode

        .globl  calls_two
        .type   calls_two, @function
calls_two:
        call    engine_fiber_start
        call    elsewhere
        jmp     *%rsi
        .size   calls_two, . - calls_two
        .section .note.GNU-stack, "", @progbits
