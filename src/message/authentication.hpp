/// Who a mail is really from, by the word of the operator's own receiving server.
/// Used by: engine (reports). The From header is a claim; so is every Authentication-Results header that another server wrote.
/// Source:  RFC 8601 (Authentication-Results); section 5: the operator's server must remove headers that carry its name and came from outside.
/// Bounds:  the mail's headers, which are bounded. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "message/mail.hpp"

namespace pinfold::message {

/// Domains with a dkim=pass (header.d or header.i), spf=pass (smtp.mailfrom) or dmarc=pass (header.from) in headers whose authserv-id is ours;
/// lower case, without repeats. Empty `authserv_id`: none.
[[nodiscard]] std::vector<std::string> authenticated_domains(const Mail& mail, std::string_view authserv_id);

}  // namespace pinfold::message
