// What two crashes have in common that are the same.
#pragma once

#include <string>
#include <string_view>

namespace fiberproof::fuzz {

/// The kind of a crash, from what the process wrote: the rule, as "C5 violated", else the
/// sanitizer's summary, as "SUMMARY: AddressSanitizer: stack-overflow", or the engine's with the
/// signal that the target died by, as "SUMMARY: libFuzzer: deadly signal SIGILL"; empty where it
/// says none of these. No addresses.
std::string kind_of_crash(std::string_view errors);

}  // namespace fiberproof::fuzz
