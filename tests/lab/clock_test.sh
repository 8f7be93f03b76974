#!/bin/bash
# The clock of the desk's machine is set while an owner's window runs: an hour ahead, and put right; an hour back, and put right. The owner has 20 minutes
# to answer, and his server goes on scanning: without protection the step ahead would let the window pass and switch his port off. The desk's own
# process alone sees the steps (libfaketime, wall time only): the switch, the mail servers and the agent go by the machine's true clock.
# usage: clock_test.sh FOLDER-OF-PROGRAMS   prints one line a check and "N passed, N failed"; exit status 1 when one failed, 77 when not root
set -uo pipefail
export MIBS=""
readonly here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly checkout=$(cd "$here/../.." && pwd) python=/usr/bin/python3
readonly lab=$checkout/lab/lab
if [ "$(id -u)" != 0 ]; then
  echo "skipped: the lab makes network namespaces, which needs root"
  exit 77
fi
readonly programs=$(readlink -f "$1")
readonly run=$(readlink -m "$programs/../lab-clock")
readonly config=$run/desk/pinfold.toml serve_log=$run/log/serve.log
readonly work=$(mktemp -d "${TMPDIR:-/tmp}/pinfold-clock-test.XXXXXX")
serve_pid="" monitor_pid=""
clean_up() {
  trap - EXIT INT TERM
  # shellcheck disable=SC2086  # those that were started
  kill $serve_pid $monitor_pid 2>/dev/null
  "$lab" down "$run" >/dev/null
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
# shellcheck source=tests/lab/checks.sh
source "$here/checks.sh"
# shellcheck source=tests/lab/desk_words.sh
source "$here/desk_words.sh"
# set_clock SECONDS: ahead of the true time (behind: negative)
set_clock() { printf '%+d\n' "$1" >"$run/desk/clock.new" && mv "$run/desk/clock.new" "$run/desk/clock"; }
# Does every event's time, and every finding's, lie between the start of this test and now?
times_are_true() { pinfold case show PF-1 2>/dev/null | "$python" -c 'import json,sys,datetime
at = lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
since, now = float(sys.argv[1]) - 5, datetime.datetime.now().timestamp() + 5
times = [t for e in map(json.loads, sys.stdin) for t in [at(e["at"])] + ([at(e["finding"]["last_seen"])] if "finding" in e else [])]
print(len(times), "times", min(times) - since, now - max(times))
sys.exit(not all(since <= t <= now for t in times))' "$test_began"; }

check "the lab comes up" "$lab" up "$run" --fast --response-window "20 min" --pages-port 0 --bridge-mib "$programs/pinfold-lab-bridge-mib"
[ $failed = 0 ] || exit 1
check "the inventory is imported" pinfold inventory import "$run/desk/inventory.csv"
check "the switch is armed" pinfold switch arm sw1
[ $failed = 0 ] || exit 1
readonly test_began=$(date +%s)
: >"$serve_log"
set_clock 0
"$lab" exec "$run" desk env LD_PRELOAD="/usr/lib/$(uname -m)-linux-gnu/faketime/libfaketimeMT.so.1" FAKETIME_TIMESTAMP_FILE="$run/desk/clock" FAKETIME_NO_CACHE=1 \
  FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_SKIP_CMDS=pinfold-reader "$programs/pinfold" --config "$config" serve >>"$serve_log" 2>&1 &
serve_pid=$!
check "the desk runs" within 15 is_logged 1 SERVING
"$lab" exec "$run" sw1 ip -o monitor link >"$work/links" 2>&1 &
monitor_pid=$!
disown
break_in /run/checkout/lab/payload/scan.pl
check "A scans: the network sees it" within 40 at_least 1 "$from_network"
check "the owner is warned, and the warning delivered" within 60 at_least 1 'e["kind"] == "notice_delivered"'
readonly listening_since=$(health listening_since)

# step SECONDS WORD BOUTS: the clock is set, A begins another bout, the clock is put right
step() {
  local began=$EPOCHREALTIME seen
  set_clock "$1"
  check "the clock is set an hour $2: the desk says so, and calls a person" within 10 is_logged "$3" CLOCK_STEPPED
  check "who is called is told" within 10 eval 'pinfold call list | shows "1 h '"$2"'"'
  check "its health too" eval 'on desk curl -s http://127.0.0.1:8080/healthz | shows "clock"'
  within 30 eval '[ $((${EPOCHREALTIME%.*} - ${began%.*})) -ge 5 ]'  # longer than quiet_gap since the bout before
  seen=$(events "$from_network")
  break_in /run/checkout/lab/payload/scan.pl
  check "A scans again: it is recorded" within 60 at_least $((seen + 1)) "$from_network"
  check "the window has not passed" is "$(events 'e["kind"] == "window_passed"')" 0
  check "nothing is asked of the switch" is "$(events 'e["kind"] == "disable_requested"')" 0
  check "the owner still has his time" is "$(case_state)" delivered
  set_clock 0
  check "the clock is put right" within 10 is_logged "$3" CLOCK_RIGHT
  check "the desk has listened without a gap" is "$(health listening_since)" "$listening_since"
  check "every time on record is true" times_are_true
}
step 3600 ahead 1
step -3600 behind 2

check "the window has not passed" is "$(events 'e["kind"] == "window_passed"')" 0
check "the case still waits for the owner" is "$(case_state)" delivered
# Lines of ports without the flag UP, which is what an administrator sets.
check "no port of the switch went off" refuses eval 'grep -E " swp[0-9]+[@:]" "$work/links" | grep -vE "[<,]UP[,>]"'
check "the owner has one warning" is "$("$lab" mailbox "$run" srv-a | grep -ci '^Message-ID:')" 1
check "the chain over all events is whole" pinfold audit-log verify
if [ $failed != 0 ]; then
  echo "--- the case"
  pinfold case show PF-1 | cut -c 1-300
  echo "--- serve.log" && tail -n 60 "$serve_log"
fi
check "the lab goes down" "$lab" down "$run"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
