#!/bin/bash
# The lab itself, on real traffic: everything that the demo stands on. Needs root; says so and ends with 77 (skipped) without it.
# usage: network_test.sh [FOLDER-OF-PROGRAMS]   prints one line a check and "N passed, N failed"; exit status 1 when one failed
set -uo pipefail
export MIBS=""
readonly here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly lab=$here/../../lab/lab python=/usr/bin/python3
if [ "$(id -u)" != 0 ]; then
  echo "skipped: the lab makes network namespaces, which needs root"
  exit 77
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/pinfold-lab-test.XXXXXX")
readonly work run=$work/run
trap '"$lab" down "$run" >/dev/null; rm -rf "$work"' EXIT

# shellcheck source=tests/lab/checks.sh
source "$here/checks.sh"
on() { "$lab" exec "$run" "$@"; }
snmp() {
  local verb=$1
  shift
  on desk "snmp$verb" -v3 -u pinfold -l authPriv -a SHA-256 -A authpass-lab-1 -x AES -X privpass-lab-1 -t 1 -r 1 -OQvn 10.99.0.2 "$@"
}
reaches() { on "$1" ping -qc1 -W1 198.51.100.9; }
fact() { "$python" -c 'import json,sys; print(eval("json.load(open(sys.argv[1]))" + sys.argv[2]))' "$run/lab.json" "$1"; }

