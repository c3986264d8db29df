#include "verify/mutation/bytes/fuzzed.hpp"

#include "fuzz/replay/crash_kind.hpp"
#include "verify/mutation/bytes/subjects.hpp"
#include "verify/process/process.hpp"
#include "verify/process/temporary_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

/// A fuzz target whose program can be written with other bytes.
class PatchedTarget {
 public:
  static std::expected<PatchedTarget, std::string> open(const std::string& program,
                                                        ProbedRoutine routine,
                                                        std::span<const Contract> contracts) {
    auto file = ObjectFile::open(program);
    if (!file) return std::unexpected(message(file.error()));
    const auto subjects = mutated_routines(*file, contracts);
    if (!subjects) return std::unexpected(subjects.error());
    const auto subject = std::ranges::find(*subjects, routine, &MutatedRoutine::probed);
    if (subject == subjects->end()) {
      return std::unexpected(fmt::format("{}: routine not found", program));
    }
    auto movable_routine = movable(subject->routine);
    if (!movable_routine) return std::unexpected(movable_routine.error());
    return PatchedTarget(std::move(*file), std::move(*movable_routine), subject->routine);
  }

  std::string name() const {
    const std::string stem = filesystem::path(file_.path()).stem();
    return stem.substr(0, stem.rfind("_fuzzer"));
  }
  const std::vector<Mutation>& all() const { return mutations_; }
  const MovableRoutine& original() const { return original_; }

  /// False where it has no room.
  bool fits(const MovableRoutine& mutant) const { return bytes_of(mutant).size() <= bytes_.size(); }

  /// Replaces each occurrence: the switch has one at each site. Spare bytes become `nop`.
  std::expected<void, std::string> write(const MovableRoutine& mutant,
                                         const std::string& path) const {
    std::vector<std::byte> contents(file_.contents().begin(), file_.contents().end());
    std::vector<std::byte> changed = bytes_of(mutant);
    constexpr std::byte nop{0x90};
    changed.resize(bytes_.size(), nop);
    for (auto at = contents.begin();;) {
      at = std::search(at, contents.end(), bytes_.begin(), bytes_.end());
      if (at == contents.end()) break;
      at = std::ranges::copy(changed, at).out;
    }
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(contents.data()),
               static_cast<std::streamsize>(contents.size()));
    file.close();
    std::error_code refused;
    if (file) filesystem::permissions(path, filesystem::perms::owner_all, refused);
    if (file && !refused) return {};
    return std::unexpected(fmt::format("{}: cannot be written", path));
  }

 private:
  PatchedTarget(ObjectFile file, MovableRoutine original, const Routine& routine)
      : file_(std::move(file)),
        original_(std::move(original)),
        mutations_(mutations(original_)),
        address_(routine.address),
        bytes_(routine.bytes.begin(), routine.bytes.end()) {}

  std::vector<std::byte> bytes_of(const MovableRoutine& mutant) const {
    return mutant.assemble(address_, [](std::uint64_t outside) { return outside; });
  }

  ObjectFile file_;
  MovableRoutine original_;
  std::vector<Mutation> mutations_;
  std::uint64_t address_;
  std::vector<std::byte> bytes_;
};

