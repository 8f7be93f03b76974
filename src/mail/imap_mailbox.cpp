#include "mail/imap_mailbox.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "message/raw_check.hpp"

namespace pinfold::mail {
namespace {

constexpr std::size_t kMaxResponses = 10'000;  // of one command

Expected<void, std::string> only(Expected<std::vector<ImapLine>, std::string> result) {
  return result ? Expected<void, std::string>{} : Unexpected(result.error());
}

}  // namespace

ImapMailbox::ImapMailbox(TlsStream stream) : x_stream(std::move(stream)), x_lines(message::kMaxRawBytes) {}

Expected<ImapLine, std::string> ImapMailbox::read_line() {
  while (true) {
    auto line = x_lines.next();
    if (!line) {
      return Unexpected(line.error());
    }
    if (*line) {
      return **std::move(line);
    }
    auto bytes = x_stream.read();
    if (!bytes) {
      return Unexpected(bytes.error());
    }
    x_lines.feed(*bytes);
  }
}

Expected<std::vector<ImapLine>, std::string> ImapMailbox::command(const std::string& text, const std::string& shown) {
  const std::string tag = fmt::format("p{}", ++x_tag);
  if (auto sent = x_stream.write(fmt::format("{} {}\r\n", tag, text)); !sent) {
    return Unexpected(shown + ": " + sent.error());
  }
  std::vector<ImapLine> lines;
  while (lines.size() < kMaxResponses) {
    auto line = read_line();
    if (!line) {
      return Unexpected(shown + ": " + line.error());
    }
    if (istarts_with(line->text, tag + " ")) {
      const std::string_view rest = std::string_view(line->text).substr(tag.size() + 1);
      if (istarts_with(rest, "OK")) {
        return lines;
      }
      return Unexpected(fmt::format("{}: the mail server says {}", shown, printable(rest, 200)));
    }
    if (istarts_with(line->text, "* BYE")) {
      return Unexpected(fmt::format("{}: the mail server says goodbye: {}", shown, printable(line->text, 200)));
    }
    lines.push_back(*std::move(line));
  }
  return Unexpected(shown + ": the mail server does not come to an end");
}

bool ImapMailbox::can(std::string_view capability) const {
  const auto words = split(x_capabilities, ' ');
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return iequals(word, capability); });
}

Expected<void, std::string> ImapMailbox::learn_capabilities() {
  auto lines = command("CAPABILITY", "CAPABILITY");
  if (!lines) {
    return Unexpected(lines.error());
  }
  for (const ImapLine& line : *lines) {
    if (istarts_with(line.text, "* CAPABILITY ")) {
      x_capabilities = line.text.substr(13);
    }
  }
  return {};
}

Expected<void, std::string> ImapMailbox::log_in(const ImapOptions& options) {
  const auto user = imap_quoted(options.user);
  const auto password = imap_quoted(options.password);
  if (!user || !password) {
    return Unexpected(std::string("the user's name or password has a character that IMAP's LOGIN cannot say"));
  }
  if (can("LOGINDISABLED")) {
    return Unexpected(std::string("the mail server takes no password on this connection"));
  }
  if (auto done = command("LOGIN " + *user + " " + *password, "LOGIN"); !done) {
    return Unexpected(done.error());
  }
  return learn_capabilities();
}

Expected<ImapMailbox, std::string> ImapMailbox::open(const ImapOptions& options) {
  const auto folder = imap_quoted(options.folder);
  const auto archive = imap_quoted(options.archive);
  if (!folder || !archive) {
    return Unexpected(std::string("the folder's name has a character that IMAP would write otherwise (modified UTF-7)"));
  }
  auto stream = TlsStream::connect(options.address, options.port, options.timeout);
  if (!stream) {
    return Unexpected(stream.error());
  }
  ImapMailbox box(*std::move(stream));
  using Step = Expected<void, std::string>;
  const auto tls = [&]() -> Step { return box.x_stream.start_tls(options.name, options.ca_file); };
  Step step = options.tls == ImapOptions::Tls::Implicit ? tls() : Step{};
  if (auto greeting = step ? box.read_line() : Expected<ImapLine, std::string>(Unexpected(step.error())); !greeting) {
    return Unexpected(greeting.error());
  }
  step = box.learn_capabilities();
  if (step && options.tls == ImapOptions::Tls::StartTls) {
    step = only(box.command("STARTTLS", "STARTTLS"));
    box.x_lines = ImapLineReader(message::kMaxRawBytes);  // what came in clear behind the answer was not the server's (CVE-2011-0411's kind)
    step = step ? tls() : step;
    step = step ? box.learn_capabilities() : step;
  }
  step = step ? box.log_in(options) : step;
  if (step && !options.archive.empty()) {
    static_cast<void>(box.command("CREATE " + *archive, "CREATE"));  // NO: it is there
    box.x_archive = *archive;
  }
  step = step ? only(box.command("SELECT " + *folder, "SELECT")) : step;
  return step ? Expected<ImapMailbox, std::string>(std::move(box)) : Unexpected(step.error());
}

Expected<ImapMailbox::Waiting, std::string> ImapMailbox::waiting() {
  Waiting waiting;
  auto small = command(fmt::format("UID SEARCH UNDELETED SMALLER {}", message::kMaxRawBytes), "SEARCH");
  auto large = small ? command(fmt::format("UID SEARCH UNDELETED LARGER {}", message::kMaxRawBytes - 1), "SEARCH") : small;
  if (!large) {
    return Unexpected(large.error());
  }
  for (const ImapLine& line : *small) {
    const auto uids = search_result(line.text, SIZE_MAX);
    waiting.uids.insert(waiting.uids.end(), uids.begin(), uids.end());
  }
  for (const ImapLine& line : *large) {
    waiting.too_large += search_result(line.text, SIZE_MAX).size();
  }
  std::sort(waiting.uids.begin(), waiting.uids.end());
  waiting.uids.resize(std::min(waiting.uids.size(), kMaxPolled));
  return waiting;
}

Expected<std::string, std::string> ImapMailbox::fetch(std::uint32_t uid) {
  auto lines = command(fmt::format("UID FETCH {} (BODY.PEEK[])", uid), "FETCH");
  if (!lines) {
    return Unexpected(lines.error());
  }
  for (ImapLine& line : *lines) {
    if (icontains(line.text, " FETCH ") && !line.literals.empty()) {
      return std::move(line.literals.front());
    }
  }
  return std::string{};
}

Expected<void, std::string> ImapMailbox::done(std::uint32_t uid) {
  if (!x_archive.empty() && can("MOVE")) {
    return only(command(fmt::format("UID MOVE {} {}", uid, x_archive), "MOVE"));
  }
  using Step = Expected<void, std::string>;
  Step step = x_archive.empty() ? Step{} : only(command(fmt::format("UID COPY {} {}", uid, x_archive), "COPY"));
  step = step ? only(command(fmt::format("UID STORE {} +FLAGS.SILENT (\\Deleted)", uid), "STORE")) : step;
  return step ? only(command(can("UIDPLUS") ? fmt::format("UID EXPUNGE {}", uid) : "EXPUNGE", "EXPUNGE")) : step;
}

}  // namespace pinfold::mail
