#include "verify/silicon/native_cpu.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <utility>

namespace fiberproof::verify {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t memory_pages = 2;  // an operand may cross from one to the other

// Within the page of code.
constexpr std::size_t entry_offset = 0x000;
constexpr std::size_t landing_behind_offset = 0x1c0;
constexpr std::size_t slot_offset = 0x200;
constexpr std::size_t landing_ahead_offset = 0x240;
constexpr std::size_t next_offset = 0x280;
constexpr std::size_t exit_offset = 0x2c0;
constexpr std::size_t instruction_bytes_max = 15;

enum class Mark : std::uint32_t { next, behind, ahead, trapped, faulted };

// What code and C++ exchange, at fixed addresses below 2 GiB.
struct Exchange {
  std::array<std::uint64_t, register_count> registers;
  std::uint64_t rflags;
  std::uint64_t host_rsp;
  Mark mark;
  std::uint32_t mxcsr;
  std::uint32_t host_mxcsr;
  std::uint16_t x87_control;
  std::uint16_t host_x87_control;
};

// RFLAGS (SDM vol. 1, 3.4.3): bit 1 is always set, bit 9 is IF.
constexpr std::uint64_t rflags_always = 0x202;
constexpr std::array<unsigned, 6> flag_positions = {0, 2, 4, 6, 7, 11};
constexpr unsigned direction_flag_position = 10;

std::uint64_t to_rflags(const Flags<bool>& flags, bool direction_flag) {
  const std::array<bool, 6> bits = {flags.cf, flags.pf, flags.af, flags.zf, flags.sf, flags.of};
  std::uint64_t rflags = rflags_always | std::uint64_t{direction_flag} << direction_flag_position;
  for (std::size_t index = 0; index < bits.size(); ++index) {
    rflags |= std::uint64_t{bits[index]} << flag_positions[index];
  }
  return rflags;
}

Flags<bool> from_rflags(std::uint64_t rflags) {
  const auto bit = [&](std::size_t index) { return ((rflags >> flag_positions[index]) & 1) != 0; };
  return {bit(0), bit(1), bit(2), bit(3), bit(4), bit(5)};
}

std::uint32_t low_address(const void* pointer) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(pointer));
}

// Appends machine code; every memory operand is an absolute 32-bit address.
class Writer {
 public:
  explicit Writer(std::byte* at) : at_(at) {}

  void bytes(std::initializer_list<unsigned> values) {
    for (const unsigned value : values) {
      *at_++ = static_cast<std::byte>(value);
    }
  }
  void word(std::uint32_t value) {
    std::memcpy(at_, &value, sizeof(value));
    at_ += sizeof(value);
  }
  // ModRM 00 reg 100 and SIB 00 100 101: [disp32] (SDM vol. 2, table 2-3).
  void absolute(unsigned reg, const void* address) {
    bytes({0x04 | (reg << 3), 0x25});
    word(low_address(address));
  }
  void load(unsigned reg, const void* from) {
    bytes({0x48 | ((reg >> 3) << 2), 0x8b});
    absolute(reg & 7, from);
  }
  void store(unsigned reg, const void* to) {
    bytes({0x48 | ((reg >> 3) << 2), 0x89});
    absolute(reg & 7, to);
  }
  // ldmxcsr /2 and stmxcsr /3, fldcw /5 and fnstcw /7.
  void load_modes(const void* mxcsr, const void* x87_control) {
    bytes({0x0f, 0xae});
    absolute(2, mxcsr);
    bytes({0xd9});
    absolute(5, x87_control);
  }
  void store_modes(const void* mxcsr, const void* x87_control) {
    bytes({0x0f, 0xae});
    absolute(3, mxcsr);
    bytes({0xd9});
    absolute(7, x87_control);
  }
  void jump(const std::byte* target) {
    bytes({0xe9});
    word(static_cast<std::uint32_t>(target - (at_ + 4)));
  }

 private:
  std::byte* at_;
};

// Below 2 GiB, above where programs without PIE lie. Always the same, so that a case is, too.
constexpr std::uintptr_t code_place = 0x2000'0000;
constexpr std::uintptr_t memory_place = 0x2100'0000;
constexpr std::uintptr_t exchange_place = 0x2200'0000;

