#include "flow/raw_file.hpp"

#include <array>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/text.hpp"

namespace pinfold::flow {
namespace {

constexpr std::uint16_t kIpfixVersion = 10;
constexpr std::uint16_t kIpfixHeader = 16;

/// Whether more than one IPFIX message is in the file: where the first ends by its own word, another begins. Files named as datagrams are
/// datagrams, of which nothing behind the message counts.
bool is_ipfix_file(const std::filesystem::path& file, std::ifstream& in) {
  if (file.extension() == ".dat" || file.extension() == ".bin") {
    return false;
  }
  std::array<std::uint8_t, 2> version{};
  std::array<std::uint8_t, 2> next{};
  std::array<std::uint8_t, 2> length{};
  in.read(reinterpret_cast<char*>(version.data()), version.size());
  in.read(reinterpret_cast<char*>(length.data()), length.size());
  const std::uint16_t first = ByteReader{length}.u16().value_or(0);
  in.seekg(first);
  in.read(reinterpret_cast<char*>(next.data()), next.size());
  const bool both = in.good() && ByteReader{version}.u16() == kIpfixVersion && ByteReader{next}.u16() == kIpfixVersion && first >= kIpfixHeader;
  in.clear();
  in.seekg(0);
  return both;
}

/// RFC 5655: IPFIX messages one behind another, each as long as it says.
Expected<ReadSummary, FileError> read_ipfix_file(const std::filesystem::path& file, std::ifstream& in, const DatagramSink& sink) {
  ReadSummary summary;
  std::vector<std::uint8_t> message;
  for (;;) {
    message.resize(kIpfixHeader);
    in.read(reinterpret_cast<char*>(message.data()), kIpfixHeader);
    if (in.gcount() == 0) {
      return summary;
    }
    ByteReader head{ByteSpan{message}.first(static_cast<std::size_t>(in.gcount()))};
    const auto version = head.u16();
    const auto length = head.u16();
    if (in.gcount() != kIpfixHeader || version != kIpfixVersion || *length < kIpfixHeader) {
      return file_error(file, "breaks off: no IPFIX message where the one before ends, after " + std::to_string(summary.packets));
    }
    message.resize(*length);
    in.read(reinterpret_cast<char*>(message.data()) + kIpfixHeader, *length - kIpfixHeader);
    if (in.gcount() != *length - kIpfixHeader) {
      return file_error(file, "breaks off within an IPFIX message, after " + std::to_string(summary.packets));
    }
    ++summary.packets;
    ++summary.delivered;
    sink({std::nullopt, 0, std::nullopt, message});
  }
}

}  // namespace

Unexpected<FileError> file_error(const std::filesystem::path& file, std::string_view what) {
  return Unexpected{FileError{printable(file.string()) + ": " + printable(what)}};
}

Expected<ReadSummary, FileError> read_raw_file(const std::filesystem::path& file, const DatagramSink& sink) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) {
    return file_error(file, error.message());
  }
  std::ifstream in(file, std::ios::binary);
  if (is_ipfix_file(file, in)) {
    return read_ipfix_file(file, in, sink);
  }
  if (size > kMaxRawFile) {
    return file_error(file, "neither a capture, nor IPFIX messages, nor a datagram: longer than 65535 bytes");
  }
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  sink({std::nullopt, 0, std::nullopt, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}});
  return ReadSummary{1, 1, 0};
}

}  // namespace pinfold::flow
