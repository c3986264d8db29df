// What the kernel says of pages that can be read, of pages that cannot, and of none.
#include "fuzz/run/guard_probe.hpp"

#include "fuzz/spec/spec_layout.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdint>

namespace fiberproof::fuzz {
namespace {

constexpr std::size_t pages = 4;

class guard_probe : public testing::Test {
 protected:
  guard_probe()
      : first_(reinterpret_cast<std::uint64_t>(::mmap(nullptr, pages * spec::page_bytes, PROT_NONE,
                                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {}
  ~guard_probe() override { unmap(); }

  std::uint64_t page(std::size_t number) const { return first_ + number * spec::page_bytes; }
  void allow(std::size_t number) const {
    ASSERT_EQ(::mprotect(reinterpret_cast<void*>(page(number)), spec::page_bytes, PROT_READ), 0);
  }
  void unmap() const { ::munmap(reinterpret_cast<void*>(first_), pages * spec::page_bytes); }

  std::uint64_t first_;
};

TEST_F(guard_probe, tells_pages_that_can_be_read) {
  EXPECT_FALSE(is_readable(page(0)));
  EXPECT_EQ(first_readable_page(page(0), page(pages)), std::nullopt);
  allow(2);
  EXPECT_TRUE(is_readable(page(2)));
  EXPECT_TRUE(is_readable(page(3) - 1));
  EXPECT_FALSE(is_readable(page(2) - 1));
  EXPECT_FALSE(is_readable(page(3)));
  EXPECT_EQ(first_readable_page(page(0), page(pages)), page(2));
  EXPECT_EQ(first_readable_page(page(0), page(2)), std::nullopt);
}

TEST_F(guard_probe, tells_that_nothing_is_mapped) {
  allow(0);
  unmap();
  EXPECT_FALSE(is_readable(page(0)));
  EXPECT_FALSE(is_readable(0));
  EXPECT_FALSE(is_readable(UINT64_MAX));
}

// More than a pipe holds.
TEST_F(guard_probe, answers_as_often_as_it_is_asked) {
  allow(1);
  for (int times = 0; times < 200'000; ++times) ASSERT_TRUE(is_readable(page(1)));
}

}  // namespace
}  // namespace fiberproof::fuzz
