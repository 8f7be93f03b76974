#include "agent/word_gate.hpp"

#include <gtest/gtest.h>

namespace pinfold::agent {
namespace {

TEST(WordGate, OpensOnlyWhenEveryGroupHasAWord) {
  const WordGate gate({{"eval( assert(", "$_post $_get"}, {}, {"needle"}});
  const auto open = [&](std::string_view text, std::size_t rule) { return gate.is_open(rule, gate.words_in(text)); };
  EXPECT_TRUE(open("<?php eval($_POST['x']);", 0));
  EXPECT_FALSE(open("<?php eval($x);", 0));
  EXPECT_FALSE(open("<?php echo $_GET['x'];", 0));
  EXPECT_TRUE(open("", 1)) << "a gate without groups is always open";
  EXPECT_FALSE(open("needl", 2));
}

TEST(WordGate, FoldsCaseQuotesAndBlanks) {
  const WordGate gate({{"eval(\"x\""}});
  for (const char* text : {"eval(\"x\"", "EVAL('x'", "e v\ta\nl (  'X'", "eevaleval('x'"}) {
    EXPECT_TRUE(gate.lets_through(text)) << text;
  }
  EXPECT_FALSE(gate.lets_through("evil(\"x\""));
}

/// Every word of a set, at every place of a text, against the plain search.
TEST(WordGate, FindsWhatAPlainSearchFinds) {
  const std::vector<std::string> words{"he", "she", "his", "hers", "ushers", "s"};
  std::vector<WordGate::Groups> gates;
  for (const std::string& word : words) {
    gates.push_back({word});
  }
  const WordGate gate(gates);
  for (const std::string text : {"ushers", "ahishers", "xhe", "shis", "hhhers", "q", "usher"}) {
    const auto found = gate.words_in(text);
    for (std::size_t i = 0; i < words.size(); ++i) {
      EXPECT_EQ(gate.is_open(i, found), text.find(words[i]) != std::string::npos) << words[i] << " in " << text;
    }
  }
}

TEST(WordGate, WithMoreWordsThanThereIsRoomForOpensRatherThanMisses) {
  std::vector<WordGate::Groups> gates;
  for (std::size_t i = 0; i < WordGate::kMaxWords + 10; ++i) {
    gates.push_back({"word" + std::to_string(i) + "x"});
  }
  const WordGate gate(gates);
  EXPECT_FALSE(gate.is_open(3, gate.words_in("nothing")));
  EXPECT_TRUE(gate.is_open(WordGate::kMaxWords + 5, gate.words_in("nothing")));
}

}  // namespace
}  // namespace pinfold::agent
