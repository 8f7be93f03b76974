// The classifier against mails in the dialects of mail systems, absence programs, ticket robots and people (tests/golden/mail), each written for this
// test. Prints the confusion table.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

#include "base/text.hpp"
#include "mail/classify.hpp"
#include "mail/files.hpp"
#include "message/parse.hpp"

namespace pinfold::mail {
namespace {

class ClassifyDialects : public ::testing::TestWithParam<const char*> {};

/// The kinds right and wrong with a configured desk; what it must say with none (`pinfold mail classify` beside no pinfold.toml) is the same kind.
TEST_P(ClassifyDialects, AreToldApart) {
  const OurAddresses ours{"abuse", "desk.example", "b", "bounce.desk.example"};
  Confusion table;
  for (const LabelledMail& sample : read_labelled(golden_mails() / GetParam())) {
    const auto mail = message::parse_mail(sample.raw);
    ASSERT_TRUE(mail) << sample.name << ": " << mail.error();
    const Classified found = classify(*mail, ours);
    ++table[sample.kind][std::string(kind_name(found.kind))];
    EXPECT_EQ(kind_name(found.kind), sample.kind) << sample.name << ": " << found.why;
    if (sample.kind == "reply" || sample.kind == "auto_reply") {
      const bool cites = !found.references.empty();
      const bool person = sample.kind == "reply" ? sample.for_person || !cites : sample.for_person;
      EXPECT_EQ(found.needs_person, person) << sample.name << ": " << found.why;
    }
    const Classified bare = classify(*mail, {});
    EXPECT_EQ(kind_name(bare.kind), sample.kind) << sample.name << ", without a configuration: " << bare.why;
  }
  print(table);
}

INSTANTIATE_TEST_SUITE_P(Golden, ClassifyDialects, ::testing::Values("bounces.txt", "answers.txt", "strangers.txt", "strangers_2.txt"),
                         [](const auto& file) { return std::string(file.param).substr(0, std::string(file.param).find('.')); });

}  // namespace
}  // namespace pinfold::mail
