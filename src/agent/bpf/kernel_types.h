// The kernel structures that exec.bpf.c reads, with only the fields it reads. Offsets are not taken from here: every access is relocated
// against the running kernel's BTF when the program is loaded (CO-RE), so that one build serves kernels from 5.8 on.
#pragma once

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
  unsigned int inum;
};
struct pid_namespace {
  struct ns_common ns;
};
struct mnt_namespace {
  struct ns_common ns;
};
struct nsproxy {
  struct mnt_namespace* mnt_ns;
};
struct upid {
  int nr;
  struct pid_namespace* ns;
};
struct pid {
  unsigned int level;
  struct upid numbers[1];
};

struct super_block {
  unsigned int s_dev;
};
struct inode {
  unsigned short i_mode;
  unsigned long i_ino;
  unsigned int i_nlink;
  struct super_block* i_sb;
};
struct qstr {
  const unsigned char* name;
};
struct dentry {
  struct dentry* d_parent;
  struct qstr d_name;
  struct inode* d_inode;
  struct super_block* d_sb;
};
struct vfsmount {
  struct dentry* mnt_root;
};
struct mount {
  struct mount* mnt_parent;
  struct dentry* mnt_mountpoint;
  struct vfsmount mnt;
};
struct path {
  struct vfsmount* mnt;
  struct dentry* dentry;
};
struct file {
  struct path f_path;
  struct inode* f_inode;
};
struct fdtable {
  unsigned int max_fds;
  struct file** fd;
};
struct files_struct {
  struct fdtable* fdt;
};
struct fs_struct {
  struct path pwd;
};
struct kernfs_node {
  const char* name;
};
struct cgroup {
  struct kernfs_node* kn;
};
struct css_set {
  struct cgroup* dfl_cgrp;
};
struct mm_struct {
  struct file* exe_file;
  unsigned long arg_start;
  unsigned long arg_end;
};
struct linux_binprm {
  struct file* file;
  const char* filename;
  const char* interp;
};
struct task_struct {
  int pid;
  int tgid;
  struct task_struct* real_parent;
  struct task_struct* group_leader;
  struct pid* thread_pid;
  unsigned long long start_time;
  struct mm_struct* mm;
  struct fs_struct* fs;
  struct files_struct* files;
  struct nsproxy* nsproxy;
  struct css_set* cgroups;
  char comm[16];
};

#pragma clang attribute pop
