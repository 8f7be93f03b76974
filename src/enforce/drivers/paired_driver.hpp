/// Two drivers as one: an SNMP agent reads, because it knows what the guards ask; a command line or a webhook writes. The state that verifies a
/// write is thus read over another path than the write took.
/// Errors and threads: as of the parts.
#pragma once

#include <memory>
#include <utility>

#include "enforce/driver.hpp"

namespace pinfold::enforce::drivers {

class PairedDriver final : public Driver {
public:
  PairedDriver(std::unique_ptr<Driver> reader, std::unique_ptr<Driver> writer) : x_reader(std::move(reader)), x_writer(std::move(writer)) {}

  [[nodiscard]] Expected<guard::PortFacts, DriverError> inspect(const inventory::AccessPort& port) override { return x_reader->inspect(port); }
  [[nodiscard]] Expected<guard::PortFacts, DriverError> reread(const inventory::AccessPort& port) override { return x_reader->reread(port); }
  /// The writer looks the port up for itself first: both must know it by that name.
  [[nodiscard]] Expected<void, DriverError> set(const guard::PortFacts& facts, guard::AdminState wish) override {
    auto known = x_writer->reread({{}, PortName{facts.name}, facts.alias.value_or("")});
    if (!known) {
      return Unexpected(DriverError{DriverError::Kind::Unreachable, "the writing side: " + known.error().what});
    }
    if (known->name != facts.name) {
      return Unexpected(DriverError{DriverError::Kind::Refused, "the writing side knows the port by another name: " + known->name});
    }
    return x_writer->set(*known, wish);
  }
  [[nodiscard]] std::string describe_write(const guard::PortFacts& facts, guard::AdminState wish) const override {
    return x_writer->describe_write(facts, wish);
  }
  [[nodiscard]] std::optional<PortTraffic> traffic(const guard::PortFacts& facts) override { return x_reader->traffic(facts); }
  [[nodiscard]] Micros traffic_lag() const override { return x_reader->traffic_lag(); }
  [[nodiscard]] std::optional<AdminStates> admin_states() override { return x_reader->admin_states(); }
  [[nodiscard]] bool can_save() const override { return x_writer->can_save(); }
  [[nodiscard]] Expected<void, DriverError> save() override { return x_writer->save(); }

private:
  std::unique_ptr<Driver> x_reader;
  std::unique_ptr<Driver> x_writer;
};

}  // namespace pinfold::enforce::drivers
