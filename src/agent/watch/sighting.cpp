#include "agent/watch/sighting.hpp"

#include <algorithm>

#include "base/byte_reader.hpp"

namespace pinfold::agent {
namespace {

constexpr std::size_t kMaxSightingText = 4096;
constexpr std::uint8_t kComplete = 1;
constexpr std::uint8_t kHasCopy = 2;
constexpr std::uint8_t kDenied = 4;
constexpr std::uint8_t kPermission = 8;
constexpr std::uint8_t kDrops = 16;
constexpr std::uint8_t kForeignRoot = 32;
constexpr std::uint8_t kUnlinked = 64;
constexpr std::uint8_t kWatched = 128;

class Writer {
public:
  void number(std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      x_bytes.push_back(static_cast<std::uint8_t>(value >> static_cast<unsigned>(shift)));
    }
  }
  void byte(std::uint8_t value) { x_bytes.push_back(value); }
  /// Cut where the message would grow over its bound.
  void text(std::string_view value) {
    const std::size_t room = x_bytes.size() + 16 < kMaxSighting ? kMaxSighting - x_bytes.size() - 16 : 0;
    value = value.substr(0, std::min({value.size(), kMaxSightingText, room}));
    number(value.size());
    x_bytes.insert(x_bytes.end(), value.begin(), value.end());
  }
  [[nodiscard]] bool has_room() const { return x_bytes.size() + 4096 < kMaxSighting; }
  [[nodiscard]] std::vector<std::uint8_t> take() { return std::move(x_bytes); }

private:
  std::vector<std::uint8_t> x_bytes;
};

/// Reads on after a failure, yielding nothing; `failed` is asked once at the end.
class Reader {
public:
  explicit Reader(std::span<const std::uint8_t> bytes) : x_reader(bytes) {}
  std::uint64_t number() { return kept(x_reader.u64()); }
  std::uint8_t byte() { return kept(x_reader.u8()); }
  std::string text() {
    const std::uint64_t size = number();
    const ByteSpan rest = x_reader.rest();
    if (size > kMaxSightingText || size > rest.size() || !x_reader.skip(size)) {
      x_failed = true;
      return {};
    }
    return {reinterpret_cast<const char*>(rest.data()), size};
  }
  std::size_t count(std::size_t most) {
    const std::uint64_t value = number();
    x_failed = x_failed || value > most;
    return x_failed ? 0 : value;
  }
  [[nodiscard]] bool failed() const { return x_failed; }

private:
  template <typename T>
  T kept(std::optional<T> value) {
    x_failed = x_failed || !value;
    return value.value_or(T{});
  }
  ByteReader x_reader;
  bool x_failed = false;
};

std::uint8_t flag(bool set, std::uint8_t bit) { return set ? bit : std::uint8_t{0}; }

}  // namespace

std::vector<std::uint8_t> encode(const Sighting& s) {
  Writer out;
  out.byte(static_cast<std::uint8_t>(s.what));
  out.byte(flag(s.complete, kComplete) | flag(s.has_copy, kHasCopy) | flag(s.denied, kDenied) | flag(s.permission, kPermission) |
           flag(s.drops, kDrops) | flag(s.event.foreign_root, kForeignRoot) | flag(s.event.exe_unlinked, kUnlinked) |
           flag(s.event.exe_watched, kWatched));
  for (const std::uint64_t value :
       {s.id.inode, s.id.device, std::uint64_t{s.restarts}, s.lost, static_cast<std::uint64_t>(s.event.at.since_start.count()),
        std::uint64_t{s.event.pid}, std::uint64_t{s.event.uid}, s.event.exe_id.inode, s.event.exe_id.device}) {
    out.number(value);
  }
  for (const std::string* text : {&s.path, &s.pipe, &s.event.exe, &s.event.cwd, &s.event.standard_input}) {
    out.text(*text);
  }
  const std::size_t arguments = std::min(s.event.arguments.size(), kMaxArguments);
  out.number(arguments);
  for (std::size_t i = 0; i < arguments; ++i) {
    out.text(out.has_room() ? std::string_view(s.event.arguments[i]) : std::string_view{});
  }
  const std::size_t ancestors = std::min(s.event.ancestors.size(), kMaxAncestry);
  out.number(ancestors);
  for (std::size_t i = 0; i < ancestors; ++i) {
    const Process& ancestor = s.event.ancestors[i];
    out.number(ancestor.pid);
    for (const std::string* text : {&ancestor.comm, &ancestor.command_line, &ancestor.exe}) {
      out.text(out.has_room() ? std::string_view(*text) : std::string_view{});
    }
  }
  return out.take();
}

std::optional<Sighting> decode_sighting(std::span<const std::uint8_t> message) {
  Reader in(message);
  Sighting s;
  const std::uint8_t what = in.byte();
  if (what > static_cast<std::uint8_t>(Sighting::What::Health)) {
    return std::nullopt;
  }
  s.what = static_cast<Sighting::What>(what);
  const std::uint8_t flags = in.byte();
  const auto has = [flags](std::uint8_t bit) { return (flags & bit) != 0; };
  s.complete = has(kComplete);
  s.has_copy = has(kHasCopy);
  s.denied = has(kDenied);
  s.permission = has(kPermission);
  s.drops = has(kDrops);
  s.event.foreign_root = has(kForeignRoot);
  s.event.exe_unlinked = has(kUnlinked);
  s.event.exe_watched = has(kWatched);
  s.id = {in.number(), in.number()};
  s.restarts = static_cast<std::uint32_t>(in.number());
  s.lost = in.number();
  s.event.at = MonoTime{Nanos{static_cast<std::int64_t>(in.number())}};
  s.event.pid = static_cast<std::uint32_t>(in.number());
  s.event.uid = static_cast<std::uint32_t>(in.number());
  s.event.exe_id = {in.number(), in.number()};
  s.path = in.text();
  s.pipe = in.text();
  s.event.exe = in.text();
  s.event.cwd = in.text();
  s.event.standard_input = in.text();
  for (std::size_t left = in.count(kMaxArguments); left > 0 && !in.failed(); --left) {
    s.event.arguments.push_back(in.text());
  }
  for (std::size_t left = in.count(kMaxAncestry); left > 0 && !in.failed(); --left) {
    Process ancestor;
    ancestor.pid = static_cast<std::uint32_t>(in.number());
    ancestor.comm = in.text();
    ancestor.command_line = in.text();
    ancestor.exe = in.text();
    s.event.ancestors.push_back(std::move(ancestor));
  }
  return in.failed() ? std::nullopt : std::optional(std::move(s));
}

}  // namespace pinfold::agent
