// An operator's own YARA rules, asked by the built agent about what was run.
#include <filesystem>

#include "agent/in_namespaces.hpp"

namespace pinfold::agent {
namespace {

using OwnRules = AgentInNamespaces;

TEST_F(OwnRules, AreAskedAboutWhatWasRunAndABrokenFileIsLeftOut) {
  LabServer server;
  std::filesystem::create_directories(server.folder() / "rules" / "more");
  std::ofstream(server.folder() / "rules" / "more" / "ours.yar")
      << "rule our_marker { meta: says = \"belongs to last week's case\" severity = \"high\" "
         "strings: $m = \"case-4711\" condition: $m }\n";
  std::ofstream(server.folder() / "rules" / "broken.yar") << "rule broken { condition: ";
  START_OR_SKIP(server, "--rules /mnt/state/rules");
  server.command("echo 'print 1; # case-4711' > /tmp/known.pl; perl /tmp/known.pl </dev/null >/dev/null");
  server.command("echo 'print 2; # nothing' > /tmp/unknown.pl; perl /tmp/unknown.pl </dev/null >/dev/null");
  for (const char* path : {"/tmp/known.pl", "/tmp/unknown.pl"}) {
    ASSERT_TRUE(server.desk().wait_until([&](const auto& told) { return tells(told, path); }, kPatience)) << path;
  }
  const auto told = server.desk().told();
  const abuse::Finding& known = finding_of(told, "/tmp/known.pl");
  const abuse::Finding& unknown = finding_of(told, "/tmp/unknown.pl");
  EXPECT_NE(fact(known, "signs").find("our_marker: belongs to last week's case"), std::string::npos) << fact(known, "signs");
  EXPECT_EQ(known.severity, abuse::Severity::High);
  EXPECT_GT(known.confidence.percent, unknown.confidence.percent);
  EXPECT_EQ(fact(unknown, "signs").find("rule"), std::string::npos) << fact(unknown, "signs");
}

TEST_F(OwnRules, OfPinfoldAreAskedToo) {
  LabServer server;
  START_OR_SKIP(server, "");
  server.command(
      "printf '%s\\n' '#!/usr/bin/perl' 'use Socket; socket(S, PF_INET, SOCK_STREAM, 6); open(STDIN,\">&S\"); exec(\"/bin/sh -i\") if 0;' > "
      "/tmp/back.pl; "
      "perl -c /tmp/back.pl </dev/null >/dev/null 2>&1; perl /tmp/back.pl </dev/null >/dev/null 2>&1");
  ASSERT_TRUE(server.desk().wait_until([](const auto& told) { return tells(told, "/tmp/back.pl"); }, kPatience));
  EXPECT_NE(fact(finding_of(server.desk().told(), "/tmp/back.pl"), "signs").find("its content matches the rule"), std::string::npos);
}

}  // namespace
}  // namespace pinfold::agent
