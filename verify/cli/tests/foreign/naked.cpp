// The entry trampoline as a compiler's naked function with a mangled name, with loads in a
// hand-written order: trampoline `trap`.
namespace engine {

[[gnu::used, gnu::naked]] void start() {
  asm volatile(
      "pop %rcx\n\t"
      "pop %rdx\n\t"
      "pop %rsi\n\t"
      "pop %rdi\n\t"
      "call engine_fiber_start\n\t"
      "xorl %edi, %edi\n\t"
      "testb %al, %al\n\t"
      "setz %dil\n\t"
      "shlq $34, %rdi\n\t"
      "leaq -8(%rbp), %rax\n\t"
      "movq 8(%rbp), %rdx\n\t"
      "movq (%rbp), %rbp\n\t"
      "movq (%rax), %rsp\n\t"
      "jmp *%rdx");
}

}  // namespace engine
