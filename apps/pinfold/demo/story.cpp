#include "pinfold/demo/story.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "desk/event_json.hpp"

namespace pinfold::app {
namespace {

constexpr int kLookEveryMs = 100;

double seconds(Micros duration) { return static_cast<double>(duration.count()) / 1e6; }

template <typename Body>
const desk::Event* find_event(
    const std::vector<desk::Event>& events, const std::function<bool(const Body&)>& matches = [](const Body&) { return true; }) {
  for (const desk::Event& event : events) {
    const auto* body = std::get_if<Body>(&event.body);
    if (body != nullptr && matches(*body)) {
      return &event;
    }
  }
  return nullptr;
}

bool has_origin(const desk::FindingRecorded& f, abuse::Origin origin) { return f.finding.origin == origin; }

std::string joined_facts(const abuse::Finding& finding) {
  std::string text;
  for (const auto& [name, value] : finding.evidence.facts) {
    text.append(name).append("=").append(value).append("; ");
  }
  return text;
}

}  // namespace

Story::Story(Lab& lab, records::Store& store, const Clock& clock, const Output& output)
    : x_lab(lab), x_store(store), x_clock(clock), x_output(output), x_started(clock.mono()) {}

void Story::chapter(const std::string& title) {
  ++x_step;
  x_output.say(fmt::format("\n{} · {}", x_step, title));
  x_output.line({{"step", x_step}, {"title", title}});
}

bool Story::expect(bool holds, const std::string& claim, const std::string& measured) {
  ++(holds ? x_passed : x_failed);
  const double at = seconds(std::chrono::duration_cast<Micros>(x_clock.mono() - x_started));
  x_output.say(fmt::format("  {} {:6.1f} s  {}{}{}", holds ? "✓" : "✗", at, claim, measured.empty() ? "" : " · ", measured));
  x_output.line({{"step", x_step}, {"at", at}, {"holds", holds}, {"claim", claim}, {"measured", measured}});
  return holds;
}

bool Story::expect_within(Seconds limit, const std::string& claim, const std::function<bool(std::string&)>& fact) {
  const MonoTime begin = x_clock.mono();
  std::string measured;
  while (x_clock.mono() - begin < limit) {
    measured.clear();
    if (fact(measured)) {
      const double took = seconds(std::chrono::duration_cast<Micros>(x_clock.mono() - begin));
      return expect(true, claim, fmt::format("{}{}after {:.1f} s", measured, measured.empty() ? "" : ", ", took));
    }
    x_lab.check_serving();
    poll(nullptr, 0, kLookEveryMs);
  }
  return expect(false, claim, fmt::format("not within {} s{}{}", limit.count(), measured.empty() ? "" : ": ", measured));
}

std::optional<desk::Case> Story::case_of(const std::string& server) {
  std::optional<desk::Case> found;
  x_store.read([&](records::Transaction& tx) {
    for (const records::CaseSummary& summary : tx.cases().list(100)) {
      if (summary.server.value == server && summary.family == abuse::Family::Compromise) {
        found = desk::fold(summary.id, tx.cases().events(summary.id));
        return;
      }
    }
  });
  return found;
}

std::vector<desk::Event> Story::events_of(const std::string& server) {
  const auto c = case_of(server);
  std::vector<desk::Event> events;
  if (c) {
    x_store.read([&](records::Transaction& tx) { events = tx.cases().events(c->id); });
  }
  return events;
}

bool Story::reaches_internet(const std::string& server) {
  return x_lab.exec(server, {"ping", "-q", "-c", "2", "-i", "0.2", "-W", "1", x_lab.facts().internet}).exit_status == 0;
}

void Story::play() {
  first_scan();
  warning_arrives();
  again_and_off();
  talk_and_on();
  owner_who_answers();
  innocent_download();
  all_in_order();
}

void Story::break_into(const std::string& server) {
  const Finished upload = x_lab.upload_and_run(server);
  expect(upload.exit_status == 0, fmt::format("a script is uploaded to {} through its PHP page into /dev/shm, and PHP runs it", server),
         std::string(trim(upload.output)).substr(0, 120));
}

void Story::first_scan() {
  chapter("Server A is broken into and scans");
  expect(reaches_internet("srv-a") && reaches_internet("srv-b") && reaches_internet("srv-c"), "all three servers reach the internet");
  break_into("srv-a");
  chapter("The network and the host see it; the desk joins them");
  expect_within(Seconds{40}, "the collector sees the scan", [&](std::string& measured) {
    const auto events = events_of("srv-a");
    const auto* event = find_event<desk::FindingRecorded>(events, [](const auto& f) { return has_origin(f, abuse::Origin::Network); });
    if (event != nullptr) {
      measured = std::get<desk::FindingRecorded>(event->body).finding.summary;
    }
    return event != nullptr;
  });
  expect_within(Seconds{20}, "the agent on A sees a script run from /dev/shm, and whose child it is", [&](std::string& measured) {
    const auto events = events_of("srv-a");
    const auto* event = find_event<desk::FindingRecorded>(events, [](const auto& f) { return has_origin(f, abuse::Origin::Host); });
    if (event == nullptr) {
      return false;
    }
    const abuse::Finding& finding = std::get<desk::FindingRecorded>(event->body).finding;
    measured = finding.summary;
    return icontains(joined_facts(finding) + finding.summary, "php") && icontains(joined_facts(finding) + finding.summary, "/dev/shm");
  });
  expect_within(Seconds{20}, "a copy of the script is kept", [&](std::string& measured) {
    const auto events = events_of("srv-a");
    const auto* event = find_event<desk::FindingRecorded>(events, [](const auto& f) { return !f.finding.evidence.files.empty(); });
    if (event == nullptr) {
      return false;
    }
    const abuse::EvidenceFile& file = std::get<desk::FindingRecorded>(event->body).finding.evidence.files.front();
    measured = fmt::format("{}, {} bytes, SHA-256 {}…", file.path, file.size, file.sha256.substr(0, 12));
    return x_lab.evidence(file.sha256).has_value();
  });
  expect(!case_of("srv-b") && !case_of("srv-c"), "the agents of B and C, on the same kernel, report nothing of it");
  const auto c = case_of("srv-a");
  const bool joined = c && !c->incidents.empty() &&
                      c->incidents.front().origins.count(abuse::Origin::Network) + c->incidents.front().origins.count(abuse::Origin::Host) == 2;
  expect(joined, "both findings are one incident of one case", c ? to_string(c->id) : "no case");
}

void Story::warning_arrives() {
  chapter("The owner of A gets a warning; a vacation note is no answer");
  expect_within(Seconds{40}, "an informative warning is in the owner's mailbox", [&](std::string& measured) {
    const std::string mail = x_lab.mailbox("srv-a");
    const auto c = case_of("srv-a");
    if (c && mail.find(to_string(c->id)) != std::string::npos) {
      measured = fmt::format("{} bytes", mail.size());
      return icontains(mail, "/dev/shm") && icontains(mail, "UTC");
    }
    return false;
  });
  expect_within(Seconds{40}, "it counts as delivered, because the owner's own mail server took it", [&](std::string& measured) {
    const auto events = events_of("srv-a");
    const auto* event = find_event<desk::NoticeDelivered>(events);
    if (event != nullptr) {
      measured = std::get<desk::NoticeDelivered>(event->body).remote;
    }
    return event != nullptr;
  });
  expect_within(Seconds{40}, "the vacation auto-reply is recorded as one", [&](std::string& measured) {
    const auto events = events_of("srv-a");
    const auto* event = find_event<desk::MailReceived>(events, [](const auto& m) { return m.kind == desk::MailKind::AutoReply; });
    if (event != nullptr) {
      measured = std::get<desk::MailReceived>(event->body).why;
    }
    return event != nullptr;
  });
  const auto c = case_of("srv-a");
  expect(c && !c->last_response, "and is not counted as an answer");
}

void Story::again_and_off() {
  chapter("Nobody answers, and it happens again: the port goes off");
  expect_within(x_lab.facts().response_window + Seconds{15}, "the window passes in silence", [&](std::string&) {
    const auto events = events_of("srv-a");
    return find_event<desk::WindowPassed>(events) != nullptr;
  });
  break_into("srv-a");
  expect_within(Seconds{60}, "the desk prints its proof: notice, delivery, silence, second event", [&](std::string& measured) {
    const auto events = events_of("srv-a");
    const auto* event = find_event<desk::DisableRequested>(events);
    if (event != nullptr) {
      const auto& request = std::get<desk::DisableRequested>(event->body);
      measured = fmt::format("{} clauses{}", request.proof.size(), request.automatic ? ", network and host agree" : "");
      for (const std::string& line : request.proof) {
        x_output.say("              ✓ " + line);
      }
    }
    return event != nullptr;
  });
  expect_within(Seconds{30}, "the port is off, read back from the switch", [&](std::string& measured) {
    const auto events = events_of("srv-a");
    const auto* event = find_event<desk::PortActionFinished>(events);
    if (event == nullptr) {
      return false;
    }
    const auto& finished = std::get<desk::PortActionFinished>(event->body);
    measured = fmt::format("{} {:.2f} s after the write", finished.read_back, static_cast<double>(finished.took.count()) / 1e3);
    return finished.result == desk::ActionResult::Verified && finished.took <= Millis{3500};
  });
  expect(!reaches_internet("srv-a"), "a ping shows A cut off");
  expect(reaches_internet("srv-b") && reaches_internet("srv-c"), "and B and C still at work");
  expect_within(Seconds{90}, "the collector hears nothing more from A, while it hears the others", [&](std::string&) {
    x_lab.exec("srv-c", {"ping", "-q", "-c", "1", "-W", "1", x_lab.facts().internet});
    const auto events = events_of("srv-a");
    const auto* event = find_event<desk::SilenceVerified>(events);
    return event != nullptr && std::get<desk::SilenceVerified>(event->body).silent;
  });
}

void Story::talk_and_on() {
  chapter("The owner talks with a systems administrator: the port comes back");
  const auto c = case_of("srv-a");
  if (!expect(c && c->state == desk::State::Disabled, "the case stands at disabled", c ? std::string(desk::to_string(c->state)) : "no case")) {
    return;
  }
  const Finished recorded = x_lab.pinfold({"case", "discuss", to_string(c->id), "--by", "sysadmin-1", "--with", "owner of A", "--cause",
                                           "upload hole in an old calendar script", "--remedy", "calendar removed, /dev/shm mounted noexec",
                                           "--conditions", "no PHP uploads until the audit"});
  expect(recorded.exit_status == 0, "the discussion is recorded", std::string(trim(recorded.output)).substr(0, 120));
  expect_within(Seconds{30}, "the port is on again and A is on probation", [&](std::string& measured) {
    const auto now = case_of("srv-a");
    measured = now ? std::string(desk::to_string(now->state)) : "no case";
    return now && now->state == desk::State::Probation;
  });
  expect_within(Seconds{15}, "a ping shows A back", [&](std::string&) { return reaches_internet("srv-a"); });
}

void Story::owner_who_answers() {
  chapter("Server B scans too, but its owner answers: it is not cut off");
  break_into("srv-b");
  expect_within(Seconds{60}, "B's owner gets a warning", [&](std::string& measured) {
    const auto c = case_of("srv-b");
    measured = c ? to_string(c->id) : "no case";
    return c && c->first_warning() != nullptr && c->first_warning()->delivered && x_lab.mailbox("srv-b").find(to_string(c->id)) != std::string::npos;
  });
  x_lab.reply("srv-b", "Hello,\n\nthank you for the warning. We found the script, removed it and updated the calendar.\n\nOwner of B\n");
  expect_within(Seconds{30}, "the reply by mail is an answer", [&](std::string&) {
    const auto c = case_of("srv-b");
    return c && c->last_response && c->state == desk::State::Answered;
  });
  x_lab.wait(x_lab.facts().response_window);
  break_into("srv-b");
  expect_within(Seconds{60}, "when it happens again: a second notice, and a person decides", [&](std::string& measured) {
    const auto c = case_of("srv-b");
    const auto events = events_of("srv-b");
    measured = c ? std::string(desk::to_string(c->state)) : "no case";
    return c && c->state == desk::State::SecondNotice && find_event<desk::PersonAsked>(events) != nullptr;
  });
  const auto events = events_of("srv-b");
  expect(find_event<desk::DisableRequested>(events) == nullptr && reaches_internet("srv-b"), "B is not cut off");
}

void Story::innocent_download() {
  chapter("Server C only downloads a large file");
  const Finished download = x_lab.download("srv-c");
  expect(download.exit_status == 0, "the download is done", std::string(trim(download.output)).substr(0, 120));
  x_lab.wait(Seconds{8});  // long enough for its flows to be exported and looked at: A's and B's took less
  expect(!case_of("srv-c"), "C has no case");
}

void Story::all_in_order() {
  chapter("The record");
  std::optional<std::string> fault;
  std::size_t open_rows = 0;
  x_store.read([&](records::Transaction& tx) {
    fault = tx.cases().verify_chain();
    open_rows = tx.journal().open().size();
  });
  expect(!fault, "the chain over all events is whole", fault.value_or(""));
  expect(open_rows == 0, "no port action is left in doubt");
  for (const char* server : {"srv-a", "srv-b"}) {
    const auto ids = x_lab.message_ids(server);
    const auto c = case_of(server);
    std::size_t warnings = 0;
    for (const auto& [id, copies] : ids) {
      const bool is_warning = c && c->first_warning() != nullptr && id.find(c->first_warning()->token) != std::string::npos;
      warnings += is_warning ? 1U : 0U;
    }
    expect(warnings == 1, fmt::format("the owner of {} got the first warning once", server), fmt::format("{} different mails", ids.size()));
  }
}

}  // namespace pinfold::app
