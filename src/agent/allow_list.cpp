#include "agent/allow_list.hpp"

#include <sys/stat.h>

#include "agent/sensor/proc_reader.hpp"
#include "base/text.hpp"

namespace pinfold::agent {

bool is_allowed(const std::filesystem::path& list, std::string_view sha256) {
  struct stat status {};
  if (list.empty() || stat(list.c_str(), &status) != 0 || status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return false;
  }
  const auto text = read_start(list.string(), kMaxAllowList);
  if (!text) {
    return false;
  }
  std::string_view left = text->bytes;
  while (!left.empty()) {
    const std::string_view line = left.substr(0, left.find('\n'));
    left.remove_prefix(std::min(line.size() + 1, left.size()));
    if (line.size() >= 64 && iequals(line.substr(0, 64), sha256)) {
      return true;
    }
  }
  return false;
}

}  // namespace pinfold::agent
