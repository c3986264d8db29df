#include "verify/cli/contract_sketch.hpp"

#include "verify/survey/followed_routine.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

namespace fiberproof::verify {
namespace {

using Kind = LineValue::Kind;

// psABI 3.2.1.
constexpr std::array callee_saved{Register::rbx, Register::rbp, Register::r12,
                                  Register::r13, Register::r14, Register::r15};

class Sketch {
 public:
  explicit Sketch(const FollowedRoutine& path) : path_(path) {}

  std::string text(const std::string& name, const std::string& symbol) const {
    return heading(name) + memory() + run(symbol) + claims() + modified() + left_to_do();
  }

 private:
  bool is_base(const AddressBase& base) const { return path_.extents.contains(base); }

  std::string name_of_base(const AddressBase& base) const {
    if (base.kind == Kind::loaded) return fmt::format("there_{}", base.load + 1);
    return base.reg == Register::rsp ? "frame" : fmt::format("at_{}", name(base.reg));
  }

  static std::string sum(const std::string& what, std::uint64_t offset) {
    const auto number = static_cast<std::int64_t>(offset);
    if (number == 0) return what;
    return number > 0 ? fmt::format("{} + {:#x}", what, number)
                      : fmt::format("{} - {:#x}", what, std::uint64_t{0} - offset);
  }

  std::string text_of(const LineValue& value) const {
    const AddressBase base = base_of(value);
    if (is_base(base)) return sum(name_of_base(base), value.offset);
    if (value.kind == Kind::entry) return sum(fmt::format("old {}", name(value.reg)), value.offset);
    return sum(fmt::format("{}[{}]", value.load < path_.loads_before_calls ? "old " : "",
                           text_of(path_.pointers[value.load])),
               value.offset);
  }

  static std::string heading(const std::string& name) {
    constexpr std::string_view text = R"(# {0}: what a routine does, read off its instructions.
#
# It says what the code does, right or wrong. Make of it what the code should do: give the ghosts
# the names of your library, and each claim a reason that a reader can check. A switch needs a
# second run, which comes back: verify/contracts/libraries/README.md says how.
contract {0}

)";
    return fmt::format(text, name);
  }

  std::string memory() const {
    std::string ghosts;
    std::string regions;
    for (const auto& [base, extent] : path_.extents) {
      const std::string ghost = name_of_base(base);
      ghosts += fmt::format("ghost {} : word\n", ghost);
      if (base.kind == Kind::loaded) {
        regions += fmt::format("assume [{}] == {}\n", text_of(path_.pointers[base.load]), ghost);
      }
      regions += fmt::format("region memory_of_{} = [{}, {}){}\n", ghost,
                             sum(ghost, static_cast<std::uint64_t>(extent.low)),
                             sum(ghost, static_cast<std::uint64_t>(extent.high)),
                             extent.is_stored ? "" : " read_only");
    }
    for (const LineValue& address : path_.mxcsr_words) {
      regions += fmt::format("assume u32 [{}] < 0x10000  # no reserved bit, which would fault\n",
                             text_of(address));
    }
    return ghosts + '\n' + regions + '\n';
  }

  std::string run(const std::string& symbol) const {
    std::string text = fmt::format("run go = function {}\n", symbol);
    for (const auto& [base, extent] : path_.extents) {
      if (base.kind == Kind::entry) {
        text += fmt::format("  {} == {}\n", name(base.reg), name_of_base(base));
      }
    }
    return text + '\n';
  }

  std::vector<Register> claimed_registers() const {
    std::vector<Register> all(callee_saved.begin(), callee_saved.end());
    for (const Register reg : {Register::rax, Register::rdi, Register::rsi, Register::rdx}) {
      if (!path_.line.value_of(reg).is_entry_of(reg)) all.push_back(reg);
    }
    return all;
  }

  // The last store to each place, whose value is known.
  std::vector<FollowedStore> last_stores() const {
    std::vector<FollowedStore> last;
    for (const FollowedStore& store : path_.stores) {
      std::erase_if(last, [&store](const FollowedStore& earlier) {
        return overlap(earlier, store.address, store.bytes);
      });
      last.push_back(store);
    }
    std::erase_if(last, [](const FollowedStore& store) {
      return !is_followed(store.value) || store.bytes != 8;
    });
    return last;
  }

  // A place of the file is another number wherever the file is loaded: nothing is claimed of it.
  std::string claims() const {
    if (path_.has_left != FollowedRoutine::Left::yes)
      return "# Where it leaves was not found.\nexit\n";
    std::string text = "exit\n";
    if (is_followed(path_.rip))
      text += fmt::format("  X1 continues: rip == {}\n", text_of(path_.rip));
    const LineValue rsp = path_.line.value_of(Register::rsp);
    if (is_followed(rsp)) text += fmt::format("  X1 rsp: rsp == {}\n", text_of(rsp));
    for (const Register reg : claimed_registers()) {
      const LineValue value = path_.line.value_of(reg);
      if (is_followed(value))
        text += fmt::format("  X2 {0}: {0} == {1}\n", name(reg), text_of(value));
    }
    std::size_t number = 0;
    for (const FollowedStore& store : last_stores()) {
      text += fmt::format("  X3 word_{}: [{}] == {}\n", ++number, text_of(store.address),
                          text_of(store.value));
    }
    if (!path_.changes_mxcsr) text += "  X4 mxcsr: mxcsr_control == old mxcsr_control\n";
    if (!path_.changes_x87) text += "  X4 x87: x87_control == old x87_control\n";
    if (!path_.changes_df) text += "  X4 df: df == old df\n";
    return text;
  }

  std::string modified() const {
    if (path_.stores.empty()) return {};
    std::map<AddressBase, std::map<std::int64_t, std::int64_t>> ranges;  // from, to
    for (const FollowedStore& store : path_.stores) {
      const auto low = static_cast<std::int64_t>(store.address.offset);
      const std::int64_t high = low + static_cast<std::int64_t>(store.bytes);
      const auto [range, is_new] = ranges[base_of(store.address)].try_emplace(low, high);
      range->second = std::max(range->second, high);
    }
    std::string text = "\nmodifies\n";
    for (const auto& [base, of_base] : ranges) {
      for (auto range = of_base.begin(); range != of_base.end();) {
        const std::int64_t low = range->first;
        std::int64_t high = range->second;
        for (++range; range != of_base.end() && range->first <= high; ++range) {
          high = std::max(high, range->second);
        }
        text +=
            fmt::format("  X5 [{}, {})\n", sum(name_of_base(base), static_cast<std::uint64_t>(low)),
                        sum(name_of_base(base), static_cast<std::uint64_t>(high)));
      }
    }
    return text;
  }

  std::string left_to_do() const {
    if (path_.notes.empty()) return {};
    std::string text = "\n# What is left to do by hand:\n";
    for (const std::string& line : path_.notes) text += "# " + line + '\n';
    return text;
  }

  const FollowedRoutine& path_;
};

}  // namespace

std::string sketch_contract(const std::string& name, const std::string& symbol,
                            const Routine& routine) {
  return Sketch(follow(routine)).text(name, symbol);
}

}  // namespace fiberproof::verify
