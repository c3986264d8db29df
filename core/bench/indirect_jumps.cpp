// The limit of every switch: one indirect jump out and one back, on one stack, with all state in
// registers. What a switch costs beyond this is what it keeps.
#include "core/bench/contenders.hpp"
#include "core/bench/measure.hpp"

namespace fiberproof::bench {
namespace {

// Fixed registers, since the assembly is not in the dialect that operands are printed in:
// RCX counts, RDX is how many are left. Each place of arrival is on a cache line of its own.
[[gnu::noinline]] std::uint64_t jump_there_and_back(std::uint64_t pairs) {
  std::uint64_t count = 0;
  asm volatile(
      ".intel_syntax noprefix\n\t"
      "lea rax, [rip + 772f]\n\t"
      "lea r8, [rip + 773f]\n\t"
      ".balign 64\n"
      "771:\n\t"
      "jmp rax\n\t"
      "ud2\n\t"
      ".balign 64\n"
      "772:\n\t"
      "inc rcx\n\t"
      "jmp r8\n\t"
      "ud2\n\t"
      ".balign 64\n"
      "773:\n\t"
      "dec rdx\n\t"
      "jnz 771b\n\t"
      ".att_syntax prefix\n"
      : "+c"(count), "+d"(pairs)
      :
      : "rax", "r8", "cc");
  return count;
}

Work measure(benchmark::State& state) {
  std::uint64_t count = 0;
  const std::uint64_t pairs = time_batches(
      state, switches_in_batch, [&](std::uint64_t batch) { count += jump_there_and_back(batch); });
  return {pairs, count};
}

}  // namespace

void add_indirect_jumps() {
  add_benchmark(switch_row, "indirect_jumps", measure);
}

}  // namespace fiberproof::bench
