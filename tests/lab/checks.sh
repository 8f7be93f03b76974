# What the lab's tests say things with; read by `source`. Needs: $work, a folder. Counts in $passed and $failed.
passed=0 failed=0

# check CLAIM COMMAND...
check() {
  local claim=$1 since=$EPOCHREALTIME
  shift
  if "$@" >"$work/said" 2>&1; then
    passed=$((passed + 1))
    echo "ok    $claim · $(((${EPOCHREALTIME/./} - ${since/./}) / 1000)) ms"
  else
    failed=$((failed + 1))
    echo "FAIL  $claim"
    tail -n 5 "$work/said" | sed 's/^/      /'
  fi
}

refuses() { ! "$@"; }

# within SECONDS COMMAND...
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.2
  done
}

# COMMAND | shows PATTERN: everything is read before it is looked through, so whoever writes is never cut off (and, with pipefail, called failed).
shows() {
  local text
  text=$(cat)
  grep -q -- "$1" <<<"$text"
}
