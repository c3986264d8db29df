#include "verify/cli/contract_command.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/contract_frame.hpp"
#include "verify/cli/contract_sketch.hpp"
#include "verify/cli/foreign_code.hpp"
#include "verify/cli/output_file.hpp"
#include "verify/cli/selection.hpp"
#include "verify/cli/wording.hpp"
#include "verify/object/object_archive.hpp"
#include "verify/obligation/code_place.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/prover.hpp"
#include "verify/obligation/setup.hpp"
#include "verify/smt/query.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

namespace fiberproof::verify {
namespace {

// {0} is the name. Complete as it is for the layout that its comments describe.
constexpr std::string_view text_of_a_switch =
    R"(# {0}: a switch, out of line. Say here what it does, in the words of its library.
#
# C interface: RDI -> where the stack pointer that is left is stored, RSI the stack pointer to resume at.
# The words at a stored stack pointer: R15, R14, R13, R12, RBX, RBP, resume address. Put your own registers
# and offsets in their place, here and below. verify/contracts/README.md has every statement,
# verify/contracts/libraries/README.md says how to go on from here.
contract {0}

# Ghosts have any value; the claims are proved for all of them.
ghost frame : word                       # RSP at the call that leaves: its return address is there
ghost store, load : word                 # the arguments
ghost other, store_of_other : word       # the switch back: RSP at its call, and its first argument
assume df == 0                           # psABI 3.2.1

# Memory that may be accessed, apart from each other; anything else refutes the contract.
region left = [frame - 0x38, frame + 8)  # offsets: the six words and some room, the return address
region store = [store, store + 8)
region load = [load, load + 0x38) read_only
region other = [other - 0x38, other + 8)
region store_of_other = [store_of_other, store_of_other + 8)

# Away: {0} is the symbol in your file, or --symbol {0}=NAME names it.
run leave = function {0}
  rsp == frame
  rdi == store
  rsi == load

# And back. The claims of this run hold where the first one leaves: on the other stack.
run come_back = function {0}
  A1 resume_address: rip == old [load + 0x30]
  A1 rsp_is_above_its_words: rsp == load + 0x38
  A1 callee_saved: r15 == old [load] and r14 == old [load + 0x08] and r13 == old [load + 0x10] and
    r12 == old [load + 0x18] and rbx == old [load + 0x20] and rbp == old [load + 0x28]
  A1 df: df == 0
  A2 rsp_is_stored: [store] == frame - 0x30
  havoc keeps [frame - 0x30, frame + 8)  # any code runs meanwhile, and leaves these words alone
  rsp == other
  rdi == store_of_other
  rsi == frame - 0x30                    # what A2 shows to be stored

# What the caller of the first switch sees when it returns.
exit
  A3 returns_to_its_caller: rip == old [frame] and rsp == frame + 8
  A3 rbx: rbx == old rbx
  A3 rbp: rbp == old rbp
  A3 r12: r12 == old r12
  A3 r13: r13 == old r13
  A3 r14: r14 == old r14
  A3 r15: r15 == old r15
# A switch that saves MXCSR and the x87 control word promises these, too. Without the marks they are
# refuted of one that does not; a list with the verdict (--expected) then says that it is known.
#  A4 mxcsr: mxcsr_control == old mxcsr_control
#  A4 x87: x87_control == old x87_control

# The only bytes that the two runs may write.
modifies
  A5 [frame - 0x30, frame)
  A5 [store, store + 8)
  A5 [other - 0x30, other)
  A5 [store_of_other, store_of_other + 8)

# What may change and no clause claims, each with its reason: fiberproof contract frame lists it.
unclaimed
  A4 mxcsr_control, x87_control | this switch promises nothing of them
  A1 df at exit | as the code that switches back leaves it
  A3 [frame - 0x30, frame), [other - 0x30, other) | pushed registers, which A1 and A3 claim where they come back
  A2 [store, store + 8) at exit | any code has run since it was claimed
  A2 [store_of_other, store_of_other + 8) | of the switch back, which stores as A2 says
)";

constexpr const char* default_name = "my_switch";

ExitStatus could_not_run(const std::string& why) {
  complain(why);
  return ExitStatus::could_not_run;
}

bool is_name(std::string_view text) {
  const auto is_part = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
         std::ranges::all_of(text, is_part);
}

// The routine as a contract names it: by its own symbol, where that is a name.
std::string symbol_in(const Routine& routine, const CodePlace& place, const std::string& name) {
  const bool is_whole = place.offset == 0 && !place.bytes && is_name(routine.symbol);
  return is_whole ? routine.symbol : name;
}

struct Sketched {
  std::string text;
  std::string options;  // of `prove`, besides the files
};

// The text with each clause that is refuted of the code as a comment, and with what was proved.
std::string judged(const std::string& text, const ContractResult& result) {
  std::set<std::string> refuted;
  std::string others;
  std::size_t proved = 0;
  for (const Theorem& theorem : result.theorems) {
    proved += theorem.verdict == Verdict::proved ? 1 : 0;
    if (theorem.verdict != Verdict::refuted) continue;
    const std::string label = theorem.name.substr(result.contract.size() + 1);
    refuted.insert(label);
    const std::string found = theorem.refutation ? theorem.refutation->found : "";
    others += fmt::format("# {} is refuted today{}{}\n", label, found.empty() ? "" : ": ", found);
  }
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    const bool is_clause = line.starts_with("  X") && colon != line.npos;
    std::string label = is_clause ? line.substr(2, colon - 2) : "";
    std::ranges::replace(label, ' ', '.');
    out += (refuted.contains(label) ? "#" : "") + line + '\n';
  }
  return out +
         fmt::format("\n# {} of {} theorems were proved of the code when this was written.\n{}",
                     proved, result.theorems.size(), others);
}

