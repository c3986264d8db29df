# The convention of minicoro's contexts in words of our own, to prove minicoro.contract of. A context, from
# its first word: resume address, RSP, RBP, RBX, R12, R13, R14, R15.
  .intel_syntax noprefix
  .text

# In: RDI the context that is left, RSI the one that is resumed.
  .globl _mco_switch
  .type _mco_switch, @function
_mco_switch:
  mov [rdi + 0x08], rsp
  mov [rdi + 0x38], r15
  mov [rdi + 0x30], r14
  mov [rdi + 0x28], r13
  mov [rdi + 0x20], r12
  mov [rdi + 0x18], rbx
  mov [rdi + 0x10], rbp
  lea rdx, [rip + 1f]
  mov [rdi], rdx
  mov rcx, [rsi]
  mov r12, [rsi + 0x20]
  mov r13, [rsi + 0x28]
  mov r14, [rsi + 0x30]
  mov r15, [rsi + 0x38]
  mov rbx, [rsi + 0x18]
  mov rbp, [rsi + 0x10]
  mov rsp, [rsi + 0x08]
  jmp rcx
1:
  ret                           # resumed: to the caller of the switch
  .size _mco_switch, . - _mco_switch

# First code of a context. In: R12 the function, R13 its argument.
  .globl _mco_wrap_main
  .type _mco_wrap_main, @function
_mco_wrap_main:
  mov rdi, r13
  mov rax, r12
  jmp rax
  .size _mco_wrap_main, . - _mco_wrap_main
