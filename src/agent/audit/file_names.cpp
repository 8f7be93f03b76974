// What a file's name says: is it code, a picture that may hide code, a secret left behind?
#include <array>

#include "agent/audit/web_tree.hpp"
#include "base/text.hpp"

namespace pinfold::agent::audit {
namespace {

constexpr std::array<std::string_view, 27> kScripts{"php",  "php3", "php4",   "php5",    "php7",  "php8",      "phtml", "phps",  "pht",
                                                    "phar", "inc",  "module", "install", "theme", "tpl",       "pl",    "cgi",   "pm",
                                                    "py",   "rb",   "sh",     "bash",    "js",    "suspected", "lib",   "class", "engine"};
constexpr std::array<std::string_view, 7> kPictures{"ico", "gif", "jpg", "jpeg", "png", "bmp", "txt"};
constexpr std::array<std::string_view, 8> kCopies{".bak", ".old", ".save", ".orig", ".swp", "~", ".copy", ".txt"};
constexpr std::array<std::string_view, 10> kConfigurations{"wp-config.php", "configuration.php", "config.php",      "settings.php",   "local.xml",
                                                           "localconf.php", "config.inc.php",    "conf_global.php", "parameters.php", "env.php"};

template <std::size_t N>
bool is_in(const std::array<std::string_view, N>& words, std::string_view word) {
  for (const std::string_view one : words) {
    if (iequals(one, word)) {
      return true;
    }
  }
  return false;
}

std::string_view extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}

bool is_copy_of_configuration(std::string_view name) {
  for (const std::string_view ending : kCopies) {
    if (name.ends_with(ending)) {
      const std::string_view before = name.substr(0, name.size() - ending.size());
      return is_in(kConfigurations, before) || (before.starts_with('.') && is_in(kConfigurations, before.substr(1)));
    }
  }
  return false;
}

}  // namespace

FileUse use_of(std::string_view name) {
  if (name == ".htaccess" || name == ".user.ini") {
    return FileUse::Script;
  }
  const std::string_view extension = extension_of(name);
  if (is_in(kScripts, extension)) {
    // "picture.php.jpg" runs where the web server is told so by name; ".js" is data of the visitor's.
    return iequals(extension, "js") ? FileUse::Nothing : FileUse::Script;
  }
  if (icontains(name, ".php") || icontains(name, ".phtml")) {
    return FileUse::Script;
  }
  return is_in(kPictures, extension) ? FileUse::Picture : FileUse::Nothing;
}

std::string_view secret_of(std::string_view name) {
  if (is_copy_of_configuration(name)) {
    return "a copy of a configuration with passwords";
  }
  if (name == ".env") {
    return "a file of passwords and keys";
  }
  if (name == ".git" || name == ".svn" || name == ".hg") {
    return "a repository: its history can be fetched";
  }
  const std::string_view extension = extension_of(name);
  if (iequals(extension, "sql") && (icontains(name, "dump") || icontains(name, "backup") || icontains(name, "export"))) {
    return "a copy of a database";
  }
  if (icontains(name, ".sql.") && (iequals(extension, "gz") || iequals(extension, "zip") || iequals(extension, "bz2"))) {
    return "a copy of a database";
  }
  if (name == "phpinfo.php") {
    return "probably a page that tells everything about PHP";
  }
  return {};
}

}  // namespace pinfold::agent::audit
