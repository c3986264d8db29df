# The convention of corosensei's stacks in words of our own, to prove corosensei.contract of.
  .intel_syntax noprefix
  .text

# First code on a fresh stack, called by the parent. In: RDI the value passed, RSI the base of the stack, RDX
# its RSP. The word at base - 0x08 is the function, the one at base - 0x10 becomes the parent link.
  .globl stack_init_trampoline
  .type stack_init_trampoline, @function
stack_init_trampoline:
  push rbp
  lea rbp, [rsi - 0x10]         # the frame pointer of the fresh stack: its parent link
  mov [rbp], rsp
  mov rax, [rsi - 0x08]
  mov rsi, rbp
  add rdx, 8
  mov rsp, rdx
  lea rcx, [rip + 1f]
  push rcx                      # where the function would return to
  jmp rax
1:
  ud2
  .size stack_init_trampoline, . - stack_init_trampoline

# A yield, which the library inlines. In: RDI the value passed, RDX the parent link. Out, on the parent's
# stack: RSI the RSP that is left, with {resume address, RBX, RBP} at it.
  .globl corosensei_yield
  .type corosensei_yield, @function
corosensei_yield:
  push rbp
  push rbx
  lea rcx, [rip + 1f]
  push rcx
  mov rsi, rsp
  mov rsp, [rdx]
  pop rbp
  ret
1:
  ud2
  .size corosensei_yield, . - corosensei_yield
