#include "evaluate/report/tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "evaluate/report/statistics.hpp"

namespace pinfold::evaluate {
namespace {

std::vector<const Row*> of(std::span<const Row> rows, const char* part_name, const std::string& half) {
  std::vector<const Row*> picked;
  for (const Row& row : rows) {
    if (row.part == part_name && (half.empty() || row.half == half)) {
      picked.push_back(&row);
    }
  }
  return picked;
}

struct RecallCell {
  Share stated;  ///< above the detectors' own floor
  Share above;   ///< above that of sampling
  Share below;
  Share kind;
  std::vector<double> times;
};

std::string seconds_text(const std::vector<double>& times) {
  return times.empty() ? "–" : fmt::format("{:.0f} s / {:.0f} s", quantile(times, 0.5), quantile(times, 0.9));
}

void add_recall_line(std::string& table, const std::string& name, const std::string& sampling, const RecallCell& cell) {
  table += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", name, sampling, to_text(cell.stated), to_text(cell.above),
                       cell.below.all == 0 ? "–" : fmt::format("{} of {}", cell.below.hits, cell.below.all),
                       cell.kind.all == 0 ? "–" : fmt::format("{:.3f}", cell.kind.value()), seconds_text(cell.times));
}

std::string short_name(const std::string& file) { return file.substr(file.find_last_of('/') == std::string::npos ? 0 : file.find_last_of('/') + 1); }

std::string source_of(const std::string& file) { return file.substr(0, file.find('/')); }

std::string false_text(const Row& row) {
  std::string text;
  for (const FalseFinding& one : row.false_ones) {
    text += (text.empty() ? "" : "; ") + one.abuse_class + ": " + one.summary;
  }
  return text.empty() ? "–" : text;
}

}  // namespace

std::string recall_table(std::span<const Row> rows, const std::string& half) {
  std::map<std::string, std::map<std::uint32_t, RecallCell>> cells;
  std::map<std::uint32_t, RecallCell> all;
  for (const Row* row : of(rows, part::kAttacks, half)) {
    for (RecallCell* cell : {&cells[row->abuse_class][row->one_in], &all[row->one_in]}) {
      (row->is_above_floor ? cell->above : cell->below).add(row->is_found);
      if (row->is_above_floor && row->is_above_stated_floor) {
        cell->stated.add(row->is_found);
      }
      if (row->is_found) {
        cell->kind.add(row->is_kind_right);
        cell->times.push_back(row->seconds_to_detect);
      }
    }
  }
  std::string table =
      "| class | sampling | recall above the stated floor | above the floor of sampling | found below it | kind right | time to detect, median / 90 "
      "% |\n|---|---|---|---|---|---|---|\n";
  for (const auto& [name, by_sampling] : cells) {
    for (const auto& [one_in, cell] : by_sampling) {
      add_recall_line(table, name, fmt::format("1:{}", one_in), cell);
    }
  }
  for (const auto& [one_in, cell] : all) {
    add_recall_line(table, "**all**", fmt::format("1:{}", one_in), cell);
  }
  return table;
}

std::string precision_table(std::span<const Row> rows, const std::string& half) {
  std::map<std::string, Share> by_class;
  Share all;
  const auto count = [&](const std::string& abuse_class, bool is_right) {
    by_class[abuse_class].add(is_right);
    all.add(is_right);
  };
  for (const char* part_name : {part::kAttacks, part::kDays}) {
    for (const Row* row : of(rows, part_name, half)) {
      if (row->is_found) {
        count(row->abuse_class, true);
      }
      for (const FalseFinding& one : row->false_ones) {
        count(one.abuse_class, false);
      }
    }
  }
  std::string table = "| class | precision |\n|---|---|\n";
  for (const auto& [name, share] : by_class) {
    table += fmt::format("| {} | {} |\n", name, to_text(share));
  }
  return table + fmt::format("| **all** | {} |\n", to_text(all));
}

std::string innocents_table(std::span<const Row> rows, const std::string& half) {
  struct Role {
    double days = 0;
    std::uint64_t records = 0;
    std::map<std::string, unsigned> wrong;
  };
  std::map<std::string, Role> roles;
  for (const Row* row : of(rows, part::kDays, half)) {
    Role& role = roles[row->role];
    role.days += row->days;
    role.records += row->records;
    for (const FalseFinding& one : row->false_ones) {
      ++role.wrong[one.abuse_class];
    }
  }
  std::string table = "| role | server-days | flow records | false findings |\n|---|---|---|---|\n";
  for (const auto& [name, role] : roles) {
    std::string wrong;
    for (const auto& [abuse_class, times] : role.wrong) {
      wrong += fmt::format("{}{} × {}", wrong.empty() ? "" : ", ", times, abuse_class);
    }
    table += fmt::format("| {} | {:.0f} | {} | {} |\n", name, role.days, role.records, wrong.empty() ? "0" : wrong);
  }
  return table;
}

std::string innocents_summary(std::span<const Row> rows, const std::string& half) {
  double days = 0;
  std::uint64_t wrong = 0;
  for (const Row* row : of(rows, part::kDays, half)) {
    days += row->days;
    wrong += row->false_ones.size();
  }
  if (days == 0) {
    return "No innocent server-days in these results.";
  }
  return fmt::format("{:.0f} server-days of innocents, {} false findings: {:.2f} per 1,000 server-days, at most {:.2f} with 95 % confidence.", days,
                     wrong, static_cast<double>(wrong) * 1000 / days, poisson_upper(wrong) * 1000 / days);
}

