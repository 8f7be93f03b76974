#include "engine/mail/server_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <stdexcept>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "mail/unique_fd.hpp"

namespace pinfold::engine {

bool ServerLog::work() {
  const mail::UniqueFd file(open(x_file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0) {
    throw std::runtime_error("mail.log_file cannot be read: " + x_file.string());
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto inode = static_cast<std::uint64_t>(status.st_ino);
  if (!x_started || inode != x_inode || size < x_offset) {
    x_offset = x_started || size < kReread ? 0 : size - kReread;
    x_inode = inode;
    x_started = true;
  }
  std::string piece(kPiece, '\0');
  const ssize_t got = pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(x_offset));
  if (got < 0) {
    throw std::runtime_error("mail.log_file cannot be read: " + x_file.string());
  }
  piece.resize(static_cast<std::size_t>(got));
  const auto end = piece.rfind('\n');
  const std::size_t whole = end != std::string::npos ? end + 1 : piece.size() == kPiece ? kPiece : 0;  // a line without end is passed over
  for (const std::string_view text : split(std::string_view(piece).substr(0, whole), '\n')) {
    if (const auto line = mail::parse_log_line(text)) {
      take(*line);
    }
  }
  x_offset += whole;
  if (whole > 0) {
    x_memory.with([&](Memory& memory) { memory.read_to = x_clock.wall(); });
  }
  return whole > 0 && x_offset < size;
}

void ServerLog::remember(const std::string& queue_id, Mail mail) {
  x_memory.with([&](Memory& memory) {
    memory.queue_ids[mail.message_id] = queue_id;
    if (memory.by_queue_id.insert_or_assign(queue_id, std::move(mail)).second) {
      memory.order.push_back(queue_id);
    }
    if (memory.order.size() > kMaxRemembered) {
      if (const auto oldest = memory.by_queue_id.find(memory.order.front()); oldest != memory.by_queue_id.end()) {
        memory.queue_ids.erase(oldest->second.message_id);
        memory.by_queue_id.erase(oldest);
      }
      memory.order.pop_front();
    }
  });
}

void ServerLog::take(const mail::LogLine& line) {
  if (line.kind == mail::LogLine::Kind::Known) {
    for (const mail::OurAddresses& ours : x_ours) {
      if (auto reference = mail::parse_message_id(ours, line.message_id)) {
        remember(line.queue_id, {to_lower(line.message_id), *std::move(reference)});
        break;
      }
    }
    return;
  }
  const auto mail = x_memory.with([&](Memory& memory) {
    const auto found = memory.by_queue_id.find(line.queue_id);
    return found == memory.by_queue_id.end() ? std::nullopt : std::optional(found->second);
  });
  if (!mail) {
    return;
  }
  if (line.kind == mail::LogLine::Kind::HandedOn && !line.next_id.empty()) {
    x_memory.with([&](Memory& memory) {
      if (memory.by_queue_id.emplace(line.next_id, *mail).second) {
        memory.order.push_back(line.next_id);
      }
    });
  } else if (line.kind == mail::LogLine::Kind::Sent || line.kind == mail::LogLine::Kind::Failed) {
    tell_desk(mail->reference, line);
  }
}

void ServerLog::tell_desk(const mail::Reference& reference, const mail::LogLine& line) {
  const auto c = x_desk.find(reference.case_id);
  const desk::Notice* notice = c && reference.notice ? c->find_notice(*reference.notice) : nullptr;
  if (notice == nullptr || !equal_secrets(notice->token, reference.token) || !iequals(notice->contact.value, line.recipient)) {
    return;
  }
  const std::string words = fmt::format("{} {}", line.queue_id, line.words);
  const desk::Input input = line.kind == mail::LogLine::Kind::Sent
                                ? desk::Input{desk::NoticeDelivered{notice->id, desk::DeliveryProof::ServerLog, words}}
                                : desk::Input{desk::NoticeFailed{notice->id, words}};
  if (const auto applied = x_desk.apply(reference.case_id, input); !applied) {
    log_debug("SERVER_LOG_OLD_NEWS", "{}: {}", to_string(reference.case_id), applied.error().why);
  }
}

ServerLog::Attempt ServerLog::find(const std::string& message_id, WallTime since) const {
  return x_memory.with([&](const Memory& memory) {
    const auto found = memory.queue_ids.find(to_lower(message_id));
    if (found != memory.queue_ids.end()) {
      return Attempt{true, found->second};
    }
    return Attempt{memory.read_to > since, {}};
  });
}

}  // namespace pinfold::engine
