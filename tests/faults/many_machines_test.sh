#!/bin/bash
# A desk of many processes on real servers: PostgreSQL, three NATS nodes, a collector, two detectors, two desks; each killed (SIGKILL) in turn while a
# customer's server scans. Every scan must be found all the same, opened as one case, and the record must hold. Prints how long each took.
# usage: many_machines_test.sh FOLDER-OF-PROGRAMS [ROUNDS SEED]   ROUNDS more kills at random at the end (make test-faults)
# Exit status: 0 all held, 1 something did not, 3 a server is missing
set -uo pipefail
readonly here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) python=/usr/bin/python3
readonly programs=$(readlink -f "$1") rounds=${2:-0} seed=${3:-1}
readonly support=$here/../support
readonly work=$(mktemp -d "${TMPDIR:-/tmp}/pinfold-machines.XXXXXX")
declare -A pids
clean_up() {
  trap - EXIT INT TERM
  kill -9 "${pids[@]}" 2>/dev/null
  "$support/nats" stop "$work/nats"
  "$support/postgres" stop "$work/postgres"
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
# shellcheck source=tests/lab/checks.sh
source "$here/../lab/checks.sh"

"$support/postgres" start "$work/postgres" || exit 3
"$support/nats" start "$work/nats" 3 || exit 3
url="postgresql://pinfold@/postgres?host=$(readlink "$work/postgres")"

# Ports that nobody listens on now: two desks' pages, the collector's exports.
read -r desk1 desk2 exports < <("$python" -c '
import socket
held = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_STREAM, socket.SOCK_DGRAM)]
[s.bind(("127.0.0.1", 0)) for s in held]
print(*[s.getsockname()[1] for s in held])')

# config NAME PORT: of one process
config() {
  mkdir -p "$work/$1"
  cat >"$work/$1/pinfold.toml" <<TOML
state_dir = "$work/$1"
[store]
url = "$url"
[stream]
servers = [$(sed 's/.*/"&"/' "$work/nats/urls" | paste -sd,)]
name = "$1"
shards = 4
[http]
listen = "127.0.0.1:$2"
[flows]
ipfix = "127.0.0.1:$exports"
[[exporter]]
address = "127.0.0.1"
protocol = "ipfix"
observation_point = "border"
[mail]
submission = "127.0.0.1:9"
domain = "hosting.example"
from_name = "Example Hosting"
from_local = "abuse"
bounce_domain = "bounce.hosting.example"
TOML
}
config desk-1 "$desk1"
config desk-2 "$desk2"
for name in collector detector-1 detector-2; do config "$name" 0; done

start() {
  "$programs/pinfold" --config "$work/$1/pinfold.toml" serve --role "${1%-[0-9]}" >>"$work/$1.log" 2>&1 &
  pids[$1]=$!
}
crash() {
  kill -9 "${pids[$1]}"
  wait "${pids[$1]}" 2>/dev/null
}
pinfold() { "$programs/pinfold" --config "$work/desk-1/pinfold.toml" --json "$@"; }
server=0
address() { echo "192.0.2.$((10 + $1))"; }

{
  echo "customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,protected"
  for i in $(seq 1 60); do echo "$((1000 + i)),Customer $i,ops@c$i.example,en,1,srv-$i,$(address "$i"),,,,,no"; done
} >"$work/servers.csv"
pinfold inventory import "$work/servers.csv" >/dev/null || exit 1

cases_of() { pinfold case list --server "$1" 2>/dev/null | grep -c '"case"'; }
is_found() { [ "$(cases_of "$1")" -ge 1 ]; }
holds_all_shards() { [ "$(pinfold health 2>/dev/null | "$python" -c '
import json, sys
print(sum(r["shards"] for w, r in json.load(sys.stdin).get("streams", {}).items() if w.startswith("detector") and r["heard"]))')" = 4 ]; }

# scan_is_found_though WHAT COMMAND...: a server scans; three seconds later the command runs; the scan is found, once.
scan_is_found_though() {
  local what=$1 began took
  shift
  server=$((server + 1))
  began=$(date +%s%N)
  "$python" "$here/scan.py" "$exports" 45 "$(address $server)" &
  local scanner=$!
  sleep 3  # the scan must be under way
  "$@"
  within 90 is_found "srv-$server"
  took=$((($(date +%s%N) - began) / 1000000))
  kill "$scanner" 2>/dev/null
  wait "$scanner" 2>/dev/null
  check "a scan is found though $what ($took ms after it began)" is_found "srv-$server"
}
nothing() { :; }
restart() { crash "$1"; start "$1"; }
kill_leader() {
  local node
  node=$("$python" - "$work/nats" <<'END'
import json, pathlib, sys, urllib.request
place = pathlib.Path(sys.argv[1])
for node in sorted(p for p in place.iterdir() if p.is_dir()):
    try:
        info = json.load(urllib.request.urlopen(f"http://127.0.0.1:{(node / 'http').read_text().strip()}/jsz?streams=1", timeout=2))
        for account in info.get("account_details", []):
            for stream in account.get("stream_detail", []):
                print(stream["cluster"]["leader"][1:])
                sys.exit()
    except OSError:
        pass
END
  )
  "$support/nats" kill "$work/nats" "$node" && (sleep 8; "$support/nats" revive "$work/nats" "$node") &
}
# It stands still longer than its lease, as if its network had been cut, and then goes on where it was.
freeze() {
  kill -STOP "${pids[$1]}"
  (sleep 15; kill -CONT "${pids[$1]}") &
}
restart_postgres() { "$support/postgres" restart "$work/postgres"; }

for name in detector-1 detector-2 collector desk-1 desk-2; do start "$name"; done
answers() { curl -sf -o "$work/ready" --max-time 2 "http://127.0.0.1:$1/readyz"; }
check "the first desk is ready" within 60 answers "$desk1"
check "the second desk is ready" within 60 answers "$desk2"
check "two detectors share all shards" within 60 holds_all_shards
scan_is_found_though "nothing happens" nothing
scan_is_found_though "a detector is killed" crash detector-1
check "its shards are taken over" within 60 holds_all_shards
start detector-1
scan_is_found_though "a detector stands still for 15 s" freeze detector-2
scan_is_found_though "the leader of the stream is killed" kill_leader
scan_is_found_though "PostgreSQL is killed" restart_postgres
scan_is_found_though "the collector is killed" restart collector
scan_is_found_though "a desk is killed" crash desk-1
start desk-1
RANDOM=$seed
faults=("restart detector-1" "restart detector-2" "restart collector" "restart desk-1" "restart desk-2" "freeze detector-1" "freeze desk-2" kill_leader restart_postgres)
for ((round = 0; round < rounds; ++round)); do
  one=${faults[RANDOM % ${#faults[@]}]} other=${faults[RANDOM % ${#faults[@]}]}
  both() { $one; $other; }
  scan_is_found_though "$one and $other" both
done

double() { for ((i = 1; i <= server; ++i)); do [ "$(cases_of "srv-$i")" -le 1 ] || echo "srv-$i"; done; }
once() { [ -z "$(double)" ]; }
check "no scan is two cases" once
check "the record holds" pinfold audit-log verify
inbox_is_empty() { [ "$(pinfold health 2>/dev/null | "$python" -c 'import json,sys; print(json.load(sys.stdin)["findings_waiting"])')" = 0 ]; }
check "no finding waits" within 30 inbox_is_empty
if [ "$failed" -gt 0 ]; then
  for log in "$work"/*.log; do echo "--- $log"; tail -n 15 "$log"; done
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
