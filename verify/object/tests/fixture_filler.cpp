// Occupies space in every kind of section, more than the routines under proof do, so that whatever
// is linked after it moves.
#include <cstdint>

extern "C" {

std::uint64_t fixture_filler(std::uint64_t a);
extern std::uint64_t fixture_filler_data[37];
std::uint64_t fixture_filler_data[37] = {1};

[[gnu::aligned(512)]] std::uint64_t fixture_filler(std::uint64_t a) {
  return a * fixture_filler_data[a % 37] + 12345;
}

}  // extern "C"
