// The first tier: loads bpf/exec.bpf.c from the program's own image and reads its ring buffer.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "agent/bpf/exec_image.hpp"
#include "agent/bpf/exec_record.h"
#include "agent/sensor/exec_sensor.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace pinfold::agent {
namespace {

std::string error_text(int error) { return std::generic_category().message(error < 0 ? -error : error); }

/// libbpf is chatty on failure; only with debug logging is it heard.
int log_libbpf(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN) {
    return 0;
  }
  std::array<char, 512> line{};
  const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
  log_debug("AGENT_LIBBPF", "{}", printable(trim(line.data())));
  return length;
}

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

std::optional<unsigned> namespace_number(const char* path) {
  struct stat status {};
  if (stat(path, &status) != 0) {
    return std::nullopt;
  }
  return static_cast<unsigned>(status.st_ino);
}

class BpfSensor final : public ExecSensor {
public:
  [[nodiscard]] static Expected<std::unique_ptr<ExecSensor>, std::string> open(const WatchedPaths& watched);

  [[nodiscard]] int wait_fd() const override { return ring_buffer__epoll_fd(x_ring.get()); }
  void drain(const ExecHandler& handler) override {
    x_handler = &handler;
    static_cast<void>(ring_buffer__consume(x_ring.get()));
    x_handler = nullptr;
  }
  [[nodiscard]] std::uint64_t lost() const override { return counter(PINFOLD_COUNT_LOST) + x_undecodable; }
  [[nodiscard]] std::uint64_t execs() const override { return counter(PINFOLD_COUNT_EXECS); }
  [[nodiscard]] std::string tier() const override { return "exec: bpf"; }

private:
  [[nodiscard]] std::optional<std::string> fill_maps(const WatchedPaths& watched);
  [[nodiscard]] std::optional<std::string> attach();
  [[nodiscard]] int map(const char* name) const { return bpf_object__find_map_fd_by_name(x_object.get(), name); }
  [[nodiscard]] std::uint64_t counter(std::uint32_t which) const;
  static int on_record(void* self, void* data, std::size_t size);

  struct CloseObject {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  struct DestroyLink {
    void operator()(bpf_link* link) const { static_cast<void>(bpf_link__destroy(link)); }
  };
  struct FreeRing {
    void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
  };
  std::unique_ptr<bpf_object, CloseObject> x_object;
  std::vector<std::unique_ptr<bpf_link, DestroyLink>> x_links;
  std::unique_ptr<ring_buffer, FreeRing> x_ring;
  const ExecHandler* x_handler = nullptr;
  std::uint64_t x_undecodable = 0;
};

std::optional<std::string> BpfSensor::fill_maps(const WatchedPaths& watched) {
  const auto pid_namespace = namespace_number("/proc/self/ns/pid");
  const auto mount_namespace = namespace_number("/proc/self/ns/mnt");
  if (!pid_namespace || !mount_namespace) {
    return "cannot tell the agent's own namespaces: /proc/self/ns is not readable";
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
    const FileKey key{status.st_ino, (std::uint64_t{major(status.st_dev)} << 20U) | minor(status.st_dev)};
    if (const int error = bpf_map_update_elem(map("watched"), &key, &one, BPF_ANY); error != 0) {
      return "map of watched directories: " + error_text(error);
    }
  }
  for (const std::string_view name : interpreter_names()) {
    InterpreterName key{};
    std::copy(name.begin(), name.end(), std::begin(key.text));
    if (const int error = bpf_map_update_elem(map("interpreters"), &key, &one, BPF_ANY); error != 0) {
      return "map of interpreters: " + error_text(error);
    }
  }
  const std::uint32_t zero = 0;
  if (const int error = bpf_map_update_elem(map("settings"), &zero, &settings, BPF_ANY); error != 0) {
    return "map of settings: " + error_text(error);
  }
  return std::nullopt;
}

std::optional<std::string> BpfSensor::attach() {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, x_object.get()) {
    bpf_link* link = bpf_program__attach(program);
    if (link == nullptr) {
      return fmt::format("attaching {}: {}", bpf_program__name(program), error_text(errno));
    }
    x_links.emplace_back(link);
  }
  return std::nullopt;
}

Expected<std::unique_ptr<ExecSensor>, std::string> BpfSensor::open(const WatchedPaths& watched) {
  libbpf_set_print(log_libbpf);
  auto sensor = std::make_unique<BpfSensor>();
  bpf_object_open_opts options{};
  options.sz = sizeof(options);
  options.object_name = "pinfold_exec";
  const std::span<const std::uint8_t> image = exec_image();
  sensor->x_object.reset(bpf_object__open_mem(image.data(), image.size(), &options));
  if (!sensor->x_object) {
    return Unexpected("opening the program: " + error_text(errno));
  }
  if (const int error = bpf_object__load(sensor->x_object.get()); error != 0) {
    return Unexpected("loading the program: " + error_text(error));
  }
  if (auto error = sensor->fill_maps(watched)) {
    return Unexpected(*std::move(error));
  }
  sensor->x_ring.reset(ring_buffer__new(sensor->map("records"), on_record, sensor.get(), nullptr));
  if (!sensor->x_ring) {
    return Unexpected("ring buffer: " + error_text(errno));
  }
  if (auto error = sensor->attach()) {
    return Unexpected(*std::move(error));
  }
  return std::unique_ptr<ExecSensor>(std::move(sensor));
}

std::uint64_t BpfSensor::counter(std::uint32_t which) const {
  const int processors = libbpf_num_possible_cpus();
  std::vector<std::uint64_t> values(processors > 0 ? static_cast<std::size_t>(processors) : 0);
  if (values.empty() || bpf_map_lookup_elem(map("counters"), &which, values.data()) != 0) {
    return 0;
  }
  std::uint64_t sum = 0;
  for (const std::uint64_t value : values) {
    sum += value;
  }
  return sum;
}

int BpfSensor::on_record(void* self, void* data, std::size_t size) {
  auto* sensor = static_cast<BpfSensor*>(self);
  auto event = decode_exec_record({static_cast<const std::uint8_t*>(data), size});
  if (!event) {
    ++sensor->x_undecodable;
  } else if (sensor->x_handler != nullptr) {
    (*sensor->x_handler)(std::move(*event));
  }
  return 0;
}

}  // namespace

Expected<std::unique_ptr<ExecSensor>, std::string> open_bpf_sensor(const WatchedPaths& watched) { return BpfSensor::open(watched); }

}  // namespace pinfold::agent