# What of the machine a lab could leave behind: names, mounts, cgroups, and processes that carry the folder's name.
traces() {
  ls /run/netns 2>/dev/null | grep "pf-$id-"
  grep -F -e "$run" -e "pf-$id-" /proc/self/mounts
  find /sys/fs/cgroup -maxdepth 2 -name "pf-$id" 2>/dev/null
  local process
  for process in /proc/[0-9]*; do
    { [ "${process#/proc/}" != $$ ] && tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null | grep -F -- "$run" | grep -v lab_test
  done
  return 0
}

# --- up -------------------------------------------------------------------------------------------------------------------------------------
started=$EPOCHREALTIME
check "a new lab comes up" "$lab" up "$run" --fast --pages-port 0 ${1:+--bridge-mib "$1/pinfold-lab-bridge-mib"}
[ "$failed" = 0 ] || exit 1
echo "      in $(((${EPOCHREALTIME/./} - ${started/./}) / 1000)) ms"
id=$(fact '["id"]')
check "lab.json names nine hosts" test "$(fact '["hosts"].__len__()')" = 9
check "status says up" "$lab" status "$run"

# --- network and switch -----------------------------------------------------------------------------------------------------------------------
for server in srv-a srv-b srv-c; do
  check "$server reaches the internet" reaches $server
done
readonly if_name=.1.3.6.1.2.1.31.1.1.1.1 if_alias=.1.3.6.1.2.1.31.1.1.1.18 if_admin=.1.3.6.1.2.1.2.2.1.7
# Column by column, because the tables' indexes are the switch's affair.
index_of() { on desk snmpbulkwalk -v3 -u pinfold -l authPriv -a SHA-256 -A authpass-lab-1 -x AES -X privpass-lab-1 -OQn 10.99.0.2 $if_name |
  sed -n "s/.*\.\([0-9]*\) = \"$1\"\$/\1/p"; }
index=$(index_of swp1)
check "the switch names swp1" test -n "$index"
check "its ifAlias names the customer's server" test "$(snmp get $if_alias.$index)" = '"cust:srv-a"'
mac_port=$(snmp get .1.3.6.1.2.1.17.4.3.1.2.2.0.0.0.0.1)
check "BRIDGE-MIB has srv-a's MAC on that port" test "$(snmp get ".1.3.6.1.2.1.17.1.4.1.2.$mac_port")" = "$index"
gateway_port=$(snmp get .1.3.6.1.2.1.17.4.3.1.2.2.0.0.0.0.254)
check "and the router's MAC on the uplink" test "$(snmp get ".1.3.6.1.2.1.17.1.4.1.2.$gateway_port")" = "$(index_of swp24)"
# The last two numbers of lldpRemSysName's index are the local port (net-snmp's ifIndex here) and the neighbour.
neighbour() { on desk snmpbulkwalk -v3 -u pinfold -l authPriv -a SHA-256 -A authpass-lab-1 -x AES -X privpass-lab-1 -OQn 10.99.0.2 .1.0.8802.1.1.2.1.4.1.1.9; }
# An agent of an agent (AgentX) that came too early asks again after 15 s.
check "LLDP shows the router on the uplink" within 20 eval 'neighbour | shows "\.$(index_of swp24)\.[0-9]* = \"rt1\""'
check "ifAdminStatus may be set" snmp set "$if_admin.$index" i 2
check "srv-a is cut off" refuses reaches srv-a
check "srv-b still works" reaches srv-b
check "the switch reads back down/down within 5 s" within 5 eval '[ "$(snmp get $if_admin.$index .1.3.6.1.2.1.2.2.1.8.$index | tr "\n" " ")" = "2 2 " ]'
check "the port comes back" snmp set "$if_admin.$index" i 1
check "srv-a works again" within 3 reaches srv-a
check "anything else may not be set" refuses snmp set .1.3.6.1.2.1.1.6.0 s elsewhere

# --- servers ----------------------------------------------------------------------------------------------------------------------------------
on srv-a touch /dev/shm/of-a /tmp/of-a /var/tmp/of-a
check "srv-b sees nothing of srv-a's /dev/shm, /tmp, /var/tmp" refuses on srv-b ls /dev/shm/of-a /tmp/of-a /var/tmp/of-a
check "nor does the machine" refuses ls /dev/shm/of-a /tmp/of-a /var/tmp/of-a
check "srv-b sees none of srv-a's processes" test "$(on srv-b ps ax | grep -c 192.0.2.11)" = 0
for kind in net mnt pid uts cgroup; do
  check "srv-a and srv-b differ in their $kind namespace" test "$(on srv-a readlink /proc/self/ns/$kind)" != "$(on srv-b readlink /proc/self/ns/$kind)"
done
check "a host knows its name" test "$(on srv-c hostname)" = srv-c
check "the scanner refuses to run on the machine" refuses perl "$here/../../lab/payload/scan.pl" 1 1
check "and on a lab host that is no server" refuses on inet perl /run/checkout/lab/payload/scan.pl 1 1

# --- upload, scan, exports ----------------------------------------------------------------------------------------------------------------------
on desk "$python" "$here/count_datagrams.py" 10.99.0.1 4739 6343 192.0.2.11 20 >"$work/counted" &
counter=$!
on inet curl -sS --fail --max-time 20 -F picture=@/run/checkout/lab/payload/scan.pl -F path=/dev/shm/.cal.pl -F run=1 -F "arguments=600 4" \
  http://192.0.2.11/ >"$work/uploaded" 2>&1 &
uploader=$!
scanner() { on srv-a pgrep -f '/dev/shm/.cal.pl' | head -n 1; }
scanner_runs() { [ -n "$(scanner)" ]; }
check "a script uploaded through the hole runs" within 5 scanner_runs
parent=$(on srv-a ps -o ppid= -p "$(scanner)" | tr -d ' ')
check "as PHP's child" test "$(on srv-a ps -o comm= -p "$parent")" = php8.2
group=$(fact '["hosts"]["srv-a"]["cgroup"]')
in_group() { xargs -I{} cat /proc/{}/cmdline <"$group/cgroup.procs" 2>/dev/null | tr '\0' ' ' | shows '/dev/shm/.cal.pl'; }
[ -z "$group" ] || check "in srv-a's cgroup" in_group
check "the upload is answered" wait $uploader
check "the script ends by itself" within 10 refuses scanner_runs
wait $counter
check "IPFIX of it reaches the desk" grep -qE 'ipfix [1-9]' "$work/counted"
check "sFlow of it reaches the desk" grep -qE 'sflow [1-9]' "$work/counted"
check "srv-c downloads the large file whole" test "$(on srv-c curl -sS -o /dev/null -w '%{size_download}' http://198.51.100.9/large.bin)" = 67108864

# --- mail -------------------------------------------------------------------------------------------------------------------------------------
mkdir "$work/taken"
on desk "$python" "$here/lmtp_stub.py" 10.98.0.1 2424 "$work/taken" >/dev/null 2>&1 &
within 5 on desk bash -c ': </dev/tcp/10.98.0.1/2424' 2>/dev/null
check "the provider's mail server takes a notice to owner A" on desk "$python" "$here/send_notice.py" 203.0.113.25 owner-a@customer-a.example token-a
check "and one to owner B" on desk "$python" "$here/send_notice.py" 203.0.113.25 owner-b@customer-b.example token-b
taken() { cat "$work"/taken/*.eml 2>/dev/null; }
in_mailbox() { "$lab" mailbox "$run" "$1" | shows "Message-ID: <$2@hosting.example>"; }
delivered() { taken | grep -A 12 "X-Envelope-To: <b+$1@bounce.hosting.example>" | shows 'Successful Mail Delivery Report' && taken | shows "^Original-Envelope-Id: $1\$"; }
check "the notice is in owner A's mailbox" within 5 in_mailbox srv-a token-a
check "and B's in owner B's" within 5 in_mailbox srv-b token-b
check "owner A's mail server reports the delivery by DSN" within 5 delivered token-a
check "owner B's too" within 5 delivered token-b
check "both say delivered, not relayed or expanded" test "$(taken | grep -c '^Action: delivered')" = 2
check "owner A's vacation program answers to the bounce address" within 5 eval \
  'taken | grep -A 1 "X-Envelope-From: <owner-a@customer-a.example>" | shows "X-Envelope-To: <b+token-a@"'
check "owner B's does not: there is none" test "$(taken | grep -c 'X-Envelope-From: <owner-b@')" = 0
printf '%s\n' 'From: Owner B <owner-b@customer-b.example>' 'To: abuse+token-b@hosting.example' 'Subject: Re: Abuse from your server' \
  'In-Reply-To: <token-b@hosting.example>' '' 'We look into it.' >"$work/reply.eml"
check "owner B answers by mail" "$lab" reply "$run" srv-b "$work/reply.eml"
check "and the desk gets it" within 5 eval 'taken | shows "X-Envelope-To: <abuse+token-b@hosting.example>"'

# --- again, and down --------------------------------------------------------------------------------------------------------------------------
check "up again replaces the stale lab" "$lab" up "$run" --fast --pages-port 0 ${1:+--bridge-mib "$1/pinfold-lab-bridge-mib"}
check "the new one has an empty mailbox" test "$("$lab" mailbox "$run" srv-a | wc -l)" = 0
# The pages: from the machine's loopback into the desk's.
mkdir "$work/pages" && echo "the desk's page" >"$work/pages/index.html"
check "two labs run side by side" "$lab" up "$work/second" --pages-port 18099 ${1:+--bridge-mib "$1/pinfold-lab-bridge-mib"}
check "the second works" "$lab" exec "$work/second" srv-a ping -qc1 -W1 198.51.100.9
"$lab" exec "$work/second" desk "$python" -m http.server --bind 127.0.0.1 --directory "$work/pages" 8080 >/dev/null 2>&1 &
second_url=$("$python" -c 'import json,sys; print(json.load(open(sys.argv[1]))["desk"]["pages_url"])' "$work/second/lab.json")
page_is_there() { "$python" -c 'import sys,urllib.request as u; sys.exit(b"desk" not in u.urlopen(sys.argv[1], timeout=2).read())' "$second_url" 2>/dev/null; }
check "the machine's loopback shows the desk's pages" within 5 page_is_there
check "the second goes down" "$lab" down "$work/second"
check "the first does not notice" reaches srv-a
check "while it is up, its traces are seen" eval '[ "$(traces | wc -l)" -gt 20 ]'
check "down" "$lab" down "$run"
traces >"$work/left"
check "nothing is left: no namespace, mount, cgroup, process" eval 'cat "$work/left"; [ ! -s "$work/left" ]'
check "down again is no error" "$lab" down "$run"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
