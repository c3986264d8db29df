// The decoder that every reading of an instruction shares: Zydis for 64-bit mode. For
// instruction*.cpp alone.
#pragma once

#include <Zydis/Zydis.h>

namespace fiberproof::verify {

const ZydisDecoder& decoder();

}  // namespace fiberproof::verify
