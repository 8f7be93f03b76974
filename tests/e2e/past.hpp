// A desk's past: acts in the order of their times, told through the same functions that `pinfold serve` calls, under a clock of its own that ends
// now. Nothing is sent and no switch is touched: what the mail servers and switches said is part of the story. For tests/e2e/example_desk.cpp.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/password.hpp"
#include "base/text_file.hpp"
#include "config/config.hpp"
#include "engine/customers/terms.hpp"
#include "engine/customers/tickets.hpp"
#include "engine/desk_service.hpp"
#include "engine/jobs.hpp"
#include "engine/mail/letters.hpp"
#include "engine/places.hpp"
#include "guard/guard.hpp"
#include "inventory/csv.hpp"
#include "store/evidence_files.hpp"
#include "store/history_file.hpp"
#include "store/store.hpp"

namespace pinfold::example {

using std::chrono::hours;
using std::chrono::minutes;
using Facts = std::vector<std::pair<std::string, std::string>>;
inline constexpr int kDays = 30;

inline std::string text_of(const std::filesystem::path& file) {
  auto text = read_text_file(file, std::size_t{1} << 20U);
  if (!text) {
    throw std::runtime_error(file.string() + " cannot be read");
  }
  return std::move(*text);
}

inline config::Config load(const std::filesystem::path& file) {
  auto config = config::load(file);
  if (!config) {
    throw std::runtime_error(config::to_string(config.error()));
  }
  return std::move(*config);
}

/// A number that looks like chance and is the same each time.
inline double noise(std::uint64_t n) {
  n = (n ^ (n >> 31U)) * 0x7fb5d329728ea185ULL;
  n = (n ^ (n >> 27U)) * 0x81dadef4bc2dd44dULL;
  return static_cast<double>((n ^ (n >> 33U)) >> 11U) / 9007199254740992.0;
}

/// Acts in the order of their times, whatever the order in which they were written down.
class Past {
public:
  Past(const std::filesystem::path& config_file, const std::filesystem::path& folder) : x_config(load(config_file)), x_folder(folder) {
    const auto inventory = inventory::parse_csv(text_of(folder / "servers.csv"), "servers.csv");
    if (!inventory) {
      throw std::runtime_error(inventory::to_string(inventory.error()));
    }
    x_store->transact([&](records::Transaction& tx) {
      tx.inventory().replace(*inventory, x_clock.wall());
      tx.settings().set("ears.open_since", to_string(x_clock.wall()));
    });
  }

  void at(Micros ago, std::function<void()> act) { x_acts.emplace(x_now + (-ago), std::move(act)); }

  void run() {
    for (auto& [when, act] : x_acts) {
      while (x_clock.wall() < when) {
        pass(std::min<Micros>(hours{1}, when - x_clock.wall()));
      }
      act();
    }
    pass(x_now - x_clock.wall());
  }
  /// Whoever listens from now on has listened all the time.
  void hand_over() {
    x_store->transact([&](records::Transaction& tx) { tx.settings().set("ears.last_beat", to_string(system_clock().wall())); });
  }

