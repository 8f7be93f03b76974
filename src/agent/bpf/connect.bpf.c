// Counts every process's connections inside the kernel and tells the agent when a count passes a power of two: a scan of 1,000 addresses
// costs seven messages. Hooks of the root control group: connect(2) over TCP and UDP, sendto(2) with an address, raw sockets.
//
// Kernel:  5.8 with BTF and a version 2 hierarchy of control groups. Programs that only look: each answers "go on".
// Cost:    about 1 us a call. Nothing for what is sent over a connection that stands.
// Bounds:  kMaxProcesses processes, kMaxSeen (process, destination) pairs, both the least recently used making room: a process with more
//          destinations in one window than fit is counted too high, never too low.
// Not seen: packets that go through a packet socket (the agent polls for those), and each packet of a connected UDP socket.
// Ours only: as in exec.bpf.c. Loopback does not count.
#include "task.bpf.h"

#include <bpf/bpf_endian.h>

#include "connect_record.h"

#define kMaxProcesses 4096
#define kMaxSeen 32768
#define kTcp 6
#define kUdp 17
#define kSockRaw 3
#define kDestination 1
#define kPort 2
#define kMaxDepth 16
#define kComponentBytes 64

// Counted without locks: two threads of a process at the same moment may be counted as one, and no power of two is passed over.
struct Activity {
  __u64 first_ns;
  __u64 last_ns;
  __u32 tcp_calls;
  __u32 udp_calls;
  __u32 destinations;
  __u32 ports;
  __u32 raw_sockets;
  __u32 port_count;
  __u16 port_list[PINFOLD_CONNECT_PORTS];
};

// A window of a process has a number of its own: its start. So a new window needs no clearing.
struct SeenKey {
  __u64 window;
  __u32 group;
  __u32 kind;
  __u32 address[4];
};

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 17);
} records SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct ConnectSettings);
} settings SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, kMaxProcesses);
  __type(key, __u32);
  __type(value, struct Activity);
} processes SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, kMaxSeen);
  __type(key, struct SeenKey);
  __type(value, __u8);
} seen SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct ConnectRecord);
} scratch SEC(".maps");

static __always_inline bool is_power_of_two(__u32 value) { return (value & (value - 1)) == 0; }

// The first time in this window?
static __always_inline bool is_new(const struct SeenKey* key) {
  const __u8 one = 1;
  return bpf_map_update_elem(&seen, key, &one, BPF_NOEXIST) == 0;
}

static __always_inline struct Activity* activity_of(__u32 group, __u64 now) {
  struct Activity* activity = bpf_map_lookup_elem(&processes, &group);
  if (activity && now - activity->first_ns < PINFOLD_CONNECT_WINDOW_S * 1000000000ULL) {
    return activity;
  }
  struct Activity fresh = {.first_ns = now, .last_ns = now};
  bpf_map_update_elem(&processes, &group, &fresh, BPF_ANY);
  return bpf_map_lookup_elem(&processes, &group);
}

// The program's path, leaf first, into the scratch record: a process that connects is often gone before the agent can ask.
__noinline __u32 write_program(__u64 task_address) {
  const __u32 zero = 0;
  struct ConnectRecord* record = bpf_map_lookup_elem(&scratch, &zero);
  if (!record) {
    return 0;
  }
  struct task_struct* task = (struct task_struct*)task_address;
  struct file* file = BPF_CORE_READ(task, mm, exe_file);
  if (!file) {
    return 0;
  }
  struct dentry* dentry = BPF_CORE_READ(file, f_path.dentry);
  struct mount* mount = mount_of(BPF_CORE_READ(file, f_path.mnt));
  __u32 at = 0;
  for (int i = 0; i < kMaxDepth; ++i) {
    if (dentry != BPF_CORE_READ(mount, mnt.mnt_root) || BPF_CORE_READ(mount, mnt_parent) == mount) {
      if (at > PINFOLD_CONNECT_PATH - kComponentBytes) {
        break;
      }
      const long written = bpf_probe_read_kernel_str(record->exe + (at & (PINFOLD_CONNECT_PATH - 1)), kComponentBytes, BPF_CORE_READ(dentry, d_name.name));
      if (written <= 0) {
        break;
      }
      at += (__u32)written;
    }
    if (!step_up(&dentry, &mount)) {
      break;
    }
  }
  return at;
}

static __always_inline void tell(const struct Activity* activity, __u32 pid, __u32 why, __u64 now, __u32 family, const __u32* address) {
  const __u32 zero = 0;
  const struct ConnectSettings* own = bpf_map_lookup_elem(&settings, &zero);
  struct ConnectRecord* record = bpf_map_lookup_elem(&scratch, &zero);
  if (!record || !own) {
    return;
  }
  struct task_struct* task = (struct task_struct*)bpf_get_current_task();
  struct task_struct* leader = BPF_CORE_READ(task, group_leader);
  record->mono_ns = now;
  record->first_ns = activity->first_ns;
  record->pid = pid;
  record->uid = (__u32)bpf_get_current_uid_gid();
  record->why = why;
  record->tcp_calls = activity->tcp_calls;
  record->udp_calls = activity->udp_calls;
  record->destinations = activity->destinations;
  record->ports = activity->ports;
  record->raw_sockets = activity->raw_sockets;
  __builtin_memcpy(record->port_list, activity->port_list, sizeof(record->port_list));
  record->port_count = activity->port_count;
  record->family = family;
  __builtin_memcpy(record->last_address, address, sizeof(record->last_address));
  bpf_get_current_comm(record->comm, sizeof(record->comm));
  record->parent = pid_in((__u64)BPF_CORE_READ(leader, real_parent), own->pid_namespace);
  record->exe_bytes = write_program((__u64)leader);
  if (bpf_ringbuf_output(&records, record, sizeof(*record), 0) != 0) {
    count(PINFOLD_CONNECT_COUNT_LOST);
  }
}

