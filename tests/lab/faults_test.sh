#!/bin/bash
# The story of server A with its surroundings failing in the middle of it: the mail servers, the desk's disk, the switch's SNMP agent, and
# `pinfold serve` itself each time as well (SIGKILL). What was begun must be finished after the restart, once, and nothing may be lost.
# usage: faults_test.sh FOLDER-OF-PROGRAMS   prints one line a check and "N passed, N failed"; exit status 1 when one failed, 77 when not root
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
readonly run=$(readlink -m "$programs/../lab-faults")
readonly config=$run/desk/pinfold.toml state=$run/desk/state filler=$run/desk/state/filler serve_log=$run/log/serve.log
readonly agent=/run/checkout/$(realpath --relative-to="$checkout" "$programs")/pinfold-agent agent_state=/run/lab/hosts/srv-a/agent
readonly work=$(mktemp -d "${TMPDIR:-/tmp}/pinfold-faults-test.XXXXXX")

serve_pid="" agent_pid="" monitor_pid=""
clean_up() {
  trap - EXIT INT TERM
  # shellcheck disable=SC2086  # those that were started
  kill $serve_pid $agent_pid $monitor_pid 2>/dev/null
  "$lab" down "$run" >/dev/null
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# --- words -----------------------------------------------------------------------------------------------------------------------------------
# shellcheck source=tests/lab/checks.sh
source "$here/checks.sh"
# shellcheck source=tests/lab/desk_words.sh
source "$here/desk_words.sh"
reaches() { on "$1" ping -qc2 -i0.2 -W1 198.51.100.9; }
agent_says() { on srv-a cat $agent_state/status.json | "$python" -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
waits_in_spool() { [ "$(agent_says findings_waiting)" -ge 1 ]; }

serve_starts() {
  local before
  before=$(logged SERVING)
  "$lab" exec "$run" desk "$programs/pinfold" --config "$config" serve >>"$serve_log" 2>&1 &  # not by `on`: its number would be a subshell's
  serve_pid=$!
  within 15 is_logged $((before + 1)) SERVING
}
is_healthy() { on desk curl -sS --fail --max-time 2 http://127.0.0.1:8080/healthz; }
serve_is_killed() {
  kill -KILL "$serve_pid"
  wait "$serve_pid" 2>/dev/null
  serve_pid=""
}
# Postfix on HOST (mx, mail), ended the hard way: its master process, by number. The others notice, and end.
postfix_dies() { on "$1" bash -c 'kill -KILL $(cat /var/spool/postfix/pid/master.pid)' && within 10 refuses answers_smtp "$1"; }
postfix_starts() { on "$1" postfix start && within 10 answers_smtp "$1"; }
answers_smtp() { on "$1" timeout 2 bash -c 'read -r code _ </dev/tcp/127.0.0.1/25 && [ "$code" = 220 ]' 2>/dev/null; }
# Processes NAME on HOST do nothing for a while, as a hung one does.
# shellcheck disable=SC2046  # numbers
freeze() { on "$1" kill -STOP $(on "$1" pgrep -x "$2"); }
# shellcheck disable=SC2046
thaw() { on "$1" kill -CONT $(on "$1" pgrep -x "$2"); }
# at_mx EXPRESSION: how many mails in the provider's queue hold it
at_mx() { on mx postqueue -j | count "$1"; }
mx_has() { [ "$(at_mx "$2")" -ge "$1" ]; }
readonly put_off='e["recipients"][0].get("delay_reason", "").find("451") >= 0'
readonly from_host='e["kind"] == "finding_recorded" and e["finding"]["origin"] == "host"'
# How often has the mail with that token in its Message-ID come to owner A?
copies() { "$lab" mailbox "$run" srv-a | grep -ci "^Message-ID: <.*$1" || true; }
token_of() { pinfold case show PF-1 | "$python" -c 'import json,sys
for e in map(json.loads, sys.stdin):
  if e["kind"] == "notice_queued" and e["notice_kind"] == sys.argv[1]: print(e["token"])' "$1" | head -n 1; }

# --- the lab, with the desk's state on a small disk ------------------------------------------------------------------------------------------
set_up() {
  check "the lab comes up" "$lab" up "$run" --fast --pages-port 0 --bridge-mib "$programs/pinfold-lab-bridge-mib"
  [ $failed = 0 ] || exit 1
  # In the desk's own mount namespace: nobody else sees it, and it goes with the lab.
  check "the desk's state is on a disk of 12 MB" on desk mount -t tmpfs -o size=12M,mode=700 tmpfs "$state"
  check "the inventory is imported" pinfold inventory import "$run/desk/inventory.csv"
  check "the switch is armed" pinfold switch arm sw1
  : >"$serve_log"
  check "the desk runs" serve_starts
  local token
  token=$(pinfold agent token srv-a | "$python" -c 'import json,sys; print(json.load(sys.stdin)["token"])')
  check "A's agent enrols" on srv-a "$agent" enroll http://10.98.0.1:8443 "$token" --state $agent_state
  "$lab" exec "$run" srv-a "$agent" run --state $agent_state --quiet "4 s" >"$run/log/srv-a-agent.log" 2>&1 &
  agent_pid=$!
  disown
  check "and runs" within 10 grep -q AGENT_STARTED "$run/log/srv-a-agent.log"
  [ $failed = 0 ] || exit 1
}

# --- the mail server is down while the warning is due ----------------------------------------------------------------------------------------
mail_fails() {
  check "the provider's mail server dies" postfix_dies mx
  check "and so does the owner's" postfix_dies mail
  break_in /run/checkout/lab/payload/scan.pl
  check "A is broken into and scans: the network sees it" within 40 at_least 1 "$from_network"
  check "the host too" within 20 at_least 1 "$from_host"
  check "the warning is due, and put off" within 30 is_logged 1 NOTICE_DELAYED
  serve_is_killed
  check "the desk is killed and starts again" serve_starts
  check "the warning is queued still" is "$(events 'e["kind"] == "notice_queued"')" 1
  check "and counts as neither sent nor failed" is "$(events 'e["kind"] in ("notice_submitted", "notice_failed")')" 0
  check "the provider's mail server is back" postfix_starts mx
  check "but hangs" eval 'freeze mx master && freeze mx smtpd'
  check "the desk tries again" within 30 is_logged 2 NOTICE_CLAIMED
  serve_is_killed
  check "it is killed over it, and starts again" serve_starts
  check "which leaves the attempt unclear" is_logged 1 NOTICE_UNCLEAR
  check "the mail server goes on" eval 'thaw mx smtpd && thaw mx master'
  check "the warning is sent once more, for no sign of delivery came" within 40 is_logged 1 NOTICE_MAYBE_TWICE
  check "and is taken; the case says that it may have gone out twice" within 10 at_least 1 'e["kind"] == "notice_submitted" and e["maybe_duplicate"]'
  check "and keeps it, for the owner's is down" within 20 mx_has 1 'e["recipients"][0]["address"] == "owner-a@customer-a.example"'
  check "that is no delivery" is "$(events 'e["kind"] == "notice_delivered"')" 0
}

# --- the desk's disk is full while the answers come back -------------------------------------------------------------------------------------
disk_is_full() {
  # Another script than the first: its copy is not in the desk's store yet.
  { cat "$checkout/lab/payload/scan.pl"; echo "# once more"; } >"$run/second.pl"
  second_hash=$(sha256sum <"$run/second.pl" | cut -d " " -f 1)
  on desk dd if=/dev/zero of="$filler" bs=4096 2>"$work/filled"
  check "the desk's disk is full" grep -q "No space left" "$work/filled"
  break_in /run/lab/second.pl
  check "the owner's mail server is back" postfix_starts mail
  check "the delivery report and the vacation note are answered 451 and stay at the provider's" within 40 mx_has 2 "$put_off"
  check "the agent's finding is not acknowledged and stays in its spool" within 20 waits_in_spool
  check "which its status tells" test -n "$(agent_says last_error)"
  check "people can read the case all the same" at_least 1 'e["kind"] == "notice_submitted"'
  check "nothing of it is half recorded" is "$(events "e[\"kind\"] == \"notice_delivered\" or $from_host and any(f[\"sha256\"] == \"$second_hash\" for f in e[\"finding\"][\"evidence\"][\"files\"])")" 0
  serve_is_killed
  check "the desk is killed and starts again, on the full disk" serve_starts
  check "with the agent's finding still in its spool" waits_in_spool
}
disk_has_room_again() {
  # The mails come back once the desk is well again: a window counts only when somebody listened from before the delivery on.
  freeze mx qmgr
  on desk rm "$filler"
  check "with room again, the desk is well" within 20 is_healthy
  thaw mx qmgr
  check "the delivery report is taken: the warning is delivered" within 30 at_least 1 'e["kind"] == "notice_delivered" and e["proof"] == "dsn"'
  check "the vacation note too, as no answer" within 30 at_least 1 'e["kind"] == "mail_received" and e["mail_kind"] == "auto_reply"'
  check "the agent's finding is recorded" within 60 at_least 1 \
    "$from_host and any(f[\"sha256\"] == \"$second_hash\" for f in e[\"finding\"][\"evidence\"][\"files\"])"
  check "the copy of the script is kept, whole" is "$(on desk sha256sum "$state/evidence/${second_hash:0:2}/$second_hash" | cut -d " " -f 1)" "$second_hash"
  check "the agent's spool is empty" within 20 refuses waits_in_spool
  check "nothing is left at the provider's" within 20 refuses mx_has 1 True
  check "the chain over all events is whole" pinfold audit-log verify
  check "exactly one warning is in the owner's mailbox" is "$(copies "$(token_of warning)")" 1
}

# --- the switch does not answer when the port is to go off ------------------------------------------------------------------------------------
switch_fails() {
  check "nobody answers within the window" within 30 at_least 1 'e["kind"] == "window_passed"'
  "$lab" exec "$run" sw1 ip -o monitor link >"$work/links" 2>&1 &
  monitor_pid=$!
  disown
  check "the switch's SNMP agent hangs" freeze sw1 snmpd
  break_in /run/checkout/lab/payload/scan.pl
  check "it happens again, and the port shall go off" within 60 at_least 1 'e["kind"] == "disable_requested" '
  check "network and host agree, so by policy alone" within 30 is_logged 1 PORT_ACTION_STARTED
  check "the switch does not answer: put off" within 30 is_logged 1 PORT_ACTION_ENDED
  serve_is_killed
  check "the desk is killed and starts again" serve_starts
  check "it tries again, and puts it off again" within 40 is_logged 2 PORT_ACTION_ENDED
  check "the action has no end yet" is "$(events 'e["kind"] in ("port_action_finished", "action_dropped")')" 0
  check "no write was begun" is "$(health port_actions_open 2>/dev/null) $(logged PORT_JOURNAL)" "0 0"
  check "no port of the switch has changed" refuses grep -E ' swp[0-9]+[@:]' "$work/links"
  check "A, B and C still reach the internet" eval 'reaches srv-a && reaches srv-b && reaches srv-c'
}
# How often did a port lose the flag UP? (Its carrier comes and goes with the other end; the flag is what an administrator sets.)
times_shut() { grep -E " $1[@:]" "$work/links" | awk 'BEGIN { was = 1 } { up = /[<,]UP[,>]/; shut += was && !up; was = up } END { print shut + 0 }'; }
switch_is_back() {
  check "the SNMP agent wakes up" thaw sw1 snmpd
  check "the port goes off, read back from the switch" within 60 at_least 1 'e["kind"] == "port_action_finished" and e["result"] == "verified"'
  check "the case is disabled" is "$(case_state)" disabled
  check "the action ended once" is "$(events 'e["kind"] == "port_action_finished"')" 1
  check "it was written once" is "$(logged 'PORT_JOURNAL.*sent:')" 1
  check "no port action is open" is "$(health port_actions_open)" 0
  check "A's port went off once" is "$(times_shut swp1)" 1
  check "no other port has changed" refuses grep -E ' swp(2|3|24)[@:]' "$work/links"
  check "A is cut off" refuses reaches srv-a
  check "B and C are not" eval 'reaches srv-b && reaches srv-c'
  check "the owner is told, once" within 30 eval '[ "$(copies "$(token_of disabled)")" = 1 ]'
  check "and had one warning in all" is "$(copies "$(token_of warning)")" 1
  check "the chain over all events is whole" pinfold audit-log verify
}

set_up
mail_fails
disk_is_full
disk_has_room_again
switch_fails
switch_is_back
if [ $failed != 0 ]; then
  echo "--- the case"
  on desk script -qec "'$programs/pinfold' --config '$config' case show PF-1" /dev/null
  echo "--- serve.log" && tail -n 60 "$serve_log"
  echo "--- agent" && tail -n 15 "$run/log/srv-a-agent.log"
fi
check "the lab goes down" "$lab" down "$run"
id=$(printf '%s' "$run" | sha256sum | cut -c 1-6)
check "nothing of it is left" refuses eval 'ip netns list | grep "^pf-$id-" || grep -F "$run" /proc/self/mounts || kill -0 $serve_pid'
echo "$passed passed, $failed failed"
[ $failed = 0 ]
