// Small routines with known behaviour, for the prover's own tests. They are read from the test's
// file and never called.
__asm__(R"(
  .text
  .macro routine name
    .globl \name
    .type \name, @function
    \name:
  .endm
  .macro done name
    .size \name, . - \name
  .endm

routine fixture_store_and_return
    movq %rsi, 8(%rdi)
    movl $7, %eax
    ret
done fixture_store_and_return

routine fixture_store_below_red_zone
    movq %rsi, -136(%rsp)
    ret
done fixture_store_below_red_zone

routine fixture_branch
    cmpq %rsi, %rdi
    jb 1f
    movq %rdi, %rax
    ret
1:  movq %rsi, %rax
    ret
done fixture_branch

routine fixture_trap_if_zero
    testq %rdi, %rdi
    jne 1f
    ud2
1:  ret
done fixture_trap_if_zero

routine fixture_vector_where_zero
    testq %rdi, %rdi
    jne 1f
    movaps %xmm0, %xmm1
1:  ret
done fixture_vector_where_zero

routine fixture_aligned_frame
    pushq %rbp
    movq %rsp, %rbp
    andq $-16, %rsp
    subq $32, %rsp
    movq %rdi, 8(%rsp)
    movq %rbp, %rsp
    popq %rbp
    ret
done fixture_aligned_frame

routine fixture_aligned_by_shifts
    leaq -8(%rsp), %rax
    shrq $4, %rax
    leaq (,%rax,8), %rax
    addq %rax, %rax
    movq %rdi, (%rax)
    ret
done fixture_aligned_by_shifts

routine fixture_store_below_an_aligned_rsp
    movq %rsp, %rdx
    andq $-32, %rsp
    movq %rdi, -136(%rdx)
    movq %rdx, %rsp
    ret
done fixture_store_below_an_aligned_rsp

routine fixture_read_variable
    movq fixture_variable(%rip), %rax
    ret
done fixture_read_variable

routine fixture_loop
1:  jmp 1b
done fixture_loop

routine fixture_vector
    movaps %xmm0, %xmm1
    ret
done fixture_vector

routine fixture_wild_load
    movq (%rdi), %rax
    movq (%rax), %rax
    ret
done fixture_wild_load

routine fixture_call
    call fixture_branch
    ret
done fixture_call

routine fixture_call_another_file
    call abort@PLT
    ret
done fixture_call_another_file

routine fixture_call_nothing
    call . - 7
    ret
done fixture_call_nothing

routine fixture_recursion
    call fixture_recursion
    ret
done fixture_recursion

routine fixture_call_in_two_steps
    call fixture_recursive_pair
    ret
done fixture_call_in_two_steps

routine fixture_recursive_pair
    call fixture_call_in_two_steps
    ret
done fixture_recursive_pair

# Its callee is entered by a jump, and returns to the caller's caller.
routine fixture_tail_call
    jmp fixture_branch
done fixture_tail_call

routine fixture_callee_returns_elsewhere
    call fixture_changes_its_return_address
    ret
done fixture_callee_returns_elsewhere

routine fixture_changes_its_return_address
    addq $1, (%rsp)
    ret
done fixture_changes_its_return_address

routine fixture_call_of_vectors
    call fixture_vector
    ret
done fixture_call_of_vectors

routine fixture_return
    ret
done fixture_return

routine fixture_call_twice
    call fixture_branch
    movq %rax, %rbx
    call fixture_branch
    ret
done fixture_call_twice

routine fixture_call_through
    call *(%rdi)
    ret
done fixture_call_through

routine fixture_vector_behind_a_jump
    jmp 1f
    movaps %xmm0, %xmm1
1:  ret
done fixture_vector_behind_a_jump

routine fixture_call_then_store
    call fixture_branch
    movq %rsi, 8(%rdi)
    jmp *%rdx
done fixture_call_then_store

routine fixture_store_into_red_zone
    movq %rsi, -8(%rsp)
    ret
done fixture_store_into_red_zone

routine fixture_three_loads
    movq 0(%rdi), %rax
    movq 8(%rdi), %rcx
    movq 16(%rdi), %rdx
    ret
done fixture_three_loads

routine fixture_spin
1:  cmpq %rdi, %rdi
    je 1b
    ret
done fixture_spin

routine fixture_double_64_times
    movq %rdi, %rax
    .rept 64
    addq %rax, %rax
    .endr
    ret
done fixture_double_64_times

routine fixture_call_then_load_twice
    call fixture_branch
    movq (%rbx), %rax
    movq (%rax), %rax
    ret
done fixture_call_then_load_twice

routine fixture_std
    std
    ret
done fixture_std

routine fixture_std_and_cld
    std
    cld
    ret
done fixture_std_and_cld

routine fixture_ldmxcsr
    ldmxcsr (%rdi)
    ret
done fixture_ldmxcsr

routine fixture_fldcw
    fldcw 4(%rdi)
    ret
done fixture_fldcw

routine fixture_save_and_restore_modes
    stmxcsr -4(%rsp)
    fnstcw -8(%rsp)
    ldmxcsr (%rdi)
    fldcw 4(%rdi)
    ldmxcsr -4(%rsp)
    fldcw -8(%rsp)
    ret
done fixture_save_and_restore_modes

# To the stack at RSI, from this one; the modes of each lie on it.
routine fixture_switch_of_modes
    subq $8, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rsi, %rsp
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $8, %rsp
    ret
done fixture_switch_of_modes

# The thread's word at FS + 0x28, twice; the stack protector's way.
routine fixture_by_fs
    movq %fs:0x28, %rax
    movq %rax, -8(%rsp)
    movq -8(%rsp), %rax
    subq %fs:0x28, %rax
    jne 1f
    ret
1:  ud2
done fixture_by_fs

# exit_group or whatever RSI says; the result in RBX.
routine fixture_system_call
    movl %esi, %eax
    movq %r11, %r12
    syscall
    movq %rax, %rbx
    ret
done fixture_system_call

routine fixture_environment
    fnstenv -32(%rsp)
    fldenv -32(%rsp)
    ret
done fixture_environment

routine fixture_mask_exceptions
    fnstenv -32(%rsp)
    ret
done fixture_mask_exceptions

# A table of distances, as compilers make it for a switch statement.
routine fixture_jump_table
    leaq fixture_distances(%rip), %rcx
    movslq (%rcx, %rdi, 4), %rax
    addq %rcx, %rax
    jmp *%rax
1:  movl $10, %eax
    ret
2:  movl $20, %eax
    ret
done fixture_jump_table
  .pushsection .rodata
  .balign 4
fixture_distances:
    .long 1b - fixture_distances, 2b - fixture_distances
  .popsection

  .data
  .balign 8
  .type fixture_variable, @object
  .size fixture_variable, 8
fixture_variable:
    .quad 0
fixture_data_code:
    movq %rdi, %rax
    ret
fixture_data_code_end:
  .text
  .pushsection fixture_data_sites, "a", @progbits
    .long fixture_data_code - .
    .long fixture_data_code_end - fixture_data_code
  .popsection

routine fixture_site
    movq %rdx, %r9
    movq %r9, %rdx
    jmp *%rdx
    movq %rdx, %r9
    movq %r9, %rdx
    jmp *%rdx
done fixture_site
  .pushsection fixture_half_a_table, "a", @progbits
    .long fixture_site - .
    .long 8
  .popsection
)");
