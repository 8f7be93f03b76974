/// What the tests of the built agent on real execs share: the fixture, and how they look at what the desk was told.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "agent/lab_server.hpp"

namespace pinfold::agent {

constexpr std::chrono::seconds kPatience{30};

inline std::string fact(const abuse::Finding& finding, std::string_view name) {
  for (const auto& [key, value] : finding.evidence.facts) {
    if (key == name) {
      return value;
    }
  }
  return "(none)";
}

inline std::vector<std::string> scripts(const FakeDesk::Told& told) {
  std::vector<std::string> paths;
  for (const abuse::Finding& finding : told.findings) {
    paths.push_back(fact(finding, "script"));
  }
  return paths;
}

inline bool tells(const FakeDesk::Told& told, const std::string& script) {
  const auto paths = scripts(told);
  return std::find(paths.begin(), paths.end(), script) != paths.end();
}

inline const abuse::Finding& finding_of(const FakeDesk::Told& told, const std::string& script) {
  return *std::find_if(told.findings.begin(), told.findings.end(), [&](const abuse::Finding& f) { return fact(f, "script") == script; });
}

/// The newest of this class and kind; nullptr if there is none.
inline const abuse::Finding* find_kind(const FakeDesk::Told& told, abuse::AbuseClass abuse_class, std::string_view kind) {
  const abuse::Finding* found = nullptr;
  for (const abuse::Finding& f : told.findings) {
    found = f.abuse_class == abuse_class && f.kind == kind ? &f : found;
  }
  return found;
}

class AgentInNamespaces : public testing::Test {
protected:
  void SetUp() override {
    if (geteuid() != 0) {
      GTEST_SKIP() << "needs root for namespaces and BPF";
    }
    if (access("/usr/bin/perl", X_OK) != 0) {
      GTEST_SKIP() << "needs perl";
    }
  }
};

#define START_OR_SKIP(server, flags)                                       \
  if (!(server).ready()) {                                                 \
    GTEST_SKIP() << "namespaces are refused here";                         \
  }                                                                        \
  ASSERT_NE((server).start_agent(flags), "") << "the agent did not start"; \
  if ((server).bpf_refused()) {                                            \
    GTEST_SKIP() << "BPF is refused here";                                 \
  }                                                                        \
  static_assert(true)

}  // namespace pinfold::agent
