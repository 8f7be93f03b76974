// The classifier against real mail: bounces of some 80 mail servers, automatic answers, abuse reports (shared data, not part of the project).
// Prints the confusion table; the bounds below are what was reached, so that a change for the worse fails.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "mail/classify.hpp"
#include "mail/files.hpp"
#include "message/parse.hpp"
#include "support/shared_data.hpp"

namespace pinfold::mail {
namespace {

namespace fs = std::filesystem;

const fs::path& reports_folder() {
  static const fs::path kFolder = test::shared_data("reports");
  return kFolder;
}

std::vector<fs::path> mails_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && (entry.path().extension() == ".eml" || entry.path().filename() == "multipart-report")) {
      files.push_back(entry.path());
    }
  }
  return files;
}

/// What a mail of the corpus is, as its collectors say by where they put it.
std::string truth(const fs::path& file) {
  const std::string name = file.filename().string();
  const std::string folder = file.string();
  if (icontains(folder, "sisimai")) {
    return name.rfind("arf-", 0) == 0 ? "report" : name.rfind("rfc3834-", 0) == 0 ? "auto_reply" : "bounce";
  }
  return icontains(folder, "discourse") ? "auto_reply" : icontains(folder, "bestpractical") ? "bounce" : "report";
}

TEST(ClassifyCorpus, TellsBouncesReportsAndAutomaticAnswersApart) {
  if (!fs::exists(reports_folder())) {
    GTEST_SKIP() << "the shared sample mails are not on this machine";
  }
  const OurAddresses ours{"abuse", "desk.example", "b", "bounce.desk.example"};
  Confusion table;
  unsigned unparsed = 0;
  for (const char* source :
       {"sisimai-set-of-emails", "AbuseIO-AbuseIO", "discourse-discourse", "bestpractical-rt", "vpsfreecz-vpsfree-cz-configuration"}) {
    for (const fs::path& file : mails_below(reports_folder() / source)) {
      const auto mail = message::parse_mail(read_whole(file));
      if (!mail) {
        ++unparsed;
        continue;
      }
      const Classified found = classify(*mail, ours);
      const std::string kind{kind_name(found.kind)};
      ++table[truth(file)][kind];
      if (kind != truth(file)) {
        std::printf("%s: %s, not %s (%s)\n", file.filename().c_str(), kind.c_str(), truth(file).c_str(), found.why.c_str());
      }
      EXPECT_TRUE(found.references.empty()) << file << " cites a case that it cannot know";
    }
  }
  print(table);
  EXPECT_EQ(unparsed, 0U);
  EXPECT_EQ(table["bounce"]["reply"], 0U) << "a bounce that counts as an answer";
  EXPECT_EQ(table["auto_reply"]["reply"], 0U) << "an automatic answer that counts as an answer";
}

}  // namespace
}  // namespace pinfold::mail
