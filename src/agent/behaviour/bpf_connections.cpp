#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <system_error>

#include "agent/behaviour/connection_sensor.hpp"
#include "agent/bpf/connect_record.h"
#include "agent/bpf/images.hpp"
#include "agent/bpf/loaded.hpp"
#include "base/text.hpp"

namespace pinfold::agent {
namespace {

constexpr std::size_t kMaxMounts = std::size_t{1} << 20U;

/// Where the version 2 hierarchy is mounted; empty if nowhere.
std::string cgroup_folder() {
  const auto mounts = read_start("/proc/self/mounts", kMaxMounts);
  for (const std::string_view line : split(mounts ? std::string_view(mounts->bytes) : std::string_view{}, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() > 2 && fields[2] == "cgroup2") {
      return std::string(fields[1]);
    }
  }
  return {};
}

class BpfConnections final : public ConnectionSensor {
public:
  explicit BpfConnections(std::unique_ptr<LoadedBpf> loaded) : x_loaded(std::move(loaded)) {}
  [[nodiscard]] int wait_fd() const override { return x_loaded->wait_fd(); }
  void drain(const ConnectionHandler& handler) override {
    x_loaded->drain([&](std::span<const std::uint8_t> record) {
      if (auto connections = decode_connect_record(record)) {
        handler(*std::move(connections));
      } else {
        ++x_undecodable;
      }
    });
  }
  [[nodiscard]] std::uint64_t lost() const override { return x_loaded->counter(PINFOLD_CONNECT_COUNT_LOST) + x_undecodable; }
  [[nodiscard]] std::uint64_t calls() const override { return x_loaded->counter(PINFOLD_CONNECT_COUNT_CALLS); }
  [[nodiscard]] std::string tier() const override { return {}; }

private:
  std::unique_ptr<LoadedBpf> x_loaded;
  std::uint64_t x_undecodable = 0;
};

}  // namespace

Expected<std::unique_ptr<ConnectionSensor>, std::string> open_bpf_connections() {
  const std::string folder = cgroup_folder();
  if (folder.empty()) {
    return Unexpected(std::string("no version 2 hierarchy of control groups is mounted"));
  }
  const auto pid_namespace = namespace_number("/proc/self/ns/pid");
  if (!pid_namespace) {
    return Unexpected(pid_namespace.error());
  }
  auto loaded = LoadedBpf::load("pinfold_connect", connect_image());
  if (!loaded) {
    return Unexpected(loaded.error());
  }
  const ConnectSettings settings{*pid_namespace};
  const std::uint32_t zero = 0;
  if (auto put = (*loaded)->put("settings", &zero, &settings); !put) {
    return Unexpected(put.error());
  }
  const int cgroup = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (cgroup < 0) {
    return Unexpected(fmt::format("{}: {}", folder, std::generic_category().message(errno)));
  }
  auto attached = (*loaded)->attach(cgroup);
  close(cgroup);
  if (!attached) {
    return Unexpected(attached.error());
  }
  return std::unique_ptr<ConnectionSensor>(std::make_unique<BpfConnections>(std::move(*loaded)));
}

}  // namespace pinfold::agent
