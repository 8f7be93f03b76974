#!/bin/bash
# PostgreSQL's disk is full: first so that it can extend no table, then so that it cannot write its log and stops. The desk (one process with all parts)
# must refuse what it cannot keep (mail 4xx), lose nothing of what it acknowledged, let people read while the server stands, and go on by itself when
# there is room. The disk is a small tmpfs in a mount namespace of the test's own.
# usage: full_disk_test.sh FOLDER-OF-PROGRAMS   Exit status: 0 all held, 1 something did not, 3 a server is missing, 77 when not root
set -uo pipefail
[ "$(id -u)" != 0 ] || [ -n "${PINFOLD_OWN_MOUNTS:-}" ] || PINFOLD_OWN_MOUNTS=yes exec unshare --mount --propagation private "$0" "$@"
# shellcheck source=tests/faults/desks.sh
source "$(dirname "${BASH_SOURCE[0]}")/desks.sh"

make_hub && make_space all 11 front || exit 3
scan_from=all
PINFOLD_POSTGRES_DISK=160M "$here/../support/postgres" start "$work/postgres" || exit 3
readonly data=$(readlink "$work/postgres")/data
admin_url="postgresql://pinfold@/postgres?host=$(readlink "$work/postgres")"
write_config all "$admin_url" "$(printf '[http]\nlisten = "127.0.0.1:8080"\n')
$(mail_section "$(address_of all front):2424")"
write_config admin "$admin_url" "$(mail_section)"
import_servers || exit 1
count_of() { value "h[\"$1\"]" <"$work/mails.json"; }
refuses_mail() { [ "$(count_of refusals)" -gt "$1" ]; }
takes_mail() { [ "$(count_of mails)" -gt "$1" ]; }
fill() { dd if=/dev/zero of="$data/filler" bs=8192 conv=notrunc oflag=append 2>"$work/filled"; grep -q "No space left" "$work/filled"; }
stands() { sql "SELECT 1"; }

start all
check "the desk is ready" within 60 is_ready all
start_postman all
begin_scan 60
found_meanwhile "there is room"
end_scan

check "the disk of the database is full" fill
refused=$(count_of refusals)
check "mail is refused" within 120 eval 'fill; refuses_mail $refused'
check "people can read" within 10 is_found srv-1
begin_scan 300
check "the desk says what is wrong" within 30 eval 'grep -q "No space left on device" "$work/all.log"'
sleep_until_scanned() { [ "$(since "$scan_began")" -ge 30000 ]; }
within 40 sleep_until_scanned  # the scan is long enough to have been found
check "nothing is recorded of the scan" refuses is_found "srv-$server"
crash all
start all
taken=$(count_of mails)
began=$(date +%s%N)
rm "$data/filler"
check "with room again, the desk that was killed meanwhile is ready" within 60 is_ready all
check "it takes mail ($(since "$began") ms)" within 60 takes_mail "$taken"
found_afterwards "the disk was full"
end_scan

check "the disk is full again" fill
# Messages go into its log alone, and no table need grow for them.
log_is_full() { fill; sql "SELECT pg_logical_emit_message(false, 'filler', repeat('x', 4000000))" || true; ! stands; }
check "PostgreSQL stops for want of room for its log" within 120 log_is_full
refused=$(count_of refusals)
check "mail is refused" within 60 refuses_mail "$refused"
check "the desk's process stands" kill -0 "${pids[all]}"
taken=$(count_of mails)
begin_scan 120
rm "$data/filler"
began=$(date +%s%N)
check "PostgreSQL starts, with room, as its service manager does" "$here/../support/postgres" restart "$work/postgres"
check "the desk takes mail again" within 60 takes_mail "$taken"
found_afterwards "PostgreSQL had stopped"
end_scan
end_of_machines
