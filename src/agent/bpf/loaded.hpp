/// A kernel program that has been loaded and attached, and its ring buffer: what the exec and the connection sensor have in common.
/// Owns the object, its links and the ring; all of them go with it, and the kernel forgets the program.
/// Threads: the owner's. Errors: what the kernel refused, in words for the operator.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/expected.hpp"

struct bpf_link;
struct bpf_object;
struct ring_buffer;

namespace pinfold::agent {

class LoadedBpf {
public:
  using Record = std::function<void(std::span<const std::uint8_t>)>;

  /// Opens and loads; nothing is attached yet, so that the maps can be filled first.
  [[nodiscard]] static Expected<std::unique_ptr<LoadedBpf>, std::string> load(const char* name, std::span<const std::uint8_t> image);
  /// Attaches every program; those of control groups to `cgroup` (an open directory).
  [[nodiscard]] Expected<void, std::string> attach(int cgroup = -1);

  [[nodiscard]] int map(const char* name) const;
  [[nodiscard]] Expected<void, std::string> put(const char* map_name, const void* key, const void* value) const;
  [[nodiscard]] std::uint64_t counter(std::uint32_t which) const;  ///< the sum over all processors, of the map "counters"
  [[nodiscard]] int wait_fd() const;
  void drain(const Record& record);

private:
  static int on_record(void* self, void* data, std::size_t size);

  struct CloseObject {
    void operator()(bpf_object* object) const;
  };
  struct DestroyLink {
    void operator()(bpf_link* link) const;
  };
  struct FreeRing {
    void operator()(ring_buffer* ring) const;
  };
  std::unique_ptr<bpf_object, CloseObject> x_object;
  std::vector<std::unique_ptr<bpf_link, DestroyLink>> x_links;
  std::unique_ptr<ring_buffer, FreeRing> x_ring;
  const Record* x_record = nullptr;
};

/// The inode number of a namespace file, "/proc/self/ns/pid".
[[nodiscard]] Expected<unsigned, std::string> namespace_number(const char* path);

}  // namespace pinfold::agent