std::string merged_table(std::span<const Row> rows) {
  std::map<std::string, const Row*> alone;
  for (const Row& row : rows) {
    if (row.part == part::kAttacks || row.part == part::kDays) {
      alone.emplace(row.name, &row);
    }
  }
  struct Line {
    std::uint64_t scenes = 0;
    std::uint64_t found_alone = 0;
    std::uint64_t found_merged = 0;
    std::vector<std::string> different;
    std::vector<double> later;
  };
  std::map<std::string, Line> lines;
  for (const Row* row : of(rows, part::kMerged, "")) {
    const auto beside = alone.find(row->name);
    if (beside == alone.end()) {
      continue;
    }
    Line& line = lines[row->attack.empty() ? "innocent day" : row->abuse_class];
    const Row& one = *beside->second;
    ++line.scenes;
    line.found_alone += one.is_found ? 1U : 0U;
    line.found_merged += row->is_found ? 1U : 0U;
    if (one.is_found != row->is_found || one.false_ones.size() != row->false_ones.size()) {
      line.different.push_back(row->name);
    }
    if (one.is_found && row->is_found) {
      line.later.push_back(row->seconds_to_detect - one.seconds_to_detect);
    }
  }
  std::string table =
      "| class | scenes | found by one process | through two collectors | found later by, median / 90 % | different |\n|---|---|---|---|---|---|\n";
  for (const auto& [name, line] : lines) {
    table += fmt::format("| {} | {} | {} | {} | {} | {} |\n", name, line.scenes, line.found_alone, line.found_merged, seconds_text(line.later),
                         line.different.empty() ? "–" : fmt::format("{}", fmt::join(line.different, "; ")));
  }
  return table;
}

std::string captures_table(std::span<const Row> rows) {
  std::map<std::string, std::map<std::string, std::string>> theirs;
  for (const Row* row : of(rows, part::kFastNetMon, "")) {
    theirs[row->name][row->tool] = row->is_found ? (row->attack.empty() ? "**bans**" : fmt::format("banned after {:.0f} s", row->seconds_to_detect))
                                   : row->attack.empty() ? "silent"
                                                         : "not found";
  }
  std::string table = "| recording | must give | Pinfold | false findings | FastNetMon stock | tuned | why |\n|---|---|---|---|---|---|---|\n";
  for (const Row* row : of(rows, part::kCaptures, "")) {
    const std::string result = row->attack.empty() ? (row->false_ones.empty() ? "silent" : "**not silent**")
                               : row->is_found     ? fmt::format("{} after {:.0f} s", row->found_as, row->seconds_to_detect)
                               : row->is_informed  ? "information only"
                                                   : "**not found**";
    const auto beside = [&](const char* tool) { return theirs[row->name].contains(tool) ? theirs[row->name][tool] : "–"; };
    table += fmt::format("| {}: {} | {} | {} | {} | {} | {} | {} |\n", source_of(row->name), short_name(row->name),
                         row->attack.empty() ? "silence" : row->attack + " by " + row->role, result, false_text(*row), beside("stock"),
                         beside("tuned"), row->why);
  }
  return table;
}

std::string seven_table(std::span<const Row> rows) {
  std::map<std::string, std::map<std::string, std::string>> theirs;
  for (const Row* row : of(rows, part::kFastNetMon, "")) {
    theirs[row->name][row->tool] = row->is_found ? fmt::format("banned after {:.0f} s", row->seconds_to_detect) : "not banned";
  }
  std::string table = "| server | Pinfold says | after | FastNetMon stock | FastNetMon tuned |\n|---|---|---|---|---|\n";
  for (const Row* row : of(rows, part::kSeven, "")) {
    const auto beside = [&](const char* tool) { return theirs[row->name].contains(tool) ? theirs[row->name][tool] : "–"; };
    table += fmt::format("| {} | {} | {} | {} | {} |\n", row->name, row->found_as.empty() ? "nothing" : row->found_as,
                         row->is_found ? fmt::format("{:.1f} s", row->seconds_to_detect) : "–", beside("stock"), beside("tuned"));
  }
  return table;
}

std::string fastnetmon_table(std::span<const Row> rows) {
  struct Cell {
    Share pinfold;
    Share stock;
    Share tuned;
  };
  std::map<std::string, const Row*> ours;
  for (const char* part_name : {part::kAttacks, part::kDays}) {
    for (const Row* row : of(rows, part_name, "test")) {
      ours[row->name] = row;
    }
  }
  std::map<std::string, Cell> cells;
  std::set<std::string> counted;
  for (const Row* row : of(rows, part::kFastNetMon, "test")) {
    Cell& cell = cells[fmt::format("{} | 1:{}", row->attack.empty() ? "innocent" : row->abuse_class, row->one_in)];
    (row->tool == "stock" ? cell.stock : cell.tuned).add(row->is_found);
    if (const auto found = ours.find(row->name); found != ours.end() && counted.insert(row->name).second) {
      cell.pinfold.add(row->attack.empty() ? !found->second->false_ones.empty() : found->second->is_found);
    }
  }
  std::string table = "| class | sampling | Pinfold | FastNetMon stock | FastNetMon tuned |\n|---|---|---|---|---|\n";
  for (const auto& [name, cell] : cells) {
    const auto share = [](const Share& s) { return s.all == 0 ? std::string("–") : fmt::format("{} of {}", s.hits, s.all); };
    table += fmt::format("| {} | {} | {} | {} |\n", name, share(cell.pinfold), share(cell.stock), share(cell.tuned));
  }
  return table;
}

}  // namespace pinfold::evaluate
