// The copy that changes are put into: what it has, and that no trace of a change stays.
#include "verify/mutation/changed_tree.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <gtest/gtest.h>
#include <memory>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

class changed_tree : public testing::Test {
 protected:
  changed_tree() {
    source_.write("CMakeLists.txt", "project\n");
    source_.write("core/a.cpp", "one\ntwo\nthree\n");
    source_.write("core/defects/x.patch", "not copied\n");
    source_.write("other/b.cpp", "not copied\n");
    tree_ = std::make_unique<ChangedTree>(source_.path(), folder_.path());
    const auto done = tree_->restore();
    EXPECT_TRUE(done) << done.error();
  }

  std::string copy(const std::string& name) const { return folder_.path() + "/tree/" + name; }

  static Change change_of(const std::string& line) {
    return {"S99-a-bug",
            "Defect: S99, a bug\n--- a/core/a.cpp\n+++ b/core/a.cpp\n@@ -1,3 +1,3 @@\n one\n-" +
                line + "\n+zwei\n three\n"};
  }

  ScratchFolder source_;
  ScratchFolder folder_;
  std::unique_ptr<ChangedTree> tree_;
};

TEST_F(changed_tree, has_what_is_built_alone) {
  EXPECT_EQ(contents_of(copy("core/a.cpp")), "one\ntwo\nthree\n");
  EXPECT_FALSE(filesystem::exists(copy("core/defects")));
  EXPECT_FALSE(filesystem::exists(copy("other")));
}

TEST_F(changed_tree, takes_a_change_in_and_out_again) {
  const std::uint64_t hash = tree_->source_hash();
  const auto put_in = tree_->put_in(change_of("two"));
  ASSERT_TRUE(put_in) << put_in.error();
  EXPECT_EQ(contents_of(copy("core/a.cpp")), "one\nzwei\nthree\n");
  ASSERT_TRUE(tree_->restore());
  EXPECT_EQ(contents_of(copy("core/a.cpp")), "one\ntwo\nthree\n");
  EXPECT_EQ(tree_->source_hash(), hash);
}

TEST_F(changed_tree, says_which_patch_does_not_apply) {
  const auto put_in = tree_->put_in(change_of("four"));
  ASSERT_FALSE(put_in);
  EXPECT_EQ(put_in.error().substr(0, 16), "S99-a-bug.patch:");
  EXPECT_EQ(contents_of(copy("core/a.cpp")), "one\ntwo\nthree\n");
}

TEST_F(changed_tree, keeps_the_time_of_unchanged_files) {
  const auto before = filesystem::last_write_time(copy("core/a.cpp"));
  source_.write("core/new.cpp", "new\n");
  ASSERT_TRUE(tree_->restore());
  EXPECT_EQ(filesystem::last_write_time(copy("core/a.cpp")), before);
  EXPECT_TRUE(filesystem::exists(copy("core/new.cpp")));
}

TEST_F(changed_tree, drops_what_the_sources_no_longer_have) {
  const std::uint64_t hash = tree_->source_hash();
  filesystem::remove(source_.path() + "/core/a.cpp");
  ASSERT_TRUE(tree_->restore());
  EXPECT_FALSE(filesystem::exists(copy("core/a.cpp")));
  EXPECT_NE(tree_->source_hash(), hash);
}

TEST_F(changed_tree, without_sources_is_an_error_that_names_the_folder) {
  const ScratchFolder empty;
  ChangedTree tree(empty.path(), folder_.path());
  const auto done = tree.restore();
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().find(empty.path()), std::string::npos);
}

}  // namespace
}  // namespace fiberproof::verify
