# Words of the tests of many processes, for scripts of root that are given the FOLDER-OF-PROGRAMS; read by `source` first of all. Makes $work.
# Network: a namespace for each process, and bridges in one more that the test itself stands in. Which process stands in which networks:
#   db 10.77.1.0/24, stream 10.77.2.0/24, cluster 10.77.3.0/24 (NATS nodes among themselves), front 10.77.4.0/24 (mail and pages of desks)
# shellcheck shell=bash disable=SC2154,SC2034
if [ "$(id -u)" != 0 ]; then
  echo "skipped: network namespaces need root"
  exit 77
fi
readonly here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) python=/usr/bin/python3
readonly programs=$(readlink -f "$1")
readonly work=$(mktemp -d "${TMPDIR:-/tmp}/pinfold-faults.XXXXXX")
# shellcheck source=tests/lab/checks.sh
source "$here/../lab/checks.sh"
declare -A pids numbers
readonly space=pff$$
declare -A net_of=([db]=1 [stream]=2 [cluster]=3 [front]=4)

# Not behind an &: the number would be that of a shell in between.
in_space() { ip netns exec "$space-$1" "${@:2}"; }
on_hub() { in_space hub "$@"; }

# make_hub: the bridges; the hub stands in every network, as 254
make_hub() {
  ip netns add "$space-hub" || return 1
  local net
  for net in "${!net_of[@]}"; do
    ip -n "$space-hub" link add "$net" type bridge && ip -n "$space-hub" addr add "10.77.${net_of[$net]}.254/24" dev "$net" &&
      ip -n "$space-hub" link set "$net" up || return 1
  done
  ip -n "$space-hub" link set lo up
}
# make_space NAME NUMBER NET...: a namespace that stands as NUMBER in these networks
make_space() {
  local name=$1 number=$2 net
  numbers[$name]=$number
  ip netns add "$space-$name" && ip -n "$space-$name" link set lo up || return 1
  for net in "${@:3}"; do
    ip link add "$net$number" netns "$space-hub" type veth peer name "$net" netns "$space-$name" &&
      ip -n "$space-$name" addr add "$(address_of "$name" "$net")/24" dev "$net" && ip -n "$space-$name" link set "$net" up &&
      ip -n "$space-hub" link set "$net$number" master "$net" up || return 1
  done
}
address_of() { echo "10.77.${net_of[$2]}.${numbers[$1]}"; }
# cut NAME NET: from now on everything is dropped without a word; the link stays up. heal NAME NET
cut() { ip -n "$space-hub" link set "$2${numbers[$1]}" nomaster; }
heal() { ip -n "$space-hub" link set "$2${numbers[$1]}" master "$2"; }
# unplug NAME NET: the process's own machine knows that it has no network. plug NAME NET
unplug() { ip -n "$space-$1" link set "$2" down; }
plug() { ip -n "$space-$1" link set "$2" up; }
remove_spaces() {
  local one
  for one in $(ip netns list 2>/dev/null | grep -oE "^$space-[a-z0-9-]+"); do ip netns del "$one"; done
}

# write_config NAME URL EXTRA: of a process; $stream_servers (quoted, with commas) if it is on the stream
write_config() {
  mkdir -p "$work/$1"
  {
    echo "state_dir = \"$work/$1\""
    echo "$3"
    [ -z "$2" ] || printf '[store]\nurl = "%s"\n' "$2"
    [ -z "${stream_servers:-}" ] || printf '[stream]\nservers = [%s]\nname = "%s"\nshards = 4\n' "$stream_servers" "$1"
    cat <<TOML
[flows]
ipfix = "127.0.0.1:9995"
[[exporter]]
address = "127.0.0.1"
protocol = "ipfix"
observation_point = "border"
TOML
  } >"$work/$1/pinfold.toml"
}
# mail_section LMTP-ADDRESS
mail_section() {
  cat <<TOML
[mail]
submission = "127.0.0.1:9"
starttls = false
domain = "hosting.example"
from_name = "Example Hosting"
from_local = "abuse"
bounce_domain = "bounce.hosting.example"
canary = false
$([ -z "${1:-}" ] || echo "lmtp = \"$1\"")
TOML
}
# With $fake_clocks set, each process has its own clock: set_clock NAME SECONDS ahead of the true time (behind: negative). Wall time only.
readonly fake_clock=(LD_PRELOAD="${PINFOLD_LAB_ROOT:-}/usr/lib/$(uname -m)-linux-gnu/faketime/libfaketimeMT.so.1" FAKETIME_NO_CACHE=1
  FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_SKIP_CMDS=pinfold-reader)