// Pages at `place`, with an inaccessible one before and after.
std::byte* map_between_guards(std::uintptr_t place, std::size_t pages, int protection) {
  void* const mapped = mmap(reinterpret_cast<void*>(place - page_bytes), (pages + 2) * page_bytes,
                            PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (mapped == MAP_FAILED) {
    return nullptr;
  }
  std::byte* const middle = static_cast<std::byte*>(mapped) + page_bytes;
  if (mprotect(middle, pages * page_bytes, protection) != 0) {
    const int reason = errno;
    munmap(mapped, (pages + 2) * page_bytes);
    errno = reason;
    return nullptr;
  }
  return middle;
}

void unmap_between_guards(std::byte* middle, std::size_t pages) {
  if (middle != nullptr) {
    munmap(middle - page_bytes, (pages + 2) * page_bytes);
  }
}

constexpr std::array<int, 4> caught_signals = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS};

}  // namespace

struct NativeCpu::Harness {
  std::byte* code = nullptr;
  std::byte* memory = nullptr;
  Exchange* exchange = nullptr;
  bool installed = false;
  std::array<struct sigaction, caught_signals.size()> previous_actions{};
  stack_t previous_stack{};
  std::array<std::byte, 64 * 1024> signal_stack{};

  bool install();
  void write_code();
  static void on_signal(int number, siginfo_t* info, void* context);

  // For the signal handler: the one that installed it, and whether its instruction is running.
  static Harness* current;
  static bool is_running;
};

NativeCpu::Harness* NativeCpu::Harness::current = nullptr;
bool NativeCpu::Harness::is_running = false;

void NativeCpu::Harness::on_signal(int number, siginfo_t*, void* context) {
  auto* const user = static_cast<ucontext_t*>(context);
  if (!is_running) {  // not ours: it happens again, for the one before
    for (std::size_t index = 0; index < caught_signals.size(); ++index) {
      if (caught_signals[index] == number) {
        sigaction(number, &current->previous_actions[index], nullptr);
      }
    }
    return;
  }
  current->exchange->mark = number == SIGILL || number == SIGTRAP ? Mark::trapped : Mark::faulted;
  user->uc_mcontext.gregs[REG_RIP] =
      static_cast<greg_t>(reinterpret_cast<std::uintptr_t>(current->code + exit_offset));
}

bool NativeCpu::Harness::install() {
  const stack_t stack{signal_stack.data(), 0, signal_stack.size()};
  if (sigaltstack(&stack, &previous_stack) != 0) {
    return false;
  }
  current = this;
  struct sigaction action{};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (std::size_t index = 0; index < caught_signals.size(); ++index) {
    if (sigaction(caught_signals[index], &action, &previous_actions[index]) != 0) {
      return false;
    }
  }
  installed = true;
  return true;
}

void NativeCpu::Harness::write_code() {
  constexpr auto rsp = static_cast<unsigned>(Register::rsp);

  Writer entry(code + entry_offset);
  entry.bytes({0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57});  // push rbx rbp r12-15
  entry.store(rsp, &exchange->host_rsp);
  entry.store_modes(&exchange->host_mxcsr, &exchange->host_x87_control);
  entry.bytes({0xdb, 0xe2});  // fnclex: no exception of before may meet what a case unmasks
  entry.load_modes(&exchange->mxcsr, &exchange->x87_control);
  entry.bytes({0xff});  // push [rflags]
  entry.absolute(6, &exchange->rflags);
  entry.bytes({0x9d});  // popfq
  for (unsigned reg = 0; reg < register_count; ++reg) {
    entry.load(reg, &exchange->registers[reg]);
  }
  entry.jump(code + slot_offset);

  // None of this changes a flag before the exit has saved them.
  for (const auto& [offset, mark] :
       {std::pair{landing_behind_offset, Mark::behind},
        std::pair{landing_ahead_offset, Mark::ahead}, std::pair{next_offset, Mark::next}}) {
    Writer landing(code + offset);
    landing.bytes({0xc7});  // mov dword [mark], mark
    landing.absolute(0, &exchange->mark);
    landing.word(static_cast<std::uint32_t>(mark));
    landing.jump(code + exit_offset);
  }

  Writer exit(code + exit_offset);
  for (unsigned reg = 0; reg < register_count; ++reg) {
    exit.store(reg, &exchange->registers[reg]);
  }
  exit.load(rsp, &exchange->host_rsp);
  exit.bytes({0x9c, 0x8f});  // pushfq; pop [rflags]
  exit.absolute(0, &exchange->rflags);
  exit.store_modes(&exchange->mxcsr, &exchange->x87_control);
  // fninit: an environment that was loaded may say that registers are in use, and exceptions
  // pending.
  exit.bytes({0xdb, 0xe3});
  exit.load_modes(&exchange->host_mxcsr, &exchange->host_x87_control);
  exit.bytes({0xfc});  // cld
  exit.bytes({0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3});
}