static __always_inline __u32 own_pid(void) {
  const __u32 zero = 0;
  const struct ConnectSettings* own = bpf_map_lookup_elem(&settings, &zero);
  struct task_struct* task = (struct task_struct*)bpf_get_current_task();
  return own ? pid_in((__u64)BPF_CORE_READ(task, group_leader), own->pid_namespace) : 0;
}

// `address` is in network order, an IPv4 address in its first word.
static __always_inline void account(__u32 family, const __u32* address, __u16 port, __u32 protocol) {
  const __u32 pid = own_pid();
  if (pid == 0) {
    return;
  }
  count(PINFOLD_CONNECT_COUNT_CALLS);
  const __u64 now = bpf_ktime_get_ns();
  const __u32 group = bpf_get_current_pid_tgid() >> 32;
  struct Activity* activity = activity_of(group, now);
  if (!activity) {
    return;
  }
  activity->last_ns = now;
  const __u32 calls = protocol == kUdp ? ++activity->udp_calls : ++activity->tcp_calls;
  __u32 why = calls >= PINFOLD_CONNECT_FIRST_CALLS && is_power_of_two(calls) ? PINFOLD_CONNECT_CALLS : 0;
  struct SeenKey key = {.window = activity->first_ns, .group = group, .kind = kDestination};
  __builtin_memcpy(key.address, address, sizeof(key.address));
  if (is_new(&key)) {
    const __u32 destinations = ++activity->destinations;
    why |= destinations >= PINFOLD_CONNECT_FIRST && is_power_of_two(destinations) ? PINFOLD_CONNECT_DESTINATIONS : 0;
  }
  struct SeenKey port_key = {.window = activity->first_ns, .group = group, .kind = kPort, .address = {port, protocol, 0, 0}};
  if (is_new(&port_key)) {
    const __u32 ports = ++activity->ports;
    why |= ports >= PINFOLD_CONNECT_FIRST && is_power_of_two(ports) ? PINFOLD_CONNECT_PORT_NUMBERS : 0;
    const __u32 at = activity->port_count;
    if (at < PINFOLD_CONNECT_PORTS) {
      activity->port_list[at & (PINFOLD_CONNECT_PORTS - 1)] = port;
      activity->port_count = at + 1;
    }
  }
  if (why != 0) {
    tell(activity, pid, why, now, family, address);
  }
}

static __always_inline void account4(const struct bpf_sock_addr* context, __u32 protocol) {
  const __u32 address[4] = {context->user_ip4, 0, 0, 0};
  if ((bpf_ntohl(address[0]) >> 24) != 127) {
    account(4, address, bpf_ntohs((__u16)context->user_port), protocol);
  }
}

static __always_inline void account6(const struct bpf_sock_addr* context, __u32 protocol) {
  const __u32 address[4] = {context->user_ip6[0], context->user_ip6[1], context->user_ip6[2], context->user_ip6[3]};
  const bool loopback = address[0] == 0 && address[1] == 0 && address[2] == 0 && address[3] == bpf_htonl(1);
  const bool mapped = address[0] == 0 && address[1] == 0 && address[2] == bpf_htonl(0xffff);
  if (mapped) {
    const __u32 inner[4] = {address[3], 0, 0, 0};
    if ((bpf_ntohl(inner[0]) >> 24) != 127) {
      account(4, inner, bpf_ntohs((__u16)context->user_port), protocol);
    }
  } else if (!loopback) {
    account(6, address, bpf_ntohs((__u16)context->user_port), protocol);
  }
}

SEC("cgroup/connect4")
int on_connect4(struct bpf_sock_addr* context) {
  account4(context, context->protocol == kUdp ? kUdp : kTcp);
  return 1;
}

SEC("cgroup/connect6")
int on_connect6(struct bpf_sock_addr* context) {
  account6(context, context->protocol == kUdp ? kUdp : kTcp);
  return 1;
}

SEC("cgroup/sendmsg4")
int on_sendmsg4(struct bpf_sock_addr* context) {
  account4(context, kUdp);
  return 1;
}

SEC("cgroup/sendmsg6")
int on_sendmsg6(struct bpf_sock_addr* context) {
  account6(context, kUdp);
  return 1;
}

SEC("cgroup/sock_create")
int on_sock_create(struct bpf_sock* context) {
  if (context->type != kSockRaw) {
    return 1;
  }
  const __u32 pid = own_pid();
  if (pid == 0) {
    return 1;
  }
  const __u64 now = bpf_ktime_get_ns();
  struct Activity* activity = activity_of(bpf_get_current_pid_tgid() >> 32, now);
  if (activity) {
    const __u32 nowhere[4] = {};
    if (is_power_of_two(++activity->raw_sockets)) {
      tell(activity, pid, PINFOLD_CONNECT_RAW, now, 0, nowhere);
    }
  }
  return 1;
}
