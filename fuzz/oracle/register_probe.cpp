// Written inside functions that are never called, since only there does inline assembly take
// operands: every displacement is an offset of a struct in the header. In a section of their own,
// since call frame information cannot be nested in that of the surrounding function.
#include "fuzz/oracle/register_probe.hpp"

#include "core/sanitizer.hpp"
#include "core/switch.hpp"

#include <cstddef>

#define BEGIN_ROUTINE(name)                                   \
  ".pushsection fiberproof_probe_text, \"ax\", @progbits\n\t" \
  ".intel_syntax noprefix\n\t"                                \
  ".balign 16\n\t"                                            \
  ".globl " name                                              \
  "\n\t"                                                      \
  ".hidden " name                                             \
  "\n\t"                                                      \
  ".type " name ", @function\n" name                          \
  ":\n\t"                                                     \
  ".cfi_startproc\n\t"

#define END_ROUTINE(name)     \
  ".cfi_endproc\n\t"          \
  ".size " name ", . - " name \
  "\n\t"                      \
  ".att_syntax prefix\n\t"    \
  ".popsection\n\t"

#define STORE(record, field) "mov [rip + " record " + %c[" #field "]], " #field "\n\t"

// clang-format off: it has no stable form for these.
#define STORE_REGISTERS(record)                                               \
  STORE(record, rax) STORE(record, rbx) STORE(record, rcx) STORE(record, rdx) \
  STORE(record, rsi) STORE(record, rdi) STORE(record, rbp) STORE(record, rsp) \
  STORE(record, r8) STORE(record, r9) STORE(record, r10) STORE(record, r11)   \
  STORE(record, r12) STORE(record, r13) STORE(record, r14) STORE(record, r15)
// clang-format on

#define REGISTER_OPERANDS                                                       \
  [rax] "i"(offsetof(Registers, rax)), [rbx] "i"(offsetof(Registers, rbx)),     \
      [rcx] "i"(offsetof(Registers, rcx)), [rdx] "i"(offsetof(Registers, rdx)), \
      [rsi] "i"(offsetof(Registers, rsi)), [rdi] "i"(offsetof(Registers, rdi)), \
      [rbp] "i"(offsetof(Registers, rbp)), [rsp] "i"(offsetof(Registers, rsp)), \
      [r8] "i"(offsetof(Registers, r8)), [r9] "i"(offsetof(Registers, r9)),     \
      [r10] "i"(offsetof(Registers, r10)), [r11] "i"(offsetof(Registers, r11)), \
      [r12] "i"(offsetof(Registers, r12)), [r13] "i"(offsetof(Registers, r13)), \
      [r14] "i"(offsetof(Registers, r14)), [r15] "i"(offsetof(Registers, r15))

// Uses RAX and no stack. The levels are those of `vector_level`.
#define FILL_VECTOR_REGISTERS                                                        \
  "lea rax, [rip + fiberproof_probe_garbage]\n\t"                                    \
  "cmp byte ptr [rip + fiberproof_probe_vector_level], 1\n\t"                        \
  "jb 773f\n\t"                                                                      \
  "je 774f\n\t"                                                                      \
  ".irp index, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25," \
  "26,27,28,29,30,31\n\t"                                                            \
  "vmovdqu64 zmm\\index, [rax + 64 * \\index]\n\t"                                   \
  ".endr\n\t"                                                                        \
  ".irp index, 0,1,2,3,4,5,6,7\n\t"                                                  \
  "kmovw k\\index, [rax + 8 * \\index]\n\t"                                          \
  ".endr\n\t"                                                                        \
  "jmp 775f\n"                                                                       \
  "774:\n\t"                                                                         \
  ".irp index, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"                            \
  "vmovdqu ymm\\index, [rax + 64 * \\index]\n\t"                                     \
  ".endr\n\t"                                                                        \
  "jmp 775f\n"                                                                       \
  "773:\n\t"                                                                         \
  ".irp index, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"                            \
  "movdqu xmm\\index, [rax + 64 * \\index]\n\t"                                      \
  ".endr\n"                                                                          \
  "775:\n\t"

// Takes the garbage at RAX. Flags come from AH.
#define FILL_CALLER_SAVED_BUT_RDI \
  "mov rcx, [rax + 1 * 8]\n\t"    \
  "mov rdx, [rax + 2 * 8]\n\t"    \
  "mov rsi, [rax + 3 * 8]\n\t"    \
  "mov r8, [rax + 4 * 8]\n\t"     \
  "mov r9, [rax + 5 * 8]\n\t"     \
  "mov r10, [rax + 6 * 8]\n\t"    \
  "mov r11, [rax + 7 * 8]\n\t"

#define FILL_CALLEE_SAVED       \
  "mov rbx, [rax + 8 * 8]\n\t"  \
  "mov r12, [rax + 9 * 8]\n\t"  \
  "mov r13, [rax + 10 * 8]\n\t" \
  "mov r14, [rax + 11 * 8]\n\t" \
  "mov r15, [rax + 12 * 8]\n\t"

