/// A mail made ready for the formats: what every one of them asks, worked out once.
/// Used by: this folder only. Lives for one mail.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "message/mail.hpp"
#include "net/ip_address.hpp"
#include "report/documents.hpp"
#include "report/report.hpp"
#include "report/times.hpp"

namespace pinfold::report {

inline constexpr std::size_t kMaxOwnText = std::size_t{256} * 1024;

struct Input {
  const message::Mail& mail;
  std::vector<Document> documents;   ///< attachments and archive members; text parts of the mail are in `text`
  std::string subject;               ///< made whole (refang)
  std::string text;                  ///< what the sender wrote: his text parts, made whole, without a ticket system's preamble; HTML only if no other
  std::vector<std::string> senders;  ///< addresses that may be the sender's, lower case: From, Sender, Reply-To, and those that a ticket system names
  TimeContext times;                 ///< zone: the note in the text, else the mail's Date header (unless a ticket system wrote it), else UTC
};

[[nodiscard]] Input make_input(const message::Mail& mail, std::vector<Document> documents);

/// "Key: value" lines of a header-like block ("---" and lines without a colon are skipped); keys as written.
[[nodiscard]] std::vector<message::Header> read_fields(std::string_view text);
/// The first of the names that is there and not empty.
[[nodiscard]] std::string_view field(const std::vector<message::Header>& fields, std::initializer_list<std::string_view> names);

/// HTML without its tags, line ends for <br> and blocks; entities of XML only.
[[nodiscard]] std::string text_of_html(std::string_view html);

}  // namespace pinfold::report
