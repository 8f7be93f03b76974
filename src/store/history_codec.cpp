#include "store/history_codec.hpp"

#include <limits>

#include "base/assert.hpp"
#include "records/store.hpp"

namespace pinfold::store {
namespace {

using records::Slot;
using records::TrafficSource;

constexpr char kVersion = 1;

void put(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(0x80U | (value & 0x7FU)));
    value >>= 7U;
  }
  out.push_back(static_cast<char>(value));
}

void put(std::string& out, const records::Volume& volume) {
  put(out, volume.bytes.value);
  put(out, volume.packets.value);
  put(out, volume.flows.value);
}

void put(std::string& out, const Slot& slot) {
  if (slot.is_gap()) {
    put(out, std::uint64_t{0});
    return;
  }
  put(out, std::uint64_t{slot.seconds} * 2 + 1);
  put(out, slot.out);
  put(out, slot.in);
}

class Unpacker {
public:
  explicit Unpacker(std::string_view blob) : x_blob(blob) {
    if (blob.empty() || blob.front() != kVersion) {
      damaged();
    }
    x_at = 1;
  }
  [[nodiscard]] bool at_end() const { return x_at == x_blob.size(); }
  [[nodiscard]] std::uint64_t number(std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_end()) {
        damaged();
      }
      const auto byte = static_cast<std::uint8_t>(x_blob[x_at++]);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) {
        if (value > most) {
          damaged();
        }
        return value;
      }
    }
    damaged();
  }
  [[nodiscard]] records::Volume volume() {
    records::Volume volume;
    volume.bytes = Bytes{number()};
    volume.packets = Packets{number()};
    volume.flows = Flows{number()};
    return volume;
  }
  [[nodiscard]] Slot slot() {
    const std::uint64_t head = number(std::uint64_t{std::numeric_limits<std::uint32_t>::max()} * 2 + 1);
    if (head == 0) {
      return {};
    }
    Slot slot;
    slot.seconds = static_cast<std::uint32_t>(head / 2);
    slot.out = volume();
    slot.in = volume();
    return slot;
  }
  [[noreturn]] static void damaged() { throw records::StoreError("a row of the traffic history is damaged"); }

private:
  std::string_view x_blob;
  std::size_t x_at = 0;
};

}  // namespace

std::string encode(const std::vector<JournalEntry>& entries) {
  std::string out(1, kVersion);
  for (const JournalEntry& entry : entries) {
    put(out, entry.server_in_part);
    put(out, std::uint64_t{entry.minute} * 2 + static_cast<std::uint64_t>(entry.source));
    put(out, entry.slot);
  }
  return out;
}

std::vector<JournalEntry> decode_journal(std::string_view blob) {
  std::vector<JournalEntry> entries;
  for (Unpacker in(blob); !in.at_end();) {
    JournalEntry entry;
    entry.server_in_part = static_cast<std::uint32_t>(in.number(kServersPerPart - 1));
    const std::uint64_t place = in.number(kMinutesPerHour * 2 - 1);
    entry.minute = static_cast<std::uint8_t>(place / 2);
    entry.source = static_cast<TrafficSource>(place % 2);
    entry.slot = in.slot();
    entries.push_back(entry);
  }
  return entries;
}

std::string encode(const HourSlots& slots) {
  std::string out(1, kVersion);
  for (const Slot& slot : slots) {
    put(out, slot);
  }
  return out;
}

HourSlots decode_hour(std::string_view blob, std::size_t slots) {
  HourSlots hour;
  hour.reserve(slots);
  Unpacker in(blob);
  for (std::size_t i = 0; i < slots; ++i) {
    hour.push_back(in.slot());
  }
  if (!in.at_end()) {
    Unpacker::damaged();
  }
  return hour;
}

HourSlots rolled_up(const HourSlots& slots, std::size_t to) {
  PINFOLD_ASSERT(to > 0 && slots.size() % to == 0);
  HourSlots rolled(to);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    rolled[i / (slots.size() / to)] += slots[i];
  }
  return rolled;
}

}  // namespace pinfold::store
