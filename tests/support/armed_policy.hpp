/// A policy for tests that may warn and shut ports without anybody's approval.
#pragma once

#include "desk/policy.hpp"

namespace pinfold::test {

inline desk::Policy armed_policy(Micros response_window) {
  desk::Policy policy;
  policy.warnings = desk::Arming::Armed;
  policy.measures = desk::Arming::Armed;
  policy.approval = desk::Approval::Auto;
  policy.response_window = response_window;
  return policy;
}

}  // namespace pinfold::test
