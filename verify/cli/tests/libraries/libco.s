# The convention of libco's handles in words of our own, to prove libco.contract of. A handle, from its first
# word: RSP, RBP, RBX, R12, R13, R14, R15; the resume address is the word at its RSP.
  .intel_syntax noprefix
  .text

# In: RDI the handle that is resumed, RSI the one that is left.
  .globl co_swap
  .type co_swap, @function
co_swap:
  mov [rsi + 0x30], r15
  mov [rsi + 0x28], r14
  mov [rsi + 0x20], r13
  mov [rsi + 0x18], r12
  mov [rsi + 0x10], rbx
  mov [rsi + 0x08], rbp
  mov [rsi], rsp
  mov rsp, [rdi]
  mov rbp, [rdi + 0x08]
  mov rbx, [rdi + 0x10]
  mov r12, [rdi + 0x18]
  mov r13, [rdi + 0x20]
  mov r14, [rdi + 0x28]
  mov r15, [rdi + 0x30]
  ret
  .size co_swap, . - co_swap
