// The maps of exec.bpf.c, and what lies in them.
#pragma once

#include "task.bpf.h"

#include "exec_record.h"

#define kArgumentBytes 256
#define kBirths 32768  // a power of two

// Who forked whom, by thread group in the initial namespace. A shell that starts a script in the background and leaves takes the script's
// ancestry with it; this remembers it. An array with a place for each number modulo its size, not a hash: writing there touches one line of
// memory, and numbers that follow one another lie side by side. So the last kBirths numbers given out are remembered, threads' included.
struct Birth {
  __u64 born_ns;
  __u32 group;
  __u32 parent;      // initial namespace
  __u32 parent_pid;  // the agent's namespace
  __u32 padding;
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
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, kBirths);
  __type(key, __u32);
  __type(value, struct Birth);
} births SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct Scratch);
} scratch SEC(".maps");

static __always_inline const struct ExecSettings* own_settings(void) {
  const __u32 zero = 0;
  return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline struct Scratch* own_scratch(void) {
  const __u32 zero = 0;
  return bpf_map_lookup_elem(&scratch, &zero);
}
