/// What a third party's abuse report says, in the desk's words: the result of report::parse_report, made inside `pinfold-reader`.
/// Used by: mail::Reader (reads it back over the pipe), engine (findings inbox, triage), `pinfold reports`.
/// A statement names an address, or a host where the reporter gives only a URL; which server and tenant that was at its time is not known here.
/// Text:    what came from outside has been through `printable` and is cut to kMaxFact. The reported content itself (a spam's text, a page's body)
///          is never kept: numbers, names and addresses only.
/// Time:    UTC; event time where the report gives one, else the mail's own date, and then `time_is_the_mails` says so.
/// Bounds:  the constants below; what did not fit is counted in `dropped`.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "abuse/finding.hpp"
#include "base/time.hpp"
#include "message/mail.hpp"
#include "net/ip_address.hpp"

namespace pinfold::report {

inline constexpr std::size_t kMaxStatements = 10'000;  ///< of one mail; a day's Shadowserver report of a large network has some thousands of rows
inline constexpr std::size_t kMaxFact = 300;           ///< bytes of one fact's value
inline constexpr std::size_t kMaxStatementFacts = 16;
inline constexpr std::size_t kMaxReportBytes = std::size_t{6} * 1024 * 1024;  ///< of all statements' text together

struct Statement {
  std::optional<net::IpAddress> address;
  std::string host;  ///< of a URL or domain when the reporter names no address; lower case
  abuse::AbuseClass abuse_class = abuse::AbuseClass::Other;
  std::string kind;  ///< "ssh", "bittorrent", "dns_openresolver"; [a-z0-9_-]
  std::optional<WallTime> first;
  std::optional<WallTime> last;
  abuse::Severity severity = abuse::Severity::Medium;
  std::vector<std::pair<std::string, std::string>> facts;
  friend bool operator==(const Statement&, const Statement&) = default;
};

struct Report {
  std::string format;      ///< "arf", "xarf-4", "xarf-3", "x-arf", "acns", "csv", "text", or a definition's name; empty: nothing was understood
  std::string definition;  ///< the parser definition that matched the mail, if any
  std::string reporter;    ///< domain or organisation, as the report claims; who really sent it is for authentication results to say
  std::string report_id;   ///< the reporter's own number, as he wants it cited
  std::string why;         ///< for people: what was recognised, or why nothing was
  std::vector<Statement> statements;
  std::uint64_t dropped = 0;  ///< statements and archive members that did not fit
  bool sealed = false;        ///< child abuse material: nothing of it may be shown, quoted or forwarded
  friend bool operator==(const Report&, const Report&) = default;
};

/// Structure or a definition, not mere words: surer than an auto-reply header.
[[nodiscard]] bool is_recognised(const Report& report);

/// Adds it if it fits; otherwise, and when it names neither address nor host, counts it as dropped.
void add_statement(Report& report, Statement statement);

/// Adds a fact that is not empty, printable and cut.
void add_fact(Statement& statement, std::string_view name, std::string_view value);

/// Lower case [a-z0-9_-], everything else becomes "_"; at most 60 bytes.
[[nodiscard]] std::string kind_word(std::string_view text);

/// The findings, unattributed: `server` is the address (or host). `received` is when the mail came; it stands in for a missing time.
/// Origin is Reporter and confidence at most 60: a third party's word alone disables nothing.
[[nodiscard]] std::vector<abuse::Finding> to_findings(const Report& report, WallTime received);

}  // namespace pinfold::report
