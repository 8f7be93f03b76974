/// Raw mail → report, as pinfold-reader does it, but in the test's own process.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "message/parse.hpp"
#include "message/wrap.hpp"
#include "report/parse.hpp"

namespace pinfold::report {

[[nodiscard]] inline const Definitions& shipped_definitions() {
  static const Definitions kShipped = [] {
    auto loaded = Definitions::load({std::filesystem::path(PINFOLD_SOURCE_DIR) / "rules/reports"});
    EXPECT_TRUE(loaded) << loaded.error();
    return loaded ? *std::move(loaded) : Definitions{};
  }();
  return kShipped;
}

[[nodiscard]] inline Report report_of(const std::string& raw, const Definitions& definitions = shipped_definitions()) {
  Attachments attachments;
  const auto mail = message::parse_mail(raw, [&](const auto& part, std::string_view bytes) { attachments.visit(part, bytes); });
  EXPECT_TRUE(mail) << mail.error();
  Report report = mail ? parse_report(*mail, attachments.documents(), definitions) : Report{};
  report.dropped += attachments.dropped();
  return report;
}

[[nodiscard]] inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

[[nodiscard]] inline std::string name_of(const Statement& statement) {
  return statement.address ? net::to_string(*statement.address) : statement.host;
}

}  // namespace pinfold::report
