#include "mail/lmtp_session.hpp"

#include <fmt/format.h>

#include <exception>
#include <optional>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"

namespace pinfold::mail {
namespace {

struct Path {
  std::string address;
  std::string_view parameters;
};

/// "FROM:<a@b> SIZE=10" → the address and what follows it.
std::optional<Path> parse_path(std::string_view argument, std::string_view keyword) {
  constexpr std::size_t kMaxPath = 256;  // RFC 5321 section 4.5.3.1.3
  if (!istarts_with(argument, keyword)) {
    return std::nullopt;
  }
  const std::string_view rest = trim(argument.substr(keyword.size()));
  const auto close = rest.find('>');
  if (rest.empty() || rest.front() != '<' || close == std::string_view::npos || close > kMaxPath) {
    return std::nullopt;
  }
  return Path{std::string(rest.substr(1, close - 1)), trim(rest.substr(close + 1))};
}

std::vector<bool> keep_safely(const LmtpCallbacks& callbacks, const Delivery& delivery) {
  try {
    return callbacks.keep(delivery);
  } catch (const std::exception& error) {
    log_error("LMTP_NOT_KEPT", "a mail of {} bytes could not be kept and stays with the sending server: {}", delivery.raw.size(),
              printable(error.what()));
    return {};
  }
}

}  // namespace

LmtpSession::LmtpSession(std::string host, LmtpLimits limits, const LmtpCallbacks& callbacks)
    : x_host(std::move(host)), x_limits(limits), x_callbacks(callbacks) {}

std::string LmtpSession::greeting() const { return fmt::format("220 {} LMTP\r\n", x_host); }

std::string LmtpSession::feed(std::string_view bytes) {
  while (!bytes.empty() && !x_finished) {
    if (x_in_data) {
      feed_data(bytes);
      continue;
    }
    const auto end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (x_line.size() + piece.size() > x_limits.command_bytes) {
      x_overlong = true;
      x_line.clear();
    } else if (!x_overlong) {
      x_line += piece;
    }
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end == std::string_view::npos) {
      break;
    }
    if (x_overlong) {
      x_overlong = false;
      error("500 5.5.2 line too long");
    } else {
      command(std::exchange(x_line, {}));
    }
  }
  return std::exchange(x_out, {});
}

void LmtpSession::store(char c) {
  if (x_delivery.raw.size() < x_limits.mail_bytes) {
    x_delivery.raw += c;
  } else {
    x_too_big = true;
  }
}

void LmtpSession::feed_data(std::string_view& bytes) {
  while (!bytes.empty()) {
    const char c = bytes.front();
    bytes.remove_prefix(1);
    switch (x_data_state) {
      case DataState::LineStart:
        if (c == '.') {
          x_data_state = DataState::Dot;
          continue;
        }
        break;
      case DataState::Dot:  // the dot itself is never content: it was added by the sender, or it ends the mail
        if (c == '\r') {
          x_data_state = DataState::DotCr;
          continue;
        }
        break;
      case DataState::DotCr:
        if (c == '\n') {
          end_of_data();
          return;
        }
        store('\r');
        break;
      case DataState::Cr:
        if (c == '\n') {
          store(c);
          x_data_state = DataState::LineStart;
          continue;
        }
        break;
      case DataState::Text: break;
    }
    store(c);
    x_data_state = c == '\r' ? DataState::Cr : DataState::Text;
  }
}

void LmtpSession::end_of_data() {
  x_in_data = false;
  const std::size_t count = x_delivery.recipients.size();
  const std::vector<bool> kept = x_too_big ? std::vector<bool>{} : keep_safely(x_callbacks, x_delivery);
  for (std::size_t i = 0; i < count; ++i) {
    if (x_too_big) {
      reply(fmt::format("552 5.3.4 more than {} bytes", x_limits.mail_bytes));
    } else {
      reply(i < kept.size() && kept[i] ? "250 2.0.0 kept" : "451 4.3.0 not kept, try again later");
    }
  }
  reset();
}

void LmtpSession::command(std::string_view line) {
  if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  const auto blank = line.find(' ');
  const std::string verb = to_lower(line.substr(0, blank));
  const std::string_view argument = blank == std::string_view::npos ? std::string_view{} : trim(line.substr(blank + 1));
  if (verb == "lhlo" && !argument.empty()) {
    reset();
    x_greeted = true;
    x_out += fmt::format("250-{}\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 SIZE {}\r\n", x_host, x_limits.mail_bytes);
  } else if (verb == "quit") {
    reply("221 2.0.0 bye");
    x_finished = true;
  } else if (verb == "rset") {
    reset();
    reply("250 2.0.0 ok");
  } else if (verb == "noop") {
    reply("250 2.0.0 ok");
  } else if (verb == "helo" || verb == "ehlo") {
    error("500 5.5.1 this is LMTP: say LHLO");
  } else if (!x_greeted) {
    error("503 5.5.1 LHLO first");
  } else if (verb == "mail") {
    on_mail(argument);
  } else if (verb == "rcpt") {
    on_rcpt(argument);
  } else if (verb == "data") {
    on_data();
  } else {
    error("500 5.5.1 unknown command");
  }
}

void LmtpSession::on_mail(std::string_view argument) {
  if (x_has_sender) {
    return error("503 5.5.1 one mail at a time");
  }
  const auto path = parse_path(argument, "FROM:");
  if (!path) {
    return error("501 5.5.4 MAIL FROM:<address>");
  }
  for (const std::string_view parameter : split(path->parameters, ' ')) {
    constexpr std::string_view kSize = "SIZE=";
    const auto size = istarts_with(parameter, kSize) ? parse_number(parameter.substr(kSize.size())) : std::nullopt;
    if (size && *size > x_limits.mail_bytes) {
      return error(fmt::format("552 5.3.4 at most {} bytes", x_limits.mail_bytes));
    }
  }
  x_delivery.from = path->address;
  x_has_sender = true;
  reply("250 2.1.0 ok");
}

void LmtpSession::on_rcpt(std::string_view argument) {
  if (!x_has_sender) {
    return error("503 5.5.1 MAIL first");
  }
  const auto path = parse_path(argument, "TO:");
  if (!path || path->address.empty()) {
    return error("501 5.5.4 RCPT TO:<address>");
  }
  if (x_delivery.recipients.size() == x_limits.recipients) {
    return reply("452 4.5.3 too many recipients");
  }
  if (!x_callbacks.knows(path->address)) {
    return reply("550 5.1.1 no such address");
  }
  x_delivery.recipients.push_back(path->address);
  reply("250 2.1.5 ok");
}

void LmtpSession::on_data() {
  if (x_delivery.recipients.empty()) {
    return error("503 5.5.1 no valid recipients");
  }
  x_in_data = true;
  x_too_big = false;
  x_data_state = DataState::LineStart;
  reply("354 end with a dot on a line of its own");
}

void LmtpSession::reset() {
  x_delivery = {};
  x_has_sender = false;
}

void LmtpSession::reply(std::string_view line) {
  x_out += line;
  x_out += "\r\n";
}

void LmtpSession::error(std::string_view line) {
  reply(line);
  if (++x_errors >= x_limits.errors) {
    reply("421 4.7.0 too many errors");
    x_finished = true;
  }
}

}  // namespace pinfold::mail
