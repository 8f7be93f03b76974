# Hosts: each is a long-lived init process (lab/init.sh) in its own network, mount, UTS, IPC and PID namespaces; servers also have a cgroup.
# The desk keeps the machine's PID namespace: what runs there is the program under test, and its owner must see and signal it.
# shellcheck shell=bash disable=SC2154

# Where the machine has cgroup v2; empty when it has none that we may write.
find_cgroup_root() {
  local candidate
  for candidate in /sys/fs/cgroup /sys/fs/cgroup/unified; do
    if [ "$(stat -f -c %T "$candidate" 2>/dev/null)" = cgroup2fs ] && [ -w "$candidate/cgroup.procs" ]; then
      echo "$candidate"
      return
    fi
  done
}
# The host's own cgroup; empty for what is no server, and where there is no cgroup v2.
cgroup_of() {
  local root
  root=$(find_cgroup_root)
  if is_server "$1" && [ -n "$root" ]; then
    echo "$root/pf-$id/$1"
  fi
}

# Every file that a host is started over. They come first: what lies under an overlay must not change any more.
make_files() {
  local host
  for host in "${all_hosts[@]}"; do
    make_host_files "$host"
  done
  make_mail_files
}

make_hosts() {
  local host
  # A machine that never had a named namespace gets /run/netns with our first; remember to take it away again.
  [ -d /run/netns ] || touch "$run_dir/made-run-netns"
  [ -n "$(find_cgroup_root)" ] || say "no writable cgroup v2 here: the servers share the machine's cgroup"
  for host in "${all_hosts[@]}"; do
    ip netns add "$(netns "$host")"
    start_init "$host"
  done
  for host in "${all_hosts[@]}"; do
    wait_for 5 test -s "$run_dir/hosts/$host/init.pid" || fail "$host did not start: $(tail -n 3 "$run_dir/log/$host-init.log")"
    record_pid "$(cat "$run_dir/hosts/$host/init.pid")" "init-$host"
  done
}

# The host's own /etc: users and name lookup that owe nothing to the machine's.
make_host_files() {
  local host=$1 etc=$run_dir/hosts/$1/etc
  mkdir -p "$run_dir/hosts/$host"/{etc,usr,home,srv,spool}
  echo "$host" >"$etc/hostname"
  printf '%s\n' "127.0.0.1 localhost" "127.0.1.1 $host" >"$etc/hosts"
  : >"$etc/resolv.conf"
  printf '%s\n' "passwd: files" "group: files" "shadow: files" "hosts: files" "services: files" "protocols: files" >"$etc/nsswitch.conf"
  [ "$host" != desk ] || return 0  # who runs the program under test is the machine's user
  cat >"$etc/passwd" <<'PASSWD'
root:x:0:0:root:/root:/bin/bash
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
postfix:x:64901:64901::/var/spool/postfix:/usr/sbin/nologin
_lldpd:x:64903:64903::/nonexistent:/usr/sbin/nologin
owner-a:x:64911:64911:Owner A:/home/owner-a:/bin/sh
owner-b:x:64912:64912:Owner B:/home/owner-b:/bin/sh
owner-c:x:64913:64913:Owner C:/home/owner-c:/bin/sh
PASSWD
  cat >"$etc/group" <<'GROUP'
root:x:0:
www-data:x:33:
nogroup:x:65534:
postfix:x:64901:
postdrop:x:64902:
_lldpd:x:64903:
owner-a:x:64911:
owner-b:x:64912:
owner-c:x:64913:
GROUP
}

start_init() {
  local host=$1 kinds=(--mount --uts) group
  [ "$host" = desk ] || kinds+=(--ipc --pid --fork)
  group=$(cgroup_of "$host")
  if [ -n "$group" ]; then
    mkdir -p "$group"
    kinds+=(--cgroup)
  fi
  (
    # Joined before the cgroup namespace is made, so that the host sees its own cgroup as the root.
    [ -z "$group" ] || echo "$BASHPID" >"$group/cgroup.procs"
    exec setsid nsenter --net="/run/netns/$(netns "$host")" unshare "${kinds[@]}" \
      bash "$lab_source/init.sh" "$host" "$run_dir" "$checkout"
  ) </dev/null >"$run_dir/log/$host-init.log" 2>&1 &
  disown
}

# Replaces the calling process by a command inside a host. In a PID namespace nsenter has to stay as the parent: when it is ended, the
# command gets SIGTERM.
enter() {
  local host=$1 pid group
  shift
  read -r pid _ <<<"$(recorded_pid "init-$host")"
  if [ "$host" = desk ]; then
    exec nsenter --target "$pid" --net --mount --uts --wd="$PWD" -- "$@"
  fi
  group=$(cgroup_of "$host")
  [ -z "$group" ] || echo "$BASHPID" >"$group/cgroup.procs"
  exec nsenter --target "$pid" --all -- setpriv --pdeathsig TERM -- "$@"
}
in_host() { (enter "$@"); }

# Starts a server on a host; what it prints goes to log/HOST-NAME.log. It ends with the host.
service() {
  local host=$1 name=$2
  shift 2
  (enter "$host" setsid --wait "$@") </dev/null >"$run_dir/log/$host-$name.log" 2>&1 &
  disown
}

processes_of_lab() {
  local host
  for host in "${all_hosts[@]}"; do
    ip netns pids "$(netns "$host")" 2>/dev/null || true
  done
}
no_processes() { [ -z "$(processes_of_lab)" ]; }

# Ends what this lab started, by number: the recorded processes, then whatever else lives in its namespaces. Safe to repeat.
tear_down() {
  local pid start what host
  while read -r pid start what; do
    [ "$what" = init-desk ] && continue  # the last to go: the program under test is asked first, below
    pid_is_ours "$pid $start" && kill -KILL "$pid" 2>/dev/null
  done < <(cat "$run_dir/pids" 2>/dev/null)
  processes_of_lab | xargs -r kill -TERM 2>/dev/null || true
  if ! wait_for 3 no_processes; then
    processes_of_lab | xargs -r kill -KILL 2>/dev/null || true
    wait_for 3 no_processes || say "processes that will not end: $(processes_of_lab | tr '\n' ' ')"
  fi
  for host in "${all_hosts[@]}"; do
    [ ! -e "/run/netns/$(netns "$host")" ] || ip netns del "$(netns "$host")"
  done
  remove_cgroups
  if [ -e "$run_dir/made-run-netns" ]; then
    umount /run/netns 2>/dev/null || true
    rmdir /run/netns 2>/dev/null || true  # refused while another lab has a name in it
    rm -f "$run_dir/made-run-netns"
  fi
  rm -f "$run_dir/pids" "$run_dir/lab.json"
}

remove_cgroups() {
  local top
  top=$(find_cgroup_root)/pf-$id
  [ -d "$top" ] || return 0
  wait_for 2 find "$top" -mindepth 1 -type d -exec rmdir {} + || true
  rmdir "$top" 2>/dev/null || say "cgroup $top is still in use"
}
