// The exec sensor inside the kernel: filters every exec of the agent's own PID namespace and passes on those that may be a program or
// script out of a watched directory (/dev/shm, /tmp, …) or out of memory. Waking the agent costs fifty times the filter, so the filter
// is here (exec_filter.bpf.h says what leaves it early, and why nothing is missed) and the judgement is there.
//
// Kernel:  5.8 with BTF (ring buffer, tp_btf). Raw tracepoints, which no namespace may load without CAP_BPF and CAP_PERFMON.
// Cost:    about 0.25 us an exec that does not match (an interpreter's: 1 us), 0.2 us a fork.
// Bounds:  every loop has a constant limit; a path deeper than kMaxDepth is cut, and counts as not watched.
// Verifier: the functions with loops are global (not static) and take plain numbers: the verifier then walks each of them once, by itself,
//          instead of once for every way that leads to it. Inlined, the whole was 0.9 of the million instructions it will look at.
// Ours only: several agents may share one kernel. A task counts if the agent's PID namespace is among its own, at any level, so a host's
//          agent sees the host's containers, and a container's agent sees nothing but its container.
#include "exec_filter.bpf.h"

#define kComponentBytes 64

// Which path of the record.
#define kExePath 0
#define kCwdPath 1
#define kStdinPath 2

// Writes the path's components, leaf first, each with its NUL, into the scratch record's `which` path; returns the bytes written.
__noinline __u32 write_path(__u32 which, __u64 dentry_address, __u64 mnt_address) {
  struct Scratch* space = own_scratch();
  if (!space) {
    return 0;
  }
  char* out = which == kExePath ? space->record.exe : which == kCwdPath ? space->record.cwd : space->record.standard_input;
  struct dentry* dentry = (struct dentry*)dentry_address;
  struct mount* mount = mount_of((struct vfsmount*)mnt_address);
  __u32 at = 0;
  for (int i = 0; i < kMaxDepth; ++i) {
    if (dentry != BPF_CORE_READ(mount, mnt.mnt_root) || BPF_CORE_READ(mount, mnt_parent) == mount) {
      if (at > PINFOLD_EXEC_PATH - kComponentBytes) {
        break;
      }
      const unsigned char* name = BPF_CORE_READ(dentry, d_name.name);
      const long written = bpf_probe_read_kernel_str(out + (at & (PINFOLD_EXEC_PATH - 1)), kComponentBytes, name);
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

// The chain of parents, by birth where it was seen (also of those that have gone), else by the kernel's tree.
__noinline __u32 write_ancestors(__u64 task_address, __u32 own) {
  struct Scratch* space = own_scratch();
  if (!space) {
    return 0;
  }
  struct ExecRecord* record = &space->record;
  struct task_struct* task = (struct task_struct*)task_address;
  __u32 group = (__u32)BPF_CORE_READ(task, tgid);
  __u64 younger = ~0ULL;
  __u32 written = 0;
  for (__u32 i = 0; i < PINFOLD_EXEC_ANCESTORS; ++i) {
    struct ExecAncestor* ancestor = &record->ancestors[i];
    struct task_struct* parent = task ? BPF_CORE_READ(task, real_parent) : 0;
    const __u32 place = group & (kBirths - 1);
    const struct Birth* birth = bpf_map_lookup_elem(&births, &place);
    if (birth && birth->group == group && birth->born_ns < younger) {  // else the number has been used again
      younger = birth->born_ns;
      group = birth->parent;
      ancestor->pid = birth->parent_pid;
      __builtin_memcpy(ancestor->comm, birth->parent_comm, PINFOLD_EXEC_COMM);
      task = parent && (__u32)BPF_CORE_READ(parent, tgid) == group ? parent : 0;
    } else if (parent) {
      group = (__u32)BPF_CORE_READ(parent, tgid);
      ancestor->pid = pid_in((__u64)parent, own);
      bpf_probe_read_kernel(ancestor->comm, PINFOLD_EXEC_COMM, parent->comm);
      task = parent;
    } else {
      break;
    }
    if (ancestor->pid == 0) {
      break;
    }
    written = i + 1;
    if (ancestor->pid == 1) {
      break;
    }
  }
  return written;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct* forking, struct task_struct* forked) {
  const struct ExecSettings* own = own_settings();
  const __u32 group = (__u32)forked->tgid;
  if (!own || group != (__u32)forked->pid) {
    return 0;  // a thread
  }
  // Whoever forks is the current process, and its children are in its namespaces or in ones within them.
  struct task_struct* leader = forking->group_leader;
  const __u32 parent_pid = number_of(leader, own->pid_namespace);
  const __u32 place = group & (kBirths - 1);
  struct Birth* birth = parent_pid == 0 ? 0 : bpf_map_lookup_elem(&births, &place);
  if (!birth) {
    return 0;
  }
  birth->born_ns = forked->start_time;
  birth->group = group;
  birth->parent = (__u32)forking->tgid;
  birth->parent_pid = parent_pid;
  bpf_probe_read_kernel(birth->parent_comm, PINFOLD_EXEC_COMM, leader->comm);
  return 0;
}

// Apart from the filter, which most execs do not leave: what is not run shall not lie in its way.
__noinline int tell(__u64 task_address, __u64 file_address, __u32 reasons, __u32 pid) {
  const struct ExecSettings* own = own_settings();
  struct Scratch* space = own_scratch();
  if (!own || !space) {
    return 0;
  }
  struct task_struct* task = (struct task_struct*)task_address;
  struct file* file = (struct file*)file_address;
  reasons |= BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum) != own->mount_namespace ? PINFOLD_FOREIGN_ROOT : 0;

  struct ExecRecord* record = &space->record;
  record->mono_ns = bpf_ktime_get_ns();
  record->inode = BPF_CORE_READ(file, f_inode, i_ino);
  record->device = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
  record->reasons = reasons;
  record->pid = pid;
  record->uid = (__u32)bpf_get_current_uid_gid();
  record->padding = 0;
  __builtin_memset(record->cgroup, 0, sizeof(record->cgroup));
  if (bpf_core_field_exists(task->cgroups)) {
    bpf_probe_read_kernel_str(record->cgroup, sizeof(record->cgroup), BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, name));
  }
  record->ancestor_count = write_ancestors((__u64)task, own->pid_namespace);
  record->exe_bytes = write_path(kExePath, (__u64)BPF_CORE_READ(file, f_path.dentry), (__u64)BPF_CORE_READ(file, f_path.mnt));
  record->cwd_bytes = write_path(kCwdPath, (__u64)BPF_CORE_READ(task, fs, pwd.dentry), (__u64)BPF_CORE_READ(task, fs, pwd.mnt));
  record->stdin_bytes = 0;
  record->stdin_inode = 0;
  if (reasons & (PINFOLD_STDIN_PIPE | PINFOLD_STDIN_SOCKET)) {
    record->stdin_inode = BPF_CORE_READ(standard_input(task), f_inode, i_ino);
  }
  if (reasons & PINFOLD_STDIN_WATCHED) {
    struct file* input = standard_input(task);
    record->stdin_bytes = write_path(kStdinPath, (__u64)BPF_CORE_READ(input, f_path.dentry), (__u64)BPF_CORE_READ(input, f_path.mnt));
  }
  const unsigned long start = BPF_CORE_READ(task, mm, arg_start);
  unsigned long length = BPF_CORE_READ(task, mm, arg_end) - start;
  if (length > PINFOLD_EXEC_ARGV - 1) {
    length = PINFOLD_EXEC_ARGV - 1;
  }
  length &= PINFOLD_EXEC_ARGV - 1;
  record->argv_bytes = bpf_probe_read_user(record->argv, (__u32)length, (const void*)start) == 0 ? (__u32)length : 0;

  // The arguments come last and are most often short.
  const __u64 bytes = __builtin_offsetof(struct ExecRecord, argv) + (record->argv_bytes & (PINFOLD_EXEC_ARGV - 1));
  if (bpf_ringbuf_output(&records, record, bytes, 0) != 0) {
    count(PINFOLD_COUNT_LOST);
  }
  return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* executing, int old_pid, struct linux_binprm* bprm) {
  const struct ExecSettings* own = own_settings();
  if (!own) {
    return 0;
  }
  const __u32 pid = number_of(executing, own->pid_namespace);  // by now its group's leader
  if (pid == 0) {
    return 0;
  }
  count(PINFOLD_COUNT_EXECS);

  struct file* file = bprm->file;
  __u32 reasons = path_below_watched(own, file->f_path.dentry, file->f_path.mnt) ? PINFOLD_EXE_WATCHED : 0;
  reasons |= file->f_inode->i_nlink == 0 ? PINFOLD_EXE_UNLINKED : 0;
  if (may_be_interpreter(own, file->f_path.dentry) && is_interpreter(number_from(file->f_path.dentry))) {
    __u32 given = look_at_arguments(bpf_get_current_task());
    if ((given & PINFOLD_CWD_WATCHED) && !path_below_watched(own, executing->fs->pwd.dentry, executing->fs->pwd.mnt)) {
      given &= ~PINFOLD_CWD_WATCHED;
    }
    reasons |= (given & ~kHasOperand) | input_reasons(bpf_get_current_task(), given & kHasOperand);
  }
  return reasons == 0 ? 0 : tell(bpf_get_current_task(), number_from(file), reasons, pid);
}
