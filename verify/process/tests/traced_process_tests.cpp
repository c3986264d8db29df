// A traced copy runs what it is given, one instruction at a time; a traced program stops where it
// is told to.
#include "verify/process/traced_process.hpp"
#include "verify/process/traced_program.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <array>
#include <cstdint>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t place = 0x2600'0000;

bool map_page() {
  void* const address = reinterpret_cast<void*>(place);
  return ::mmap(address, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == address;
}

TEST(traced_process, executes_one_instruction_at_a_time) {
  const auto copy = TracedCopy::start(map_page);
  ASSERT_TRUE(copy) << copy.error();
  TracedProcess process = copy->process();
  // inc rax; ud2
  constexpr std::array code{std::byte{0x48}, std::byte{0xff}, std::byte{0xc0}, std::byte{0x0f},
                            std::byte{0x0b}};
  ASSERT_TRUE(process.write(place, code));
  user_regs_struct registers = process.registers();
  registers.rip = place;
  registers.rax = 41;
  registers.orig_rax = ~0ull;  // no system call to restart
  process.set_registers(registers);
  ASSERT_TRUE(process.step());
  EXPECT_EQ(process.registers().rax, 42u);
  EXPECT_EQ(process.registers().rip, place + 3);
  const auto stepped = process.step();
  ASSERT_FALSE(stepped);
  EXPECT_EQ(stepped.error(), "Illegal instruction");
}

TEST(traced_process, has_no_memory_where_nothing_is_mapped) {
  const auto copy = TracedCopy::start(map_page);
  ASSERT_TRUE(copy) << copy.error();
  std::array<std::byte, 8> bytes{};
  EXPECT_TRUE(copy->process().read(place, bytes));
  EXPECT_FALSE(copy->process().read(place - 8, bytes));
  EXPECT_FALSE(copy->process().write(place - 8, bytes));
}

TEST(traced_process, that_does_not_get_ready_is_an_error) {
  const auto copy = TracedCopy::start([] { return false; });
  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error(), "cannot be traced");
}

TEST(traced_program, runs_to_its_end) {
  auto program = TracedProgram::start({"/bin/sh", "-c", "(exit 3); exit $?"});
  ASSERT_TRUE(program) << program.error();
  const auto status = program->run(
      {}, [](TracedProcess&, std::uint64_t) { return std::expected<void, std::string>(); });
  ASSERT_TRUE(status) << status.error();
  EXPECT_EQ(*status, 3);
}

}  // namespace
}  // namespace fiberproof::verify
