#include "verify/x86/code_identity.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <array>

#include <string>

namespace fiberproof::verify {
namespace {

ObjectFile opened(const char* path) {
  auto file = ObjectFile::open(path);
  EXPECT_TRUE(file) << message(file.error());
  return std::move(file).value();
}

TEST(code_identity, is_the_same_in_two_links) {
  const ObjectFile one = opened(FIXTURE_PROGRAM);
  const ObjectFile other = opened(FIXTURE_MOVED_PROGRAM);
  for (const char* const symbol :
       {"fixture_leaf", "fixture_caller", "fiberproof_initialize", "fiberproof_continuation_start",
        "fiberproof_continuation_start_v44"}) {
    SCOPED_TRACE(symbol);
    const auto routine = one.routine(symbol);
    const auto moved = other.routine(symbol);
    ASSERT_TRUE(routine) << message(routine.error());
    ASSERT_TRUE(moved) << message(moved.error());
    EXPECT_NE(routine->address, moved->address) << "the two links show nothing";
    const CodeIdentity identity = identify(one, *routine);
    const CodeIdentity moved_identity = identify(other, *moved);
    EXPECT_EQ(identity.hash, moved_identity.hash);
    EXPECT_EQ(identity.instructions, moved_identity.instructions);
    EXPECT_EQ(identity.bytes, routine->bytes.size());
  }
}

TEST(code_identity, is_the_same_before_and_after_the_link) {
  const ObjectFile object = opened(FIXTURE_OBJECT);
  const ObjectFile linked = opened(FIXTURE_PROGRAM);
  for (const char* const symbol : {"fixture_leaf", "fixture_twice"}) {
    SCOPED_TRACE(symbol);
    const CodeIdentity before = identify(object, object.routine(symbol).value());
    const CodeIdentity after = identify(linked, linked.routine(symbol).value());
    EXPECT_EQ(before.hash, after.hash);
  }
}

TEST(code_identity, changes_with_any_byte_but_distances) {
  const ObjectFile file = opened(FIXTURE_PROGRAM);
  const Routine routine = file.routine("fixture_leaf").value();
  const CodeIdentity identity = identify(file, routine);
  for (std::size_t at = 0; at < routine.bytes.size(); ++at) {
    Routine changed = routine;
    changed.bytes[at] ^= std::byte{1};
    const CodeIdentity other = identify(file, changed);
    EXPECT_NE(other.hash, identity.hash) << "byte " << at;
  }
}

TEST(code_identity, another_call_target_changes_it) {
  const ObjectFile file = opened(FIXTURE_PROGRAM);
  const Routine routine = file.routine("fiberproof_continuation_start").value();
  const CodeIdentity identity = identify(file, routine);
  Routine changed = routine;
  ASSERT_EQ(changed.bytes[4], std::byte{0xe8}) << "the call comes after four pops";
  changed.bytes[5] ^= std::byte{1};
  EXPECT_NE(identify(file, changed).hash, identity.hash);
}

TEST(code_identity, an_instruction_without_a_meaning_counts_as_its_bytes) {
  const ObjectFile file = opened(FIXTURE_PROGRAM);
  Routine routine = file.routine("fixture_unmodelled").value();
  const CodeIdentity identity = identify(file, routine);
  const auto rdtsc =
      std::ranges::search(routine.bytes, std::array{std::byte{0x0f}, std::byte{0x31}});
  ASSERT_FALSE(rdtsc.empty());
  rdtsc[1] = std::byte{0xa2};  // CPUID
  const CodeIdentity other = identify(file, routine);
  EXPECT_EQ(other.instructions, identity.instructions);
  EXPECT_NE(other.hash, identity.hash);
}

// Bytes that are no instruction are data: they count, but no instruction does.
TEST(code_identity, data_counts_as_its_bytes) {
  const ObjectFile file = opened(FIXTURE_PROGRAM);
  Routine routine = file.routine("fiberproof_continuation_start").value();
  const CodeIdentity without = identify(file, routine);
  for (const char letter : {'\x06', '\x07', 'e', 'n', 'g', 'i', 'n', 'e', '\0'}) {
    routine.bytes.push_back(static_cast<std::byte>(letter));
  }
  const CodeIdentity with = identify(file, routine);
  EXPECT_EQ(with.bytes, without.bytes + 9);
  EXPECT_GE(with.instructions, without.instructions);
  EXPECT_NE(with.hash, without.hash);
  for (std::size_t at = without.bytes; at < with.bytes; ++at) {
    Routine changed = routine;
    changed.bytes[at] ^= std::byte{1};
    EXPECT_NE(identify(file, changed).hash, with.hash) << "byte " << at;
  }
}

// A disassembler would read the data as the start of an instruction that swallows the call: the
// call's target counts all the same, and its position does not.
TEST(code_identity, a_call_behind_data_counts_by_its_target) {
  const auto hash_in = [](const char* path) {
    const ObjectFile file = opened(path);
    Routine routine = file.routine("fiberproof_continuation_start").value();
    Routine behind{routine.symbol, routine.address - 4, {}, {}};
    for (const unsigned byte : {0xebu, 0x02u, 0x48u, 0xb8u}) {  // jmp +2; mov rax, imm64 begins
      behind.bytes.push_back(static_cast<std::byte>(byte));
    }
    behind.bytes.insert(behind.bytes.end(), routine.bytes.begin(), routine.bytes.end());
    return identify(file, behind).hash;
  };
  EXPECT_EQ(hash_in(FIXTURE_PROGRAM), hash_in(FIXTURE_MOVED_PROGRAM));
}

TEST(code_identity, an_instruction_that_ends_outside_counts_as_its_bytes) {
  const ObjectFile file = opened(FIXTURE_PROGRAM);
  Routine routine = file.routine("fiberproof_continuation_start").value();
  routine.bytes.resize(5);  // the opcode of the call
  const CodeIdentity identity = identify(file, routine);
  EXPECT_EQ(identity.bytes, 5u);
  EXPECT_EQ(identity.instructions, 4u) << "the pops";
}

}  // namespace
}  // namespace fiberproof::verify
