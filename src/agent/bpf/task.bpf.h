// What the agent's kernel programs begin with: the kernel's headers, the licence, their counters, whose a task is, and the way up a path.
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "kernel_types.h"

char LICENSE[] SEC("license") = "GPL";  // tracing helpers are for GPL programs only

#define kMaxCounters 4  // of any one program

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, kMaxCounters);
  __type(key, __u32);
  __type(value, __u64);
} counters SEC(".maps");

static __always_inline void count(__u32 which) {
  __u64* counter = bpf_map_lookup_elem(&counters, &which);
  if (counter) {
    ++*counter;
  }
}

#define kMaxNamespaces 8
#define kInitialPidNamespace 0xeffffffcU /* the kernel's PROC_PID_INIT_INO */

// The task's number in the PID namespace `own`; 0 if it is not in it.
__noinline __u32 pid_in(__u64 task_address, __u32 own) {
  struct task_struct* task = (struct task_struct*)task_address;
  struct pid* pid = BPF_CORE_READ(task, thread_pid);
  const __u32 level = BPF_CORE_READ(pid, level);
  const char* numbers = (const char*)pid + bpf_core_field_offset(struct pid, numbers);
  for (__u32 i = 0; i < kMaxNamespaces; ++i) {
    if (i > level) {
      break;
    }
    struct upid number = {};
    bpf_probe_read_kernel(&number, sizeof(number), numbers + i * sizeof(number));
    if (BPF_CORE_READ(number.ns, ns.inum) == own) {
      return (__u32)number.nr;
    }
  }
  return 0;
}

// A pointer that the verifier trusts, as a number: it does not pass such pointers on to functions.
static __always_inline __u64 number_from(const void* trusted) {
  __u64 number = 0;
  bpf_probe_read_kernel(&number, sizeof(number), &trusted);
  return number;
}

// pid_in for a group's leader that can be reached by plain loads: most often its own namespace is `own`, or `own` is the initial one.
static __always_inline __u32 number_of(struct task_struct* leader, __u32 own) {
  if (own == kInitialPidNamespace) {
    return (__u32)leader->tgid;
  }
  struct pid* pid = leader->thread_pid;
  const __u32 level = pid->level;
  struct upid deepest = {};
  bpf_probe_read_kernel(&deepest, sizeof(deepest), (const char*)pid + bpf_core_field_offset(struct pid, numbers) + level * sizeof(deepest));
  if (BPF_CORE_READ(deepest.ns, ns.inum) == own) {
    return (__u32)deepest.nr;
  }
  return level == 0 ? 0 : pid_in(number_from(leader), own);
}

// One step towards the root, across mounts. False at the root.
static __always_inline bool step_up(struct dentry** dentry, struct mount** mount) {
  if (*dentry == BPF_CORE_READ(*mount, mnt.mnt_root)) {
    struct mount* parent = BPF_CORE_READ(*mount, mnt_parent);
    if (parent == *mount) {
      return false;
    }
    *dentry = BPF_CORE_READ(*mount, mnt_mountpoint);
    *mount = parent;
    return true;
  }
  struct dentry* parent = BPF_CORE_READ(*dentry, d_parent);
  if (parent == *dentry) {
    return false;
  }
  *dentry = parent;
  return true;
}

static __always_inline struct mount* mount_of(struct vfsmount* mnt) { return (void*)mnt - bpf_core_field_offset(struct mount, mnt); }
