// The first tier: loads bpf/exec.bpf.c from the program's own image and reads its ring buffer.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "agent/bpf/exec_record.h"
#include "agent/bpf/images.hpp"
#include "agent/bpf/loaded.hpp"
#include "agent/sensor/exec_sensor.hpp"

namespace pinfold::agent {
namespace {

/// The first bytes of "path/", as the filter compares them.
PathPrefix prefix_of(const std::string& path) {
  const std::string text = (path + "/").substr(0, PINFOLD_EXEC_PREFIX);
  std::array<char, PINFOLD_EXEC_PREFIX> value{};
  std::array<char, PINFOLD_EXEC_PREFIX> mask{};
  std::copy(text.begin(), text.end(), value.begin());
  std::fill_n(mask.begin(), text.size(), '\xff');
  PathPrefix prefix{};
  std::memcpy(&prefix.value, value.data(), value.size());
  std::memcpy(&prefix.mask, mask.data(), mask.size());
  return prefix;
}

template <std::size_t Words>
void set_bit(unsigned long long (&words)[Words], unsigned long long bit) {
  words[bit / 64U] |= 1ULL << (bit % 64U);
}

std::uint64_t kernel_device(dev_t device) { return (std::uint64_t{major(device)} << 20U) | minor(device); }

class BpfSensor final : public ExecSensor {
public:
  explicit BpfSensor(std::unique_ptr<LoadedBpf> loaded) : x_loaded(std::move(loaded)) {}

  [[nodiscard]] int wait_fd() const override { return x_loaded->wait_fd(); }
  void drain(const ExecHandler& handler) override {
    x_loaded->drain([&](std::span<const std::uint8_t> record) {
      if (auto event = decode_exec_record(record)) {
        handler(*std::move(event));
      } else {
        ++x_undecodable;
      }
    });
  }
  [[nodiscard]] std::uint64_t lost() const override { return x_loaded->counter(PINFOLD_COUNT_LOST) + x_undecodable; }
  [[nodiscard]] std::uint64_t execs() const override { return x_loaded->counter(PINFOLD_COUNT_EXECS); }
  [[nodiscard]] std::string tier() const override { return "exec: bpf"; }

  [[nodiscard]] Expected<void, std::string> fill_maps(const WatchedPaths& watched) const {
    const auto pid_namespace = namespace_number("/proc/self/ns/pid");
    const auto mount_namespace = namespace_number("/proc/1/ns/mnt");  // the agent's unit has one of its own
    if (!pid_namespace || !mount_namespace) {
      return Unexpected((pid_namespace ? mount_namespace : pid_namespace).error());
    }
    ExecSettings settings{};
    settings.pid_namespace = *pid_namespace;
    settings.mount_namespace = *mount_namespace;
    const std::uint8_t one = 1;
    for (std::size_t i = 0; i < watched.size() && i < PINFOLD_EXEC_PREFIXES; ++i) {
      settings.prefixes[i] = prefix_of(watched[i]);
      struct stat status {};
      if (stat(watched[i].c_str(), &status) != 0) {
        continue;  // not there: its name is still watched for
      }
      // On file systems whose stat(2) device is not their super block's (btrfs subvolumes) the key never matches, and names decide alone.
      const FileKey key{status.st_ino, kernel_device(status.st_dev)};
      set_bit(settings.file_hints, file_hint(key.inode, key.device));
      if (auto put = x_loaded->put("watched", &key, &one); !put) {
        return put;
      }
    }
    for (const std::string_view name : interpreter_names()) {
      InterpreterName key{};
      std::copy(name.begin(), name.end(), std::begin(key.text));
      std::array<unsigned char, 3> letters{};
      std::copy_n(name.begin(), std::min(name.size(), letters.size()), letters.begin());
      set_bit(settings.name_hints, name_hint(letters.data()));
      if (auto put = x_loaded->put("interpreters", &key, &one); !put) {
        return put;
      }
    }
    const std::uint32_t zero = 0;
    return x_loaded->put("settings", &zero, &settings);
  }

  [[nodiscard]] Expected<void, std::string> attach() const { return x_loaded->attach(); }

private:
  std::unique_ptr<LoadedBpf> x_loaded;
  std::uint64_t x_undecodable = 0;
};

}  // namespace

Expected<std::unique_ptr<ExecSensor>, std::string> open_bpf_sensor(const WatchedPaths& watched) {
  auto loaded = LoadedBpf::load("pinfold_exec", exec_image());
  if (!loaded) {
    return Unexpected(loaded.error());
  }
  auto sensor = std::make_unique<BpfSensor>(std::move(*loaded));
  if (auto filled = sensor->fill_maps(watched); !filled) {
    return Unexpected(filled.error());
  }
  if (auto attached = sensor->attach(); !attached) {
    return Unexpected(attached.error());
  }
  return std::unique_ptr<ExecSensor>(std::move(sensor));
}

}  // namespace pinfold::agent
