/// Mails in files, for tests: whole files, and lists of labelled mails ("%% KIND NAME" before each).
#pragma once

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace pinfold::mail {

[[nodiscard]] inline std::string read_whole(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

[[nodiscard]] inline std::filesystem::path golden_mails() { return std::filesystem::path(PINFOLD_SOURCE_DIR) / "tests/golden/mail"; }

struct LabelledMail {
  std::string kind;
  std::string name;
  bool for_person = false;
  std::string raw;
};

[[nodiscard]] inline std::vector<LabelledMail> read_labelled(const std::filesystem::path& path) {
  std::vector<LabelledMail> mails;
  std::istringstream lines(read_whole(path));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("%% ", 0) == 0) {
      std::istringstream label(line.substr(3));
      std::string more;
      LabelledMail next;
      label >> next.kind >> next.name >> more;
      next.for_person = more == "person";
      mails.push_back(next);
    } else if (!mails.empty()) {
      mails.back().raw += line + "\n";
    }
  }
  return mails;
}

/// Truth → what was found → how often.
using Confusion = std::map<std::string, std::map<std::string, unsigned>>;

inline void print(const Confusion& table) {
  static constexpr std::array kKinds = {"bounce", "report", "auto_reply", "reply", "mdn", "loop", "unknown"};
  std::printf("%-12s", "truth");
  for (const char* kind : kKinds) {
    std::printf("%11s", kind);
  }
  std::printf("\n");
  for (const auto& [is, row] : table) {
    std::printf("%-12s", is.c_str());
    for (const char* kind : kKinds) {
      const auto found = row.find(kind);
      std::printf("%11u", found == row.end() ? 0U : found->second);
    }
    std::printf("\n");
  }
}

}  // namespace pinfold::mail
