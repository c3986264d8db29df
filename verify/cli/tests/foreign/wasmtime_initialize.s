# `initialize` with the interface of engines/wasmtime_initialize.contract, in instructions of our own: one
# correct routine, and others whose stores or checks are wrong in one place.
        .text

# RSP: what is added to the first RSP that is stored. FUNC and VMCTX: where func_ref and caller_vmctx are
# stored, below the markers. ZERO: what the markers are filled with. GUARD: 1 if the guard page of a mapped
# stack is not usable.
        .macro  initialize name, rsp=0, func=0x28, vmctx=0x30, zero=0, guard=1
        .globl  \name
        .type   \name, @function
\name:
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        subq    $56, %rsp               # 104 bytes: 112(%rsp) is has_references
        movq    %rsi, (%rsp)            # func_ref
        movq    %rdx, 8(%rsp)           # caller_vmctx
        movq    %rdi, %rbx
        movq    %rcx, %rbp
        movl    %r9d, %r12d             # returns
        movl    %r8d, %r13d
        cmpl    %r9d, %r13d
        cmovbl  %r9d, %r13d             # n
        leaq    15(%r13), %r14
        andq    $-16, %r14              # bytes of the markers
        xorl    %eax, %eax
        cmpb    $0, 112(%rsp)
        cmoveq  %rax, %r14
        movq    %r13, %r15
        shlq    $4, %r15
        addq    %r14, %r15              # s
        leaq    0x40(%r15), %rax
        movq    %rax, 16(%rsp)          # required
        movq    page_size(%rip), %rax
        testq   %rax, %rax
        jnz     1f
        movl    $30, %edi
        call    sysconf@PLT
        movq    %rax, page_size(%rip)
1:      movq    8(%rbx), %rcx           # length
        cmpb    $0, 16(%rbx)
        jne     2f
        .if \guard
        xorl    %edx, %edx
        subq    %rax, %rcx
        cmovbq  %rdx, %rcx
        .endif
2:      movq    %rcx, 24(%rsp)          # usable
        cmpq    %rcx, 16(%rsp)
        ja      5f
        movl    %r13d, 4(%rbp)
        xorl    %ecx, %ecx
        movq    (%rbx), %rbx            # TOS
        testq   %r13, %r13
        jz      3f
        movq    %r13, %rax
        shlq    $4, %rax
        leaq    -0x20(%rbx), %rcx
        subq    %rax, %rcx
3:      movq    %rcx, 8(%rbp)           # data
        cmpb    $0, 112(%rsp)
        je      4f
        xorl    %edi, %edi
        testq   %r13, %r13
        jz      6f
        leaq    -0x20(%rbx), %rdi
        subq    %r15, %rdi
        movl    $\zero, %esi
        movq    %r13, %rdx
        movq    %rdi, 32(%rsp)
        call    memset@PLT
        movq    32(%rsp), %rdi
6:      movq    %rdi, 16(%rbp)          # markers
4:      call    wasmtime_continuation_start_address
        movq    %rax, -0x08(%rbx)
        leaq    -0x10(%rbx), %rax
        movq    %rax, -0x10(%rbx)
        movq    %r13, -0x20(%rbx)
        movq    %rbx, %rcx
        subq    %r15, %rcx
        leaq    \rsp-0x40(%rcx), %rax
        movq    %rax, -0x18(%rbx)
        movq    (%rsp), %rax
        movq    %rax, -\func(%rcx)
        movq    8(%rsp), %rax
        movq    %rax, -\vmctx(%rcx)
        movq    %rbp, -0x38(%rcx)
        movq    %r12, -0x40(%rcx)
        xorl    %eax, %eax
        jmp     7f
5:      leaq    16(%rsp), %rax          # two arguments of the message: address and type
        movq    %rax, 32(%rsp)
        leaq    24(%rsp), %rax
        movq    %rax, 48(%rsp)
        leaq    32(%rsp), %rsi
        call    wasmtime_format_error
7:      addq    $56, %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        ret
        .size   \name, . - \name
        .endm

        initialize wasmtime_initialize
        initialize initialize_with_a_higher_rsp, rsp=16
        initialize initialize_with_swapped_words, func=0x30, vmctx=0x28
        initialize initialize_with_set_markers, zero=1
        initialize initialize_in_the_guard_page, guard=0

        .globl  wasmtime_continuation_start_address
        .type   wasmtime_continuation_start_address, @function
wasmtime_continuation_start_address:
        leaq    wasmtime_initialize(%rip), %rax  # any address
        ret
        .size   wasmtime_continuation_start_address, . - wasmtime_continuation_start_address

        .globl  wasmtime_format_error
        .type   wasmtime_format_error, @function
wasmtime_format_error:
        movl    $1, %eax
        ret
        .size   wasmtime_format_error, . - wasmtime_format_error

        .bss
        .globl  page_size
        .type   page_size, @object
        .balign 8
page_size:
        .zero   8
        .size   page_size, 8
        .section .note.GNU-stack, "", @progbits
