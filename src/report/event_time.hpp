/// When what a report tells of happened: beside the address, or by a label ("Timestamp: …", "First seen | …"), or an attached original's last hop.
/// Used by: the plain-text reader, ARF and the definitions' engine. Clock: none.
/// Cost:    linear in the text, once for all addresses; the labels are looked for in its first 64 KiB.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "message/mail.hpp"
#include "net/ip_address.hpp"
#include "report/times.hpp"

namespace pinfold::report {

struct Span {
  std::optional<WallTime> first;
  std::optional<WallTime> last;
};

/// A text's times, found when they are first asked for. The text must outlive it.
class EventTimes {
public:
  EventTimes(std::string_view text, const TimeContext& context) : x_text(text), x_context(context) {}

  /// First and last of the times that stand on lines which name the address, however it is written.
  [[nodiscard]] Span beside(const net::IpAddress& address);
  /// By the label that says most ("first seen" before "timestamp" before "date"; a notice's own date never). Where no label tells, the first of
  /// the times in the text, if they all lie within an hour.
  [[nodiscard]] std::optional<WallTime> labelled();

private:
  void index();

  std::string_view x_text;
  TimeContext x_context;
  bool x_indexed = false;
  std::unordered_map<net::IpAddress, Span> x_spans;
  bool x_labels_read = false;
  std::optional<WallTime> x_labelled;
};

/// The topmost Received header of the attached original as one line: who handed it over to whom, and when. Empty when there is none.
[[nodiscard]] std::string handed_over_line(const message::Mail& mail);

}  // namespace pinfold::report