// The contract of what a file's routine does; an error is one clear line.
std::expected<Sketched, std::string> sketched(const ContractCommand& command,
                                              const std::string& name) {
  if (command.object.empty() || command.symbol.empty()) {
    return std::unexpected(
        std::string("contract new: --object FILE and --symbol PLACE belong together"));
  }
  const auto file = ObjectArchive::open(command.object);
  if (!file) return std::unexpected(message(file.error()));
  const auto typed = parse_code_place(command.symbol);
  if (!typed) return std::unexpected(fmt::format("--symbol {}: {}", command.symbol, typed.error()));
  const auto place = resolve(*typed, *file);
  if (!place) return std::unexpected(place.error());
  const auto member =
      place->symbol.empty() ? &file->files().front() : file->defining(place->symbol);
  if (!member) return std::unexpected(message(member.error()));
  const auto routine = routine_at(**member, *place);
  if (!routine) return std::unexpected(routine.error());
  const std::string symbol = symbol_in(*routine, *place, name);
  const std::string pair = fmt::format("{}={}", symbol, command.symbol);
  Sketched sketched{sketch_contract(name, symbol, *routine),
                    symbol == command.symbol ? "" : " --symbol " + shell_word(pair)};
  const auto contract = parse_contract(sketched.text, name);
  if (!contract) return sketched;  // The name is a word of the language: the caller says so.
  const auto code = ForeignCode::parse({pair}, std::nullopt);
  if (!code) return std::unexpected(code.error());
  ProverOptions options;
  if (const auto added = code->add_to(options, **member, &*contract); !added) {
    return std::unexpected(added.error());
  }
  const auto solver = make_z3_solver(std::chrono::seconds(10));
  const auto result = prove(*contract, **member, *solver, options);
  sketched.text =
      result ? judged(sketched.text, *result)
             : fmt::format("{}\n# It cannot be proved yet: {}\n", sketched.text, result.error());
  return sketched;
}

