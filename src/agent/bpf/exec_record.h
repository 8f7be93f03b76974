/* What exec.bpf.c and the agent share: the record of one exec in the ring buffer, the settings, the keys of the maps.
 * Plain C, the same layout on both sides (checked by static_assert in exec_record.cpp); host byte order, never leaves the machine.
 * Pids are those of the agent's own PID namespace. Texts are cut to their arrays; a path is its components leaf first, each ended by NUL. */
#pragma once

#define PINFOLD_EXEC_ANCESTORS 6
#define PINFOLD_EXEC_PATH 512  /* bytes of a walked path; a power of two, which is what lets the verifier follow the offsets */
#define PINFOLD_EXEC_ARGV 1024 /* bytes of the argument block; a power of two */
#define PINFOLD_EXEC_COMM 16   /* TASK_COMM_LEN */
#define PINFOLD_EXEC_CGROUP 64 /* bytes of the control group's own name */
#define PINFOLD_EXEC_PREFIX 16 /* bytes of a watched path that are compared with an argument */
#define PINFOLD_EXEC_PREFIXES 8
#define PINFOLD_EXEC_WATCHED 64 /* watched directories */

/* Why the kernel's filter let a record through, and what it saw besides. */
#define PINFOLD_EXE_WATCHED 1U    /* the executed file lies below a watched directory (by inode and device) */
#define PINFOLD_EXE_UNLINKED 2U   /* it has no name any more, or never had one (memfd) */
#define PINFOLD_SCRIPT_WATCHED 4U /* an interpreter, and an argument that begins like a watched directory */
#define PINFOLD_CWD_WATCHED 8U    /* an interpreter with a relative argument, started below a watched directory */
#define PINFOLD_STDIN_WATCHED 16U /* an interpreter whose standard input lies below a watched directory */
#define PINFOLD_STDIN_PIPE 64U    /* an interpreter without a script, whose standard input is a pipe */
#define PINFOLD_STDIN_SOCKET 128U /* the same, a socket */
#define PINFOLD_FOREIGN_ROOT 32U  /* the task is in another mount namespace than the agent: its paths are not the agent's */

struct ExecAncestor {
  unsigned int pid;
  char comm[PINFOLD_EXEC_COMM];
};

struct ExecRecord {
  unsigned long long mono_ns; /* CLOCK_MONOTONIC */
  unsigned long long inode;
  unsigned long long stdin_inode; /* of a pipe or socket; 0 if it is neither */
  unsigned int device; /* the kernel's encoding: major << 20 | minor */
  unsigned int reasons;
  unsigned int pid;
  unsigned int uid; /* as the initial user namespace sees it */
  unsigned int ancestor_count;
  unsigned int argv_bytes;
  unsigned int exe_bytes;
  unsigned int cwd_bytes;
  unsigned int stdin_bytes;
  unsigned int padding;
  struct ExecAncestor ancestors[PINFOLD_EXEC_ANCESTORS];
  char cgroup[PINFOLD_EXEC_CGROUP]; /* "docker-….scope", "php8.2-fpm.service"; empty for the root group */
  char exe[PINFOLD_EXEC_PATH];
  char cwd[PINFOLD_EXEC_PATH];
  char standard_input[PINFOLD_EXEC_PATH];
  char argv[PINFOLD_EXEC_ARGV];
};

/* A file or directory, as the kernel numbers it. */
struct FileKey {
  unsigned long long inode;
  unsigned long long device;
};

/* The first bytes of a watched path, as two words; bytes outside the mask do not count. A mask of zero is no prefix. */
struct PathPrefix {
  unsigned long long value[2];
  unsigned long long mask[2];
};

/* A bit for each watched directory and for each interpreter's name. Where it is not set, nothing need be looked up. */
#define PINFOLD_FILE_HINTS 1024 /* both a power of two */
#define PINFOLD_NAME_HINTS 512

static inline unsigned long long file_hint(unsigned long long inode, unsigned long long device) {
  return (inode ^ (inode >> 10) ^ device ^ (device >> 13)) & (PINFOLD_FILE_HINTS - 1);
}

/* Of a name's first three letters; what is no letter in the third place is the end, or the beginning of a version. */
static inline unsigned long long name_hint(const unsigned char* name) {
  const unsigned long long third = name[2] > '9' ? name[2] : 0;
  return (name[0] ^ (name[1] * 4ULL) ^ (third * 16)) & (PINFOLD_NAME_HINTS - 1);
}

struct ExecSettings {
  unsigned int pid_namespace;   /* inode number of the agent's own */
  unsigned int mount_namespace; /* likewise */
  unsigned long long name_hints[PINFOLD_NAME_HINTS / 64];
  unsigned long long file_hints[PINFOLD_FILE_HINTS / 64];
  struct PathPrefix prefixes[PINFOLD_EXEC_PREFIXES];
};

struct InterpreterName {
  char text[PINFOLD_EXEC_COMM]; /* without version: "python" for python3.11; NUL-filled */
};

/* Indexes into the per-CPU counters. */
#define PINFOLD_COUNT_EXECS 0 /* of the agent's own namespace */
#define PINFOLD_COUNT_LOST 1  /* records that did not fit into the ring buffer */
