#!/bin/bash
# The first process of a lab host: lays the host's file systems over the machine's, inside its own mount namespace, then reaps children
# until it is killed, which ends the host. usage: init.sh HOST RUN_DIR CHECKOUT (started by hosts.sh, already in the new namespaces)
#
# Inside a host the lab's folder is /run/lab and the checkout /run/checkout (read-only), wherever they lie on the machine: /tmp, /run and
# /home are the host's own.
set -euo pipefail
host=$1 run_dir=$2 checkout=$3

# /proc is still the machine's, so this is our number as the machine counts. (`read` opens the file itself, without a child.)
read -r machine_pid _ </proc/self/stat
hostname "$host"

# Lays folders (topmost first) over a folder of the machine, read-only.
lay_over() {
  local target=$1 lower="" folder
  shift
  for folder in "$@"; do
    lower+=$folder:
  done
  mount -t overlay overlay -o "lowerdir=$lower$target" "$target"
}

mount_host() {
  local private
  # Built aside and moved into place, because the sources themselves may lie below /run.
  private=$(mktemp -d)
  mount -t tmpfs -o mode=755 tmpfs "$private"
  mkdir "$private"/{lab,checkout,lock,lldpd}
  mount --bind "$run_dir" "$private/lab"
  mount --bind "$checkout" "$private/checkout"
  mount -o remount,bind,ro "$private/checkout"
  mount --no-mtab --move "$private" /run  # the table itself lies in /run
  rmdir "$private"

  lay_over /usr "/run/lab/hosts/$host/usr" /run/checkout/build/lab/root/usr
  lay_over /etc "/run/lab/hosts/$host/etc" /run/checkout/build/lab/root/etc
  mount --bind "/run/lab/hosts/$host/home" /home
  mount --bind "/run/lab/hosts/$host/srv" /srv
  mount --bind "/run/lab/hosts/$host/spool" /var/spool
  mount -t tmpfs -o mode=1777 tmpfs /tmp
  mount -t tmpfs -o mode=1777 tmpfs /var/tmp
  mount -t tmpfs -o mode=1777 tmpfs /dev/shm
  mount -t proc proc /proc
}

# What a kernel shows of itself, as this host's network and cgroup namespaces see it. A kernel without one of the last three still makes a lab.
mount_kernel_views() {
  mount -t sysfs sysfs /sys
  mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null || true
  mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null || true
  mount -t bpf bpf /sys/fs/bpf 2>/dev/null || true
}

if [ "$host" = desk ]; then
  lay_over /usr "$checkout/build/lab/root/usr"
  lay_over /etc "$run_dir/hosts/desk/etc"
  mount_kernel_views
  state=$run_dir/hosts/$host
else
  mount_host
  mount_kernel_views
  state=/run/lab/hosts/$host
fi
echo "$machine_pid" >"$state/init.pid.new"
mv "$state/init.pid.new" "$state/init.pid"

# bash as process 1 reaps orphans whenever it waits.
sleep infinity &
while :; do
  wait || true
done
