// Mails a second through the sealed reader, report parsing and all definitions included: `make bench-mail`. Processor time of this process and its
// children; the mails are the samples beside the definitions (and, given as arguments, any others).
#include <sys/resource.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "mail/reader.hpp"

namespace {

using pinfold::Seconds;
namespace mail = pinfold::mail;

double cpu_seconds() {
  double total = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage used{};
    getrusage(who, &used);
    total +=
        static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  }
  return total;
}

std::vector<std::string> read_mails(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::string> mails;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    mails.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return mails;
}

void measure(const char* name, mail::Reader::Start start, const std::vector<std::string>& mails, int rounds) {
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "pinfold-reader";
  const double before = cpu_seconds();
  int read = 0;
  {
    const mail::Reader reader(program, pinfold::system_clock(), Seconds{20}, {PINFOLD_SOURCE_DIR "/rules/reports"}, start);
    for (int round = 0; round < rounds; ++round) {
      for (const std::string& one : mails) {
        read += reader.open(one) ? 1 : 0;
      }
    }
  }
  const double used = cpu_seconds() - before;
  std::printf("%-6s %6d mails  %7.3f CPU s  %7.0f mails a CPU second\n", name, read, used, read / used);
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::filesystem::path> paths(arguments + 1, arguments + count);
  for (const auto& entry : std::filesystem::directory_iterator(PINFOLD_SOURCE_DIR "/rules/reports")) {
    if (paths.size() < 10'000 && count == 1 && entry.path().extension() == ".eml") {
      paths.push_back(entry.path());
    }
  }
  const auto mails = read_mails(paths);
  for (int turn = 0; turn < 3; ++turn) {
    measure("warm", mail::Reader::Start::Warm, mails, 20);
    measure("cold", mail::Reader::Start::Cold, mails, 5);
  }
  return 0;
}
