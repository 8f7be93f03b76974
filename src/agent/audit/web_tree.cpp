#include "agent/audit/web_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <tuple>

#include "agent/audit/host_files.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"

namespace pinfold::agent::audit {
namespace {

/// Rules speak of small files; one that was padded to look large is judged by its beginning, too.
constexpr std::size_t kHeadBytes = std::size_t{190} << 10U;

/// A folder that waits to be read. Its parent stays open until then, so that no step follows a link.
struct Pending {
  std::shared_ptr<Descriptor> parent;  ///< nullptr: `name` is a path of the order
  std::string name;
  std::string path;
  std::size_t depth = 0;
  bool in_uploads = false;
  std::uint64_t share = 0;  ///< of TreeProgress::kWhole
};

std::string md5_of(std::string_view text) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  return EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr) == 1 ? to_hex({digest.data(), size}) : std::string{};
}

/// "1777"
std::string fmt_mode(mode_t mode) { return fmt::format("{:o}", mode & 07777U); }

/// /proc and its like: endless, and not files.
bool is_kernels_own(int folder) {
  struct statfs status {};
  if (fstatfs(folder, &status) != 0) {
    return true;
  }
  switch (static_cast<std::uint64_t>(status.f_type)) {
    case 0x9fa0:               // proc
    case 0x62656572:           // sysfs
    case 0x64626720:           // debugfs
    case 0x74726163:           // tracefs
    case 0xcafe4a11:           // bpf
    case 0x27e0eb:             // cgroup
    case 0x63677270:           // cgroup2
    case 0x1cd1: return true;  // devpts
    default: return false;
  }
}

bool is_upload_folder(std::string_view name) {
  for (const char* word : {"uploads", "userfiles", "avatars", "attachments"}) {
    if (iequals(name, word)) {
      return true;
    }
  }
  return false;
}

bool looks_like_code(std::string_view text) {
  return text.starts_with("#!") ||
         text.starts_with(
             "\x7f"
             "ELF") ||
         icontains(text.substr(0, kMaxPictureBytes), "<?php");
}

/// Everything that the threads share.
class Walk {
public:
  Walk(const YaraRules* rules, const ApplicationRules& applications, TreeProgress& progress)
      : x_rules(rules), x_applications(applications), x_progress(progress) {}

  void push(Pending folder) {
    {
      const std::lock_guard lock(x_mutex);
      if (x_pending.size() >= kMaxPending) {
        ++x_result.left_out["folders beyond the number that may wait"];
        x_progress.done += folder.share;
        return;
      }
      x_pending.push_back(std::move(folder));
    }
    x_changed.notify_one();
  }

  void work() {
    while (auto folder = next()) {
      std::vector<Pending> within = read_folder(*folder);
      const std::uint64_t share = folder->share / (within.size() + 1);
      x_progress.done += folder->share - share * within.size();
      for (Pending& one : within) {
        one.share = share;
        push(std::move(one));
      }
      const std::lock_guard lock(x_mutex);
      --x_busy;
      if (x_busy == 0 && x_pending.empty()) {
        x_changed.notify_all();
      }
    }
  }

  TreeResult take() { return std::move(x_result); }

private:
  std::optional<Pending> next() {
    std::unique_lock lock(x_mutex);
    x_changed.wait(lock, [&] { return !x_pending.empty() || x_busy == 0 || x_progress.stop; });
    if (x_pending.empty() || x_progress.stop) {
      x_changed.notify_all();
      return std::nullopt;
    }
    // The last one first: few parents are open at a time.
    Pending folder = std::move(x_pending.back());
    x_pending.pop_back();
    ++x_busy;
    return folder;
  }

  void leave_out(const char* what, std::uint64_t count = 1) {
    const std::lock_guard lock(x_mutex);
    x_result.left_out[what] += count;
  }
  template <typename T>
  void keep(std::vector<T>& items, T item) {
    const std::lock_guard lock(x_mutex);
    if (items.size() < kMaxHits) {
      items.push_back(std::move(item));
    } else {
      ++x_result.left_out["hits beyond the limit"];
    }
  }