  CaseId seen(const std::string& server, abuse::AbuseClass abuse_class, const std::string& kind, abuse::Origin origin, abuse::Severity severity,
              unsigned confidence, const std::string& summary, Facts facts, std::vector<abuse::EvidenceFile> files = {}) {
    abuse::Finding f;
    f.id = FindingId{fmt::format("example/{}", ++x_findings)};
    f.server = ServerId{server};
    f.abuse_class = abuse_class;
    f.kind = kind;
    f.origin = origin;
    f.first_seen = x_clock.wall() + Seconds{-41};
    f.last_seen = x_clock.wall() + Seconds{-4};
    f.detected_at = x_clock.wall() + Seconds{-2};
    f.severity = severity;
    f.confidence = {static_cast<std::uint8_t>(confidence)};
    f.summary = summary;
    f.observation_point = origin == abuse::Origin::Network ? "sw1/swp24" : "";
    if (origin == abuse::Origin::Network) {
      f.sampling_rate = SamplingRate{512};
      f.floor = "below 40 new targets a minute nothing is seen at 1:512";
    }
    f.evidence = {std::move(facts), std::move(files)};
    const auto id = x_desk.take_finding(f);
    if (!id) {
      throw std::runtime_error(server + " is nobody's");
    }
    return *id;
  }
  CaseId opened(const std::string& server, abuse::AbuseClass abuse_class, const std::string& by, const std::string& summary) {
    return x_desk.open_by_staff(ServerId{server}, abuse_class, summary, StaffId{by}).value();
  }
  void put(CaseId id, const desk::Input& input) {
    if (const auto done = x_desk.apply(id, input); !done) {
      throw std::runtime_error(to_string(id) + ": " + done.error().why);
    }
  }
  void answer(CaseId id, desk::Statement statement, const std::string& text, std::optional<Micros> promised = std::nullopt,
              desk::ResponseChannel channel = desk::ResponseChannel::SignedLink, const std::string& by = {}) {
    const auto c = x_desk.find(id).value();
    const auto when = promised ? std::optional(x_clock.wall() + *promised) : std::nullopt;
    put(id,
        desk::ResponseRecorded{channel, c.notices.front().contact.value, statement, when, text, StaffId{by}, fmt::format("link/{}", ++x_findings)});
  }
  /// Warnings go out and arrive four minutes later; to that address they come back.
  void bounce(const std::string& address) { x_bouncing.push_back(ContactId{address}); }
  void approve(CaseId id, const std::string& by, const std::string& reason) {
    put(id, desk::ApprovalGiven{x_desk.find(id)->actions.back().id, StaffId{by}, reason});
    carry_out(id);
  }
  void talk(CaseId id) {
    put(id, desk::DiscussionRecorded{StaffId{"anna"}, "Carla Berg, owner", "phone",
                                     "an outdated gallery plug-in of the forum, used to drop a Perl scanner",
                                     "plug-in removed, forum updated, passwords changed", "a second audit within a week"});
    carry_out(id);
  }
  ticket::TicketId open_ticket(const ticket::Opened& opening) { return x_tickets.open(opening).value().id; }
  void put_ticket(ticket::TicketId id, const ticket::EventBody& body) {
    if (const auto done = x_tickets.put(id, body); !done) {
      throw std::runtime_error(to_string(id) + ": " + done.error());
    }
  }
  void publish(const std::string& file) {
    const std::string text = text_of(x_folder / file);
    x_store->transact([&](records::Transaction& tx) { engine::publish_terms(tx, text, x_clock.wall(), x_clock.wall()); });
  }
  void accept(const std::string& customer, unsigned version, const std::string& who) {
    x_store->transact([&](records::Transaction& tx) { tx.aup().accept({CustomerId{customer}, version, x_clock.wall(), who}); });
  }
  /// Everybody's password is "correct horse battery".
  void user(const std::string& login, records::Role role, const std::string& customer = {}) {
    static const std::string kHash = hash_password("correct horse battery");
    records::UserRow row;
    row.id = "example-" + login;
    row.login = row.name = login;
    row.role = role;
    row.customer = CustomerId{customer};
    row.password_hash = kHash;
    row.created = x_clock.wall();
    x_store->transact([&](records::Transaction& tx) { static_cast<void>(tx.access().add_user(row)); });
  }
  void verified(const std::string& address, const std::string& how) {
    x_store->transact([&](records::Transaction& tx) {
      records::ContactRow row = tx.contacts().find(ContactId{address});
      row.id = ContactId{address};
      row.verified = x_clock.wall();
      row.verified_how = how;
      tx.contacts().put(row);
    });
  }
  void agent(const std::string& server, const std::string& tier) {
    x_store->transact([&](records::Transaction& tx) {
      const std::string token = "token-of-" + server;
      tx.agents().add_token(token, ServerId{server}, x_now);
      const AgentId id{sha256_hex(server)};
      static_cast<void>(tx.agents().enrol(token, id, x_clock.wall()));
      tx.agents().seen(id, x_now + Seconds{-20}, tier);
    });
  }
  /// A mail that no definition knew.
  void reported(const std::string& from, const std::string& subject, const std::string& text) {
    const std::string raw = fmt::format("From: {}\r\nTo: abuse@hosting.example\r\nSubject: {}\r\nMessage-ID: <{}@reporter.example>\r\n\r\n{}\r\n",
                                        from, subject, ++x_findings, text);
    x_store->transact([&](records::Transaction& tx) {
      records::ReportRow row;
      row.raw_sha256 = x_evidence.put(raw);
      row.received = x_clock.wall();
      row.sender = from;
      row.subject = subject;
      row.format = "text";
      row.why = "no definition fits; one of our addresses stands in it";
      tx.reports().add(row);
    });
  }
  std::string keep(std::string_view bytes) { return x_evidence.put(bytes); }

