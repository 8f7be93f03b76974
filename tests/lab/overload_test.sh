#!/bin/bash
# Storms of flow exports, abuse reports and log-ins all at once against one desk, in a network namespace of its own: memory stays below a named
# bound, the desk stays usable, what was acknowledged is worked on, and what was shed is counted to the last piece.
# usage: overload_test.sh FOLDER-OF-PROGRAMS   prints one line a check and "N passed, N failed"; exit status 1 when one failed, 77 when not root
set -uo pipefail
if [ "$(id -u)" != 0 ]; then
  echo "skipped: a network namespace of its own needs root"
  exit 77
fi
if [ "${2:-}" != inside ]; then
  exec unshare --net -- "$0" "$1" inside
fi
here=$(cd "$(dirname "$0")" && pwd)
programs=$(readlink -f "$1")
# A build with sanitizers takes a multiple (tests/CMakeLists.txt says which).
readonly here programs datagrams=200000 mails=600 attempts=400 most_kib=$((512 * 1024 * ${PINFOLD_TEST_MEMORY:-1}))
work=$(mktemp -d "${TMPDIR:-/tmp}/pinfold-overload-test.XXXXXX")
serve_pid="" watch_pid=""
clean_up() {
  # shellcheck disable=SC2086  # those that were started
  kill $serve_pid $watch_pid 2>/dev/null
  wait $serve_pid 2>/dev/null
  rm -rf "$work"
}
trap clean_up EXIT
# shellcheck source=tests/lab/checks.sh
source "$here/checks.sh"
ip link set lo up
cat >"$work/pinfold.toml" <<TOML
state_dir = "$work/state"
[http]
listen = "127.0.0.1:8080"
[flows]
ipfix = "127.0.0.1:2055"
[[exporter]]
address = "127.0.0.1"
protocol = "ipfix"
observation_point = "edge"
[mail]
submission = "127.0.0.1:25"
starttls = false
domain = "desk.example"
lmtp = "127.0.0.1:2424"
canary = false
TOML
cat >"$work/servers.csv" <<CSV
customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,protected
1001,Example Ltd,ops@example.net,en,1,srv-1,192.0.2.11,02:00:00:00:00:01,sw1,swp1,cust:srv-1,no
CSV
mkdir "$work/state"
pinfold() { "$programs/pinfold" --config "$work/pinfold.toml" --json "$@"; }
get() { curl -sS --fail --max-time 20 "http://127.0.0.1:8080$1"; }
# metric NAME [LABEL]: the sum over all of that name
metric() { get /metrics | awk -v name="$1" -v label="${2:-}" '$0 !~ /^#/ { split($1, part, "{") } $0 !~ /^#/ && part[1] == name && index($1, label) { sum += $2 } END { print sum + 0 }'; }
said() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1])).get(sys.argv[2], 0))' "$work/$1" "$2"; }
log_in() { # ADDRESS: prints the status
  curl -sS -o /dev/null -w '%{http_code}' --max-time 60 -H 'Content-Type: application/json' -H "X-Forwarded-For: $1" \
    -d '{"login":"anna","password":"correct horse battery"}' http://127.0.0.1:8080/v1/session
}
is() { [ "$1" = "$2" ] || { echo "$1, not $2" && return 1; }; }
at_most() { [ "$1" -le "$2" ] || { echo "$1, more than $2" && return 1; }; }
at_least() { [ "$1" -ge "$2" ] || { echo "$1, fewer than $2" && return 1; }; }

check "the inventory is imported" pinfold inventory import "$work/servers.csv"
for user in root anna; do
  check "$user may log in" eval "echo 'correct horse battery' | pinfold user add $user --role admin --own"
done
"$programs/pinfold" --config "$work/pinfold.toml" serve >"$work/serve.log" 2>&1 &
serve_pid=$!
check "the desk is ready" within 20 get /readyz
[ $failed = 0 ] || { cat "$work/serve.log"; exit 1; }

"$here/storms.py" flows 2055 $datagrams >"$work/flows" 2>"$work/flows.err" &
flows_pid=$!
"$here/storms.py" reports 2424 $mails >"$work/reports" 2>"$work/reports.err" &
reports_pid=$!
"$here/storms.py" logins 8080 $attempts >"$work/logins" 2>"$work/logins.err" &
logins_pid=$!
answers=0
while kill -0 $flows_pid 2>/dev/null || kill -0 $reports_pid 2>/dev/null || kill -0 $logins_pid 2>/dev/null; do
  get /readyz >/dev/null && get /metrics >/dev/null && answers=$((answers + 1))
  sleep 0.2
done
wait $flows_pid $reports_pid $logins_pid
check "the desk answered all the while (${answers} times)" at_least $answers 3
check "somebody else can log in meanwhile" is "$(log_in 203.0.113.5)" 200

sent=$(said flows sent)
check "a storm of $sent datagrams was sent" at_least "$sent" $((datagrams * 9 / 10))
explained() { is $(($(metric pinfold_socket_datagrams_total) + $(metric pinfold_socket_kernel_drops_total))) "$sent"; }
check "each of them arrived or is counted as dropped" within 20 explained
check "what came from a stranger is counted" at_least "$(metric pinfold_socket_unknown_exporter_total)" 1
check "what could not be read is counted" at_least "$(metric pinfold_export_decode_errors_total)" 1

taken=$(said reports taken)
check "of $mails reports, $taken were taken and the others put off by an answer" is $((taken + $(said reports "put off"))) $mails
check "most were taken" at_least "$taken" $((mails / 2))
worked_on() { is "$(metric pinfold_inbox_pending)" 0; }
check "all that were taken are worked on" within 120 worked_on
kept() { python3 - "$work/state" <<'PY'
import pathlib, sqlite3, sys
file = pathlib.Path(sys.argv[1]) / "pinfold.sqlite"
print(sqlite3.connect(f"file:{file}?mode=ro", uri=True).execute("SELECT COUNT(*) FROM inbox WHERE kind = 'mail'").fetchone()[0])
PY
}
check "and each of them is on record" is "$(kept)" "$taken"

check "guessing was slowed: $(cat "$work/logins")" at_least "$(said logins 429)" $((attempts / 2))
check "nobody got in" is "$(said logins 200)" 0

check "memory stayed below $((most_kib / 1024)) MiB" at_most "$(awk '/VmHWM/ { print $2 }' /proc/$serve_pid/status)" $most_kib
check "the chain over all events is whole" pinfold audit-log verify
kill "$serve_pid" && wait "$serve_pid"
check "and the desk ends as it should" is $? 0
serve_pid=""
[ $failed = 0 ] || { tail -n 30 "$work/serve.log"; cat "$work"/*.err; }
echo "$passed passed, $failed failed"
[ $failed = 0 ]
