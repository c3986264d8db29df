// Text of others in a page of HTML.
#pragma once

#include <string>
#include <string_view>

namespace fiberproof::verify {

/// With nothing that could end an element or an attribute in double quotes (HTML, 13.1.2.3).
std::string html_text(std::string_view text);

}  // namespace fiberproof::verify