  /// The folders in it, which are read next.
  std::vector<Pending> read_folder(const Pending& folder);
  void read_entry(const std::shared_ptr<Descriptor>& open, const Pending& folder, const dirent& entry, std::vector<Pending>& within);
  std::optional<Pending> enter(const std::shared_ptr<Descriptor>& open, const Pending& folder, std::string name, std::string path,
                               const struct stat& status);
  void read_file(int folder, const Pending& where, const char* name, const std::string& path, const struct stat& status);
  void judge(const std::string& path, const std::string& text, const struct stat& status);
  void recognise(const std::string& path, const std::string& text, const std::vector<const Mark*>& marks);

  const YaraRules* x_rules;
  const ApplicationRules& x_applications;
  TreeProgress& x_progress;
  std::mutex x_mutex;
  std::condition_variable x_changed;
  std::vector<Pending> x_pending;
  std::size_t x_busy = 0;
  TreeResult x_result;
  std::atomic<std::uint64_t> x_entries = 0;
};

std::vector<Pending> Walk::read_folder(const Pending& folder) {
  std::vector<Pending> within;
  const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | (folder.parent == nullptr ? 0 : O_NOFOLLOW);
  auto open = std::make_shared<Descriptor>(::openat(folder.parent == nullptr ? AT_FDCWD : folder.parent->get(), folder.name.c_str(), flags));
  if (!*open) {
    leave_out("folders that could not be opened");
    return within;
  }
  if (is_kernels_own(open->get())) {
    leave_out("folders of the kernel's own file systems");
    return within;
  }
  ++x_progress.directories;
  // The stream gets a descriptor of its own: fdopendir takes it over.
  DIR* stream = ::fdopendir(::openat(open->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (stream == nullptr) {
    leave_out("folders that could not be opened");
    return within;
  }
  while (const dirent* entry = ::readdir(stream)) {  // NOLINT(concurrency-mt-unsafe): the stream is this thread's own
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") {
      continue;
    }
    if (++x_entries > kMaxEntries || x_progress.stop) {
      leave_out("folders left unfinished");
      break;
    }
    read_entry(open, folder, *entry, within);
  }
  ::closedir(stream);
  return within;
}

void Walk::read_entry(const std::shared_ptr<Descriptor>& open, const Pending& folder, const dirent& entry, std::vector<Pending>& within) {
  struct stat status {};
  if (::fstatat(open->get(), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return;  // gone meanwhile
  }
  const std::string path = folder.path == "/" ? "/" + std::string(entry.d_name) : folder.path + "/" + entry.d_name;
  if (const auto secret = secret_of(entry.d_name); !secret.empty() && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) {
    keep(x_result.left_behind, FoundPath{path, std::string(secret)});
  }
  if (S_ISDIR(status.st_mode)) {
    if (auto below = enter(open, folder, entry.d_name, path, status)) {
      within.push_back(*std::move(below));
    }
  } else if (S_ISREG(status.st_mode)) {
    ++x_progress.files;
    read_file(open->get(), folder, entry.d_name, path, status);
  } else {
    leave_out(S_ISLNK(status.st_mode) ? "symbolic links" : "pipes, sockets and devices");
  }
}

std::optional<Pending> Walk::enter(const std::shared_ptr<Descriptor>& open, const Pending& folder, std::string name, std::string path,
                                   const struct stat& status) {
  if ((status.st_mode & S_IWOTH) != 0) {
    keep(x_result.writable, FoundPath{path, fmt_mode(status.st_mode) + " folder"});
  }
  if (folder.depth >= kMaxDepth) {
    leave_out("folders nested too deep");
    return std::nullopt;
  }
  const bool in_uploads = folder.in_uploads || is_upload_folder(name);
  return Pending{open, std::move(name), std::move(path), folder.depth + 1, in_uploads};
}

void Walk::read_file(int folder, const Pending& where, const char* name, const std::string& path, const struct stat& status) {
  const FileUse use = use_of(name);
  const auto marks = x_applications.marks_for(path);
  const bool is_program = (status.st_mode & 0111U) != 0 && std::string_view(name).find('.') == std::string_view::npos;
  if (use == FileUse::Script && (status.st_mode & S_IWOTH) != 0) {
    keep(x_result.writable, FoundPath{path, fmt_mode(status.st_mode) + " script"});
  }
  if (marks.empty() && use == FileUse::Nothing && !is_program) {
    return;
  }
  if (use == FileUse::Picture && marks.empty() && static_cast<std::uint64_t>(status.st_size) > kMaxPictureBytes) {
    return;
  }
  bool is_cut = false;
  const auto text = read_regular(folder, name, kMaxScriptBytes, &is_cut);
  if (!text) {
    leave_out("files that could not be opened");
    return;
  }
  if (is_cut) {
    leave_out("files larger than 2 MiB, read in part");
  }
  if (!marks.empty()) {
    recognise(path, *text, marks);
  }
  if (use == FileUse::Script || looks_like_code(*text)) {
    judge(path, *text, status);
    if (where.in_uploads && use == FileUse::Script && icontains(std::string_view(*text).substr(0, 4096), "<?") && status.st_size > 200) {
      keep(x_result.uploads, FoundPath{path, "PHP code in a folder for uploads"});
    }
  }
}

void Walk::judge(const std::string& path, const std::string& text, const struct stat& status) {
  if (x_rules == nullptr) {
    return;
  }
  auto matches = x_rules->scan(text);
  if (matches.empty() && text.size() > kHeadBytes) {
    matches = x_rules->scan(std::string_view(text).substr(0, kHeadBytes));
  }
  {
    const std::lock_guard lock(x_mutex);
    ++x_result.judged;
  }
  if (!matches.empty()) {
    keep(x_result.scripts, ScriptHit{path, std::move(matches), sha256_hex(text), md5_of(text), status.st_uid, status.st_mtime});
  }
}

void Walk::recognise(const std::string& path, const std::string& text, const std::vector<const Mark*>& marks) {
  for (const Mark* mark : marks) {
    const std::string home = ApplicationRules::home_of(*mark, path);
    const auto exists = [&](const std::string& below) {
      struct stat status {};
      return ::lstat((home + "/" + below).c_str(), &status) == 0;
    };
    if (const auto found = ApplicationRules::recognise(*mark, text, exists)) {
      keep(x_result.applications, FoundApplication{mark->app, mark->kind, found->version, home, path, md5_of(text), mark->rank});
    }
  }
}

/// One line a place and application: the mark that is believed most and names a version.
void merge(std::vector<FoundApplication>& found) {
  std::sort(found.begin(), found.end(), [](const FoundApplication& a, const FoundApplication& b) {
    return std::tuple(a.home, a.app, a.version.empty(), a.rank, a.marked_by) < std::tuple(b.home, b.app, b.version.empty(), b.rank, b.marked_by);
  });
  found.erase(std::unique(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.home == b.home && a.app == b.app; }), found.end());
}

}  // namespace

TreeResult walk_tree(const std::vector<std::string>& folders, const YaraRules* rules, const ApplicationRules& applications, unsigned threads,
                     TreeProgress& progress) {
  Walk walk(rules, applications, progress);
  for (const std::string& folder : folders) {
    walk.push({nullptr, folder, folder, 0, false, TreeProgress::kWhole / folders.size()});
  }
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < std::clamp(threads, 1U, kMaxThreads); ++i) {
      workers.emplace_back([&walk] { walk.work(); });
    }
  }
  TreeResult result = walk.take();
  result.files = progress.files;
  result.directories = progress.directories;
  merge(result.applications);
  return result;
}

}  // namespace pinfold::agent::audit