ExitStatus write_new(const ContractCommand& command, nlohmann::json& results) {
  if (command.names.size() > 1) {
    return could_not_run("contract new: give one name, or none");
  }
  const bool is_sketch = !command.object.empty() || !command.symbol.empty();
  const std::string name = !command.names.empty()                 ? command.names.front()
                           : is_sketch && is_name(command.symbol) ? command.symbol
                                                                  : default_name;
  if (!is_name(name)) {
    return could_not_run(fmt::format(
        "contract new: '{}' is not a name of contracts: use letters, digits and _, and give the "
        "routine's symbol to prove with --symbol",
        name));
  }
  const auto made = is_sketch ? sketched(command, name)
                              : std::expected<Sketched, std::string>({new_contract(name), ""});
  if (!made) return could_not_run(made.error());
  const std::string& text = made->text;
  if (const auto read = parse_contract(text, name); !read) {
    return could_not_run(fmt::format("contract new: '{}' is in use: choose another name", name));
  }
  results = {{"name", name}, {"contract", text}};
  if (command.output.empty() || command.output == "-") {
    fmt::print("{}", text);
    return ExitStatus::ok;
  }
  if (std::filesystem::exists(command.output)) {
    return could_not_run(fmt::format(
        "{}: exists already, and is not overwritten; name another file with -o", command.output));
  }
  const auto file = OutputFile::prepare(command.output);
  const auto written = file ? file->write(text) : std::unexpected(file.error());
  if (!written) return could_not_run(written.error());
  fmt::print("{}: contract {}; prove it with: fiberproof prove --object {} --contract {}{}\n",
             command.output, name, is_sketch ? shell_word(command.object) : "FILE",
             shell_word(command.output), made->options);
  return ExitStatus::ok;
}

// Why nothing can be proved of the contract, whatever the code; nothing if something can.
std::optional<std::string> fault_of(const Contract& contract) {
  const auto solver = make_z3_solver(std::chrono::seconds(10));
  auto in = set_up(contract, nullptr, *solver);
  if (!in) return in.error();
  const Answer answer = solver->prove({(*in)->entry->path, truth(false)});
  if (answer.verdict == Verdict::refuted) return std::nullopt;
  return fmt::format(
      "fiberproof: {}: {}", contract.path,
      answer.verdict == Verdict::proved
          ? "no state satisfies the contract's assumptions"
          : "whether a state satisfies the assumptions is unknown: " + answer.reason);
}

ExitStatus frame(const ContractCommand& command, nlohmann::json& results) {
  if (!command.output.empty()) return could_not_run("contract frame: -o belongs to 'contract new'");
  return list_frame_conditions(command.names, results);
}

ExitStatus check(const ContractCommand& command, nlohmann::json& results) {
  if (command.names.empty()) return could_not_run("contract check: give the files to check");
  if (!command.output.empty()) return could_not_run("contract check: -o belongs to 'contract new'");
  ExitStatus status = ExitStatus::ok;
  for (const std::string& path : command.names) {
    const auto contract = read_contract(path);
    const auto fault = contract ? fault_of(*contract) : message(contract.error());
    results["checked"].push_back({{"path", path}, {"fault", fault.value_or("")}});
    if (fault) {
      status = could_not_run(*fault);
      continue;
    }
    fmt::print("{}: contract {}: {}, {}, {}\n", path, contract->name,
               counted(contract->runs.size(), "run"), counted(contract->calls.size(), "call"),
               counted(theorem_names_of(*contract).theorems.size(), "theorem"));
  }
  return status;
}

}  // namespace

std::vector<std::string> contract_actions() {
  return {"new", "check", "frame"};
}

std::string new_contract(const std::string& name) {
  return fmt::format(fmt::runtime(text_of_a_switch), name);
}

ExitStatus run_contract_command(const ContractCommand& command, nlohmann::json& results) {
  if (command.action == "new") return write_new(command, results);
  return command.action == "check" ? check(command, results) : frame(command, results);
}

}  // namespace fiberproof::verify
