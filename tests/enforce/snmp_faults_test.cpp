// A real agent, and a network between it and the desk that loses, holds back and lies; LLDP from a real lldpd; every guard over a real agent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "enforce/guard_rows.hpp"
#include "enforce/lab_guard_rows.hpp"
#include "enforce/snmp_fixture.hpp"
#include "support/udp_relay.hpp"

namespace pinfold::enforce {
namespace {

using desk::ActionResult;
using desk::PortWish;
using drivers::SnmpDriver;
using guard::AdminState;
using test::UdpRelay;
using Ending = ActionOutcome::Ending;

constexpr unsigned char kSet = 0xa3;
constexpr unsigned char kResponse = 0xa2;

/// Where the PDU of a v2c message begins (RFC 3416 section 3): SEQUENCE, version, community, PDU. Lengths are short here.
std::size_t pdu_at(const std::string& message) {
  const auto byte = [&](std::size_t at) { return std::size_t{static_cast<unsigned char>(message.at(at))}; };
  std::size_t at = byte(1) < 0x80 ? 2 : 2 + (byte(1) & 0x7f);
  at += 2 + byte(at + 1);  // version
  return at + 2 + byte(at + 1);
}

class SnmpFaults : public SnmpLab {
protected:
  /// v2c through a relay: its PDUs can be read on the way.
  void reach_through(const UdpRelay& relay) {
    settings = lab->settings();
    settings->community = "lab-community";
    settings->host = *net::IpAddress::parse("127.0.0.1");
    settings->port = relay.port();
  }
  std::atomic<unsigned> sets{0};
};

TEST_F(SnmpFaults, ASetThatIsAcceptedAndIgnoredIsAMismatchAndIsNotRepeated) {
  UdpRelay relay("10.99.0.2", 161, [this](const std::string& request) -> std::optional<std::string> {
    std::string answer = request;
    if (static_cast<unsigned char>(request.at(pdu_at(request))) != kSet) {
      return std::nullopt;
    }
    ++sets;
    answer[pdu_at(request)] = static_cast<char>(kResponse);  // "noError", and nothing done
    return answer;
  });
  reach_through(relay);
  const auto outcome = run(world.request(2, PortWish::Down));
  EXPECT_EQ(outcome.result, ActionResult::Mismatch) << outcome.why;
  EXPECT_TRUE(outcome.needs_person);
  EXPECT_THAT(outcome.why, testing::HasSubstr("no other port changed"));
  EXPECT_EQ(sets, 1U);
  EXPECT_TRUE(lab->is_up("swp2") && lab->is_up("swp1") && lab->is_up("swp24"));
}

TEST_F(SnmpFaults, ASetWhoseAnswerIsLostIsReadAndNotResent) {
  std::atomic<bool> is_losing{false};
  UdpRelay relay(
      "10.99.0.2", 161,
      [&](const std::string& request) -> std::optional<std::string> {
        if (static_cast<unsigned char>(request.at(pdu_at(request))) == kSet) {
          ++sets;
          is_losing = true;
        }
        return std::nullopt;
      },
      [&](const std::string&) { return !is_losing.exchange(false); });
  reach_through(relay);
  const auto outcome = run(world.request(2, PortWish::Down));
  EXPECT_EQ(outcome.result, ActionResult::Verified) << outcome.why;
  EXPECT_THAT(outcome.why, testing::HasSubstr("not answered"));
  EXPECT_EQ(sets, 1U);
  EXPECT_FALSE(lab->is_up("swp2"));
}

TEST_F(SnmpFaults, ASetThatNeverArrivesIsNotResent) {
  UdpRelay relay("10.99.0.2", 161, [this](const std::string& request) -> std::optional<std::string> {
    const bool is_set = static_cast<unsigned char>(request.at(pdu_at(request))) == kSet;
    sets += is_set ? 1U : 0U;
    return is_set ? std::optional(std::string{}) : std::nullopt;
  });
  reach_through(relay);
  const auto outcome = run(world.request(2, PortWish::Down));
  EXPECT_EQ(outcome.result, ActionResult::Mismatch) << outcome.why;
  EXPECT_EQ(sets, 1U);
  EXPECT_TRUE(lab->is_up("swp2"));
}

TEST_F(SnmpFaults, AnAgentThatTakesItsTimeIsWaitedForAndWrittenToOnce) {
  UdpRelay relay(
      "10.99.0.2", 161,
      [this](const std::string& request) -> std::optional<std::string> {
        sets += static_cast<unsigned char>(request.at(pdu_at(request))) == kSet ? 1U : 0U;
        return std::nullopt;
      },
      [](const std::string&) {
        std::this_thread::sleep_for(std::chrono::milliseconds{120});  // of the agent, for every answer
        return true;
      });
  reach_through(relay);
  const auto outcome = run(world.request(2, PortWish::Down));
  EXPECT_EQ(outcome.result, ActionResult::Verified) << outcome.why;
  EXPECT_EQ(sets, 1U);
  EXPECT_FALSE(lab->is_up("swp2"));
}

/// The agent restarts with other indexes while the SET is on its way. Nothing but the agent itself can see that; SNMPv3's agent does, because the
/// SET is of the time before its restart.
class IndexTrap : public SnmpFaults {
protected:
  void swap_indexes() {
    lab->remove_port("swp24");
    lab->remove_port("swp2");
    lab->add_port("swp24", 12, "core:UPLINK rt1", 254);
    lab->add_port("swp2", 40, "cust:srv-1002", 2);
    lab->restart_agent();
    is_listening = lab->wait_until_agent_listens();
  }
  std::atomic<bool> is_listening{false};
  std::atomic<unsigned> requests{0};
  std::atomic<unsigned> answers{0};  ///< after the restart
};

TEST_F(IndexTrap, ASetThatArrivesAfterTheAgentsRestartIsNotCarriedOutAndNotResent) {
  std::atomic<bool> is_armed{false};
  UdpRelay relay(
      "10.99.0.2", 161,
      [&](const std::string&) -> std::optional<std::string> {
        if (is_armed && ++requests == 2) {  // set() reads once more, then writes
          swap_indexes();
        }
        return std::nullopt;
      },
      [&](const std::string&) {
        answers += is_listening ? 1U : 0U;
        return true;
      });
  settings = lab->settings();
  settings->host = *net::IpAddress::parse("127.0.0.1");
  settings->port = relay.port();
  settings->timeout = std::chrono::seconds{8};
  settings->retries = 0;
  SnmpDriver driver(*settings);
  const auto facts = driver.inspect(kPortTwo);
  ASSERT_TRUE(facts) << facts.error().what;
  is_armed = true;
  const auto written = driver.set(*facts, AdminState::Down);
  is_armed = false;
  std::cout << (written ? "taken for written" : written.error().what) << "; requests from the last reading on: " << requests << '\n';
  EXPECT_TRUE(is_listening);
  EXPECT_GE(answers, 1U) << "the agent never heard of the SET: nothing is shown";
  EXPECT_TRUE(lab->is_up("swp24")) << "the uplink was shut by an index from before the restart";
  EXPECT_TRUE(lab->is_up("swp2"));
  EXPECT_FALSE(written);
}

/// A frame that any customer can send: "I am a bridge and a router" (IEEE 802.1AB, mandatory TLVs and System Capabilities).
constexpr const char* kForgedLldp = R"(import socket, struct, sys
def tlv(kind, body): return struct.pack('!H', kind << 9 | len(body)) + body
frame = bytes.fromhex('0180c200000e') + bytes.fromhex('020000000002') + struct.pack('!H', 0x88cc)
frame += tlv(1, b'\x07forged') + tlv(2, b'\x05eth0') + tlv(3, struct.pack('!H', 120)) + tlv(7, struct.pack('!HH', 0x14, 0x14)) + tlv(0, b'')
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((sys.argv[1], 0))
out.send(frame.ljust(60, b'\0'))
)";

TEST_F(SnmpFaults, AForgedLldpNeighbourSummonsAPersonAndExcusesNobody) {
  lab->start_lldpd();
  const auto wait_for_rows = [this](const snmp::Oid& table) {
    for (unsigned attempt = 0; attempt < 80; ++attempt) {
      auto session = snmp::Session::open(lab->settings());
      const auto rows = session ? session->walk(table, 1000) : Expected<std::vector<snmp::Varbind>, snmp::Error>(Unexpected(session.error()));
      if (rows && !rows->empty()) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{250});
    }
    return false;
  };
  const snmp::Oid lldp{1, 0, 8802, 1, 1, 2, 1};
  ASSERT_TRUE(wait_for_rows(snmp::below(lldp, {3, 7, 1}))) << lab->lldpd_log() << lab->agent_log();
  EXPECT_EQ(SnmpDriver(lab->settings()).inspect(kPortTwo)->bridge_neighbours, 0U);
  ASSERT_EQ(lab->in_servers({"python3", "-c", kForgedLldp, "c12"}), 0);
  ASSERT_TRUE(wait_for_rows(snmp::below(lldp, {4, 1, 1, 12}))) << lab->lldpd_log();
  const auto held = run(world.request(2, PortWish::Down));
  EXPECT_EQ(held.ending, Ending::Held) << held.why;
  EXPECT_TRUE(held.needs_person);
  EXPECT_THAT(held.why, testing::HasSubstr("says by LLDP or CDP that it is a bridge or a router"));
  EXPECT_TRUE(lab->is_up("swp2"));
  world.warrant.approvals.push_back({StaffId{"bert"}, WallTime{}, true});  // two persons looked: the frame saves nobody
  const auto down = run(world.request(2, PortWish::Down, 2));
  EXPECT_EQ(down.result, ActionResult::Verified) << down.why;
  EXPECT_FALSE(lab->is_up("swp2"));
  EXPECT_TRUE(lab->is_up("swp24"));
}

