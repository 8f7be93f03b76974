#include "agent/spool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "abuse/finding_json.hpp"
#include "agent/sensor/proc_reader.hpp"
#include "base/json_reader.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "wire/wire.hpp"

namespace pinfold::agent {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kUnfinished = ".tmp";
constexpr std::string_view kLossFile = "lost";

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool write_and_rename(const fs::path& path, std::string_view bytes, unsigned mode, bool synced) {
  const fs::path unfinished = path.string() + std::string(kUnfinished);
  const int fd = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
  if (fd < 0) {
    return false;
  }
  const bool written = write_all(fd, bytes) && (!synced || fsync(fd) == 0);
  close(fd);
  if (!written || rename(unfinished.c_str(), path.c_str()) != 0) {
    unlink(unfinished.c_str());
    return false;
  }
  return true;
}

bool sync_folder(const fs::path& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  const bool synced = fsync(fd) == 0;
  close(fd);
  return synced;
}

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error); !error && it != fs::directory_iterator{}; it.increment(error)) {
    files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void remove_quietly(const fs::path& path) {
  std::error_code ignored;  // what is not there need not be removed
  fs::remove(path, ignored);
}

bool is_hash(std::string_view text) { return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

}  // namespace

bool write_durably(const fs::path& path, std::string_view bytes, unsigned mode) {
  return write_and_rename(path, bytes, mode, /*synced=*/true) && sync_folder(path.parent_path());
}

bool replace_file(const fs::path& path, std::string_view bytes) { return write_and_rename(path, bytes, 0600, /*synced=*/false); }

Expected<std::unique_ptr<Spool>, std::string> Spool::open(const fs::path& folder, Limits limits) {
  auto spool = std::make_unique<Spool>(folder, limits);
  auto error = spool->x_state.with([&](State& state) { return spool->recover(state); });
  if (error) {
    return Unexpected(*std::move(error));
  }
  return spool;
}

std::optional<std::string> Spool::recover(State& state) {
  for (const char* part : {"findings", "evidence", "refused"}) {
    std::error_code error;
    fs::create_directories(x_folder / part, error);
    if (error) {
      return fmt::format("{}: {}", (x_folder / part).string(), error.message());
    }
  }
  std::error_code error;
  fs::permissions(x_folder, fs::perms::owner_all, error);
  for (const char* part : {"findings", "evidence"}) {
    for (const fs::path& path : files_of(x_folder / part)) {
      if (path.extension() == kUnfinished) {
        remove_quietly(path);
      }
    }
  }
  for (const fs::path& path : files_of(x_folder / "findings")) {
    state.names.push_back(path.filename().string());
    state.next = std::max(state.next, parse_number(path.stem().string()).value_or(0) + 1);
  }
  // A crash between a file and its finding leaves a file that nobody will ask for.
  std::string wanted;
  for (const std::string& name : state.names) {
    const auto text = read_start((x_folder / "findings" / name).string(), wire::kMaxFindingsBody);
    wanted += text ? text->bytes : std::string{};
  }
  for (const fs::path& path : files_of(x_folder / "evidence")) {
    if (wanted.find(path.filename().string()) == std::string::npos) {
      remove_quietly(path);
      continue;
    }
    const auto size = fs::file_size(path, error);
    state.evidence_bytes += error ? 0 : size;
  }
  if (const auto text = read_start((x_folder / kLossFile).string(), 32)) {
    state.lost = parse_number(trim(text->bytes)).value_or(0);
  }
  return std::nullopt;
}

void Spool::count_loss(State& state) const {
  ++state.lost;
  if (!write_durably(x_folder / kLossFile, std::to_string(state.lost), 0600)) {
    log_error("AGENT_SPOOL_BROKEN", "cannot even write the number of losses ({} now)", state.lost);
  }
}

Spool::Kept Spool::add(abuse::Finding finding, std::string_view content) {
  return x_state.with([&](State& state) {
    if (state.names.size() >= x_limits.findings) {
      count_loss(state);
      return Kept::Lost;
    }
    Kept kept = Kept::Whole;
    if (!content.empty() && !finding.evidence.files.empty()) {
      const fs::path path = x_folder / "evidence" / finding.evidence.files.front().sha256;
      std::error_code error;
      const bool had = fs::exists(path, error);
      const bool fits = state.evidence_bytes + content.size() <= x_limits.evidence_bytes;
      if (!had && fits && write_durably(path, content, 0600)) {
        state.evidence_bytes += content.size();
      } else if (!had) {
        kept = Kept::WithoutEvidence;
        finding.evidence.files.clear();
        finding.evidence.facts.emplace_back("evidence lost", "the agent's spool was full or its disk refused; the hash stands");
        count_loss(state);
      }
    }
    const std::string name = fmt::format("{:016}.json", state.next);
    if (!write_durably(x_folder / "findings" / name, abuse::to_json(finding).dump(), 0600)) {
      count_loss(state);
      return Kept::Lost;
    }
    ++state.next;
    state.names.push_back(name);
    return kept;
  });
}

std::vector<Spool::Item> Spool::oldest(std::size_t count) {
  std::vector<std::string> names = x_state.with([&](State& state) {
    return std::vector<std::string>(state.names.begin(), state.names.begin() + static_cast<std::ptrdiff_t>(std::min(count, state.names.size())));
  });
  std::vector<Item> items;
  for (const std::string& name : names) {
    const auto text = read_start((x_folder / "findings" / name).string(), wire::kMaxFindingsBody);
    const auto json = parse_json(text ? text->bytes : std::string{}, wire::kMaxFindingsBody);
    if (!json) {
      log_error("AGENT_SPOOL_DAMAGED", "{}: {}; set aside", name, json.error());
      set_aside(name);
      continue;
    }
    auto finding = abuse::parse_finding(*json);
    if (!finding) {
      log_error("AGENT_SPOOL_DAMAGED", "{}: {}; set aside", name, printable(finding.error()));
      set_aside(name);
      continue;
    }
    items.push_back({name, std::move(*finding)});
  }
  return items;
}

std::optional<std::string> Spool::evidence(const std::string& sha256) const {
  if (!is_hash(sha256)) {
    return std::nullopt;
  }
  auto file = read_start((x_folder / "evidence" / sha256).string(), wire::kMaxEvidence);
  return file ? std::optional(std::move(file->bytes)) : std::nullopt;
}

void Spool::remove_evidence(const std::string& sha256) {
  if (!is_hash(sha256)) {
    return;
  }
  x_state.with([&](State& state) {
    std::error_code error;
    const fs::path path = x_folder / "evidence" / sha256;
    const auto size = fs::file_size(path, error);
    if (!error) {
      remove_quietly(path);
      state.evidence_bytes -= std::min<std::uint64_t>(size, state.evidence_bytes);
    }
  });
}

void Spool::remove(const std::string& name) {
  x_state.with([&](State& state) {
    remove_quietly(x_folder / "findings" / name);
    std::erase(state.names, name);
  });
}

void Spool::set_aside(const std::string& name) {
  x_state.with([&](State& state) {
    std::error_code error;
    fs::rename(x_folder / "findings" / name, x_folder / "refused" / name, error);
    std::erase(state.names, name);
    count_loss(state);
    const auto refused = files_of(x_folder / "refused");
    for (std::size_t i = 0; i + x_limits.refused < refused.size(); ++i) {
      remove_quietly(refused[i]);
    }
  });
}

std::size_t Spool::waiting() const {
  return x_state.with([](const State& state) { return state.names.size(); });
}

std::uint64_t Spool::lost() const {
  return x_state.with([](const State& state) { return state.lost; });
}

}  // namespace pinfold::agent
