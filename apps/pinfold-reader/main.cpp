// pinfold-reader [FOLDER...]: one raw mail on standard input → one JSON object on standard output: {"mail": {…}, "report": {…}} or
// {"refused": "why"}. The folders hold the reports' parser definitions; they are the operator's and read before the cage is closed.
// Started by mail::Reader for each mail, so that a mail which takes over, hangs or kills its parser gets nothing but this process.
// Exit status: 0 an answer was printed; 3 a definition is faulty, the cage could not be closed or the pipes failed. Anything else, and any signal,
// means that the mail did it: the desk then keeps the mail as unreadable.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "message/mail_json.hpp"
#include "message/parse.hpp"
#include "message/raw_check.hpp"
#include "report/parse.hpp"
#include "report/report_json.hpp"
#include "report/sealed.hpp"
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

pinfold::report::Definitions load_definitions(const std::vector<std::filesystem::path>& folders) {
  auto definitions = pinfold::report::Definitions::load(folders);
  if (!definitions) {
    throw std::runtime_error(definitions.error());
  }
  return *std::move(definitions);
}

nlohmann::json answer_to(const std::string& raw, const pinfold::report::Definitions& definitions) {
  pinfold::report::Attachments attachments;
  auto mail = pinfold::message::parse_mail(raw, [&](const auto& part, std::string_view bytes) { attachments.visit(part, bytes); });
  if (!mail) {
    return {{"refused", mail.error()}};
  }
  auto report = pinfold::report::parse_report(*mail, attachments.documents(), definitions);
  report.dropped += attachments.dropped();
  return {{"mail", pinfold::message::to_json(report.sealed ? pinfold::report::redacted(*std::move(mail)) : *mail)},
          {"report", pinfold::report::to_json(report)}};
}

int run(const std::vector<std::filesystem::path>& folders) {
  pinfold::reader::set_limits(kMemory, kCpuSeconds);
  pinfold::message::start_parser();
  const auto definitions = load_definitions(folders);
  pinfold::reader::seal();
  const std::string raw = read_input();
  return write_output(answer_to(raw, definitions).dump() + "\n") ? 0 : 3;
}

}  // namespace

int main(int count, char** arguments) {
  int status = 3;
  try {
    status = run({arguments + std::min(count, 1), arguments + count});
  } catch (const std::exception& error) {
    static_cast<void>(std::fprintf(stderr, "pinfold-reader: %s\n", error.what()));
  }
  _exit(status);  // nothing of the mail's making runs on the way out
}
