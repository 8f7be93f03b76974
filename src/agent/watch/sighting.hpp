/// What the responder tells the agent: one file in a watched directory that was executed, handed to an interpreter, opened by a shell for
/// another program, or dropped; or how the responder itself is. The bytes of a copied file travel beside it, in a sealed memory file.
/// Used by: watch/responder (encodes), watch/capture (decodes). Pure.
/// Wire:    one SOCK_SEQPACKET message: big-endian numbers, texts behind their 32-bit lengths. Never leaves the machine; still decoded with
///          bounds, since the responder reads hostile names.
/// Bounds:  kMaxSighting bytes; texts, arguments and ancestors as in exec_event.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/sensor/exec_event.hpp"

namespace pinfold::agent {

inline constexpr std::size_t kMaxSighting = 32768;

struct Sighting {
  enum class What : std::uint8_t {
    Executed,    ///< the kernel opened it to execute it: a program, or a script with "#!"
    Script,      ///< an interpreter opened the file that its arguments name as its script, under whatever name
    Redirected,  ///< a shell opened it, or a program that feeds a pipe: perhaps as another program's standard input
    Dropped,     ///< it was written, made executable or moved here
    Health,      ///< nothing happened; `path` says how the responder is
  };
  What what = What::Health;
  std::string path;  ///< as the process that is named sees it
  FileId id;
  bool complete = true;   ///< the copy holds the whole file
  bool has_copy = false;  ///< a memory file came along
  bool denied = false;
  bool permission = false;  ///< opens wait for an answer (Health)
  bool drops = false;       ///< drops are seen (Health)
  std::uint32_t restarts = 0;
  std::uint64_t lost = 0;  ///< sightings that found no room so far
  std::string pipe;        ///< "pipe:[7]": the opener's standard output (Redirected)
  ExecEvent event;         ///< the process: pid 0 if it had gone
  friend bool operator==(const Sighting&, const Sighting&) = default;
};

[[nodiscard]] std::vector<std::uint8_t> encode(const Sighting& sighting);
[[nodiscard]] std::optional<Sighting> decode_sighting(std::span<const std::uint8_t> message);

}  // namespace pinfold::agent
