# The entry trampoline from SPEC.md's rules T1 to T6, revision `v44`: fiber_start returns nothing and
# the payload is always 0. A call through the procedure linkage table; no size and no type.
        .intel_syntax noprefix
        .text
        .globl  engine_start_v44
engine_start_v44:
        endbr64
        pop     rcx
        pop     rdx
        pop     rsi
        pop     rdi
        call    engine_fiber_start_v44@PLT
        xor     edi, edi
        mov     rax, [rbp - 8]
        push    qword ptr [rbp + 8]
        pop     r8
        mov     rbp, [rbp]
        mov     rsp, rax
        jmp     r8
engine_start_v44_end:
        .section .note.GNU-stack, "", @progbits
