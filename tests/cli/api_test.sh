#!/bin/bash
# Runs every example of docs/manual/api.md against a running desk: the page cannot promise what the program does not do.
set -euo pipefail
bin=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
serve=0
finish() { [ "$serve" = 0 ] || { kill "$serve" 2>/dev/null; wait "$serve" 2>/dev/null || true; }; rm -rf "$dir"; }
trap finish EXIT
fail() { echo "api_test: $*" >&2; cat "$dir/serve.log" >&2; exit 1; }

port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
cat >"$dir/pinfold.toml" <<TOML
state_dir = "$dir/state"
[http]
listen = "127.0.0.1:$port"
[mail]
submission = "127.0.0.1:9"
starttls = false
domain = "desk.example"
TOML
cat >"$dir/servers.csv" <<CSV
customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,protected
1001,Example Ltd,ops@example.net,en,1,srv-1,192.0.2.11,02:00:00:00:00:01,sw1,swp1,cust:srv-1,no
CSV
mkdir -p "$dir/state"
pinfold() { "$bin/pinfold" --config "$dir/pinfold.toml" "$@"; }
pinfold inventory import "$dir/servers.csv" >/dev/null || fail "the inventory was not imported"
echo "correct horse battery" | pinfold user add root --role admin --own >/dev/null || fail "user add"
echo "correct horse battery" | pinfold user add owner --role owner --customer 1001 --own >/dev/null || fail "user add"
printf '## 1 No attacks <!-- classes: port_scan -->\n' >"$dir/aup.md"
pinfold aup publish "$dir/aup.md" >/dev/null || fail "aup publish"
TICKET=$(pinfold ticket open "odd file" --kind suspicious --server srv-1 --by anna | python3 -c 'import json,sys; print(json.loads(sys.stdin.readline())["ticket"])')
echo "correct horse battery" | pinfold user add anna --role sysadmin --own >/dev/null || fail "user add"
grep -q '"login":"anna"' <<<"$(pinfold user list)" || fail "user list"
! echo short | pinfold user add ben --role support 2>/dev/null || fail "a short password was taken"
CASE=$(pinfold case open srv-1 --class phishing --by anna "somebody called" | python3 -c 'import json,sys; print(json.loads(sys.stdin.readline())["case"])')
"$bin/pinfold" --config "$dir/pinfold.toml" serve >"$dir/serve.log" 2>&1 &
serve=$!
curl -s -o /dev/null --retry 60 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$port/v1/site" || fail "serve does not answer"
export DESK="http://127.0.0.1:$port" OUT="$dir" JAR="$dir/jar" CASE
# Every ```sh block, in the order of the page, in one shell that stops at the first failure.
{ echo 'set -euo pipefail'; sed -n '/^```sh$/,/^```$/{/^```/d;p}' "$root/docs/manual/api.md"; } >"$dir/examples.sh"
[ "$(grep -c curl "$dir/examples.sh")" -ge 12 ] || fail "the page has lost its examples"
bash "$dir/examples.sh" >"$dir/out" 2>&1 || { cat "$dir/out" >&2; fail "an example of docs/manual/api.md failed"; }
python3 - "$dir" <<'PY' || fail "an answer is not what the page says"
import json, sys
out = sys.argv[1]
assert json.load(open(out + "/cases.json"))["items"][0]["id"].startswith("PF-")
assert json.load(open(out + "/noted.json"))["version"] > json.load(open(out + "/events.json"))["items"][0]["seq"]
PY
curl -sS "$DESK/cases" -o /dev/null -w '%{http_code}' | grep 303 >/dev/null || fail "the pages need no log-in"
curl -sS "$DESK/v1/openapi.yaml" | cmp - "$root/docs/api/openapi.yaml" || fail "the contract served is another"
cookie() {
  curl -sS -o /dev/null -D - -H 'Content-Type: application/json' -d "{\"login\":\"$1\",\"password\":\"correct horse battery\"}" "$DESK/v1/session" |
    sed -n 's/^[Ss]et-[Cc]ookie: *\([^;]*\).*/\1/p'
}
"$root/tests/cli/contract_check.py" "$root/docs/api/openapi.yaml" "$DESK" "$(cookie root)" "$(cookie owner)" "$CASE" "$TICKET" || fail "answers drift from the contract"
echo "api_test: every example works"
