/// A bare attachment (XARF JSON from the report API, a CSV from a feed) as a mail, so that it goes through the same sealed reader.
/// Used by: `pinfold reports parse`. A name that is no known attachment's means that the bytes are a mail already: they come back unchanged.
/// Cost:    a copy, a third longer for base64. Pure.
#pragma once

#include <string>
#include <string_view>

namespace pinfold::message {

[[nodiscard]] std::string as_mail(std::string_view file_name, std::string bytes);

}  // namespace pinfold::message
