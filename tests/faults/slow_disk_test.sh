#!/bin/bash
# The disk becomes slow: every fsync takes 300 ms, then 15 s, longer than a writer waits for another, then 2 s while much is written; of a desk with
# SQLite (one process with all parts), whose writers are served in turn (store/writer_queue.hpp), and of PostgreSQL under one. What must hold: what is
# acknowledged is on the disk however long that takes; nothing is lost or doubled; steady mail starves nobody; people can read; the desk is well by
# itself when the disk is.
# usage: slow_disk_test.sh FOLDER-OF-PROGRAMS   Exit status: 0 all held, 1 something did not, 3 a server is missing, 77 when not root
set -uo pipefail
# shellcheck source=tests/faults/desks.sh
source "$(dirname "${BASH_SOURCE[0]}")/desks.sh"
[ -f "$programs/libpinfold-slow-disk.so" ] || { echo "pinfold-slow-disk is not built"; exit 3; }
make_hub && make_space all 11 front || exit 3
scan_from=all
chmod 711 "$work"  # PostgreSQL runs as nobody
count_of() { value "h[\"$1\"]" <"$work/mails.json"; }
takes_mails() { [ "$(count_of mails)" -ge "$1" ]; }
slow() { echo "$1" >"$work/slow.new" && chmod 644 "$work/slow.new" && mv "$work/slow.new" "$work/slow"; }
is_well() { in_space all curl -sf -o "$work/healthy" --max-time 5 http://127.0.0.1:8080/readyz; }

# days_of WHERE: the same days, whatever store is behind
days_of() {
  slow 0
  start all
  check "$1: the desk is ready" within 60 is_ready all
  start_postman all
  begin_scan 60
  found_meanwhile "the disk is quick"
  end_scan

  local before began
  slow 300
  before=$(count_of mails)
  begin_scan 180
  check "$1: with 300 ms for an fsync, mail is taken still" within 120 takes_mails $((before + 3))
  check "$1: people can read" within 10 is_found srv-1
  found_meanwhile "an fsync takes 300 ms"
  end_scan

  slow 15000
  began=$(date +%s%N)
  long_enough() { [ "$(since "$began")" -ge 45000 ]; }
  within 60 long_enough  # no condition ends it: a bad disk for three fsyncs
  check "$1: people can read while an fsync takes 15 s" within 10 is_found srv-1
  begin_scan 120
  slow 0
  began=$(date +%s%N)
  before=$(count_of mails)
  within 90 takes_mails $((before + 10))
  check "$1: the disk is quick again: mail is taken ($(since "$began") ms)" takes_mails $((before + 10))
  found_afterwards "the disk was slow"
  end_scan
  check "$1: the desk is ready" within 60 is_ready all
}
gave_up() { grep -c 'WORKER_FAILED.*busy' "$work/all.log"; }
# Five servers scan at once, and mail comes all the while: more wait to write than come to it within their patience, if they do not go in turn. With
# PostgreSQL all are found, but not all of them before the disk is quick again.
day_of_many_writers() {
  local before first=$((server + 1)) addresses=() found
  server=$((server + 5))
  for ((i = first; i <= server; ++i)); do addresses+=("192.0.2.$((10 + i))"); done
  all_found() { for ((i = first; i <= server; ++i)); do is_found "srv-$i" || return 1; done; }
  slow 2000
  before=$(gave_up)
  scan_began=$(date +%s%N)
  ip netns exec "$space-all" "$python" "$here/scan.py" 9995 90 "${addresses[@]}" &
  scanner=$!
  within 85 all_found
  found="$(since "$scan_began") ms after they began, an fsync took 2 s"
  if [ "$1" = SQLite ]; then
    check "$1: five scans are found ($found)" all_found
  fi
  end_scan
  check "$1: no writer has given up" test "$(gave_up)" = "$before"
  slow 0
  check "$1: and all five when the disk is quick again ($found)" within 60 all_found
  check "$1: the desk is ready" within 60 is_ready all
}
mails_on_record() { [ "$(value 'h["left"]' <"$work/mails.json")" = 0 ] && [ "$("$@")" = "$(count_of mails)" ]; }
end_of_days() {
  touch "$work/stop"
  wait "$postman"
  check "$1: every mail that was acknowledged is on record once: $(cat "$work/mails.json")" mails_on_record "${@:2}"
  check "$1: no scan is two cases" once
  check "$1: the record holds" pinfold audit-log verify
  crash all
  rm -rf "$work/stop" "$work/mails.json"
}
slow_disk=yes
pages=$'[http]\nlisten = "127.0.0.1:8080"'

write_config all "" "$pages
$(mail_section "$(address_of all front):2424")"
mkdir -p "$work/admin" && cp "$work/all/pinfold.toml" "$work/admin/pinfold.toml"
import_servers || exit 1
in_sqlite() { "$python" -c 'import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute("SELECT COUNT(*) FROM inbox WHERE kind = \"mail\"").fetchone()[0])' "$work/all/pinfold.sqlite"; }
days_of SQLite
day_of_many_writers SQLite
end_of_days SQLite in_sqlite

LD_PRELOAD="$programs/libpinfold-slow-disk.so" PINFOLD_SLOW_DISK="$work/slow" PINFOLD_POSTGRES_FSYNC=on "$here/../support/postgres" start "$work/postgres" || exit 3
admin_url="postgresql://pinfold@/postgres?host=$(readlink "$work/postgres")"
slow_disk=""
server=0
write_config all "$admin_url" "$pages
$(mail_section "$(address_of all front):2424")"
write_config admin "$admin_url" "$(mail_section)"
import_servers || exit 1
in_postgres() { sql "SELECT COUNT(*) FROM inbox WHERE kind = 'mail'"; }
days_of PostgreSQL
day_of_many_writers PostgreSQL
end_of_days PostgreSQL in_postgres
if [ "$failed" -gt 0 ]; then
  tail -n 60 "$work/all.log"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