/// What kills the program at `path`; empty where nothing does.
std::expected<std::string, std::string> killed_by(const std::string& path,
                                                  const std::string& folder,
                                                  std::uint64_t executions) {
  constexpr const char* seconds_max = "60";
  constexpr int killed_exit_code = 137;  // 128 + SIGKILL: by `timeout`
  constexpr std::size_t text_bytes_max = 64 * 1024;
  constexpr int not_executable = 126;  // of `timeout`
  constexpr int not_found = 127;
  std::string text;
  const auto execute = [&] {
    return run_process(
        {"timeout", "--signal=KILL", seconds_max, path, "-seed=1",
         fmt::format("-runs={}", executions), "-max_len=4096", "-timeout=10", "-rss_limit_mb=2560",
         "-artifact_prefix=" + folder + "/"},
        {"ASAN_OPTIONS=detect_stack_use_after_return=1:use_sigaltstack=1:symbolize=0:"
         "quarantine_size_mb=10"},
        [&text](const std::string& line) {
          if (!line.starts_with('#') && text.size() < text_bytes_max) text += line + '\n';
        });
  };
  ProcessEnd end = execute();
  // A child that another job has begun may hold the file open for writing, until it becomes its
  // program.
  for (int attempt = 0; end.exit_code == not_executable && attempt < 100; ++attempt) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    text.clear();
    end = execute();
  }
  if (!end.started || end.exit_code == not_executable || end.exit_code == not_found) {
    return std::unexpected(fmt::format("{}: cannot be run", path));
  }
  if (end.exit_code == 0) return std::string();
  const std::string kind = fuzz::kind_of_crash(text);
  if (!kind.empty()) return kind;
  return end.exit_code == killed_exit_code ? std::string("does not end")
                                           : fmt::format("exit status {}", end.exit_code);
}

class Fuzzing {
 public:
  Fuzzing(const std::vector<PatchedTarget>& targets, const MutantFuzzOptions& options,
          const TemporaryFolder& folder)
      : targets_(targets),
        options_(options),
        folder_(folder),
        ends_(targets.front().all().size()) {}

  std::expected<std::vector<FuzzedMutant>, std::string> run() {
    {
      std::vector<std::jthread> workers;
      for (unsigned job = 0; job < options_.jobs; ++job) {
        workers.emplace_back([this, job] { work(job); });
      }
    }
    if (!error_.empty()) return std::unexpected(error_);
    return std::move(ends_);
  }

  /// `mutant_in` gives the code that goes into each target.
  std::expected<FuzzedMutant, std::string> fuzz(
      const std::function<const MovableRoutine&(const PatchedTarget&)>& mutant_in,
      unsigned job) const {
    const std::string path = fmt::format("{}/mutant-{}", folder_.path(), job);
    FuzzedMutant fuzzed;
    for (const PatchedTarget& target : targets_) {
      if (!target.fits(mutant_in(target))) return FuzzedMutant{FuzzedMutant::End::does_not_fit};
      if (const auto done = target.write(mutant_in(target), path); !done) {
        return std::unexpected(done.error());
      }
      auto kind = killed_by(path, folder_.path(), options_.executions);
      if (!kind) return std::unexpected(kind.error());
      if (!kind->empty()) {
        return FuzzedMutant{FuzzedMutant::End::killed, target.name(), std::move(*kind)};
      }
    }
    return fuzzed;
  }

 private:
  void work(unsigned job) {
    for (std::size_t index = next_++; index < ends_.size() && !failed_; index = next_++) {
      if (index % options_.period != 0) {
        ends_[index].end = FuzzedMutant::End::not_tried;
        continue;
      }
      auto fuzzed = fuzz(
          [index](const PatchedTarget& target) -> const MovableRoutine& {
            return target.all()[index].routine;
          },
          job);
      if (fuzzed) {
        ends_[index] = std::move(*fuzzed);
        continue;
      }
      const std::scoped_lock lock(mutex_);
      error_ = fuzzed.error();
      failed_ = true;
    }
  }

  const std::vector<PatchedTarget>& targets_;
  const MutantFuzzOptions& options_;
  const TemporaryFolder& folder_;
  std::vector<FuzzedMutant> ends_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  std::string error_;
};

}  // namespace