TEST_F(SnmpFaults, ACdpNeighbourThatIsASwitchSummonsAPersonAndATelephoneDoesNot) {
  const auto index = SnmpDriver(lab->settings()).inspect(kPortTwo)->index->value;
  std::ofstream(lab->home() / "cdp") << index << ".1 00 00 00 90\n" << index + 1 << ".1 00 00 00 29\n";  // a telephone here; a switch next door
  EXPECT_EQ(SnmpDriver(lab->settings()).inspect(kPortTwo)->bridge_neighbours.value_or(0), 0U);
  std::ofstream(lab->home() / "cdp") << index << ".1 00 00 00 90\n" << index << ".2 00 00 00 29\n";
  EXPECT_EQ(SnmpDriver(lab->settings()).inspect(kPortTwo)->bridge_neighbours, 1U);
  const auto held = run(world.request(2, PortWish::Down));
  EXPECT_EQ(held.ending, Ending::Held) << held.why;
  EXPECT_TRUE(held.needs_person);
  EXPECT_TRUE(lab->is_up("swp2"));
}

TEST_F(SnmpFaults, EachGuardStopsTheWriteOnWhatTheAgentShows) {
  std::vector<GuardRow> rows = desk_rows(world, 2);
  for (GuardRow& row : switch_rows(*lab, world)) {
    rows.push_back(std::move(row));
  }
  expect_each_stops_the_write(
      rows, [this] { return run(world.request(2, PortWish::Down)); }, [this] { return lab->is_up("swp2"); });
  EXPECT_TRUE(lab->is_up("swp1") && lab->is_up("swp24"));
}

