#include "verify/machine/code_identity.hpp"

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
    const auto identity = identify(one, *routine);
    const auto moved_identity = identify(other, *moved);
    ASSERT_TRUE(identity) << identity.error().instruction << ": " << identity.error().reason;
    ASSERT_TRUE(moved_identity);
    EXPECT_EQ(identity->hash, moved_identity->hash);
    EXPECT_EQ(identity->instructions, moved_identity->instructions);
    EXPECT_EQ(identity->bytes, routine->bytes.size());
  }
}

TEST(code_identity, is_the_same_before_and_after_the_link) {
  const ObjectFile object = opened(FIXTURE_OBJECT);
  const ObjectFile linked = opened(FIXTURE_PROGRAM);
  for (const char* const symbol : {"fixture_leaf", "fixture_twice"}) {
    SCOPED_TRACE(symbol);
    const auto before = identify(object, object.routine(symbol).value());
    const auto after = identify(linked, linked.routine(symbol).value());
    ASSERT_TRUE(before && after);
    EXPECT_EQ(before->hash, after->hash);
  }
}

TEST(code_identity, any_changed_byte_that_is_no_distance_changes_it_or_is_refused) {
  const ObjectFile file = opened(FIXTURE_PROGRAM);
  const Routine routine = file.routine("fixture_leaf").value();
  const CodeIdentity identity = identify(file, routine).value();
  for (std::size_t at = 0; at < routine.bytes.size(); ++at) {
    Routine changed = routine;
    changed.bytes[at] ^= std::byte{1};
    const auto other = identify(file, changed);
    EXPECT_TRUE(!other || other->hash != identity.hash) << "byte " << at;
  }
}

TEST(code_identity, another_call_target_changes_it) {
  const ObjectFile file = opened(FIXTURE_PROGRAM);
  const Routine routine = file.routine("fiberproof_continuation_start").value();
  const CodeIdentity identity = identify(file, routine).value();
  Routine changed = routine;
  ASSERT_EQ(changed.bytes[4], std::byte{0xe8}) << "the call comes after four pops";
  changed.bytes[5] ^= std::byte{1};
  EXPECT_NE(identify(file, changed).value().hash, identity.hash);
}

TEST(code_identity, an_instruction_without_a_meaning_counts_as_its_bytes) {
  const ObjectFile file = opened(FIXTURE_PROGRAM);
  Routine routine = file.routine("fixture_unmodelled").value();
  const auto identity = identify(file, routine);
  ASSERT_TRUE(identity);
  const auto rdtsc =
      std::ranges::search(routine.bytes, std::array{std::byte{0x0f}, std::byte{0x31}});
  ASSERT_FALSE(rdtsc.empty());
  rdtsc[1] = std::byte{0xa2};  // CPUID
  const auto other = identify(file, routine);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->instructions, identity->instructions);
  EXPECT_NE(other->hash, identity->hash);
}

TEST(code_identity, bytes_that_are_no_instruction_are_named) {
  const ObjectFile file = opened(FIXTURE_PROGRAM);
  const auto identity = identify(file, file.routine("fixture_no_instruction").value());
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().instruction.substr(0, 2), "06");
  EXPECT_EQ(identity.error().reason, "not an instruction");
}

TEST(code_identity, an_instruction_that_ends_outside_is_refused) {
  const ObjectFile file = opened(FIXTURE_PROGRAM);
  Routine routine = file.routine("fiberproof_continuation_start").value();
  routine.bytes.resize(6);  // within the call
  const auto identity = identify(file, routine);
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().address, routine.address + 4);
}

}  // namespace
}  // namespace fiberproof::verify
