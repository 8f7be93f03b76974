// Half of the input is a definition's file, half a mail's text: whatever an operator writes and whoever writes to him, the engine ends and stays in
// its bounds.
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/assert.hpp"
#include "report/parse.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinfold;  // NOLINT(google-build-using-namespace): one function
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto cut = input.find("\n===\n");
  const std::string_view mail_text = cut == std::string_view::npos ? std::string_view{} : input.substr(cut + 5);
  static const std::filesystem::path kFolder = [] {
    auto folder = std::filesystem::temp_directory_path() / ("pinfold-fuzz-definition-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    return folder;
  }();
  std::ofstream(kFolder / "x.toml", std::ios::binary | std::ios::trunc) << input.substr(0, cut);
  if (const auto definitions = report::Definitions::load({kFolder})) {
    message::Mail mail;
    mail.subject = mail_text.substr(0, mail_text.find('\n'));
    mail.from = {{"", "abuse@reporter.example"}};
    message::Part part;
    part.type = "text/plain";
    part.text = mail_text;
    mail.parts.push_back(part);
    const report::Report report = report::parse_report(mail, {}, *definitions);
    PINFOLD_ASSERT(report.statements.size() <= report::kMaxStatements);
  }
  std::filesystem::remove(kFolder / "x.toml");
  return 0;
}
