#include "agent/bpf/loaded.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <system_error>

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

}  // namespace

void LoadedBpf::CloseObject::operator()(bpf_object* object) const { bpf_object__close(object); }
void LoadedBpf::DestroyLink::operator()(bpf_link* link) const { static_cast<void>(bpf_link__destroy(link)); }
void LoadedBpf::FreeRing::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

Expected<std::unique_ptr<LoadedBpf>, std::string> LoadedBpf::load(const char* name, std::span<const std::uint8_t> image) {
  libbpf_set_print(log_libbpf);
  auto loaded = std::make_unique<LoadedBpf>();
  bpf_object_open_opts options{};
  options.sz = sizeof(options);
  options.object_name = name;
  loaded->x_object.reset(bpf_object__open_mem(image.data(), image.size(), &options));
  if (!loaded->x_object) {
    return Unexpected("opening the program: " + error_text(errno));
  }
  if (const int error = bpf_object__load(loaded->x_object.get()); error != 0) {
    return Unexpected("loading the program: " + error_text(error));
  }
  loaded->x_ring.reset(ring_buffer__new(loaded->map("records"), on_record, loaded.get(), nullptr));
  if (!loaded->x_ring) {
    return Unexpected("ring buffer: " + error_text(errno));
  }
  return loaded;
}

Expected<void, std::string> LoadedBpf::attach(int cgroup) {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, x_object.get()) {
    bpf_link* link = cgroup < 0 ? bpf_program__attach(program) : bpf_program__attach_cgroup(program, cgroup);
    if (link == nullptr) {
      return Unexpected(fmt::format("attaching {}: {}", bpf_program__name(program), error_text(errno)));
    }
    x_links.emplace_back(link);
  }
  return {};
}

int LoadedBpf::map(const char* name) const { return bpf_object__find_map_fd_by_name(x_object.get(), name); }

Expected<void, std::string> LoadedBpf::put(const char* map_name, const void* key, const void* value) const {
  if (const int error = bpf_map_update_elem(map(map_name), key, value, BPF_ANY); error != 0) {
    return Unexpected(fmt::format("map {}: {}", map_name, error_text(error)));
  }
  return {};
}

std::uint64_t LoadedBpf::counter(std::uint32_t which) const {
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

int LoadedBpf::wait_fd() const { return ring_buffer__epoll_fd(x_ring.get()); }

void LoadedBpf::drain(const Record& record) {
  x_record = &record;
  static_cast<void>(ring_buffer__consume(x_ring.get()));
  x_record = nullptr;
}

int LoadedBpf::on_record(void* self, void* data, std::size_t size) {
  const auto* loaded = static_cast<LoadedBpf*>(self);
  if (loaded->x_record != nullptr) {
    (*loaded->x_record)({static_cast<const std::uint8_t*>(data), size});
  }
  return 0;
}

Expected<unsigned, std::string> namespace_number(const char* path) {
  struct stat status {};
  if (stat(path, &status) != 0) {
    return Unexpected(fmt::format("cannot tell the agent's own namespaces: {}: {}", path, error_text(errno)));
  }
  return static_cast<unsigned>(status.st_ino);
}

}  // namespace pinfold::agent