#define FILL_RDI "mov rdi, [rax + 13 * 8]\n\t"
#define FILL_RAX_AND_FLAGS "mov rax, [rax + 14 * 8]\n\tsahf\n\t"

// A frame that keeps the callee-saved registers, with the argument in the lowest slot.
#define PUSH_FRAME                                                           \
  "push rbp\n\t"                                                             \
  ".cfi_def_cfa_offset 16\n\t"                                               \
  ".cfi_offset rbp, -16\n\t"                                                 \
  "mov rbp, rsp\n\t"                                                         \
  ".cfi_def_cfa_register rbp\n\t"                                            \
  "push rbx\n\tpush r12\n\tpush r13\n\tpush r14\n\tpush r15\n\tpush rdi\n\t" \
  ".cfi_offset rbx, -24\n\t.cfi_offset r12, -32\n\t.cfi_offset r13, -40\n\t" \
  ".cfi_offset r14, -48\n\t.cfi_offset r15, -56\n\t"

#define RELOAD_ARGUMENT_TO_RAX "mov rax, [rbp - 6 * 8]\n\t"

#define POP_FRAME_AND_RETURN                                           \
  "lea rsp, [rbp - 5 * 8]\n\t"                                         \
  "pop r15\n\tpop r14\n\tpop r13\n\tpop r12\n\tpop rbx\n\tpop rbp\n\t" \
  ".cfi_def_cfa rsp, 8\n\t"                                            \
  "ret\n\t"

