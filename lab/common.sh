# Names, addresses and process records of the lab. Sourced by lab/lab.
# shellcheck shell=bash disable=SC2034,SC2154

readonly servers=(srv-a srv-b srv-c)
readonly all_hosts=("${servers[@]}" sw1 rt1 inet mx mail desk)

# Documentation and benchmark ranges only (RFC 5737, RFC 2544), and private links.
readonly router_address=192.0.2.1 router_mac=02:00:00:00:00:fe
readonly inet_address=198.51.100.9 scan_range=198.18.0.0/15 refusing_range=198.18.0.0/22
readonly switch_address=10.99.0.2 desk_mgmt_address=10.99.0.1 desk_address=10.98.0.1
readonly mx_address=203.0.113.25 mail_address=203.0.113.80
readonly ipfix_port=4739 sflow_port=6343 agents_port=8443 pages_inner_port=8080 lmtp_port=2424
readonly snmp_user=pinfold snmp_auth=authpass-lab-1 snmp_priv=privpass-lab-1

server_address() { case $1 in srv-a) echo 192.0.2.11 ;; srv-b) echo 192.0.2.12 ;; srv-c) echo 192.0.2.13 ;; esac; }
server_mac() { case $1 in srv-a) echo 02:00:00:00:00:01 ;; srv-b) echo 02:00:00:00:00:02 ;; srv-c) echo 02:00:00:00:00:03 ;; esac; }
server_port() { case $1 in srv-a) echo swp1 ;; srv-b) echo swp2 ;; srv-c) echo swp3 ;; esac; }
server_owner() { echo "owner-${1#srv-}"; }
owner_domain() { echo "customer-${1#owner-}.example"; }

say() { echo "lab: $*"; }
fail() {
  echo "lab: $*" >&2
  exit 3
}

is_host() {
  local host
  for host in "${all_hosts[@]}"; do
    [ "$host" = "$1" ] && return
  done
  return 1
}
is_server() { [[ $1 == srv-* ]]; }

# The folder of this lab, and its id: the same folder always has the same id, so that a stale lab is found again.
set_run_dir() {
  run_dir=$(readlink -m "$1")
  [[ $run_dir =~ ^/[A-Za-z0-9._/+-]+$ ]] || fail "$run_dir: only letters, digits and ._+- may stand in the folder's path (mount options)"
  id=$(printf '%s' "$run_dir" | sha256sum | cut -c 1-6)
}
netns() { echo "pf-$id-$1"; }

# A process is known by its number and start time, so that a number used again is never mistaken for it.
start_time_of() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  set -- $stat
  echo "${20}"
}
record_pid() { echo "$1 $(start_time_of "$1") $2" >>"$run_dir/pids"; }
recorded_pid() { sed -n "s/ $1\$//p" "$run_dir/pids" 2>/dev/null; }  # "PID START"
pid_is_ours() {
  local pid start
  read -r pid start <<<"$1"
  [ -n "$pid" ] && [ "$(start_time_of "$pid")" = "$start" ]
}

# Waits up to $1 seconds until the rest, as a command, succeeds.
wait_for() {
  local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return 1
    sleep 0.03
  done
}

prepare_run_dir() {
  mkdir -p "$run_dir"
  # Only what an earlier lab wrote here.
  rm -rf "${run_dir:?}"/{hosts,log,desk,bin,pids,lab.json}
  mkdir -p "$run_dir"/{hosts,log,desk,bin}
  cp "$bridge_mib" "$run_dir/bin/pinfold-lab-bridge-mib"
}
