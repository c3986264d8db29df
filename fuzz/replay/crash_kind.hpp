// What two crashes have in common that are the same.
#pragma once

#include <string>
#include <string_view>

namespace fiberproof::fuzz {

/// The kind of a crash, from what the process wrote: the rule, as "C5 violated", else the
/// sanitizer's summary, as "SUMMARY: AddressSanitizer: stack-overflow"; empty where it says
/// neither. No addresses.
std::string kind_of_crash(std::string_view errors);

}  // namespace fiberproof::fuzz
