// Shared by the agent's kernel programs: whose a task is. Include after kernel_types.h.
#pragma once

#define kMaxNamespaces 8

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
