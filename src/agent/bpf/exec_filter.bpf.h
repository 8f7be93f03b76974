// What an exec must be to matter: its file below a watched directory, without a name, or an interpreter's that is given something from there.
//
// What leaves early, and why nothing is missed:
//   - A file none of whose directories, up to the root of its file system, has the hint bit of a watched one, on the topmost mount: watched
//     directories are looked up by inode and device, and the bit is of both. Where a bit is set, or the mount is not the topmost, each
//     directory is looked up, across mounts.
//   - A file whose name's first three letters have no bit: is_interpreter looks names up, and the bit is of their first three letters.
//   - An interpreter's standard input that is a character device: no script comes out of a terminal or /dev/null.
// A set bit never lets anything go; it only means a closer look.
//
// Plain loads, which the verifier allows below a tracepoint's own arguments, cost a tenth of a call; so what most execs come to is written
// with them, and small: after an exec little is left in the caches, and each line of code and memory costs more than what it does.
#pragma once

#include "exec_maps.bpf.h"

#define kMaxDepth 20
#define kMaxArguments 8
#define kHasOperand 0x80000000U
#define kTypeMask 0170000 /* S_IFMT */
#define kPipe 0010000
#define kSocket 0140000
#define kCharacterDevice 0020000

static __always_inline bool has_bit(const unsigned long long* words, __u64 bit) { return (words[bit >> 6] >> (bit & 63)) & 1; }

// Is it, or does it lie below, a watched directory? By inode and device, so that neither a bind mount nor a symlink hides it.
__noinline int below_watched(__u64 dentry_address, __u64 mount_address) {
  const struct ExecSettings* own = own_settings();
  struct dentry* dentry = (struct dentry*)dentry_address;
  struct mount* mount = (struct mount*)mount_address;
  if (!own) {
    return false;
  }
#pragma clang loop unroll(disable)
  for (int i = 0; i < kMaxDepth; ++i) {
    struct inode* inode = BPF_CORE_READ(dentry, d_inode);
    struct FileKey key = {.inode = BPF_CORE_READ(inode, i_ino), .device = BPF_CORE_READ(inode, i_sb, s_dev)};
    if (has_bit(own->file_hints, file_hint(key.inode, key.device)) && bpf_map_lookup_elem(&watched, &key)) {
      return true;
    }
    if (!step_up(&dentry, &mount)) {
      return false;
    }
  }
  return false;
}

// The same for a path that can be followed by plain loads.
static __always_inline bool path_below_watched(const struct ExecSettings* own, struct dentry* leaf, struct vfsmount* mnt) {
  const __u32 device = leaf->d_sb->s_dev;
  struct mount* mount = mount_of(mnt);
  struct dentry* dentry = leaf;
#pragma clang loop unroll(disable)
  for (int i = 0; i < kMaxDepth; ++i) {
    if (has_bit(own->file_hints, file_hint(dentry->d_inode->i_ino, device))) {
      break;
    }
    struct dentry* parent = dentry->d_parent;
    if (parent == dentry) {
      struct mount* above = BPF_CORE_READ(mount, mnt_parent);
      if (above == mount) {
        return false;  // the kernel's own: memory files, pipes
      }
      struct dentry* mountpoint = BPF_CORE_READ(mount, mnt_mountpoint);
      if (BPF_CORE_READ(above, mnt_parent) == above && BPF_CORE_READ(above, mnt.mnt_root) == mountpoint) {
        return false;  // "/", which lies on the root of the initial file system
      }
      return below_watched((__u64)mountpoint, (__u64)above);
    }
    dentry = parent;
  }
  return below_watched(number_from(leaf), number_from(mnt) - bpf_core_field_offset(struct mount, mnt));
}

static __always_inline bool may_be_interpreter(const struct ExecSettings* own, struct dentry* dentry) {
  unsigned char name[4] = {};
  bpf_probe_read_kernel(name, sizeof(name), dentry->d_name.name);
  return has_bit(own->name_hints, name_hint(name));
}

// "python3.11" is the interpreter "python".
__noinline int is_interpreter(__u64 dentry_address) {
  struct InterpreterName name = {};
  bpf_probe_read_kernel_str(name.text, sizeof(name.text), BPF_CORE_READ((struct dentry*)dentry_address, d_name.name));
  bool version = false;
#pragma clang loop unroll(disable)
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
#pragma clang loop unroll(disable)
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
  const struct ExecSettings* own = own_settings();
  struct Scratch* space = own_scratch();
  if (!own || !space) {
    return 0;
  }
  struct task_struct* task = (struct task_struct*)task_address;
  unsigned long at = BPF_CORE_READ(task, mm, arg_start);
  const unsigned long end = BPF_CORE_READ(task, mm, arg_end);
  __u32 seen = 0;
#pragma clang loop unroll(disable)
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

__noinline __u32 input_reasons(__u64 task_address, __u32 has_operand) {
  struct file* input = standard_input((struct task_struct*)task_address);
  const __u16 type = input ? BPF_CORE_READ(input, f_inode, i_mode) & kTypeMask : kCharacterDevice;
  if (type == kCharacterDevice) {
    return 0;
  }
  if (below_watched((__u64)BPF_CORE_READ(input, f_path.dentry), (__u64)mount_of(BPF_CORE_READ(input, f_path.mnt)))) {
    return PINFOLD_STDIN_WATCHED;
  }
  return has_operand ? 0 : type == kPipe ? PINFOLD_STDIN_PIPE : type == kSocket ? PINFOLD_STDIN_SOCKET : 0;
}
