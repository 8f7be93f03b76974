#include "evaluate/report/results.hpp"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

namespace pinfold::evaluate {
namespace {

std::string header(const std::string& program) { return nlohmann::json{{"program", program}}.dump(); }

/// The good rows of an earlier run of the same program; with their lines.
std::vector<std::string> kept_lines(const std::filesystem::path& file, const std::string& program) {
  std::ifstream in(file);
  std::string line;
  std::vector<std::string> lines;
  if (!in || !std::getline(in, line) || line != header(program)) {
    return lines;
  }
  while (std::getline(in, line) && parse_row(line)) {
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

std::string fingerprint_of_this_program() {
  std::ifstream in("/proc/self/exe", std::ios::binary);
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325;  // FNV-1a
  for (std::istreambuf_iterator<char> at(in), end; at != end; ++at) {
    hash = (hash ^ static_cast<unsigned char>(*at)) * 0x100'0000'01B3;
  }
  return fmt::format("{:016x}", hash);
}

Results::Results(const std::filesystem::path& file, const std::string& program) {
  const std::vector<std::string> lines = kept_lines(file, program);
  const std::filesystem::path fresh = file.string() + ".new";
  {
    std::ofstream out(fresh, std::ios::trunc);
    out << header(program) << '\n';
    for (const std::string& line : lines) {
      const auto row = parse_row(line);
      x_known.emplace(row->part, row->name);
      out << line << '\n';
    }
  }
  std::filesystem::rename(fresh, file);
  x_out.open(file, std::ios::app);
}

void Results::add(const Row& row) {
  x_known.emplace(row.part, row.name);
  x_out << to_json_line(row) << std::endl;  // a stop must not lose what was measured
}

bool Results::is_good() {
  x_out.flush();
  return x_out.good();
}

}  // namespace pinfold::evaluate