std::expected<std::vector<FuzzedMutant>, std::string> fuzz_mutants(
    ProbedRoutine routine, std::span<const Contract> contracts, const MutantFuzzOptions& options) {
  std::vector<PatchedTarget> targets;
  for (const std::string& program : options.programs) {
    auto target = PatchedTarget::open(program, routine, contracts);
    if (!target) return std::unexpected(target.error());
    if (!targets.empty() && target->all().size() != targets.front().all().size()) {
      return std::unexpected(
          fmt::format("{}: its routine is not that of {}", program, options.programs[0]));
    }
    targets.push_back(std::move(*target));
  }
  if (targets.empty()) return std::unexpected("no fuzz target is given");
  const TemporaryFolder folder;
  if (folder.path().empty()) return std::unexpected(folder.error());
  Fuzzing fuzzing(targets, options, folder);
  // A target that fails without a mutant says nothing of one.
  const auto unchanged = fuzzing.fuzz(
      [](const PatchedTarget& target) -> const MovableRoutine& { return target.original(); }, 0);
  if (!unchanged) return std::unexpected(unchanged.error());
  if (unchanged->end != FuzzedMutant::End::survived) {
    return std::unexpected(fmt::format("the target {} fails without a mutant as well: {}",
                                       unchanged->target, unchanged->kind));
  }
  return fuzzing.run();
}

// A target must kill it; also what goes astray, as a native run has shown that.
static bool is_wrong(const JudgedMutant& mutant) {
  return mutant.verdict == MutantVerdict::refuted || mutant.verdict == MutantVerdict::astray;
}

std::vector<std::string> differences(const std::string& routine,
                                     std::span<const JudgedMutant> judged,
                                     std::span<const FuzzedMutant> fuzzed,
                                     const ListedReasons& listed) {
  const std::string prefix = routine + ": ";
  std::vector<std::string> lines;
  for (std::size_t index = 0; index < judged.size(); ++index) {
    const JudgedMutant& mutant = judged[index];
    const FuzzedMutant& end = fuzzed[index];
    const bool is_refuted = is_wrong(mutant);
    if (is_refuted && end.end == FuzzedMutant::End::survived &&
        !listed.contains(prefix + mutant.description)) {
      lines.push_back(fmt::format("{}: {}: refuted by {}, but survives in the fuzz targets",
                                  routine, mutant.description, mutant.theorem));
    } else if (!is_refuted && end.end == FuzzedMutant::End::killed) {
      lines.push_back(fmt::format("{}: {}: not refuted, but the target {} ends with {}", routine,
                                  mutant.description, end.target, end.kind));
    }
  }
  for (const auto& [key, entry] : listed) {
    if (key.starts_with(prefix) && std::ranges::find(judged, key.substr(prefix.size()),
                                                     &JudgedMutant::description) == judged.end()) {
      lines.push_back(fmt::format("{}: listed as a survivor, but no mutant", key));
    }
  }
  return lines;
}

std::string fuzzed_summary(std::span<const JudgedMutant> judged,
                           std::span<const FuzzedMutant> fuzzed) {
  std::map<std::string, std::size_t> killed_by;
  std::size_t refuted = 0;
  std::size_t killed = 0;
  std::size_t others_killed = 0;
  std::size_t too_long = 0;
  std::size_t others = 0;
  for (std::size_t index = 0; index < judged.size(); ++index) {
    if (fuzzed[index].end == FuzzedMutant::End::does_not_fit) {
      ++too_long;
      continue;
    }
    if (fuzzed[index].end == FuzzedMutant::End::not_tried) continue;
    const bool is_refuted = is_wrong(judged[index]);
    const bool is_killed = fuzzed[index].end == FuzzedMutant::End::killed;
    ++(is_refuted ? refuted : others);
    killed += is_refuted && is_killed ? 1 : 0;
    others_killed += !is_refuted && is_killed ? 1 : 0;
    if (is_refuted && is_killed) ++killed_by[fuzzed[index].target];
  }
  std::string line = fmt::format("  fuzz targets kill {} of {} refuted mutants", killed, refuted);
  for (const auto& [target, count] : killed_by) line += fmt::format(", {} by {}", count, target);
  return line + fmt::format("; {} of {} others; {} do not fit into the program", others_killed,
                            others, too_long);
}

}  // namespace fiberproof::verify
