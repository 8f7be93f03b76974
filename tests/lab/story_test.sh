#!/bin/bash
# The whole story on real traffic, with seconds for days. usage: story_test.sh FOLDER-OF-PROGRAMS [DEMO-OPTION...]
# Exit status: 0 all of it held, 77 not root (skipped), anything else: it did not.
set -u
programs=$1
shift
[ "$(id -u)" = 0 ] || { echo "skipped: network namespaces need root"; exit 77; }
kind=story; [[ " $* " == *" --kill"* ]] && kind=story-with-kills
folder=$programs/../lab-$kind
mkdir -p "$folder"
"$programs/pinfold" --json demo --fast --folder "$folder" "$@"
status=$?
if [ $status -ne 0 ]; then
  echo "--- serve.log"; tail -n 60 "$folder/log/serve.log"
  for agent in "$folder"/log/*-agent.log; do echo "--- $agent"; tail -n 15 "$agent"; done
fi
# Nothing may be left behind.
id=$(printf '%s' "$(readlink -m "$folder")" | sha256sum | cut -c 1-6)
if ip netns list | grep -q "^pf-$id-"; then
  echo "namespaces of the lab are left behind"
  exit 1
fi
exit $status
