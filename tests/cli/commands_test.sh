#!/bin/bash
# The command line as scripts rely on it: exit status 0 done, 1 the answer is no, 2 wrong use, 3 the environment failed; JSON lines where nobody
# looks; a broken configuration stops with file and line. usage: commands_test.sh FOLDER-OF-PROGRAMS
set -u
pinfold=$1/pinfold
work=$(mktemp -d "${TMPDIR:-/tmp}/pinfold-cli-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# ends STATUS TEXT COMMAND...: the command ends with that status and says TEXT (a fixed string; "" = anything).
ends() {
  local status=$1 text=$2 said got
  shift 2
  said=$("$@" 2>&1 </dev/null)
  got=$?
  if [ "$got" = "$status" ] && grep -qF -- "$text" <<<"$said"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAIL  %s\n      status %s, expected %s with "%s"; said: %s\n' "$*" "$got" "$status" "$text" "$said"
  fi
}

cat >"$work/pinfold.toml" <<TOML
state_dir = "$work/state"
kill_switch = "$work/STOP"

[mail]
submission = "127.0.0.1:25"
domain = "hosting.example"
from_name = "Example Hosting"
from_local = "abuse"
bounce_domain = "bounce.hosting.example"
TOML
sed '/^domain/i submision = "127.0.0.1:25"' "$work/pinfold.toml" >"$work/misspelt.toml"
cat >"$work/servers.csv" <<CSV
customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,protected
1001,Example Ltd,ops@example.net,en,1,srv-1,192.0.2.11,02:00:00:00:00:01,sw1,swp1,cust:srv-1,no
CSV
sed 's/02:00:00:00:00:01/not-a-mac/' "$work/servers.csv" >"$work/bad.csv"
mkdir -m 700 "$work/state"
p() { "$pinfold" --config "$work/pinfold.toml" "$@"; }

ends 0 "pinfold " "$pinfold" --version
ends 2 "" "$pinfold" no-such-command
ends 2 "" "$pinfold" case show
ends 2 "misspelt.toml:6: mail.submision: unknown key; did you mean" "$pinfold" --config "$work/misspelt.toml" case list
ends 2 "misspelt.toml:6" "$pinfold" --config "$work/misspelt.toml" serve
ends 1 "misspelt.toml:6" "$pinfold" check-config "$work/misspelt.toml"
ends 0 '"warnings":"observe"' "$pinfold" check-config "$work/pinfold.toml"
ends 1 "bad.csv:2: mac" p inventory import "$work/bad.csv"
ends 1 "there is no server srv-1" p agent token srv-1
ends 0 '"servers":1' p inventory import "$work/servers.csv"
ends 0 '"token":' p agent token srv-1
ends 0 "" p case list
ends 1 "there is no case PF-7" p case show PF-7
ends 1 "there is no case PF-7" p case why 7
ends 2 "is no case" p case show PF-x
ends 1 "there is no case PF-7" p case note PF-7 --by me "a note"
ends 2 "is no month like" p bandwidth srv-1 --month november
ends 2 "is not 1min, 5min or 1h" p bandwidth srv-1 --resolution 2min
ends 1 "no traffic history yet" p bandwidth srv-1
ends 0 '"whole":true' p audit-log verify
ends 1 "not listening" p health
ends 1 "there is no switch sw1" p switch arm sw1
ends 0 '"enforce/stop":"yes"' p stop
ends 0 '"enforce/stop":"no"' p resume
ends 3 "No such file" "$pinfold" flows decode "$work/no-such-file"
printf '\x00\x0a\x00\x1c\x65\x53\xf1\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x02\x00\x0c\x01\x00\x00\x01\x00\x08\x00\x04' >"$work/template.dat"
printf '\x00\x0a\x00\x18\x65\x53\xf1\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x08\xc0\x00\x02\x07' >"$work/data.dat"
ends 0 '"src":"192.0.2.7"' "$pinfold" flows decode "$work/template.dat" "$work/data.dat"
ends 0 '"src":"192.0.2.7"' "$pinfold" flows decode "$work/data.dat" "$work/template.dat"
ends 0 "1 data sets not read" "$pinfold" flows decode "$work/data.dat"
ends 1 "byte 0: neither NetFlow" "$pinfold" flows decode "$0"
printf '\x1f\x8b\x08\x00' >"$work/exports.pcap.gz"
ends 3 "compressed" "$pinfold" flows decode "$work/exports.pcap.gz"
ends 2 "neither an address nor a prefix" "$pinfold" detect "$work/servers.csv" --servers 192.0.2.1/24
ends 0 '"key":"detect.flood.min_syn_pps"' "$pinfold" policy check "$(dirname "$0")/../../packaging/examples/policy.toml"
printf '[detect.flood]\nmin_syn_pps = 0\n' >"$work/policy.toml"
ends 1 "policy.toml:2: detect.flood.min_syn_pps" "$pinfold" policy check "$work/policy.toml"
ends 0 '"version":"ipfix"' "$pinfold" flows decode "$(dirname "$0")/../../lab/recorded/exports.pcap"
ends 0 '"class":"port_scan"' "$pinfold" detect "$(dirname "$0")/../../lab/recorded/exports.pcap" --servers 192.0.2.11
ends 0 "" "$pinfold" detect "$(dirname "$0")/../../lab/recorded/exports.pcap" --servers 192.0.2.13
printf 'From: a@b.example\nTo: c@d.example\nSubject: Re: hello\nAuto-Submitted: auto-replied\n\nI am away.\n' >"$work/away.eml"
ends 0 '"kind":"auto_reply"' "$pinfold" mail classify "$work/away.eml"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
