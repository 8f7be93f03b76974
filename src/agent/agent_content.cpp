// The agent's evidence: where the content of a run or a drop comes from, and the queues it waits in.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "agent/agent.hpp"
#include "agent/ancestors.hpp"
#include "agent/elf_kind.hpp"
#include "wire/wire.hpp"

namespace pinfold::agent {
namespace {

/// The responder has seen the ancestors while the process still waited for its open; by the time of the exec event some may have gone.
template <typename Twins>
const ExecEvent& complete(ExecEvent& event, const Twins& twins) {
  for (const auto& twin : twins) {
    const ExecEvent& seen = twin.sighting.event;
    if (seen.pid != event.pid) {
      continue;
    }
    for (std::size_t i = 0; i < std::min(event.ancestors.size(), seen.ancestors.size()); ++i) {
      if (event.ancestors[i].exe.empty() && event.ancestors[i].pid == seen.ancestors[i].pid) {
        event.ancestors[i] = seen.ancestors[i];
      }
    }
  }
  return event;
}

Content content_from(std::string bytes, bool complete, std::string how) { return {std::move(bytes), complete, std::move(how)}; }

}  // namespace

Content Agent::content_of(const ExecEvent& event, const Subject& subject) const {
  if (subject.path.starts_with('(')) {
    return {};
  }
  const MonoTime now = x_clock.mono();
  auto captured = x_capture ? x_capture->store().find(subject.path, event.pid, now) : std::nullopt;
  const bool program = subject.how == Subject::How::Program || subject.how == Subject::How::Memory || subject.how == Subject::How::Deleted;
  if (!captured && x_capture && program) {
    captured = x_capture->store().find(event.exe_id, now);  // the same file, copied under another name or for another process
  }
  if (captured && (captured->pid == event.pid || (program && captured->id == event.exe_id))) {
    return content_from(captured->bytes, captured->complete, "as it was opened");
  }
  std::string name = program                                                                              ? "exe"
                     : subject.how == Subject::How::StandardInput && event.standard_input == subject.path ? "fd/0"
                                                                                                          : "root" + subject.path;
  auto file = read_start(x_proc.path(event.pid, name), wire::kMaxEvidence);
  if (program && file && !(file->id == event.exe_id) && event.exe_id.inode != 0) {
    file.reset();  // the process has since become another program
  }
  if (!file && !program && !event.foreign_root) {
    file = read_start(subject.path, wire::kMaxEvidence);
  }
  if (file && !file->bytes.empty()) {
    return content_from(std::move(file->bytes), !file->cut, program ? "from the running process" : "from its place");
  }
  if (captured) {
    return content_from(captured->bytes, captured->complete, "as another process opened it");
  }
  return {};
}

void Agent::retry_pending() {
  const MonoTime now = x_clock.mono();
  std::deque<Case> still;
  for (Case& pending : x_pending) {
    if (pending.content.bytes.empty()) {
      pending.content = content_of(pending.event, pending.subject);
    }
    if ((pending.content.bytes.empty() && now < pending.deadline) || now < pending.settled) {
      still.push_back(std::move(pending));
    } else if (auto judgement = judge(pending.subject, complete(pending.event, x_twins), is_built(pending.event.exe_id))) {
      pending.judgement = *std::move(judgement);
      enqueue(std::move(pending));
    }
  }
  x_pending = std::move(still);
  for (std::size_t left = x_pipes.size(); left > 0; --left) {
    Piped piped = std::move(x_pipes.front());
    x_pipes.pop_front();
    std::string file = x_capture ? x_capture->store().passed_into(piped.event.standard_input, now) : std::string{};
    if (file.empty() && now < piped.deadline) {
      x_pipes.push_back(std::move(piped));
      continue;
    }
    piped.subject.path = file.empty() ? piped.subject.path : std::move(file);
    on_subject(std::move(piped.event), std::move(piped.subject));
  }
  while (!x_twins.empty() && x_twins.front().deadline <= now) {
    Sighting sighting = std::move(x_twins.front().sighting);
    x_twins.pop_front();
    on_opened(std::move(sighting));
  }
}

void Agent::enqueue(Case item) {
  if (x_ready.size() >= kMaxReady) {
    x_reporter->report_unseen(item, view());
    return;
  }
  if (x_ready_bytes + item.content.bytes.size() > kMaxReadyBytes) {
    item.content = {};
  }
  x_ready_bytes += item.content.bytes.size();
  x_ready.push_back(std::move(item));
}

void Agent::report_some(std::size_t most) {
  for (; most > 0 && !x_ready.empty(); --most) {
    Case item = std::move(x_ready.front());
    x_ready.pop_front();
    x_ready_bytes -= item.content.bytes.size();
    const std::uint32_t pid = item.event.pid;
    const std::string path = item.subject.path;
    const bool drop = item.drop;
    const auto id = x_reporter->report(std::move(item), view());
    const auto known = x_known.find(pid);
    if (!drop && id && known != x_known.end() && known->second.subject.path == path) {
      known->second.finding = id;
      known->second.suspicious = true;
    }
  }
}

void Agent::on_drop(const Sighting& sighting) {
  if (is_customers_data(sighting.path) && access(sighting.path.c_str(), X_OK) != 0) {
    return;  // not even opened
  }
  const int fd = open(sighting.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  struct stat status {};
  if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    if (fd >= 0) {
      close(fd);
    }
    return;
  }
  Drop drop{sighting.path, sighting.event};
  drop.executable = (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
  const auto head = read_start(fd, kElfHead);
  const FileKind kind = head ? kind_of_file(head->bytes) : FileKind::Data;
  drop.is_script = kind == FileKind::Script;
  drop.is_library = kind == FileKind::Library;
  drop.is_program = drop.is_library || kind == FileKind::Program;
  const bool opens = drop.is_script || drop.is_program;
  const auto judgement = opens ? judge_drop(drop) : std::nullopt;
  const FileId id{status.st_ino, (std::uint64_t{major(status.st_dev)} << 20U) | minor(status.st_dev)};
  if (opens && is_build_product(drop)) {
    x_built.push_back(id);
    if (x_built.size() > kMaxBuilt) {
      x_built.pop_front();
    }
  } else if (opens) {
    std::erase(x_built, id);  // written anew by somebody else
  }
  if (judgement && may_look_closely()) {
    Case item{sighting.event, {Subject::How::Program, sighting.path, {}}, *judgement, {}, x_clock.mono(), {}, true, drop.executable};
    if (auto whole = read_start(fd, wire::kMaxEvidence)) {
      item.content = content_from(std::move(whole->bytes), !whole->cut, "from its place");
    }
    enqueue(std::move(item));
  }
  close(fd);
}

}  // namespace pinfold::agent
