// The exec sensor inside the kernel: filters every exec of the agent's own PID namespace and passes on those that may be a program or
// script out of a watched directory (/dev/shm, /tmp, …) or out of memory. Waking the agent costs fifty times the filter, so the filter
// is here and the judgement is there.
//
// Kernel:  5.8 with BTF (ring buffer, tp_btf). Raw tracepoints, which no namespace may load without CAP_BPF and CAP_PERFMON.
// Cost:    about 0.3 us an exec that does not match, 0.2 us a fork.
// Bounds:  every loop has a constant limit; a path deeper than kMaxDepth is cut, and counts as not watched.
// Verifier: the functions with loops are global (not static) and take plain numbers: the verifier then walks each of them once, by itself,
//          instead of once for every way that leads to it. Inlined, the whole was 0.9 of the million instructions it will look at.
// Ours only: several agents may share one kernel. A task counts if the agent's PID namespace is among its own, at any level, so a host's
//          agent sees the host's containers, and a container's agent sees nothing but its container.
#include "task.bpf.h"

#include "exec_record.h"

#define kMaxDepth 20
#define kMaxArguments 8
#define kArgumentBytes 256
#define kComponentBytes 64
#define kHasOperand 0x80000000U
#define kTypeMask 0170000 /* S_IFMT */
#define kPipe 0010000
#define kSocket 0140000

// Which path of the record.
#define kExePath 0
#define kCwdPath 1
#define kStdinPath 2

// Who forked whom, by thread group in the initial namespace. A shell that starts a script in the background and leaves takes the script's
// ancestry with it; this remembers it.
struct Birth {
  __u64 born_ns;
  __u32 parent;      // initial namespace
  __u32 parent_pid;  // the agent's namespace
  char parent_comm[PINFOLD_EXEC_COMM];
};

struct Scratch {
  struct ExecRecord record;
  char argument[kArgumentBytes];
};

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 21);
} records SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct ExecSettings);
} settings SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, PINFOLD_EXEC_WATCHED);
  __type(key, struct FileKey);
  __type(value, __u8);
} watched SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, struct InterpreterName);
  __type(value, __u8);
} interpreters SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 16384);
  __type(key, __u32);
  __type(value, struct Birth);
} births SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct Scratch);
} scratch SEC(".maps");

// Is it, or does it lie below, a watched directory? By inode and device, so that neither a bind mount nor a symlink hides it.
__noinline int below_watched(__u64 dentry_address, __u64 mnt_address) {
  struct dentry* dentry = (struct dentry*)dentry_address;
  struct mount* mount = mount_of((struct vfsmount*)mnt_address);
  for (int i = 0; i < kMaxDepth; ++i) {
    struct inode* inode = BPF_CORE_READ(dentry, d_inode);
    struct FileKey key = {.inode = BPF_CORE_READ(inode, i_ino), .device = BPF_CORE_READ(inode, i_sb, s_dev)};
    if (bpf_map_lookup_elem(&watched, &key)) {
      return true;
    }
    if (!step_up(&dentry, &mount)) {
      return false;
    }
  }
  return false;
}

// The usual case, for nearly nothing: no directory above has the inode number of a watched one, and the mount is the topmost. Plain loads, which the
// verifier allows below a tracepoint's own arguments; false where there is any doubt, and below_watched then looks closely.
static __always_inline bool is_surely_elsewhere(const struct ExecSettings* own, struct file* file) {
  struct dentry* dentry = file->f_path.dentry;
  struct dentry* root = file->f_path.mnt->mnt_root;
  for (int i = 0; i < kMaxDepth; ++i) {
    const unsigned long number = dentry->d_inode->i_ino;
    if (own->hints[(number >> 6) & (PINFOLD_EXEC_HINTS - 1)] & (1ULL << (number & 63))) {
      return false;
    }
    if (dentry == root) {
      struct mount* mount = mount_of(BPF_CORE_READ(file, f_path.mnt));
      return BPF_CORE_READ(mount, mnt_parent) == mount;
    }
    dentry = dentry->d_parent;
  }
  return false;
}

