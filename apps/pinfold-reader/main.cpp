// pinfold-reader: one raw mail on standard input → one JSON object on standard output: {"mail": {…}} or {"refused": "why"}.
// Started by mail::Reader for each mail, so that a mail which takes over, hangs or kills its parser gets nothing but this process.
// Exit status: 0 an answer was printed; 3 the cage could not be closed or the pipes failed. Anything else, and any signal, means that the mail
// did it: the desk then keeps the mail as unreadable.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "message/mail_json.hpp"
#include "message/parse.hpp"
#include "message/raw_check.hpp"
#include "seal.hpp"

namespace {

constexpr std::size_t kMemory = std::size_t{768} * 1024 * 1024;  // 26 MiB of mail in a few forms at once, and converters
constexpr unsigned kCpuSeconds = 10;

/// Everything up to the end of input, or one byte more than may be parsed.
std::string read_input() {
  std::string raw;
  std::array<char, 65536> buffer{};
  while (raw.size() <= pinfold::message::kMaxRawBytes) {
    const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got > 0) {
      raw.append(buffer.data(), static_cast<std::size_t>(got));
    } else if (got == 0 || errno != EINTR) {
      break;
    }
  }
  return raw;
}

bool write_output(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return true;
}

int run() {
  pinfold::reader::set_limits(kMemory, kCpuSeconds);
  pinfold::message::start_parser();
  pinfold::reader::seal();
  const std::string raw = read_input();
  nlohmann::json answer;
  if (const auto mail = pinfold::message::parse_mail(raw)) {
    answer["mail"] = pinfold::message::to_json(*mail);
  } else {
    answer["refused"] = mail.error();
  }
  return write_output(answer.dump() + "\n") ? 0 : 3;
}

}  // namespace

int main() {
  int status = 3;
  try {
    status = run();
  } catch (const std::exception& error) {
    static_cast<void>(std::fprintf(stderr, "pinfold-reader: %s\n", error.what()));
  }
  _exit(status);  // nothing of the mail's making runs on the way out
}