  /// A month of minutes: day and night, a little chance, and what the bouts sent.
  void traffic(const std::string& server, double mbit, int days, const std::vector<std::pair<Micros, double>>& bouts) {
    std::vector<records::TrafficSample> samples;
    const std::int64_t last = x_now.since_epoch / minutes{1};
    for (std::int64_t minute = last - std::int64_t{days} * 1440; minute < last; ++minute) {
      const WallTime start{minutes{minute}};
      const double hour = static_cast<double>(minute % 1440) / 60;
      const double day = 0.30 + 0.70 * std::pow(std::sin(3.14159265 * (hour - 3) / 24), 2);
      double out = mbit * day * (0.85 + 0.3 * noise(static_cast<std::uint64_t>(minute)));
      for (const auto& [ago, more] : bouts) {
        const Micros into = start - (x_now + (-ago));
        if (into >= Micros{0} && into < minutes{14}) {
          out += more * (0.8 + 0.4 * noise(static_cast<std::uint64_t>(minute) + 7));
        }
      }
      const double in = mbit * day * 0.22 * (0.8 + 0.4 * noise(static_cast<std::uint64_t>(minute) + 99));
      const auto volume = [](double rate) {
        const auto bytes = static_cast<std::uint64_t>(rate * 1e6 / 8 * 60);
        return records::Volume{Bytes{bytes}, Packets{bytes / 900}, {}};
      };
      samples.push_back({ServerId{server}, records::TrafficSource::Interface, start, {60, volume(out), volume(in)}});
      if (samples.size() == 5000) {
        x_history->append(samples);
        samples.clear();
      }
    }
    x_history->append(samples);
  }

private:
  void listen() {
    x_store->transact([&](records::Transaction& tx) { tx.settings().set("ears.last_beat", to_string(x_clock.wall())); });
  }
  void pass(Micros by) {
    const bool is_night_before_now = x_clock.wall() + by >= x_now + (-Micros{minutes{3}});
    x_clock.advance(by);
    listen();
    static_cast<void>(x_desk.tick_due());
    if (!is_night_before_now) {
      deliver();
    }
  }
  /// What the workers would have done: letters out, calls made.
  void deliver() {
    for (const std::string_view kind : {engine::kSendNotice, engine::kCallPerson, engine::kSendLetter}) {
      for (bool more = true; more;) {
        std::optional<records::Job> job;
        x_store->transact([&](records::Transaction& tx) {
          job = tx.outbox().claim(kind, x_clock.wall());
          if (job) {
            tx.outbox().finish(job->key, records::JobState::Done, kind == engine::kCallPerson ? "taken by bert" : "250 2.0.0 Ok: queued as 4XyZ");
          }
        });
        more = job.has_value();
        if (job && kind == engine::kSendNotice) {
          arrive(job->case_id);
        }
      }
    }
  }
  void arrive(CaseId id) {
    const auto c = x_desk.find(id).value();
    for (const desk::Notice& notice : c.notices) {
      if (notice.submitted || notice.failed || notice.observed_only) {
        continue;
      }
      put(id, desk::NoticeSubmitted{notice.id, "4XyZ", false});
      const bool comes_back = std::find(x_bouncing.begin(), x_bouncing.end(), notice.contact) != x_bouncing.end();
      x_clock.advance(Seconds{3});
      listen();
      if (comes_back) {
        put(id, desk::NoticeFailed{notice.id, "5.1.1 550 no such user here"});
      } else {
        put(id, desk::NoticeDelivered{notice.id, desk::DeliveryProof::Dsn, "mx." + notice.contact.value.substr(notice.contact.value.find('@') + 1)});
      }
    }
  }
  /// Approved: what guards, journal and switch said.
  void carry_out(CaseId id) {
    std::optional<records::Job> job;
    x_store->transact([&](records::Transaction& tx) {
      job = tx.outbox().claim(engine::kSetPort, x_clock.wall());
      tx.outbox().finish(job.value().key, records::JobState::Done, "verified in 3.1 s");
    });
    const auto c = x_desk.find(id).value();
    const desk::PortAction& action = c.actions.back();
    const inventory::Server* server = x_desk.inventory()->find(c.server);
    const bool is_down = action.wish == desk::PortWish::Down;
    const auto passed = [](std::string_view rule, std::string values) {
      return desk::GuardVerdict{std::string(rule), desk::GuardOutcome::Pass, std::move(values), "nothing against it"};
    };
    put(id, desk::GuardsEvaluated{action.id,
                                  {passed(guard::kKillSwitch, "not stopped"), passed(guard::kAllowList, server->port->name.value + " is on record"),
                                   passed(guard::kIdentity, "alias " + server->port->alias),
                                   passed(guard::kWitnesses, "MAC seen " + to_string(*server->mac)), passed(guard::kUplink, "no neighbour, 1 MAC"),
                                   passed(guard::kBlastRadius, "0 of 2 in the hour"), passed(guard::kStaleness, "second event 4 min old"),
                                   passed(guard::kApproval, "approved by anna"), passed(guard::kDryRun, "armed")}});
    const std::string row_id = fmt::format("example-{}-{}", id.value, action.id.value);
    x_store->transact([&](records::Transaction& tx) {
      records::JournalRow row;
      row.id = row_id;
      row.case_id = id;
      row.action = action.id;
      row.server = c.server;
      row.switch_id = server->port->switch_id;
      row.port = server->port->name;
      row.wish = action.wish;
      row.before = "{}";
      row.at = row.changed = x_clock.wall();
      if (tx.journal().begin(row)) {
        tx.journal().advance(row_id, records::JournalState::Sent, "written", x_clock.wall());
        tx.journal().advance(row_id, records::JournalState::Verified, "read back", x_clock.wall());
      }
    });
    put(id, desk::PortActionFinished{action.id, desk::ActionResult::Verified,
                                     is_down ? "ifAdminStatus down, ifOperStatus down" : "ifAdminStatus up, ifOperStatus up", Millis{3100}});
    if (is_down) {
      x_clock.advance(Seconds{62});
      listen();
      put(id, desk::SilenceVerified{action.id, x_clock.wall() + Seconds{-60}, true});
    }
  }

  config::Config x_config;
  std::filesystem::path x_folder;
  const WallTime x_now = system_clock().wall();
  ManualClock x_clock{x_now + (-Micros{hours{24 * kDays}})};
  std::unique_ptr<records::Store> x_store = store::open_sqlite(engine::database_file(x_config));
  std::unique_ptr<records::History> x_history = store::open_history(engine::history_file(x_config));
  store::FileEvidenceStore x_evidence{engine::evidence_folder(x_config)};
  engine::DeskService x_desk{*x_store, x_config.policy, x_clock, [] {}};
  engine::TicketDesk x_tickets{x_desk, x_clock};
  std::multimap<WallTime, std::function<void()>> x_acts;
  std::vector<ContactId> x_bouncing;
  unsigned x_findings = 0;
};

}  // namespace pinfold::example
