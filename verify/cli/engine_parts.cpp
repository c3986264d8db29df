#include "verify/cli/engine_parts.hpp"

#include "fuzz/generate/engine_profile.hpp"
#include "fuzz/wasm/translation.hpp"

namespace fiberproof::verify {

EngineParts engine_parts() {
  return {.translate = fuzz::wasm::translate, .generate = fuzz::generate_for_engines};
}

}  // namespace fiberproof::verify
