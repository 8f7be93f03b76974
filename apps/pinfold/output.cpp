#include "pinfold/output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace pinfold::app {
namespace {

/// Characters, not bytes: continuation bytes of UTF-8 take no column.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(const std::string& text, std::size_t width) { return text + std::string(width - std::min(width, width_of(text)), ' '); }

}  // namespace

std::string read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    throw Stop(Exit::Environment, file + ": cannot be read");
  }
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string> files_below(const std::vector<std::string>& named) {
  std::vector<std::string> files;
  for (const std::string& name : named) {
    if (!std::filesystem::is_directory(name)) {
      files.push_back(name);
      continue;
    }
    const std::size_t before = files.size();
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator it(name, error); !error && it != std::filesystem::recursive_directory_iterator{};
         it.increment(error)) {
      if (it->is_regular_file()) {
        files.push_back(it->path().string());
      }
    }
    if (error) {
      throw Stop(Exit::Environment, name + ": " + error.message());
    }
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  return files;
}

void print_line(const nlohmann::json& object) { fmt::print("{}\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)); }

Output::Output(bool force_json) : x_json(force_json || isatty(STDOUT_FILENO) == 0) {}

void Output::line(const nlohmann::json& object) const {
  if (x_json) {
    fmt::print("{}\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
}

void Output::say(const std::string& text) const {
  if (!x_json) {
    fmt::print("{}\n", text);
  }
}

void Output::table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) const {
  if (x_json) {
    return;
  }
  if (rows.empty()) {
    fmt::print("none\n");
    return;
  }
  std::vector<std::size_t> widths(head.size());
  for (std::size_t i = 0; i < head.size(); ++i) {
    widths[i] = width_of(head[i]);
    for (const auto& row : rows) {
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  const auto print_row = [&](const std::vector<std::string>& row) {
    std::string text;
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += i + 1 == row.size() ? row[i] : padded(row[i], widths[i] + 2);
    }
    fmt::print("{}\n", text);
  };
  print_row(head);
  for (const auto& row : rows) {
    print_row(row);
  }
}

}  // namespace pinfold::app
