/// Whether the accusation of a case was right, as its events tell: the one rule behind the detectors' record, the queue's rows and the statistics.
///   an objection upheld, or closed as a false positive                                              it was wrong, whatever came before
///   an answer "looking" or "fixed", a port that went off, a talk, an objection rejected              it was right
///   anything else (closed by quiet or by hand without a word)                                        nobody knows
/// Pure. O(1) an event.
#pragma once

#include "desk/event.hpp"

namespace pinfold::desk {

/// The numbers stand in the store.
enum class Verdict : std::uint8_t { Undecided = 0, Right = 1, Wrong = 2 };
/// What is known after one event more.
[[nodiscard]] Verdict judged_by(Verdict so_far, const EventBody& body);

}  // namespace pinfold::desk
