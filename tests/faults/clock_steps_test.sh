#!/bin/bash
# Clocks that are set by an hour while a desk of many machines runs: a detector's, a desk's, the database server's, ahead and back (libfaketime, wall time
# only). What must hold: a machine whose clock was set goes on by its own time where that agrees with the database's, and writes nothing where it
# does not; no lease is taken from who lives, nothing is lost or doubled, every time on record is true. tests/lab/clock_test.sh has the owner's window.
# usage: clock_steps_test.sh FOLDER-OF-PROGRAMS   Exit status: 0 all held, 1 something did not, 3 a server is missing, 77 when not root
set -uo pipefail
readonly fake_clocks=yes
# shellcheck source=tests/faults/desks.sh
source "$(dirname "${BASH_SOURCE[0]}")/desks.sh"
readonly test_began=$(date +%s)
set_up_machines

logged() { grep -c -- "$2" "$work/$1.log"; }
has_logged() { [ "$(logged "$1" "$2")" -ge "$3" ]; }
shards_taken() { cat "$work"/detector-*.log | grep -c SHARD_TAKEN; }
acknowledged() { value 'h["mails"]' <"$work/mails.json"; }
takes_mail() { [ "$(acknowledged)" -gt "$1" ]; }
# Every event's time lies between the beginning of this test and now.
times_are_true() {
  [ "$(sql "SELECT COUNT(*) FROM events WHERE recorded_at NOT BETWEEN $(((test_began - 15) * 1000000)) AND $((($(date +%s) + 15) * 1000000))")" = 0 ]
}

start_machines
begin_scan 60
found_meanwhile "all clocks are right"
end_scan
taken=$(shards_taken)

for seconds in 3600 -3600; do
  way=ahead
  [ $seconds -gt 0 ] || way=back
  begin_scan 120
  set_clock detector-1 $seconds
  set_clock desk-2 $seconds
  set_clock collector $seconds
  check "a desk sees that its clock was set an hour $way" within 10 has_logged desk-2 CLOCK_STEPPED $((seconds > 0 ? 1 : 2))
  found_meanwhile "a detector's, a collector's and a desk's clock are an hour $way"
  check "the desk is ready all the same" is_ready desk-2
  check "no shard has changed hands" test "$(shards_taken)" = "$taken"
  for name in detector-1 desk-2 collector; do set_clock $name 0; done
  check "it sees that its clock is right again" within 10 has_logged desk-2 CLOCK_RIGHT $((seconds > 0 ? 1 : 2))
  end_scan
done

crash desk-2
set_clock desk-2 3600
start desk-2
check "a desk that starts with a wrong clock says what is wrong" within 20 has_logged desk-2 "clocks do not agree" 1
check "and is not ready" refuses is_ready desk-2
check "the other one is" is_ready desk-1
taken_mails=$(acknowledged)
check "and takes mail" within 20 takes_mail "$taken_mails"
crash desk-2
set_clock desk-2 0
start desk-2
check "with the clock put right it is ready" within 30 is_ready desk-2

begin_scan 120
set_clock pg 3600
check "where the database's clock alone is set, desks say what is wrong" within 20 has_logged desk-1 "clocks do not agree" 1
set_clock pg 0
check "when it is put right the desk takes mail" within 30 takes_mail "$(acknowledged)"
found_afterwards "the database's clock was put right"
end_scan

check "every time on record is true" times_are_true

begin_scan 120
for name in pg desk-1 desk-2 collector detector-1 detector-2; do set_clock $name 3600; done
check "a step that the database shows as well is followed" within 20 has_logged desk-1 CLOCK_FOLLOWED 1
for name in pg desk-1 desk-2 collector detector-1 detector-2; do set_clock $name 0; done
check "and so is the way back" within 20 has_logged desk-1 CLOCK_FOLLOWED 2
check "all shards are judged" within 60 says "$shards_held" 4
found_afterwards "all clocks were put right"
end_scan
end_of_machines
