#include "mail/server_log.hpp"

#include "base/text.hpp"
#include "mail/submitter.hpp"

namespace pinfold::mail {
namespace {

using Kind = LogLine::Kind;

bool is_queue_id(std::string_view word) {
  return word.size() >= 5 && word.size() <= 40 &&
         word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == std::string_view::npos;
}

/// The value behind " NAME=" or at the beginning, up to `ends`.
std::string_view value_of(std::string_view text, std::string_view name, std::string_view ends) {
  for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    if (at == 0 || text[at - 1] == ' ' || text[at - 1] == ',') {
      const std::string_view rest = text.substr(at + name.size());
      return rest.substr(0, rest.find_first_of(ends));
    }
  }
  return {};
}

std::string without_brackets(std::string_view text) {
  const auto open = text.find('<');
  const auto close = text.find('>', open);
  return open == std::string_view::npos || close == std::string_view::npos ? std::string(trim(text))
                                                                           : std::string(text.substr(open + 1, close - open - 1));
}

bool is_here(std::string_view relay) { return icontains(relay, "127.0.0.1") || icontains(relay, "[::1]") || istarts_with(relay, "localhost"); }

std::string_view in_round_brackets(std::string_view text) {
  const auto open = text.find('(');
  const auto close = text.rfind(')');
  return open == std::string_view::npos || close == std::string_view::npos || close < open ? std::string_view{}
                                                                                           : text.substr(open + 1, close - open - 1);
}

/// "…: 4XyZ: to=<a@b>, relay=mx[1.2.3.4]:25, …, status=sent (250 2.0.0 OK)", and Sendmail's "…: 1ab: to=<a@b>, …, relay=…, dsn=…, stat=Sent (…)".
std::optional<LogLine> parse_syslog(std::string_view program, std::string_view rest) {
  const auto colon = rest.find(": ");
  const std::string_view id = rest.substr(0, colon);
  if (colon == std::string_view::npos || !is_queue_id(id)) {
    return std::nullopt;
  }
  const std::string_view text = rest.substr(colon + 2);
  LogLine line;
  line.queue_id = id;
  for (const std::string_view name : {"message-id=", "msgid="}) {
    if (const std::string_view value = value_of(text, name, ", \r\n"); !value.empty()) {
      line.message_id = without_brackets(value);
      return line;
    }
  }
  const std::string_view postfix = value_of(text, "status=", " \r\n");
  const std::string_view sendmail = value_of(text, "stat=", "\r\n");
  if (value_of(text, "to=", ",").empty() || (postfix.empty() && sendmail.empty())) {
    return std::nullopt;
  }
  const std::string_view relay = value_of(text, "relay=", ",");
  const std::string_view said = in_round_brackets(text.substr(std::min(text.find("stat"), text.size())));
  line.recipient = to_lower(without_brackets(value_of(text, "to=", ",")));
  line.words = printable(std::string(relay) + ": " + std::string(said.empty() ? sendmail : said), 300);
  const std::string_view status = postfix.empty() ? sendmail : postfix;
  if (istarts_with(status, "sent")) {
    const bool to_filter = is_here(relay) && program.find("smtp") != std::string_view::npos;
    line.kind = to_filter ? Kind::HandedOn : Kind::Sent;
    line.next_id = to_filter ? queue_id_of(said.substr(std::min(said.rfind("queued as"), said.size()))) : std::string{};
    line.next_id = is_queue_id(line.next_id) ? line.next_id : std::string{};
  } else {
    line.kind = istarts_with(status, "deferred") ? Kind::Deferred : Kind::Failed;
  }
  return line;
}

/// "2026-03-02 03:04:05 1abCDE-000123-AB => a@b R=… T=… H=mx [1.2.3.4] … C=\"250 OK\"", "<= sender … id=MESSAGE-ID", "** a@b …", "== a@b …".
std::optional<LogLine> parse_exim(std::string_view text) {
  std::string_view rest = text.substr(20);
  if (!rest.empty() && (rest.front() == '+' || rest.front() == '-')) {  // a zone
    rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
  }
  const auto blank = rest.find(' ');
  const std::string_view id = rest.substr(0, blank);
  if (blank == std::string_view::npos || !is_queue_id(id) || id.find('-') == std::string_view::npos || rest.size() < blank + 4) {
    return std::nullopt;
  }
  const std::string_view flag = rest.substr(blank + 1, 2);
  const std::string_view words = rest.substr(blank + 4);
  LogLine line;
  line.queue_id = id;
  if (flag == "<=") {
    line.message_id = value_of(words, "id=", " \r\n");
    return line.message_id.empty() ? std::nullopt : std::optional(line);
  }
  const bool sent = flag == "=>" || flag == "->";
  if (!sent && flag != "**" && flag != "==") {
    return std::nullopt;
  }
  line.kind = sent ? Kind::Sent : flag == "**" ? Kind::Failed : Kind::Deferred;
  const std::string_view to = words.substr(0, words.find_first_of(" \r\n"));
  const std::string_view bracketed = words.substr(0, std::min(words.find('>') + 1, words.size()));
  line.recipient = to_lower(to.find('@') == std::string_view::npos && bracketed.find('<') != std::string_view::npos ? without_brackets(bracketed)
                                                                                                                    : without_brackets(to));
  std::string_view said = words.substr(std::min(words.find("C=\""), words.size()));
  said = said.size() > 3 ? said.substr(3, said.rfind('"') - 3) : std::string_view{};
  line.words = printable(std::string(value_of(words, "H=", " ")) + ": " + std::string(said.empty() ? words : said), 300);
  if (sent && is_here(value_of(words, "H=", "]"))) {
    line.kind = Kind::HandedOn;
  }
  return line;
}

bool begins_with_date(std::string_view text) {
  return text.size() > 24 && text[4] == '-' && text[7] == '-' && text[10] == ' ' && text[13] == ':' && text[19] == ' ';
}

}  // namespace

std::optional<LogLine> parse_log_line(std::string_view line) {
  line = trim(line.substr(0, kMaxLogLine));
  if (begins_with_date(line)) {
    return parse_exim(line);
  }
  // "Mar  2 03:04:05 host postfix/smtp[12]: …", "2026-03-02T03:04:05.1+00:00 host sendmail[12]: …"
  const auto bracket = line.find("]: ");
  const auto open = bracket == std::string_view::npos ? bracket : line.rfind('[', bracket);
  if (open == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view before = line.substr(0, open);
  const std::string_view program = before.substr(before.rfind(' ') + 1);
  return parse_syslog(program, line.substr(bracket + 3));
}

}  // namespace pinfold::mail
