/// Were our ears open? Silence of an owner counts only while mail in and pages were healthy without a gap: LMTP listens, the canary comes back
/// (engine/mail/canary.hpp), the pages answer. The running desk beats once a
/// second; a gap in the beats (a crash, a stop, a closed mail port) begins the open time anew. Kept in the store, so that every process sees
/// the same and a restart cannot claim to have listened.
/// Bounds: two settings. Clock: the caller's. A wall clock that steps back counts as a gap.
#pragma once

#include "desk/step.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

/// Longer between two beats means that nobody was listening.
inline constexpr Seconds kLongestBeatGap{15};

/// Records that the desk listens (or not) now.
void beat(records::Transaction& tx, bool mail_open, bool pages_open, WallTime now);

/// As the last beats show it; `unclassified` counts the mails that nobody has read yet.
[[nodiscard]] desk::Ears ears_at(records::Transaction& tx, WallTime now);

}  // namespace pinfold::engine
