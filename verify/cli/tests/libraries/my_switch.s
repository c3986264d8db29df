# The switch that `fiberproof contract new` describes: six registers below the resume address. It stands for
# the code of a person who begins with that contract.
  .intel_syntax noprefix
  .text

# In: RDI -> where RSP is stored, RSI the RSP to resume at. The words there: R15, R14, R13, R12, RBX, RBP,
# resume address.
  .globl my_switch
  .type my_switch, @function
my_switch:
  push rbp
  push rbx
  push r12
  push r13
  push r14
  push r15
  mov [rdi], rsp
  mov rsp, rsi
  pop r15
  pop r14
  pop r13
  pop r12
  pop rbx
  pop rbp
  ret
  .size my_switch, . - my_switch

# The same with two registers that change places.
  .globl swapped_switch
  .type swapped_switch, @function
swapped_switch:
  push rbp
  push rbx
  push r12
  push r13
  push r14
  push r15
  mov [rdi], rsp
  mov rsp, rsi
  pop r15
  pop r14
  pop r12
  pop r13
  pop rbx
  pop rbp
  ret
  .size swapped_switch, . - swapped_switch
