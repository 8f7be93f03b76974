/// One mail, parsed, bounded and inert: what `pinfold-reader` makes of a stranger's bytes, and all that the rest of the desk ever sees of them.
/// Used by: mail (classify), report (findings), engine (what to keep).
/// Text:    valid UTF-8, line ends are "\n". It is still a stranger's text: show it through `printable`.
/// Bounds:  the constants below. What did not fit is cut and `cut` is set; nothing is refused for being long here (raw_check.hpp refuses).
/// Source:  RFC 5322 (headers), RFC 2045 to 2047 (MIME), RFC 2231 (parameters).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace pinfold::message {

inline constexpr std::size_t kMaxHeaders = 200;                       ///< of the mail; of an embedded original as well
inline constexpr std::size_t kMaxHeaderValue = 4096;                  ///< bytes
inline constexpr std::size_t kMaxParts = 128;                         ///< leaves and embedded messages, in order of appearance
inline constexpr unsigned kMaxDepth = 16;                             ///< what is nested deeper is not looked at
inline constexpr std::size_t kMaxPartText = std::size_t{256} * 1024;  ///< bytes kept of one part's text
inline constexpr std::size_t kMaxTotalText = std::size_t{1024} * 1024;
inline constexpr std::size_t kMaxAddresses = 64;
inline constexpr std::size_t kMaxReferences = 64;

/// Decoded (RFC 2047) and unfolded; the name as it was written.
struct Header {
  std::string name;
  std::string value;
  friend bool operator==(const Header&, const Header&) = default;
};

struct Mailbox {
  std::string name;     ///< display name, may be empty
  std::string address;  ///< addr-spec as written
  friend bool operator==(const Mailbox&, const Mailbox&) = default;
};

struct Part {
  std::string type;             ///< lower case, "text/plain"
  std::string charset;          ///< as declared, lower case
  std::string filename;         ///< as declared; never to be used as a path
  unsigned depth = 0;           ///< 0: the body itself or a part of the outermost multipart
  unsigned embedded = 0;        ///< how many message/rfc822 enclose it: 0 means the sender wrote it himself
  std::uint64_t size = 0;       ///< bytes after the transfer encoding is undone
  std::string sha256;           ///< hex, of those bytes; empty for an embedded message
  std::string text;             ///< of text/*, message/* and the JSON, XML and YAML types; else empty
  std::vector<Header> headers;  ///< of an embedded message (message/rfc822 and its kin)
  friend bool operator==(const Part&, const Part&) = default;
};

struct Mail {
  std::vector<Header> headers;  ///< in order
  std::vector<Part> parts;
  bool cut = false;  ///< something exceeded a bound and is missing

  // Conveniences, read from the headers.
  std::vector<Mailbox> from;
  std::vector<Mailbox> to;  ///< To and Cc
  std::string subject;
  std::string message_id;                  ///< without the angle brackets, as all ids here
  std::vector<std::string> references;     ///< References, then In-Reply-To, without repeats
  std::optional<WallTime> date;            ///< the sender's claim
  std::optional<std::string> return_path;  ///< "" is the null return path; nullopt: no such header
  std::string report_type;                 ///< Content-Type parameter of a multipart/report, lower case
  std::string content_type;                ///< of the whole mail, lower case

  friend bool operator==(const Mail&, const Mail&) = default;
};

/// The first header of that name (any case), or nullptr.
[[nodiscard]] const Header* find_header(const std::vector<Header>& headers, std::string_view name);
/// Its value, or "".
[[nodiscard]] std::string_view header_value(const Mail& mail, std::string_view name);
/// The message ids in a References, In-Reply-To or Message-ID value: what stands between angle brackets; at most kMaxReferences.
[[nodiscard]] std::vector<std::string> parse_message_ids(std::string_view value);

}  // namespace pinfold::message