namespace fiberproof::fuzz {

constexpr std::array<std::uint64_t, 32 * 8> make_garbage() {
  // No word is a canonical address, none is zero, and a narrower copy of one differs from it.
  std::array<std::uint64_t, 32 * 8> words{};
  std::uint64_t state = 0x9e3779b97f4a7c15;
  for (std::uint64_t& word : words) {
    state = state * 6364136223846793005 + 1442695040888963407;
    word = state | 0x4000000000000000;
    word &= 0x7fffffffffffffff;
  }
  return words;
}

extern "C" {
// Not const, which would make its name local to this file and unknown to the assembly.
[[gnu::visibility("hidden"), gnu::used]] alignas(
    64) constinit std::array<std::uint64_t, 32 * 8> fiberproof_probe_garbage = make_garbage();
// The registers that are filled now. 0: SSE alone, 1: AVX, 2: AVX-512.
[[gnu::visibility("hidden"), gnu::used]] std::uint8_t fiberproof_probe_vector_level = 0;

[[gnu::visibility("hidden"), gnu::used]] std::uint64_t fiberproof_start_target = 0;
[[gnu::visibility("hidden"), gnu::used]] Registers fiberproof_start_registers{};
[[gnu::visibility("hidden"), gnu::used]] std::uint64_t fiberproof_exit_target = 0;
[[gnu::visibility("hidden"), gnu::used]] std::uint64_t fiberproof_exit_arrivals = 0;
[[gnu::visibility("hidden"), gnu::used]] Registers fiberproof_exit_registers{};
[[gnu::visibility("hidden"), gnu::used]] const ArgsObject* fiberproof_exit_args = nullptr;
[[gnu::visibility("hidden"), gnu::used]] ArgsObject fiberproof_exit_args_seen{};
}

namespace {

std::uint8_t vector_level_of_this_cpu = 0;

}  // namespace

void prepare_register_probes() {
  __builtin_cpu_init();
  vector_level_of_this_cpu = __builtin_cpu_supports("avx512f") ? 2
                             : __builtin_cpu_supports("avx")   ? 1
                                                               : 0;
  fiberproof_probe_vector_level = vector_level_of_this_cpu;
}

void choose_vector_garbage(bool in_full) {
  const std::uint8_t level = in_full ? vector_level_of_this_cpu : std::uint8_t{0};
  if (fiberproof_probe_vector_level > level) {
    asm volatile("vzeroupper" : : : "memory");  // Or all SSE code from here on pays for them.
  }
  fiberproof_probe_vector_level = level;
}

namespace {

[[gnu::used, gnu::noinline]] FIBERPROOF_UNINSTRUMENTED void emit_start_and_exit_probes() {
  asm volatile(BEGIN_ROUTINE("fiberproof_start_probe") STORE_REGISTERS("fiberproof_start_registers")
                   FILL_VECTOR_REGISTERS FILL_CALLER_SAVED_BUT_RDI FILL_CALLEE_SAVED
                       FILL_RDI FILL_RAX_AND_FLAGS
               "jmp [rip + fiberproof_start_target]\n\t" END_ROUTINE("fiberproof_start_probe")
               :
               : REGISTER_OPERANDS);
  asm volatile(BEGIN_ROUTINE("fiberproof_exit_probe")
               STORE_REGISTERS("fiberproof_exit_registers")
               "inc qword ptr [rip + fiberproof_exit_arrivals]\n\t"
               "mov rax, [rip + fiberproof_exit_args]\n\t"
               "movups xmm0, [rax]\n\t"
               "movups [rip + fiberproof_exit_args_seen], xmm0\n\t"
               FILL_VECTOR_REGISTERS FILL_CALLER_SAVED_BUT_RDI FILL_CALLEE_SAVED
               FILL_RAX_AND_FLAGS
               "jmp [rip + fiberproof_exit_target]\n\t"
               END_ROUTINE("fiberproof_exit_probe")
               :
               : REGISTER_OPERANDS);
}

[[gnu::used, gnu::noinline]] FIBERPROOF_UNINSTRUMENTED void emit_call_probe() {
  asm volatile(
      BEGIN_ROUTINE("fiberproof_probe_call") PUSH_FRAME
      "mov [rdi + %c[frame]], rbp\n\t"
      "sub rsp, [rdi + %c[frame_shift]]\n\t" FILL_VECTOR_REGISTERS FILL_CALLER_SAVED_BUT_RDI
      "mov rbx, [rdi + %c[before] + %c[rbx]]\n\t"
      "mov r12, [rdi + %c[before] + %c[r12]]\n\t"
      "mov r13, [rdi + %c[before] + %c[r13]]\n\t"
      "mov r14, [rdi + %c[before] + %c[r14]]\n\t"
      "mov r15, [rdi + %c[before] + %c[r15]]\n\t"
      "mov rax, [rdi + %c[function]]\n\t"
      "mov rdi, [rdi + %c[argument]]\n\t"
      "call rax\n\t" RELOAD_ARGUMENT_TO_RAX
      "mov [rax + %c[after] + %c[rbx]], rbx\n\t"
      "mov [rax + %c[after] + %c[r12]], r12\n\t"
      "mov [rax + %c[after] + %c[r13]], r13\n\t"
      "mov [rax + %c[after] + %c[r14]], r14\n\t"
      "mov [rax + %c[after] + %c[r15]], r15\n\t" POP_FRAME_AND_RETURN END_ROUTINE(
          "fiberproof_probe_call")
      :
      : [function] "i"(offsetof(ProbedCall, function)),
        [argument] "i"(offsetof(ProbedCall, argument)),
        [frame_shift] "i"(offsetof(ProbedCall, frame_shift)),
        [before] "i"(offsetof(ProbedCall, before)), [after] "i"(offsetof(ProbedCall, after)),
        [frame] "i"(offsetof(ProbedCall, frame)), [rbx] "i"(offsetof(CalleeSaved, rbx)),
        [r12] "i"(offsetof(CalleeSaved, r12)), [r13] "i"(offsetof(CalleeSaved, r13)),
        [r14] "i"(offsetof(CalleeSaved, r14)), [r15] "i"(offsetof(CalleeSaved, r15)));
}

// The switch takes its registers as core's own sites do: RDI payload, RSI load, RDX store.
[[gnu::used, gnu::noinline]] FIBERPROOF_UNINSTRUMENTED void emit_switch_probe() {
  asm volatile(
      BEGIN_ROUTINE("fiberproof_probe_switch") PUSH_FRAME
      "mov [rdi + %c[record_rsp]], rsp\n\t"
      "mov [rdi + %c[record_rbp]], rbp\n\t" FILL_VECTOR_REGISTERS FILL_CALLER_SAVED_BUT_RDI
          FILL_CALLEE_SAVED FILL_RAX_AND_FLAGS
      "mov rsi, [rdi + %c[load]]\n\t"
      "mov rdx, [rdi + %c[store]]\n\t"
      "mov rdi, [rdi + %c[payload]]\n\t" FIBERPROOF_STACK_SWITCH_ASM
      ".intel_syntax noprefix\n\t"
      ".globl fiberproof_probe_switch_resumed\n\t"
      ".hidden fiberproof_probe_switch_resumed\n"
      "fiberproof_probe_switch_resumed:\n\t" RELOAD_ARGUMENT_TO_RAX
      "mov [rax + %c[payload]], rdi\n\t"
      "mov [rax + %c[arrived_rsp]], rsp\n\t"
      "mov [rax + %c[arrived_rbp]], rbp\n\t" POP_FRAME_AND_RETURN END_ROUTINE(
          "fiberproof_probe_switch")
      :
      : FIBERPROOF_STACK_SWITCH_OPERANDS, [store] "i"(offsetof(ProbedSwitch, store)),
        [load] "i"(offsetof(ProbedSwitch, load)), [payload] "i"(offsetof(ProbedSwitch, payload)),
        [record_rsp] "i"(offsetof(ProbedSwitch, rsp)),
        [record_rbp] "i"(offsetof(ProbedSwitch, rbp)),
        [arrived_rsp] "i"(offsetof(ProbedSwitch, arrived_rsp)),
        [arrived_rbp] "i"(offsetof(ProbedSwitch, arrived_rbp)));
}

[[gnu::used, gnu::noinline]] FIBERPROOF_UNINSTRUMENTED void emit_vector_fill() {
  asm volatile(BEGIN_ROUTINE("fiberproof_fill_vector_registers") FILL_VECTOR_REGISTERS
               "ret\n\t" END_ROUTINE("fiberproof_fill_vector_registers")
               :
               :);
}

}  // namespace
}  // namespace fiberproof::fuzz
