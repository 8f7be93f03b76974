/// A desk with a provider of two customers, over a real store and a clock that stands, for tests of what the desk does with people. Sends mail to a
/// scripted SMTP server on loopback that takes everything.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "config/config.hpp"
#include "engine/desk_service.hpp"
#include "mail/loopback.hpp"
#include "mail/submitter.hpp"
#include "store/store.hpp"
#include "support/sample_desk.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::engine::test {

using pinfold::test::kNoon;

/// Takes mail after mail, one conversation at a time, until it is destroyed.
class MailSink {
public:
  MailSink() : x_thread([this] { run(); }) {}
  ~MailSink() {
    x_stopping = true;
    mail::Stream::connect_to(x_listener.port()).say("QUIT\r\n");
    x_thread.join();
  }
  MailSink(const MailSink&) = delete;
  MailSink& operator=(const MailSink&) = delete;
  [[nodiscard]] std::uint16_t port() const { return x_listener.port(); }
  struct Taken {
    std::string from;
    std::string to;
    std::string text;
  };
  [[nodiscard]] std::vector<Taken> mails() const {
    const std::lock_guard lock(x_mutex);
    return x_mails;
  }
  void refuse_all() { x_refuses = true; }

private:
  void run() {
    while (!x_stopping) {
      mail::Stream stream = x_listener.accept_one();
      stream.say("220 sink ESMTP\r\n");
      Taken taken;
      for (std::string line = stream.line(); !line.empty(); line = stream.line()) {
        const std::string verb = line.substr(0, 4);
        if (verb == "EHLO") {
          stream.say("250-sink\r\n250-DSN\r\n250 8BITMIME\r\n");
        } else if (verb == "QUIT") {
          stream.say("221 bye\r\n");
          break;
        } else if (verb == "MAIL" || verb == "RCPT") {
          (verb == "MAIL" ? taken.from : taken.to) = line.substr(line.find('<') + 1, line.find('>') - line.find('<') - 1);
          stream.say(verb == "RCPT" && x_refuses ? "550 5.1.1 no such user\r\n" : "250 ok\r\n");
        } else if (verb == "DATA") {
          stream.say("354 go\r\n");
          for (std::string part = stream.line(); part != ".\r\n" && !part.empty(); part = stream.line()) {
            taken.text += part;
          }
          const std::lock_guard lock(x_mutex);
          x_mails.push_back(std::exchange(taken, {}));
          stream.say("250 2.0.0 Ok: queued as S1nk\r\n");
        } else {
          stream.say("250 ok\r\n");
        }
      }
    }
  }
  mail::Listener x_listener;
  mutable std::mutex x_mutex;
  std::vector<Taken> x_mails;
  std::atomic<bool> x_stopping{false};
  std::atomic<bool> x_refuses{false};
  std::thread x_thread;
};

class PeopleLab : public ::testing::Test {
protected:
  PeopleLab() {
    auto sample = pinfold::test::sample_inventory();
    std::vector<inventory::Customer> customers = sample.customers();
    customers[0].phone = "+49 30 1234567";
    customers.push_back({CustomerId{"2002"}, "Zwei GmbH", {{ContactId{"zwei@other.example"}, "de"}}});
    std::vector<inventory::Server> servers = sample.servers();
    servers.push_back(servers[0]);
    servers[1].id = ServerId{"srv-2"};
    servers[1].customer = CustomerId{"2002"};
    servers[1].addresses = {*net::Prefix::parse("192.0.2.12/32")};
    servers[1].mac.reset();
    servers[1].port.reset();
    store->transact([&](records::Transaction& tx) { tx.inventory().replace({customers, servers}, kNoon - Seconds{86'400}); });
    policy.warnings = desk::Arming::Armed;
    config.mail.from_name = "Example Hosting";
    config.mail.from_local = "abuse";
    config.mail.domain = "hosting.example";
    config.mail.bounce_domain = "bounce.hosting.example";
  }
  [[nodiscard]] DeskService& desk() {
    if (!x_desk) {
      x_desk = std::make_unique<DeskService>(*store, policy, clock, [] {});
    }
    return *x_desk;
  }
  [[nodiscard]] mail::Submitter submitter() const { return mail::Submitter({"127.0.0.1", sink.port(), mail::Tls::Off, "desk", Seconds{10}}); }
  template <typename F>
  auto read(F&& f) {
    std::optional<std::invoke_result_t<F, records::Transaction&>> result;
    store->read([&](records::Transaction& tx) { result.emplace(f(tx)); });
    return *std::move(result);
  }
  template <typename F>
  auto write(F&& f) {
    std::optional<std::invoke_result_t<F, records::Transaction&>> result;
    store->transact([&](records::Transaction& tx) { result.emplace(f(tx)); });
    return *std::move(result);
  }
  [[nodiscard]] CaseId open_case(const std::string& finding = "net/1") {
    return *desk().take_finding(pinfold::test::sample_finding(abuse::Origin::Network, clock.wall() - Seconds{5}, finding));
  }

  pinfold::test::TempFolder folder;
  ManualClock clock{kNoon};
  desk::Policy policy;
  config::Config config;
  MailSink sink;
  std::unique_ptr<records::Store> store = store::open_sqlite(folder.path() / "pinfold.sqlite");

private:
  std::unique_ptr<DeskService> x_desk;
};

}  // namespace pinfold::engine::test
