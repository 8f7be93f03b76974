#!/bin/bash
# What an operator sees of ports before anything is written: `pinfold port disable --dry-run`, `port status`, `inventory check`, `switch arm` and
# `stop`, against the Linux bridge of a network namespace of its own. Needs root; says so and ends with 77 (skipped) without it.
# usage: ports_test.sh FOLDER-OF-PROGRAMS
set -uo pipefail
readonly bin=$1
if [ "$(id -u)" != 0 ]; then
  echo "skipped: a network namespace needs root"
  exit 77
fi
[ "${2:-}" = inside ] || exec unshare -n "$0" "$1" inside
work=$(mktemp -d "${TMPDIR:-/tmp}/pinfold-ports-test.XXXXXX")
unshare -n sleep 600 &  # the servers' side
readonly servers=$!
trap 'kill "$servers"; rm -rf "$work"' EXIT

# shellcheck source=tests/lab/checks.sh
source "$(dirname "$0")/checks.sh"
# shellcheck source=tests/support/sample_desk.sh
source "$(dirname "$0")/../support/sample_desk.sh"
make_sample_desk "$work"
printf '[[switch]]\nid = "sw1"\ndriver = "bridge"\n' >>"$work/pinfold.toml"
servers_are_apart() { [ "$(readlink /proc/$servers/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }
within 10 servers_are_apart || exit 1
ip link add br0 type bridge
for port in swp1 swp24; do
  ip link add "$port" type veth peer name "far-$port" netns "$servers"
  ip link set "$port" master br0
  ip link set "$port" up
  nsenter -t "$servers" -n ip link set "far-$port" up
done
ip link set br0 up
ip link set swp1 alias cust:srv-1
bridge fdb replace 02:00:00:00:00:01 dev swp1 master static sticky
bridge fdb replace 02:00:00:00:00:fe dev swp24 master static sticky
p() { "$bin/pinfold" --config "$work/pinfold.toml" "$@"; }
is_up() { ip -o link show dev swp1 | shows '[<,]UP[,>]'; }
# says WHAT COMMAND...: a Python expression over `said`, the first line of JSON that the command prints, whatever its exit status.
says() {
  local what=$1
  shift
  "$@" | /usr/bin/python3 -c 'import json, sys; said = json.loads(sys.stdin.readline()); ok = eval(sys.argv[1]); print(said); sys.exit(not ok)' "$what"
}
rules='[v["rule"][:2] for v in said["verdicts"]]'
outcome_of() { printf '[v["outcome"] for v in said["verdicts"] if v["rule"].startswith("%s")] == ["%s"]' "$1" "$2"; }

check "the inventory is taken" p inventory import "$work/servers.csv"
index=$(ip -o link show dev swp1 | cut -d: -f1)
check "a dry run gives every guard's verdict, in order" says "$rules == ['G%d' % n for n in range(9)]" p port disable srv-1 --dry-run
check "with the values that were read" says 'all(v["values"] for v in said["verdicts"]) and "02:00:00:00:00:01" in str(said)' p port disable srv-1 --dry-run
check "and the exact write" says "said['write'] == 'RTM_NEWLINK ifindex $index down'" p port disable srv-1 --dry-run
check "a switch that is not armed is refused" says "$(outcome_of G8 refuse)" p port disable srv-1 --dry-run
check "arming is remembered" p switch arm sw1
check "an armed switch passes" says "$(outcome_of G8 pass)" p port disable srv-1 --dry-run
check "what nobody approved holds" says "$(outcome_of G7 hold) and said['outcome'] == 'hold'" p port disable srv-1 --dry-run
check "the kill switch refuses every disable" eval 'p stop && says "$(outcome_of G0 refuse)" p port disable srv-1 --dry-run'
check "and no enable" says "'kill switch' not in str(said['verdicts'])" p port enable srv-1 --dry-run
check "resuming lifts it" eval 'p resume && says "$(outcome_of G0 pass)" p port disable srv-1 --dry-run'
check "without --dry-run a port is shut through its case only" refuses p port disable srv-1
check "the status shows record, truth, journal and verdicts" \
  says "said['record'] == 'sw1 swp1' and 'ifAdminStatus up' in said['truth'] and 'never' in said['journal'] and len(said['verdicts']) == 9" p port status srv-1
check "record and truth agree" p inventory check
ip link set swp1 alias cust:srv-7
check "another label is a difference" refuses p inventory check
check "and refused as identity" says "$(outcome_of G2 refuse)" p port disable srv-1 --dry-run
ip link set swp1 alias cust:srv-1
bridge fdb replace 02:00:00:00:00:01 dev swp24 master static sticky
check "a server plugged in elsewhere is held" says "$(outcome_of G3 hold)" p port disable srv-1 --dry-run
check "after all that the port is up" is_up
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
