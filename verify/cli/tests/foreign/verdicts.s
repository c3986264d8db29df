# Entry trampolines, each with a different group of instructions: right ones in other instructions than
# a compiler's, and wrong ones. The test says which is which.
        .macro  begin name
        .globl  \name
        .type   \name, @function
\name:
        .endm
        .macro  take_launch_words
        popq    %rcx                    # return_value_count
        popq    %rdx                    # args
        popq    %rsi                    # caller_vmctx
        popq    %rdi                    # func_ref
        .endm
        .macro  payload
        testb   %al, %al
        sete    %al
        movzbl  %al, %edi
        shlq    $34, %rdi               # 4 << 32, or 0
        .endm
        .macro  leave_for_parent name
        movq    8(%rbp), %rsi
        movq    -8(%rbp), %rsp
        movq    (%rbp), %rbp
        jmp     *%rsi
        .size   \name, . - \name
        .endm
        .macro  with_payload name, instructions
begin \name
        take_launch_words
        call    engine_fiber_start
        \instructions
leave_for_parent \name
        .endm
        .macro  before_the_call name, instructions
begin \name
        take_launch_words
        \instructions
        call    engine_fiber_start
        payload
leave_for_parent \name
        .endm

        .text
# A bool is 0 or 1 in AL (psABI 3.2.3), and the rest of RAX is anything.
with_payload bit_tested, "xorl %edi, %edi; movabsq $0x400000000, %rcx; testb $1, %al; cmoveq %rcx, %rdi"
with_payload bit_flipped, "xorb $1, %al; movzbl %al, %edi; shlq $34, %rdi"
with_payload word_flipped, "xorl $1, %eax; movzbl %al, %edi; shlq $34, %rdi"
with_payload flipped_when_extended, "movzbl %al, %edi; xorl $1, %edi; shlq $34, %rdi"
with_payload compared_with_1, "cmpb $1, %al; setne %al; movzbl %al, %edi; shlq $34, %rdi"
with_payload bit_cut_out, "movl %eax, %edi; notl %edi; andl $1, %edi; shlq $34, %rdi"
with_payload from_a_table, "movzbl %al, %eax; leaq payloads(%rip), %rdx; movq (%rdx,%rax,8), %rdi"
with_payload from_a_short_table, "movzbl %al, %eax; leaq halves(%rip), %rdx; movl (%rdx,%rax,4), %edi; shlq $32, %rdi"
with_payload double_word_tested, "testl %eax, %eax; sete %al; movzbl %al, %edi; shlq $34, %rdi"
with_payload word_tested, "testq %rax, %rax; sete %al; movzbl %al, %edi; shlq $34, %rdi"
with_payload double_word_compared, "cmpl $1, %eax; setne %al; movzbl %al, %edi; shlq $34, %rdi"
with_payload other_bit_tested, "testb $2, %al; sete %al; movzbl %al, %edi; shlq $34, %rdi"
with_payload from_a_wrong_table, "movzbl %al, %eax; leaq wrong_payloads(%rip), %rdx; movq (%rdx,%rax,8), %rdi"
with_payload from_a_variable, "movq changing(%rip), %rdi"

# The count is a u32, zero-extended in its word (L2).
begin count_as_double_word
        movl    (%rsp), %ecx
        addq    $8, %rsp
        popq    %rdx
        popq    %rsi
        popq    %rdi
        call    engine_fiber_start
        payload
leave_for_parent count_as_double_word

# RSP is a multiple of 16 before the call (T2).
before_the_call aligned, "andq $-16, %rsp"
before_the_call aligned_in_rax, "movq %rsp, %rax; andq $-16, %rax; movq %rax, %rsp"
before_the_call aligned_up, "leaq 15(%rsp), %rax; andq $-16, %rax; movq %rax, %rsp"
before_the_call aligned_by_shifts, "shrq $4, %rsp; shlq $4, %rsp"
before_the_call aligned_by_or, "orq $15, %rsp; xorq $15, %rsp"
before_the_call aligned_twice, "andq $-8, %rsp; andq $-16, %rsp"
before_the_call aligned_to_32, "andq $-32, %rsp"
before_the_call aligned_to_4096, "andq $-4096, %rsp"

begin aligned_with_rsp_saved
        take_launch_words
        movq    %rsp, %rbx
        andq    $-32, %rbx
        movq    %rsp, %rbx
        andq    $-16, %rsp
        call    engine_fiber_start
        movq    %rbx, %rsp
        payload
leave_for_parent aligned_with_rsp_saved

# A refutation that ends a path.
begin parent_rbp_first
        take_launch_words
        call    engine_fiber_start
        payload
        movq    (%rbp), %rbp
        movq    8(%rbp), %rsi
        movq    -8(%rbp), %rsp
        jmp     *%rsi
        .size   parent_rbp_first, . - parent_rbp_first

begin trap_where_it_failed
        take_launch_words
        call    engine_fiber_start
        testb   %al, %al
        jne     1f
        ud2
1:      payload
leave_for_parent trap_where_it_failed

before_the_call load_of_address_0, "movq 0, %rax"
before_the_call store_to_a_table, "movq %rax, payloads(%rip)"
before_the_call store_to_code, "movb $0x90, engine_callee(%rip)"
before_the_call read_of_a_variable, "movq changing(%rip), %rax"

# The callee by its address: in a slot of the linker, and in a pointer of the file.
begin callee_in_a_register
        take_launch_words
        movq    engine_fiber_start@GOTPCREL(%rip), %rax
        call    *%rax
        payload
leave_for_parent callee_in_a_register

begin callee_in_a_pointer
        take_launch_words
        movq    pointer_to_callee(%rip), %r11
        call    *%r11
        payload
leave_for_parent callee_in_a_pointer

begin callee_in_a_hidden_pointer
        take_launch_words
        movq    hidden_pointer(%rip), %r11
        call    *%r11
        payload
leave_for_parent callee_in_a_hidden_pointer

begin callee_in_a_variable
        take_launch_words
        movq    variable_callee(%rip), %r11
        call    *%r11
        payload
leave_for_parent callee_in_a_variable

begin callee_that_is_weak
        take_launch_words
        movq    absent_callee@GOTPCREL(%rip), %r11
        call    *%r11
        payload
leave_for_parent callee_that_is_weak
        .weak   absent_callee

        .globl  engine_callee
        .hidden engine_callee
        .type   engine_callee, @function
engine_callee:
        movl    $1, %eax
        ret
        .size   engine_callee, . - engine_callee
        .globl  engine_fiber_start
        .type   engine_fiber_start, @function
engine_fiber_start:
        movl    $1, %eax
        ret
        .size   engine_fiber_start, . - engine_fiber_start

        .section .rodata
        .balign 8
payloads:
        .quad   0x400000000, 0
halves: .long   4, 0
wrong_payloads:
        .quad   0, 0x400000000
        .section .data.rel.ro, "aw", @progbits
        .balign 8
pointer_to_callee:
        .quad   engine_fiber_start
hidden_pointer:
        .quad   engine_callee
        .data
        .balign 8
        .globl  changing
        .hidden changing
        .type   changing, @object
        .size   changing, 8
changing:
        .quad   0
        .type   variable_callee, @object
        .size   variable_callee, 8
variable_callee:
        .quad   engine_callee
        .section .note.GNU-stack, "", @progbits
