// A built program, and changed copies of it that differ only in call frame information: in the
// entry of one routine, or in the common information entry (CIE) that it refers to.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// Consecutive bytes of the file.
struct FileRange {
  std::size_t begin;
  std::size_t end;
};

class FrameMutants {
 public:
  /// Reads the program; a routine without an entry ends the test run with an exception.
  FrameMutants(const std::string& path, const std::string& routine);

  /// From the address on: without the length and the pointer to the CIE.
  FileRange entry() const { return entry_; }
  /// From the version on.
  FileRange common() const { return common_; }

  const std::vector<std::byte>& bytes() const { return bytes_; }

  /// Where in the entry or its CIE these bytes are, exactly once.
  std::size_t place_of(std::initializer_list<unsigned> pattern) const;

  /// A copy with these bytes from `place` on.
  std::vector<std::byte> with(std::size_t place, std::initializer_list<unsigned> replacement) const;

  /// A copy whose entry refers to the CIE with this augmentation string.
  std::vector<std::byte> with_common_of(const std::string& augmentation) const;

 private:
  std::uint32_t word_at(std::size_t place) const;

  std::vector<std::byte> bytes_;
  std::size_t section_begin_ = 0;  // offset of .eh_frame in the file
  std::size_t section_end_ = 0;
  FileRange entry_{};
  FileRange common_{};
};

}  // namespace fiberproof::verify
