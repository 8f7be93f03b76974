/// The story of the demo, step by step, on real traffic: what is done, what must come of it, and what was measured.
/// Every expectation prints one line; `held` tells whether all of them did. Nothing here decides anything for the desk: the story only does
/// what people and servers do, and reads what the desk recorded.
#pragma once

#include <functional>
#include <string>

#include "base/clock.hpp"
#include "pinfold/demo/lab.hpp"
#include "pinfold/output.hpp"
#include "records/store.hpp"

namespace pinfold::app {

class Story {
public:
  Story(Lab& lab, records::Store& store, const Clock& clock, const Output& output);

  void play();
  [[nodiscard]] bool held() const { return x_failed == 0; }
  [[nodiscard]] unsigned failed() const { return x_failed; }
  [[nodiscard]] unsigned passed() const { return x_passed; }

private:
  void break_into(const std::string& server);
  void first_scan();
  void warning_arrives();
  void again_and_off();
  void talk_and_on();
  void owner_who_answers();
  void innocent_download();
  void all_in_order();

  /// One line: the claim, whether it holds, and what was measured.
  bool expect(bool holds, const std::string& claim, const std::string& measured = {});
  /// Waits until `fact` is true and expects it; the line carries the seconds it took.
  bool expect_within(Seconds limit, const std::string& claim, const std::function<bool(std::string& measured)>& fact);
  void chapter(const std::string& title);

  [[nodiscard]] std::optional<desk::Case> case_of(const std::string& server);
  [[nodiscard]] std::vector<desk::Event> events_of(const std::string& server);
  [[nodiscard]] bool reaches_internet(const std::string& server);

  Lab& x_lab;
  records::Store& x_store;
  const Clock& x_clock;
  const Output& x_output;
  MonoTime x_started;
  unsigned x_step = 0;
  unsigned x_passed = 0;
  unsigned x_failed = 0;
};

}  // namespace pinfold::app
