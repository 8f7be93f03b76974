#!/bin/bash
# From a flow export to `pinfold bandwidth`: serve takes NetFlow v5 over loopback, keeps what it saw when it is stopped, and goes on after a restart.
# usage: bandwidth_test.sh FOLDER-OF-PROGRAMS
set -u
pinfold=$1/pinfold
work=$(mktemp -d "${TMPDIR:-/tmp}/pinfold-bandwidth-test.XXXXXX")
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
fail() {
  echo "FAIL  $*"
  cat "$work/log"
  exit 1
}

# A port for the pages that nobody uses at this moment.
pages=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

cat >"$work/pinfold.toml" <<TOML
state_dir = "$work/state"
[http]
listen = "127.0.0.1:$pages"
[flows]
ipfix = "127.0.0.1:0"
[[exporter]]
address = "127.0.0.1"
protocol = "ipfix"
observation_point = "sw1"
[mail]
submission = "127.0.0.1:25"
domain = "hosting.example"
TOML
cat >"$work/servers.csv" <<CSV
customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,protected
1001,Example Ltd,ops@example.net,en,1,srv-1,192.0.2.11,,,,,no
CSV
mkdir -m 700 "$work/state"
p() { "$pinfold" --config "$work/pinfold.toml" "$@"; }
p inventory import "$work/servers.csv" >/dev/null || fail "inventory"

# send SEQUENCE: one flow of ten packets and 10,000 bytes from the server, two minutes long, just over.
send() {
  port=$(sed -n 's/.*COLLECT_LISTENING ipfix exports on 127.0.0.1 port \([0-9]*\).*/\1/p' "$work/log" | tail -1)
  python3 - "$port" "$1" <<'PY'
import socket, struct, sys, time
now = time.time()
header = struct.pack("!HHIIIIBBH", 5, 1, 1000000, int(now), int(now % 1 * 1e9), int(sys.argv[2]), 0, 0, 0)
record = struct.pack("!4s4sIHHIIIIHHBBBBHHBBH", bytes([192, 0, 2, 11]), bytes([198, 18, 0, 1]), 0, 0, 0, 10, 10000, 880000, 1000000, 443, 5000,
                     0, 0x1b, 6, 0, 0, 0, 0, 0, 0)
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(header + record, ("127.0.0.1", int(sys.argv[1])))
PY
}

# How many flow records were taken since the start.
records() {
  python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())' "http://127.0.0.1:$pages/metrics" 2>/dev/null |
    awk '$1 == "pinfold_flow_records_total" { print $2 }'
}

# run SEQUENCE: a desk, one flow, and an orderly stop.
run() {
  "$pinfold" --config "$work/pinfold.toml" serve 2>"$work/log" &
  server=$!
  for _ in $(seq 100); do grep -q SERVING "$work/log" && break; sleep 0.1; done
  grep -q SERVING "$work/log" || fail "it does not start"
  send "$1"
  for _ in $(seq 100); do records | grep -q "^1$" && break; sleep 0.1; done
  kill "$server"
  wait "$server" || fail "exit status $?"
  server=
}

run 0
p bandwidth srv-1 >"$work/first" || fail "nothing is kept"
grep -q '"bytes":10000' "$work/first" || fail "$(cat "$work/first")"
grep -q '"estimate":true' "$work/first" || fail "no estimate: $(cat "$work/first")"
run 1
p bandwidth srv-1 --since "10 min" --resolution 1min >"$work/second" || fail "nothing after a restart"
sum=$(python3 -c 'import json,sys; print(sum(l["out"]["bytes"] for l in map(json.loads, open(sys.argv[1])) if l["kind"] == "slot"))' "$work/second")
[ "$sum" = 20000 ] || fail "20000 bytes were sent, $sum are kept: $(cat "$work/second")"
[ "$(grep -c '"kind":"slot"' "$work/second")" -ge 2 ] || fail "a flow of two minutes stands in one slot"
p bandwidth nobody >"$work/none" 2>&1
[ $? = 1 ] || fail "an unknown server is not told"
echo "bandwidth: kept over a restart, to the byte"