// The table of groups is the test's own; the agent, the SET and the links are real.
TEST_F(SnmpFaults, ABondIsHeldAndWithTwoPersonsOneSetOverAllItsMembers) {
  lab->add_port("swp3", 13, "cust:srv-1002", 3);
  lab->aggregate({12, 13});
  for (unsigned attempt = 0; attempt < 40; ++attempt) {  // until the agent knows the new port, too
    SnmpDriver driver(lab->settings());
    const auto facts = driver.inspect(kPortTwo);
    if (facts && facts->bond.value && facts->bond.value->size() == 1 && facts->bond.value->front().name.value == "swp3") {
      EXPECT_EQ(driver.describe_write(*facts, AdminState::Down), "SET .1.3.6.1.2.1.2.2.1.7.12 = 2, .1.3.6.1.2.1.2.2.1.7.13 = 2");
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{250});
  }
  UdpRelay relay("10.99.0.2", 161, [this](const std::string& request) -> std::optional<std::string> {
    sets += static_cast<unsigned char>(request.at(pdu_at(request))) == kSet ? 1U : 0U;
    return std::nullopt;
  });
  reach_through(relay);
  const auto held = run(world.request(2, PortWish::Down));
  EXPECT_EQ(held.ending, Ending::Held) << held.why;
  EXPECT_THAT(held.why, testing::HasSubstr("bonded with swp3"));
  world.warrant.approvals.push_back({StaffId{"bert"}, WallTime{}, true});
  const auto down = run(world.request(2, PortWish::Down, 2));
  ASSERT_EQ(down.result, ActionResult::Verified) << down.why;
  EXPECT_EQ(sets, 1U);
  EXPECT_FALSE(lab->is_up("swp2") || lab->is_up("swp3"));
  EXPECT_TRUE(lab->is_up("swp1") && lab->is_up("swp24"));
  ASSERT_EQ(run(world.request(2, PortWish::Up, 3)).result, ActionResult::Verified);
  EXPECT_TRUE(lab->is_up("swp2") && lab->is_up("swp3"));
}

TEST_F(SnmpFaults, SavingIsWrittenToOneObjectAndBelievedFromAnother) {
  const auto save_with = [this](snmp::Oid name) {
    options.save = drivers::SnmpSave{std::move(name), 1, {1, 3, 6, 1, 4, 1, 99999, 2, 0}, 3};
    return SnmpDriver(lab->settings(), options).save();
  };
  const auto refused = save_with({1, 3, 6, 1, 2, 1, 1, 4, 0});  // an object that may not be written
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, DriverError::Kind::Refused) << refused.error().what;
  const auto saved = save_with({1, 3, 6, 1, 4, 1, 99999, 1, 0});  // "done" only at the second question
  EXPECT_TRUE(saved) << saved.error().what;
}

}  // namespace
}  // namespace pinfold::enforce