void NativeCpu::End::operator()(Harness* harness) const {
  if (harness->installed) {
    for (std::size_t index = 0; index < caught_signals.size(); ++index) {
      sigaction(caught_signals[index], &harness->previous_actions[index], nullptr);
    }
    sigaltstack(&harness->previous_stack, nullptr);
  }
  unmap_between_guards(harness->code, 1);
  unmap_between_guards(harness->memory, memory_pages);
  unmap_between_guards(reinterpret_cast<std::byte*>(harness->exchange), 1);
  delete harness;
}

NativeCpu::NativeCpu(std::unique_ptr<Harness, End> harness) : harness_(std::move(harness)) {}

std::expected<NativeCpu, std::string> NativeCpu::create() {
  std::unique_ptr<Harness, End> harness(new Harness);
  const auto refused = [](const char* what) {
    return std::unexpected(fmt::format("{}: {}", what, std::strerror(errno)));
  };
  // Writable and executable under one address: with two, each run would need a serializing
  // instruction (SDM vol. 3, 8.1.3).
  harness->code = map_between_guards(code_place, 1, PROT_READ | PROT_WRITE | PROT_EXEC);
  if (harness->code == nullptr) {
    return refused("no page that is writable and executable at its place");
  }
  harness->memory = map_between_guards(memory_place, memory_pages, PROT_READ | PROT_WRITE);
  harness->exchange =
      reinterpret_cast<Exchange*>(map_between_guards(exchange_place, 1, PROT_READ | PROT_WRITE));
  if (harness->memory == nullptr || harness->exchange == nullptr) {
    return refused("no memory at its place");
  }
  if (!harness->install()) {
    return refused("no signal handler");
  }
  harness->write_code();
  return NativeCpu(std::move(harness));
}

std::uint64_t NativeCpu::instruction_address() const {
  return reinterpret_cast<std::uintptr_t>(harness_->code + slot_offset);
}

std::array<std::uint64_t, 2> NativeCpu::landings() const {
  const auto code = reinterpret_cast<std::uintptr_t>(harness_->code);
  return {code + landing_behind_offset, code + landing_ahead_offset};
}

// The word at the base is its own address (ELF Handling For Thread-Local Storage, 3.4.6).
std::uint64_t NativeCpu::fs_base() {
  std::uint64_t base = 0;
  asm("movq %%fs:0, %0" : "=r"(base));
  return base;
}

std::uint64_t NativeCpu::memory_address() const {
  return reinterpret_cast<std::uintptr_t>(harness_->memory);
}

std::span<std::byte> NativeCpu::memory() {
  return {harness_->memory, memory_pages * page_bytes};
}

namespace {

// By a pointer to code that no compiler made, which UBSan would look for a type before.
__attribute__((no_sanitize("undefined"))) void call(const std::byte* code) {
  reinterpret_cast<void (*)()>(reinterpret_cast<std::uintptr_t>(code))();
}

}  // namespace

NativeOutcome NativeCpu::run(std::span<const std::byte> instruction, CpuState& state) {
  using Exit = NativeOutcome::Exit;
  if (instruction.size() > instruction_bytes_max) {
    return {Exit::faulted, 0};
  }
  Harness& harness = *harness_;
  std::memcpy(harness.code + slot_offset, instruction.data(), instruction.size());
  Writer(harness.code + slot_offset + instruction.size()).jump(harness.code + next_offset);
  harness.exchange->registers = state.registers;
  harness.exchange->rflags = to_rflags(state.flags, state.modes.df);
  harness.exchange->mxcsr = static_cast<std::uint32_t>(state.modes.mxcsr);
  harness.exchange->x87_control = static_cast<std::uint16_t>(state.modes.x87_control);

  Harness::is_running = true;
  call(harness.code + entry_offset);
  Harness::is_running = false;

  state.registers = harness.exchange->registers;
  state.flags = from_rflags(harness.exchange->rflags);
  state.modes = {harness.exchange->mxcsr, harness.exchange->x87_control,
                 ((harness.exchange->rflags >> direction_flag_position) & 1) != 0};
  switch (harness.exchange->mark) {
    case Mark::next: return {Exit::next, 0};
    case Mark::behind: return {Exit::landed, landings()[0]};
    case Mark::ahead: return {Exit::landed, landings()[1]};
    case Mark::trapped: return {Exit::trapped, 0};
    case Mark::faulted: break;
  }
  return {Exit::faulted, 0};
}

}  // namespace fiberproof::verify
