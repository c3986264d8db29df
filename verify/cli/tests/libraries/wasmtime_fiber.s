# The convention of Wasmtime's fibers for async calls in words of our own, to prove wasmtime_fiber.contract
# and wasmtime_fiber_start.contract of. The words at a stored RSP: R15, R14, R13, R12, RBX, RBP, resume
# address.
  .intel_syntax noprefix
  .text

# In: RDI the top of the fiber's stack; the word at top - 0x10 has the RSP to resume at, and gets this one.
  .globl wasmtime_fiber_switch
  .type wasmtime_fiber_switch, @function
wasmtime_fiber_switch:
  sub rsp, 0x30
  mov [rsp + 0x28], rbp
  mov [rsp + 0x20], rbx
  mov [rsp + 0x18], r12
  mov [rsp + 0x10], r13
  mov [rsp + 0x08], r14
  mov [rsp], r15
  mov rcx, rsp
  mov rsp, [rdi - 0x10]
  mov [rdi - 0x10], rcx
  mov r15, [rsp]
  mov r14, [rsp + 0x08]
  mov r13, [rsp + 0x10]
  mov r12, [rsp + 0x18]
  mov rbx, [rsp + 0x20]
  mov rbp, [rsp + 0x28]
  add rsp, 0x30
  ret
  .size wasmtime_fiber_switch, . - wasmtime_fiber_switch

# First code of a fiber. In: RBX the entry point, R12 its argument, RBP the top of the stack, R13 the switch.
  .globl wasmtime_fiber_start
  .type wasmtime_fiber_start, @function
wasmtime_fiber_start:
  mov rsi, rbp
  mov rdi, r12
  call rbx
  mov rdi, rax                  # the last switch, with the entry point's result
  call r13
  ud2
  .size wasmtime_fiber_start, . - wasmtime_fiber_start