// Writes the path's components, leaf first, each with its NUL, into the scratch record's `which` path; returns the bytes written.
__noinline __u32 write_path(__u32 which, __u64 dentry_address, __u64 mnt_address) {
  const __u32 zero = 0;
  struct Scratch* space = bpf_map_lookup_elem(&scratch, &zero);
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

// "python3.11" is the interpreter "python".
static __always_inline bool is_interpreter(struct dentry* dentry) {
  struct InterpreterName name = {};
  bpf_probe_read_kernel_str(name.text, sizeof(name.text), BPF_CORE_READ(dentry, d_name.name));
  bool version = false;
  for (int i = 0; i < PINFOLD_EXEC_COMM; ++i) {
    version = version || (name.text[i] >= '0' && name.text[i] <= '9') || name.text[i] == '.' || name.text[i] == 0;
    if (version) {
      name.text[i] = 0;
    }
  }
  return bpf_map_lookup_elem(&interpreters, &name) != 0;
}

static __always_inline bool begins_like_watched(const struct ExecSettings* own, const char* argument) {
  __u64 words[2] = {};
  __builtin_memcpy(words, argument, sizeof(words));  // it may lie at an odd address
  bool found = false;
  for (int i = 0; i < PINFOLD_EXEC_PREFIXES; ++i) {
    const struct PathPrefix* prefix = &own->prefixes[i];
    const __u64 difference = ((words[0] & prefix->mask[0]) ^ prefix->value[0]) | ((words[1] & prefix->mask[1]) ^ prefix->value[1]);
    found = found || (prefix->mask[0] != 0 && difference == 0);
  }
  return found;
}

// Looks at an interpreter's first arguments: PINFOLD_SCRIPT_WATCHED, PINFOLD_CWD_WATCHED for a relative one (the caller checks the cwd), and
// kHasOperand if any of them is more than an option.
__noinline __u32 look_at_arguments(__u64 task_address) {
  const __u32 zero = 0;
  const struct ExecSettings* own = bpf_map_lookup_elem(&settings, &zero);
  struct Scratch* space = bpf_map_lookup_elem(&scratch, &zero);
  if (!own || !space) {
    return 0;
  }
  struct task_struct* task = (struct task_struct*)task_address;
  unsigned long at = BPF_CORE_READ(task, mm, arg_start);
  const unsigned long end = BPF_CORE_READ(task, mm, arg_end);
  __u32 seen = 0;
  for (int i = 0; i < kMaxArguments; ++i) {
    if (at >= end) {
      break;
    }
    const long length = bpf_probe_read_user_str(space->argument, kArgumentBytes, (const void*)at);
    if (length <= 0) {
      break;
    }
    at += (unsigned long)length;
    if (i == 0) {
      continue;  // its own name
    }
    const char first = space->argument[0];
    if (first != '-') {
      seen |= kHasOperand;
    }
    // A shell's code that begins with ". /tmp/x" or "source /tmp/x".
    if (first == '.' && space->argument[1] == ' ') {
      seen |= begins_like_watched(own, space->argument + 2) ? PINFOLD_SCRIPT_WATCHED : 0;
    } else if (first == 's' && space->argument[1] == 'o' && space->argument[5] == 'e' && space->argument[6] == ' ') {
      seen |= begins_like_watched(own, space->argument + 7) ? PINFOLD_SCRIPT_WATCHED : 0;
    }
    if (first == '/') {
      seen |= begins_like_watched(own, space->argument) ? PINFOLD_SCRIPT_WATCHED : 0;
    } else if (first != '-' && first != 0) {
      seen |= PINFOLD_CWD_WATCHED;
      // "../tmp/x" from a sibling directory: only the agent can tell.
      seen |= first == '.' && space->argument[1] == '.' ? PINFOLD_SCRIPT_WATCHED : 0;
    }
  }
  return seen;
}

static __always_inline struct file* standard_input(struct task_struct* task) {
  struct file* file = 0;
  struct file** table = BPF_CORE_READ(task, files, fdt, fd);
  bpf_probe_read_kernel(&file, sizeof(file), table);
  return file;
}

static __always_inline __u32 interpreter_reasons(struct task_struct* task) {
  __u32 reasons = look_at_arguments((__u64)task);
  if ((reasons & PINFOLD_CWD_WATCHED) && !below_watched((__u64)BPF_CORE_READ(task, fs, pwd.dentry), (__u64)BPF_CORE_READ(task, fs, pwd.mnt))) {
    reasons &= ~PINFOLD_CWD_WATCHED;
  }
  struct file* input = standard_input(task);
  if (input && below_watched((__u64)BPF_CORE_READ(input, f_path.dentry), (__u64)BPF_CORE_READ(input, f_path.mnt))) {
    reasons |= PINFOLD_STDIN_WATCHED;
  } else if (input && !(reasons & kHasOperand)) {
    const __u16 type = BPF_CORE_READ(input, f_inode, i_mode) & kTypeMask;
    reasons |= type == kPipe ? PINFOLD_STDIN_PIPE : type == kSocket ? PINFOLD_STDIN_SOCKET : 0;
  }
  return reasons & ~kHasOperand;
}

// The chain of parents, by birth where it was seen (also of those that have gone), else by the kernel's tree.
__noinline __u32 write_ancestors(__u64 task_address, __u32 own) {
  const __u32 zero = 0;
  struct Scratch* space = bpf_map_lookup_elem(&scratch, &zero);
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
    const struct Birth* birth = bpf_map_lookup_elem(&births, &group);
    if (birth && birth->born_ns < younger) {  // else the number has been used again
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
  const __u32 zero = 0;
  const struct ExecSettings* own = bpf_map_lookup_elem(&settings, &zero);
  const __u32 group = (__u32)forked->tgid;
  if (!own || group != (__u32)forked->pid) {
    return 0;  // a thread
  }
  // Whoever forks is the current process, and its children are in its namespaces or in ones within them.
  const __u32 parent_pid = current_in(own->pid_namespace, own->pid_namespace_device);
  if (parent_pid == 0) {
    return 0;
  }
  struct Birth birth = {.born_ns = bpf_ktime_get_ns(), .parent = (__u32)forking->tgid, .parent_pid = parent_pid};
  BPF_CORE_READ_INTO(&birth.parent_comm, forking, group_leader, comm);
  bpf_map_update_elem(&births, &group, &birth, BPF_ANY);
  return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* executing, int old_pid, struct linux_binprm* bprm) {
  const __u32 zero = 0;
  const struct ExecSettings* own = bpf_map_lookup_elem(&settings, &zero);
  struct Scratch* space = bpf_map_lookup_elem(&scratch, &zero);
  if (!own || !space) {
    return 0;
  }
  const __u32 pid = current_in(own->pid_namespace, own->pid_namespace_device);
  if (pid == 0) {
    return 0;
  }
  count(PINFOLD_COUNT_EXECS);

  // By way of BPF_CORE_READ plain numbers come out: the verifier does not pass its trusted pointers on to functions as such.
  struct task_struct* task = BPF_CORE_READ(executing, group_leader);  // itself, by now
  struct file* file = BPF_CORE_READ(bprm, file);
  struct dentry* dentry = BPF_CORE_READ(file, f_path.dentry);
  struct vfsmount* mnt = BPF_CORE_READ(file, f_path.mnt);
  __u32 reasons = 0;
  if (!is_surely_elsewhere(own, bprm->file)) {
    reasons |= below_watched((__u64)dentry, (__u64)mnt) ? PINFOLD_EXE_WATCHED : 0;
  }
  reasons |= BPF_CORE_READ(file, f_inode, i_nlink) == 0 ? PINFOLD_EXE_UNLINKED : 0;
  if (is_interpreter(dentry)) {
    reasons |= interpreter_reasons(task);
  }
  if (reasons == 0) {
    return 0;
  }
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
  record->exe_bytes = write_path(kExePath, (__u64)dentry, (__u64)mnt);
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
