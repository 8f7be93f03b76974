#!/bin/bash
# Each systemd unit keeps its rating (`systemd-analyze security`, lower is tighter). usage: units_test.sh
# Exit status: 0 they do, 77 no systemd-analyze that rates files here (skipped), 1 one does not.
set -u
units=$(cd "$(dirname "$0")/../../packaging/systemd" && pwd)
command -v systemd-analyze >/dev/null || { echo "skipped: systemd-analyze is not here"; exit 77; }
failed=0
# rated UNIT MOST: at most MOST tenths.
rated() {
  local exposure
  exposure=$(LC_ALL=C systemd-analyze security --offline=true --no-pager "$units/$1" 2>&1 | sed -n 's/.*Overall exposure level for [^ ]*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
  if [ -n "$exposure" ] && [ "$((10#$exposure))" -le "$2" ]; then
    echo "✓ $1: $exposure tenths, at most $2"
  else
    failed=1
    echo "✗ $1: '$exposure' tenths, at most $2"
  fi
}
rated pinfold.service 20
[ ! -e "$units/pinfold-agent.service" ] || rated pinfold-agent.service 40
exit $failed