set_clock() {
  mkdir -p "$work/$1"
  printf '%+d\n' "$2" >"$work/$1/clock.new" && mv "$work/$1/clock.new" "$work/$1/clock"
}
# start NAME: the process in its namespace
start() {
  local name=$1 behind=()
  [ -z "${fake_clocks:-}" ] || behind=(env "${fake_clock[@]}" FAKETIME_TIMESTAMP_FILE="$work/$name/clock")
  [ -z "${slow_disk:-}" ] || behind=(env LD_PRELOAD="$programs/libpinfold-slow-disk.so" PINFOLD_SLOW_DISK="$work/slow")
  ip netns exec "$space-$name" "${behind[@]}" "$programs/pinfold" --config "$work/$name/pinfold.toml" serve --role "${name%-[0-9]}" >>"$work/$name.log" 2>&1 &
  pids[$name]=$!
}
crash() {
  kill -9 "${pids[$1]}"
  wait "${pids[$1]}" 2>/dev/null
}
pinfold() { "$programs/pinfold" --config "$work/admin/pinfold.toml" --json "$@"; }
import_servers() {
  {
    echo "customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,protected"
    for i in $(seq 1 60); do echo "$((1000 + i)),Customer $i,ops@c$i.example,en,1,srv-$i,192.0.2.$((10 + i)),,,,,no"; done
  } >"$work/servers.csv"
  pinfold inventory import "$work/servers.csv" >/dev/null
}
cases_of() { pinfold case list --server "$1" 2>/dev/null | grep -c '"case"'; }
is_found() { [ "$(cases_of "$1")" -ge 1 ]; }
# from JSON on standard input: the value of an expression of the object h
value() { "$python" -c 'import json,sys; h = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1" 2>/dev/null; }
says() { [ "$(pinfold health 2>/dev/null | value "$1")" = "$2" ]; }
readonly shards_held='sum(r["shards"] for w, r in h["streams"].items() if w.startswith("detector") and r["heard"])'
is_ready() { in_space "$1" curl -sf -o "$work/ready" --max-time 3 http://127.0.0.1:8080/readyz; }

# A mail server that delivers to these desks; ends with end_of_machines
start_postman() {
  local desk doors=()
  for desk in "$@"; do doors+=("$(address_of "$desk" front):2424"); done
  ip netns exec "$space-hub" "$python" "$here/postman.py" "$work" "${doors[@]}" &
  postman=$!
}

server=0
# A server begins to scan, in the collector's namespace ($scan_from, if another), for SECONDS; its number is $server, its process $scanner
begin_scan() {
  server=$((server + 1))
  scan_began=$(date +%s%N)
  ip netns exec "$space-${scan_from:-collector}" "$python" "$here/scan.py" 9995 "$1" "192.0.2.$((10 + server))" &
  scanner=$!
}
end_scan() {
  kill "$scanner" 2>/dev/null
  wait "$scanner" 2>/dev/null
}
double() { for ((i = 1; i <= server; ++i)); do [ "$(cases_of "srv-$i")" -le 1 ] || echo "srv-$i"; done; }
once() { [ -z "$(double)" ]; }
sql() { in_space hub env LD_LIBRARY_PATH="${PINFOLD_LAB_ROOT:-}/usr/lib/$(uname -m)-linux-gnu" "$psql" -XAtq "$admin_url" -c "$1"; }
mails_hold() {
  local mails
  mails=$(value 'h["mails"]' <"$work/mails.json")
  [ "$(value 'h["left"]' <"$work/mails.json")" = 0 ] && [ "$mails" -ge 10 ] && [ "$(sql "SELECT COUNT(*) FROM inbox WHERE kind = 'mail'")" = "$mails" ]
}
stream_of() { says "h['streams']['$1/$2']['connected']" "$3"; }
since() { echo $((($(date +%s%N) - $1) / 1000000)); }

# found_meanwhile WHAT: the scan is found though the cut lasts. found_afterwards WHAT
found_meanwhile() {
  within 90 is_found "srv-$server"
  check "a scan is found while $1 ($(since "$scan_began") ms after it began)" is_found "srv-$server"
}
found_afterwards() {
  local healed
  healed=$(date +%s%N)
  within 90 is_found "srv-$server"
  check "a scan is found after $1 ($(since "$healed") ms after it was over)" is_found "srv-$server"
}

# The machines of a desk that is spread: PostgreSQL, three NATS nodes, and what start_machines starts. Ends the test (3) where a server is missing.
readonly nats_server=${PINFOLD_LAB_ROOT:-}/usr/sbin/nats-server 
psql=${PINFOLD_LAB_ROOT:-}/usr/lib/postgresql/15/bin/psql
[ -x "$psql" ] || psql=$(command -v psql)  # where the machine has the client, it is not unpacked aside
readonly psql
postman=""
clean_up() {
  trap - EXIT INT TERM
  # shellcheck disable=SC2086  # those that were started
  kill -9 "${pids[@]}" $postman ${scanner:-} 2>/dev/null
  wait 2>/dev/null
  "$here/../support/postgres" stop "$work/postgres"
  remove_spaces
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
set_up_machines() {
  local desk name node other
  [ -x "$nats_server" ] || { echo "no nats-server: run tools/setup lab"; exit 3; }
  make_hub && make_space pg 1 db && make_space desk-1 11 db front && make_space desk-2 12 db front && make_space collector 21 db stream &&
    make_space detector-1 31 db stream && make_space detector-2 32 db stream || exit 3
  for node in 1 2 3; do make_space "nats-$node" "4$node" stream cluster || exit 3; done
  local behind=()
  if [ -n "${fake_clocks:-}" ]; then
    chmod 711 "$work"  # PostgreSQL runs as nobody
    for name in pg desk-1 desk-2 collector detector-1 detector-2; do set_clock $name 0; done
    behind=(env "${fake_clock[@]}" FAKETIME_TIMESTAMP_FILE="$work/pg/clock")
  fi
  PINFOLD_POSTGRES_LISTEN=$(address_of pg db) in_space pg "${behind[@]}" "$here/../support/postgres" start "$work/postgres" || exit 3
  admin_url="postgresql://pinfold@/postgres?host=$(readlink "$work/postgres")"
  url="postgresql://pinfold@$(address_of pg db)/postgres"
  stream_servers=""
  for node in 1 2 3; do
    mkdir -p "$work/nats-$node/data"
    cat >"$work/nats-$node/conf" <<END
server_name: n$node
listen: $(address_of "nats-$node" stream):4222
http: $(address_of "nats-$node" stream):8222
jetstream { store_dir: "$work/nats-$node/data", max_mem: 256MB, max_file: 1GB }
cluster { name: cuts, listen: $(address_of "nats-$node" cluster):6222
  routes: [$(for other in 1 2 3; do echo "nats://$(address_of "nats-$other" cluster):6222,"; done)] }
END
    stream_servers+="\"nats://$(address_of "nats-$node" stream):4222\","
    ip netns exec "$space-nats-$node" "$nats_server" -c "$work/nats-$node/conf" -l "$work/nats-$node.log" &
    pids[nats-$node]=$!
  done
  for desk in desk-1 desk-2; do
    write_config $desk "$url" "$(printf '[http]\nlisten = "127.0.0.1:8080"\n')
$(mail_section "$(address_of $desk front):2424")"
  done
  for name in collector detector-1 detector-2; do write_config $name "$url" "$(mail_section)"; done
  write_config admin "$admin_url" "$(mail_section)"
  import_servers || exit 1
}
start_machines() {
  local name
  for name in detector-1 detector-2 collector desk-1 desk-2; do start "$name"; done
  check "the first desk is ready" within 60 is_ready desk-1
  check "the second desk is ready" within 60 is_ready desk-2
  check "two detectors share all shards" within 90 says "$shards_held" 4
  check "the collector has a stream" within 60 stream_of collector collector True
  start_postman desk-1 desk-2
}
# What must hold at the end of all.
end_of_machines() {
  touch "$work/stop"
  wait "$postman"
  check "every mail that was acknowledged is on record once: $(cat "$work/mails.json")" mails_hold
  check "no answer to a mail took longer than 40 s" test "$(value 'int(h["longest"] <= 40)' <"$work/mails.json")" = 1
  check "no scan is two cases" once
  check "the record holds" pinfold audit-log verify
  check "no finding waits" within 30 says 'h["findings_waiting"]' 0
  if [ "$failed" -gt 0 ]; then
    for log in "$work"/*.log; do echo "--- $log"; tail -n 25 "$log"; done
  fi
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}
