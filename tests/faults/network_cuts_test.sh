#!/bin/bash
# Network cuts between the machines of one desk, each process in a namespace of its own: PostgreSQL, three NATS nodes, a collector, two detectors, two
# desks. Cuts drop everything without a word, as a dead line or a firewall does; in the end also links that are down. During each, a customer's server
# scans and strangers write mails. What must hold: what is cut is found out in bounded time, the rest goes on, and afterwards nothing acknowledged
# is lost or doubled.
# usage: network_cuts_test.sh FOLDER-OF-PROGRAMS   Exit status: 0 all held, 1 something did not, 3 a server is missing, 77 when not root
set -uo pipefail
# shellcheck source=tests/faults/desks.sh
source "$(dirname "${BASH_SOURCE[0]}")/desks.sh"
set_up_machines

# The node that leads the stream.
leader() {
  for node in 1 2 3; do
    on_hub curl -s --max-time 2 "http://$(address_of "nats-$node" stream):8222/jsz?streams=1" |
      value 'h["account_details"][0]["stream_detail"][0]["cluster"]["leader"][1:]'
  done | head -n 1
}
# Which node serves NAME?
served_by() {
  for node in 1 2 3; do
    on_hub curl -s --max-time 2 "http://$(address_of "nats-$node" stream):8222/connz" |
      value "'$node' if any(c['ip'] == '$(address_of "$1" stream)' for c in h['connections']) else ''"
  done | grep -m 1 .
}

start_machines
begin_scan 60
found_meanwhile "nothing is cut"
end_scan

begin_scan 120
cut collector stream
check "a collector that is cut off from the stream knows it" within 30 stream_of collector collector False
heal collector stream
found_afterwards "the collector was cut off from the stream"
end_scan
check "nothing of what it saw was dropped" says "h['streams']['collector/collector']['dropped']" 0

begin_scan 120
cut detector-1 stream
check "a detector that is cut off from the stream knows it" within 30 stream_of detector detector-1 False
check "the other one has taken its shards" within 40 says "h['streams']['detector/detector-2']['shards']" 4
found_meanwhile "a detector is cut off from the stream"
heal detector-1 stream
check "it hears again and has its share back" within 60 says "h['streams']['detector/detector-1']['shards']" 2
end_scan

begin_scan 120
cut detector-2 db
check "of a detector that is cut off from the store the shards are taken over" within 40 says "h['streams']['detector/detector-1']['shards']" 4
found_meanwhile "a detector is cut off from the store"
heal detector-2 db
check "it is back and has its share" within 60 says "h['streams']['detector/detector-2']['shards'] if h['streams']['detector/detector-2']['heard'] else 0" 2
end_scan

begin_scan 120
cut desk-1 db
check "a desk that is cut off from the store is not ready" within 30 refuses is_ready desk-1
check "the other one is" is_ready desk-2
found_meanwhile "a desk is cut off from the store"
heal desk-1 db
check "it is ready again" within 30 is_ready desk-1
end_scan

begin_scan 120
cut pg db
check "without a store no desk is ready" within 30 eval 'refuses is_ready desk-1 && refuses is_ready desk-2'
heal pg db
check "with it the first desk is" within 30 is_ready desk-1
check "and the second" within 30 is_ready desk-2
found_afterwards "the store was cut off from all"
end_scan

for who in "leads the stream" "serves the collector" "serves a detector"; do
  case $who in
    *stream) node=$(leader) ;;
    *collector) node=$(served_by collector) ;;
    *) node=$(served_by detector-1) ;;
  esac
  check "there is a node that $who (n$node)" test -n "$node"
  [ -n "$node" ] || continue
  begin_scan 120
  cut "nats-$node" cluster
  found_meanwhile "the node that $who is cut off from the others"
  heal "nats-$node" cluster
  end_scan
  check "all shards are judged after it" within 60 says "$shards_held" 4
done

begin_scan 120
unplug collector stream
unplug desk-2 db
check "a collector whose link is down knows it" within 30 stream_of collector collector False
check "a desk whose link is down is not ready" within 30 refuses is_ready desk-2
plug collector stream
plug desk-2 db
found_afterwards "links were down"
check "the desk is ready again" within 30 is_ready desk-2
end_scan

end_of_machines
