#!/bin/bash
# The demo without root: the recorded exports are replayed, and it says so. usage: replay_test.sh FOLDER-OF-PROGRAMS
set -u
as_nobody=()
[ "$(id -u)" != 0 ] || as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
said=$("${as_nobody[@]}" "$1/pinfold" demo --json 2>&1)
status=$?
echo "$said"
[ $status = 0 ] && grep -q '"claim":"a scan is found"' <<<"$said" && ! grep -q '"holds":false' <<<"$said"
