// How long it takes to judge files by the rules, and whether the gates change an answer. `make bench-audit` runs it over Debian's PHP packages.
// usage: audit_bench LIST [--threads N] [--no-gates] [--check] [--open]    LIST: one file name a line
#include <fmt/format.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/yara_rules.hpp"
#include "base/clock.hpp"

namespace {

using pinfold::agent::RuleMatch;
using pinfold::agent::YaraRules;

std::string bytes_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool same(const std::vector<RuleMatch>& a, const std::vector<RuleMatch>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const RuleMatch& x, const RuleMatch& y) { return x.rule == y.rule; });
}

struct Work {
  std::vector<std::string> files;
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> bytes = 0;
  std::atomic<std::size_t> flagged = 0;
  std::atomic<std::size_t> differing = 0;
  std::mutex print;
};

void judge(Work& work, const YaraRules& rules, bool gates, bool check) {
  for (std::size_t i = work.next++; i < work.files.size(); i = work.next++) {
    const std::string text = bytes_of(work.files[i]);
    work.bytes += text.size();
    const auto matches = gates ? rules.scan(text) : rules.scan_all(text);
    if (check && !same(matches, rules.scan_all(text))) {
      ++work.differing;
      const std::lock_guard lock(work.print);
      fmt::print("DIFFERS {} {}\n", rules.scan_all(text).front().rule, work.files[i]);
    }
    if (!matches.empty()) {
      ++work.flagged;
      const std::lock_guard lock(work.print);
      fmt::print("{} {}\n", matches.front().rule, work.files[i]);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Work work;
  unsigned threads = 2;
  bool gates = true;
  bool check = false;
  bool open = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--threads" && i + 1 < argc) {
      threads = static_cast<unsigned>(std::stoul(argv[++i]));
    } else if (word == "--no-gates") {
      gates = false;
    } else if (word == "--check") {
      check = true;
    } else if (word == "--open") {
      open = true;
    } else {
      std::ifstream list(word);
      for (std::string line; std::getline(list, line);) {
        work.files.push_back(line);
      }
    }
  }
  const auto rules = YaraRules::create();
  if (open) {
    std::map<std::string, std::size_t> counts;
    for (const std::string& file : work.files) {
      for (const std::string& rule : rules->open_gates(bytes_of(file))) {
        ++counts[rule];
      }
    }
    for (const auto& [rule, count] : counts) {
      fmt::print("{:6} {}\n", count, rule);
    }
    return 0;
  }
  const auto start = pinfold::system_clock().mono();
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < threads; ++i) {
      workers.emplace_back([&] { judge(work, *rules, gates, check); });
    }
  }
  const double seconds = std::chrono::duration<double>(pinfold::system_clock().mono() - start).count();
  fmt::print("{} files, {:.1f} MB, {:.2f} s on {} threads; {} shown to YARA, {} flagged, {} differing\n", work.files.size(),
             static_cast<double>(work.bytes) / 1e6, seconds, threads, rules->scanned(), work.flagged.load(), work.differing.load());
  return work.differing == 0 ? 0 : 1;
}
