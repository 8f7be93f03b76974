/// The syntax of host and mail domain names: RFC 1035 section 2.3.1, with the digits in front that RFC 1123 section 2.1 allows.
#pragma once

#include <string_view>

namespace pinfold::net {

/// One label or several with dots between them, 253 characters at most, each label 1 to 63 letters, digits and hyphens, none of these at its ends.
[[nodiscard]] bool is_host_name(std::string_view text);

}  // namespace pinfold::net
