#include "agent/audit/host/command_signs.hpp"

#include <re2/re2.h>

#include <array>
#include <memory>
#include <vector>

namespace pinfold::agent::audit {
namespace {

struct Sign {
  const char* pattern;
  std::string_view says;
};

constexpr std::array kSigns{
    Sign{R"(\b(wget|curl|fetch|lwp-download|ftpget|tftp)\b[^|;&]{0,400}\|\s*(sudo\s+)?(/bin/|/usr/bin/)?(ba|da|z|k)?sh\b)",
         "fetches a script and runs it at once"},
    Sign{R"(\b(wget|curl|fetch|lwp-download|ftpget|tftp)\b[^|]{0,400}\|\s*(/usr/bin/)?(perl|python[23]?|php|ruby)\b)",
         "fetches a script and runs it at once"},
    Sign{
        R"(\b(wget|curl|lwp-download|ftpget|tftp)\b.{0,400}(/tmp|/var/tmp|/dev/shm|/run/shm)/.{0,300}(;|&&|\|\|)\s*(chmod|sh|bash|perl|python|php|nohup|\./|/tmp|/dev/shm|/var/tmp))",
        "fetches a program into a temporary folder and runs it"},
    Sign{R"(\bbase64\s+(-d|--decode|-D)[^|]{0,100}\|\s*(/bin/)?(ba|da)?sh\b)", "unpacks a hidden script and runs it"},
    Sign{R"(\|\s*base64\s+(-d|--decode|-D)\s*\|\s*\S*(sh|perl|python[23]?|php)\b)", "unpacks a hidden script and runs it"},
    Sign{R"(\beval\b.{0,60}\b(base64|gzinflate|pack\s*\(|unpack|str_rot13|hex2bin|decode\s*\())", "unpacks a hidden script and runs it"},
    Sign{R"(/dev/(tcp|udp)/[\w.$-]+/[\d$]+)", "opens a connection by hand, as back doors do"},
    Sign{R"(\b(nc|ncat|netcat)\b[^|;&]{0,100}\s-\w*[ec]\s*\S*sh\b)", "opens a shell to the network"},
    Sign{R"(\bmkfifo\b.{0,100}\b(nc|ncat|netcat|telnet)\b)", "opens a shell to the network"},
    Sign{
        R"((^|[\s;&|"'=(`])(nohup|exec|sh|bash|dash|perl|python[23]?|php|ruby|setsid|source|\.)\s+(-\w+\s+)*(/tmp|/var/tmp|/dev/shm|/run/shm|/var/lock|/run/lock)/[^\s;|&>"']+)",
        "runs something out of a temporary folder"},
    Sign{
        R"((^\s*|[;&|(`]\s*|Exec\w*=\s*[-@!+:]*|@\w+\s+(root\s+)?|^\s*([\d*/,-]+\s+){5}((root|www-data|apache|nginx|nobody|daemon|mail|mysql)\s+)?)(/tmp|/var/tmp|/dev/shm|/run/shm|/var/lock|/run/lock)/[^\s;|&>"'(){}]+)",
        "runs something out of a temporary folder"},
    Sign{R"(/\.[A-Za-z0-9_-]+/[^\s;|&>]*\b(update|cron|run|start|bot|sys|kswapd|xmrig|upd|go)\b[\w.-]*\s*(>|$|;|&))",
         "runs something out of a hidden folder"},
    Sign{R"(/(\.\.\.|\. |\.\. )[^/]*/)", "runs something out of a folder whose name is made to be overlooked"},
    Sign{R"(stratum2?\+(tcp|ssl|tls)://|\bxmr[i]g\b|--donate-[l]evel)", "mines a cryptocurrency"},
    Sign{R"(\bLD_PRELOAD\s*=\s*\S*(/tmp|/dev/shm|/var/tmp|/\.)\S*)", "loads a library from an odd place into a program"},
    Sign{R"(\bperl\b.{0,40}\s-e\b.{0,300}\b(socket|IO::Socket|fork)\b)", "runs a network program from its command line"},
    Sign{R"(\bpython[23]?\b.{0,40}\s-c\b.{0,300}\b(socket|b64decode|urlopen|exec\s*\())", "runs a network program from its command line"},
};

struct Compiled {
  std::unique_ptr<re2::RE2> regex;
  std::string_view says;
};

const std::vector<Compiled>& signs() {
  static const std::vector<Compiled> compiled = [] {
    std::vector<Compiled> all;
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    for (const Sign& sign : kSigns) {
      all.push_back({std::make_unique<re2::RE2>(sign.pattern, options), sign.says});
    }
    return all;
  }();
  return compiled;
}

}  // namespace

std::string_view sign_in(std::string_view command) {
  command = command.substr(0, kMaxCommand);
  const std::size_t start = command.find_first_not_of(" \t");
  if (start == std::string_view::npos || command[start] == '#') {
    return {};
  }
  for (const Compiled& sign : signs()) {
    if (re2::RE2::PartialMatch(re2::StringPiece(command.data(), command.size()), *sign.regex)) {
      return sign.says;
    }
  }
  return {};
}

}  // namespace pinfold::agent::audit
