// Control effects: decoding is the inverse of encoding (E1).
#include "core/control_effect.hpp"

#include <gtest/gtest.h>

namespace fiberproof {
namespace {

TEST(control_effect, decoding_is_the_inverse_of_encoding) {
  for (std::uint32_t discriminant = 0; discriminant <= 5; ++discriminant) {
    for (const std::uint32_t index : {0u, 1u, 0x7fff'ffffu, 0x8000'0000u, 0xffff'ffffu}) {
      const ControlEffect effect{static_cast<ControlEffect::Discriminant>(discriminant), index};
      EXPECT_EQ(decode(encode(effect)), effect);
    }
  }
}

TEST(control_effect, rejects_an_unknown_discriminant) {
  EXPECT_EQ(decode(std::uint64_t{6} << 32), std::nullopt);
  EXPECT_EQ(decode(~std::uint64_t{0}), std::nullopt);
}

TEST(control_effect, a_trap_is_not_a_return) {
  EXPECT_EQ(encode({ControlEffect::Discriminant::return_}), 0u);
  EXPECT_EQ(encode({ControlEffect::Discriminant::trap}), 0x4'0000'0000u);
}

}  // namespace
}  // namespace fiberproof
