#include "report/input.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "report/addresses.hpp"

namespace pinfold::report {
namespace {

constexpr std::size_t kMaxSenders = 16;

/// Each word with an @ in it, without what is around it.
void add_addresses(std::string_view text, std::vector<std::string>& senders) {
  for (auto at = text.find('@'); at != std::string_view::npos && senders.size() < kMaxSenders; at = text.find('@', at + 1)) {
    constexpr std::string_view kEnds = " \t\r\n<>\"',;()[]";
    const auto before = text.find_last_of(kEnds, at);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const std::string address = to_lower(text.substr(begin, std::min(text.find_first_of(kEnds, at), text.size()) - begin));
    if (address.size() > 3 && address.size() <= 254 && std::find(senders.begin(), senders.end(), address) == senders.end()) {
      senders.push_back(address);
    }
  }
}

/// Request Tracker and its kin put a block before the original: it ends with a "Ticket <URL: … >" line.
std::string_view without_ticket_preamble(std::string_view text, bool& wrapped) {
  const std::string_view head = text.substr(0, 2000);
  const auto at = head.find("Ticket <URL:");
  if (at == std::string_view::npos) {
    return text;
  }
  wrapped = true;
  const auto end = text.find('\n', at);
  return end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
}

void read_senders(Input& input) {
  // Whom a ticket system or a list names as the original sender comes first.
  for (const std::string_view name : {"X-RT-Originator", "X-Original-From", "X-Original-Sender"}) {
    add_addresses(message::header_value(input.mail, name), input.senders);
  }
  for (const message::Mailbox& from : input.mail.from) {
    add_addresses(from.name, input.senders);  // "info@bitninja.com via RT"
    add_addresses(from.address, input.senders);
  }
  for (const std::string_view name : {"Sender", "Reply-To", "Return-Path"}) {
    add_addresses(message::header_value(input.mail, name), input.senders);
  }
}

/// The offset in the Date header: a log that is pasted below was most likely written in the same zone.
void read_date_offset(const message::Mail& mail, TimeContext& times) {
  const std::string_view date = message::header_value(mail, "Date");
  const auto sign = date.find_last_of("+-");
  if (sign != std::string_view::npos && sign > 10) {
    static_cast<void>(set_zone(times, date.substr(sign, 5)));
  }
}

}  // namespace

Input make_input(const message::Mail& mail, std::vector<Document> documents) {
  Input input{mail, std::move(documents), refang(mail.subject), {}, {}, {}};
  std::string text;
  std::string html;
  for (const message::Part& part : mail.parts) {
    if (part.embedded == 0 && part.type == "text/plain" && text.size() < kMaxOwnText) {
      text += part.text + "\n";
    } else if (part.embedded == 0 && part.type == "text/html" && html.size() < kMaxOwnText) {
      html += part.text + "\n";
    }
  }
  bool wrapped = message::find_header(mail.headers, "X-RT-Originator") != nullptr;
  const std::string all = trim(text).empty() ? text_of_html(html) : std::move(text);
  input.text = refang(without_ticket_preamble(all, wrapped).substr(0, kMaxOwnText));
  read_senders(input);
  input.times.now = mail.date.value_or(WallTime{});
  if (!wrapped) {
    read_date_offset(mail, input.times);
  }
  static_cast<void>(read_zone_note(input.text, input.times));
  return input;
}

std::vector<message::Header> read_fields(std::string_view text) {
  constexpr std::size_t kMaxFields = 100;
  std::vector<message::Header> fields;
  for (const std::string_view line : split(text, '\n')) {
    const auto colon = line.find(':');
    if (fields.size() == kMaxFields) {
      break;
    }
    if (colon == std::string_view::npos || trim(line.substr(0, colon)).empty()) {
      continue;
    }
    std::string_view value = trim(line.substr(colon + 1));
    if (value.size() >= 2 && value.front() == value.back() && (value.front() == '"' || value.front() == '\'')) {
      value = value.substr(1, value.size() - 2);
    }
    fields.push_back({std::string(trim(line.substr(0, colon))), std::string(value)});
  }
  return fields;
}

std::string_view field(const std::vector<message::Header>& fields, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    for (const message::Header& header : fields) {
      if (iequals(header.name, name) && !header.value.empty()) {
        return header.value;
      }
    }
  }
  return {};
}

std::string text_of_html(std::string_view html) {
  struct Entity {
    std::string_view written;
    char meant;
  };
  static constexpr std::array<Entity, 6> kEntities{{{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&nbsp;", ' '}}};
  std::string text;
  while (!html.empty()) {
    const auto next = html.find_first_of("<&");
    text += html.substr(0, next);
    html.remove_prefix(std::min(next, html.size()));
    if (html.empty()) {
      break;
    }
    if (html.front() == '<') {
      const auto end = html.find('>');
      const std::string_view tag = html.substr(1, std::min<std::size_t>(end, 12));
      const bool in_line = istarts_with(tag, "b>") || istarts_with(tag, "a ") || istarts_with(tag, "/a") || istarts_with(tag, "/b>") ||
                           istarts_with(tag, "i>") || istarts_with(tag, "/i>") || istarts_with(tag, "span") || istarts_with(tag, "/span") ||
                           istarts_with(tag, "strong") || istarts_with(tag, "/strong") || istarts_with(tag, "td") || istarts_with(tag, "/td");
      text += in_line ? ' ' : '\n';
      html.remove_prefix(end == std::string_view::npos ? html.size() : end + 1);
      continue;
    }
    const auto entity = std::find_if(kEntities.begin(), kEntities.end(), [&](const Entity& e) { return istarts_with(html, e.written); });
    text += entity == kEntities.end() ? '&' : entity->meant;
    html.remove_prefix(entity == kEntities.end() ? 1 : entity->written.size());
  }
  return text;
}

}  // namespace pinfold::report
