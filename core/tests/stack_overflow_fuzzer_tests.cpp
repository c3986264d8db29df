// Stack overflow in fuzzing (C8): libFuzzer keeps the input as an artefact, and its report follows
// the line that names the continuation. With sanitizers and without, since the handlers differ.
#include <gtest/gtest.h>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace {

namespace fs = std::filesystem;

class stack_overflow_fuzzer : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "stack_overflow_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directory(folder_ / "corpus");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void add_to_corpus(const std::string& input) const {
    std::ofstream(folder_ / "corpus" / "input") << input;
  }

  /// The output of the fuzzer, run with `arguments` in the folder.
  std::string run(const std::string& arguments) const {
    const std::string command = "cd '" + folder_.string() + "' && " + environment_ + " '" +
                                GetParam() + "' " + arguments + " 2>&1";
    const std::unique_ptr<std::FILE, decltype([](std::FILE* pipe) { ::pclose(pipe); })> pipe(
        ::popen(command.c_str(), "r"));
    std::string said;
    std::array<char, 4096> part{};
    while (const std::size_t bytes = std::fread(part.data(), 1, part.size(), pipe.get())) {
      said.append(part.data(), bytes);
    }
    return said;
  }

  /// From the next run on.
  void switch_runtime_handlers_off() {
    const std::string off = "handle_segv=0:use_sigaltstack=0";
    environment_ = "ASAN_OPTIONS=" + off + " UBSAN_OPTIONS=" + off;
  }

  fs::path artefact() const {
    for (const fs::directory_entry& file : fs::directory_iterator(folder_)) {
      if (file.path().filename().string().starts_with("crash-")) return file.path();
    }
    return {};
  }

 private:
  fs::path folder_;
  std::string environment_;
};

constexpr std::string_view report = "fiberproof: C8: stack overflow of continuation 3, 3 deep: its";

TEST_P(stack_overflow_fuzzer, keeps_and_replays_the_input_that_overran) {
  add_to_corpus("!overrun");
  const std::string said = run("-runs=1 corpus");
  const std::size_t line = said.find(report);
  ASSERT_NE(line, said.npos) << said;
  EXPECT_NE(said.find("stack-overflow on ", line), said.npos) << said;

  ASSERT_FALSE(artefact().empty()) << said;
  std::string kept;
  std::getline(std::ifstream(artefact()), kept);
  EXPECT_EQ(kept, "!overrun");
  EXPECT_NE(run(artefact().string()).find(report), std::string::npos);
}

// Without an alternate stack of this thread libFuzzer's own handler cannot run: no artefact.
TEST_P(stack_overflow_fuzzer,
       keeps_the_input_where_the_runtime_has_no_handler_and_no_stack_for_it) {
  switch_runtime_handlers_off();
  add_to_corpus("!overrun");
  const std::string said = run("-runs=1 corpus");
  EXPECT_NE(said.find(report), said.npos) << said;
  EXPECT_FALSE(artefact().empty()) << said;
}

TEST_P(stack_overflow_fuzzer, is_silent_about_an_input_that_fits) {
  add_to_corpus("fits");
  const std::string said = run("-runs=1 corpus");
  EXPECT_EQ(said.find("C8"), said.npos) << said;
  EXPECT_NE(said.find("DONE"), said.npos) << said;
  EXPECT_TRUE(artefact().empty());
}

INSTANTIATE_TEST_SUITE_P(core, stack_overflow_fuzzer,
                         testing::Values(STACK_OVERFLOW_FUZZER, STACK_OVERFLOW_PLAIN_FUZZER),
                         [](const auto& tested) {
                           return tested.index == 0 ? "sanitized" : "plain";
                         });

}  // namespace
