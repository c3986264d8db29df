// Small routines with known behaviour, for the prover's own tests. They are read from the test's file
// and never called.
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
)");
