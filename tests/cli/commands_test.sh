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

# shellcheck source=tests/support/sample_desk.sh
source "$(dirname "$0")/../support/sample_desk.sh"
make_sample_desk "$work"
sed '/^domain/i submision = "127.0.0.1:25"' "$work/pinfold.toml" >"$work/misspelt.toml"
sed 's/02:00:00:00:00:01/not-a-mac/' "$work/servers.csv" >"$work/bad.csv"
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
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=pinfold -keyout "$work/agents-key.pem" -out "$work/agents.pem" 2>/dev/null
pin=$(openssl x509 -in "$work/agents.pem" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -c1-64)
{ cat "$work/pinfold.toml"; printf '[agents]\nlisten = "192.0.2.5:8443"\ntls_certificate = "agents.pem"\ntls_key = "agents-key.pem"\n'; } >"$work/tls.toml"
ends 0 "\"pin\":\"$pin\"" "$pinfold" --config "$work/tls.toml" agent token srv-1
ends 0 '"url":"https://192.0.2.5:8443"' "$pinfold" --config "$work/tls.toml" agent token srv-1
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
cat >"$work/policy.toml" <<TOML
[class.flood]
measures = "armed"
TOML
ends 1 "policy.toml:2: class.flood.measures" "$pinfold" policy check "$work/policy.toml"
printf '[policy]\nwarnings = "armed"\nmeasures = "armed"\nresponse_window = "2 h"\n' >"$work/policy.toml"
ends 0 "2 h" "$pinfold" policy check "$work/policy.toml"
ends 0 "nobody is on call" "$pinfold" policy check "$work/policy.toml"
printf '[limits]\nmax_disables_per_switch_hour = 9\n' >"$work/odd.toml"
ends 1 "odd.toml:2: limits.max_disables_per_switch_hour: max_disables_per_switch_hour (9) is more than" "$pinfold" policy check "$work/odd.toml"
ends 1 "odd.toml:2" p policy simulate "$work/odd.toml"
ends 2 "--since takes a time" p policy simulate "$work/policy.toml" --since yesterday
ends 0 '"case":"PF-1"' p case open srv-1 --by anna --class phishing "a page that asks for bank passwords"
ends 1 "nobody holds" p case open srv-9 --by anna --class phishing "text"
ends 0 "opened_by" p case show 1
ends 0 '"state":"warning_queued"' p case list --open --server srv-1
ends 0 "" p case list --state silent
ends 2 "is no state" p case list --state asleep
ends 0 '"lines":[]' p case story 1
ends 1 "there is no case PF-7" p case story 7
ends 1 '"next":"20' p case why 1
ends 1 "an emergency takes two people" p case order 1 --by anna --reason "it is live"
ends 1 "no emergency" p case order 1 --by anna --emergency --reason "it is live"
ends 0 '"state":"disputed"' p case object 1 --by anna --from "Mr Owner" "that is our own test"
ends 2 "" p case decide 1 --by anna --reason "no verdict given"
ends 0 '"differ":' p policy simulate "$work/policy.toml"
ends 0 '"state":"false_positive"' p case decide 1 --by bert --upheld --reason "they showed the contract"
ends 0 '"wrong":1' p detector list
p case show 1 >"$work/record.jsonl"
ends 0 'warned ' "$pinfold" policy simulate "$work/policy.toml" --record "$work/record.jsonl"
ends 1 "no such event" p case erase 1 --by anna --event 99 --reason "article 17"
ends 0 '"case":"PF-1"' p case erase 1 --by anna --event 2 --reason "article 17"
ends 0 '"kind":"erased"' p case show 1
ends 0 '"whole":true' p audit-log verify
ends 0 '"ticket":"T-1"' p ticket open --by owner --from-customer --kind suspicious --server srv-1 "a perl in /dev/shm"
ends 0 '"state":"waits_for_customer"' p ticket say T-1 --by anna "please keep a copy" --attach "$work/servers.csv"
ends 1 "nobody ordered an audit" p audit record T-1 --by anna /var/www --report "$work/servers.csv" --findings 0 --summary clean
ends 0 "" p audit order T-1 --by anna /var/www --reason "a script in /dev/shm"
ends 1 "has not consented" p audit record T-1 --by anna /var/www --report "$work/servers.csv" --findings 0 --summary clean
ends 0 "" p audit consent T-1 --by owner --how portal
ends 1 "outside what was ordered" p audit record T-1 --by anna /home --report "$work/servers.csv" --findings 0 --summary clean
ends 0 "" p audit record T-1 --by anna /var/www --report "$work/servers.csv" --findings 0 --summary clean
ends 0 '"kind":"audit_run"' p audit show T-1
ends 0 '"kind":"audit_run"' p audit show srv-1
ends 0 '"next":[]' p audit read srv-1 --by anna
ends 2 "a step is" p ticket plan T-1 --by anna "burn it"
ends 0 "" p ticket plan T-1 --by anna "remove:the script" "update:staff:the shop to 4.2"
ends 1 "there is no ticket T-99" p ticket plan T-99 --by anna "remove:the script"
ends 0 '"who":"customer"' p ticket show T-1
ends 1 "the plan has no such step" p ticket done T-1 3 --by anna
ends 0 "" p ticket done T-1 1 --by anna
ends 0 "order the second audit" p ticket done T-1 2 --by anna
ends 1 "the plan is not proven" p ticket close T-1 --by anna --reason done
ends 0 '"ticket":"T-1"' p audit order srv-1 /var/www --by owner --from-customer --reason "the second audit"
ends 0 "" p audit record srv-1 /var/www --by anna --report "$work/servers.csv" --findings 0 --summary clean
ends 0 '"state":"closed"' p ticket close T-1 --by anna --reason done
ends 0 '"ticket":"T-2"' p audit order srv-1 /var/www --by anna --reason "a closed ticket is not used again"
ends 1 "no such ticket" p audit order T-77 /var/www --by anna --reason why
ends 2 "neither a server" p audit order srv-99 /var/www --by anna --reason why
ends 1 "there is no case PF-9" p ticket open --by anna --server srv-1 --case PF-9 "about a case"
ends 1 "no such customer" p ticket open --by anna --customer 4711 "about nobody"
ends 2 "--key is required" p audit run srv-1
ends 1 "has not consented" p audit run srv-1 --key /nonexistent --known-hosts /nonexistent
agent=$1/pinfold-agent
mkdir -p "$work/image/srv/blog/wp-includes"
echo '<?php $wp_version = "4.7.1";' >"$work/image/srv/blog/wp-includes/version.php"
ends 2 "name the order, as --order T-7" "$agent" audit --root "$work/image" /srv
ends 1 '"app":"WordPress"' "$agent" audit --root "$work/image" --order T-1 /srv
ends 1 '"state":"end_of_life"' "$agent" audit --root "$work/image" --order T-1 /srv
ends 3 "no folder that can be read" "$agent" audit --root "$work/image" --order T-1 /nowhere
printf '# Terms\n## 4 No scans <!-- classes: port_scan -->\n' >"$work/aup.md"
ends 0 '"version":1' p aup publish "$work/aup.md"
ends 1 "there is no such customer or version" p aup accept 1001 2 --by owner
ends 0 '"version":1' p aup accept 1001 1 --by owner
printf '# Terms\n## 4 No scans <!-- classes: port_scan -->\n## 5 No file sharing <!-- classes: file_sharing -->\n' >"$work/aup2.md"
ends 2 "is no day" p aup publish "$work/aup2.md" --from tomorrow
ends 3 "No such file" p aup publish "$work/none.md"
ends 1 "no heading names" p aup publish "$work/servers.csv"
ends 0 '"in_force_from":"2099-01-01' p aup publish "$work/aup2.md" --from 2099-01-01
ends 0 '"version":1' p aup show
ends 0 "No file sharing" p aup show 2
ends 0 '"line":"+## 5' p aup diff 1 2
ends 0 '"letters":1' p aup tell 2
ends 0 '"letters":0' p aup tell 2
ends 0 '"waiting":1' p aup list
ends 0 '"accepted_by":1' p aup list
ends 1 "there is no such call" p call take nothing --by anna
ends 0 '"state":"unverified"' p contact list
ends 0 '"customer":"1001"' p contact unreachable
ends 2 "" p contact list --state asleep
ends 1 "is no contact" p contact ask nobody@example.net
ends 0 '"letter":"contact/ops@example.net/' p contact ask ops@example.net
ends 0 "" p contact verify ops@example.net --by anna --how phone --mail-host 192.0.2.11
ends 0 '"state":"reachable"' p contact list
ends 0 "own server" p contact unreachable
ends 0 '"open":false' p breaker status
ends 0 "" p agent missing
printf '[level.1]\nagent_expected = true\n' >"$work/expects.toml"
sed "1i policy = \"$work/expects.toml\"" "$work/pinfold.toml" >"$work/expecting.toml"
ends 1 '"why":"none has enrolled"' "$pinfold" --config "$work/expecting.toml" agent missing
ends 1 "no report 5" p reports triage discard 5 --why none
ends 1 "nobody is named in reports.sealed_officers" p reports triage take-out 5 --by anna --why none --to "$work/5.eml"
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
mkdir -p "$work/mails/in" && cp "$work/away.eml" "$work/mails/in/"
ends 0 'mails/in/away.eml' "$pinfold" mail classify "$work/mails"
ends 0 '"verdict":"not_a_report"' "$pinfold" reports parse "$work/mails"

# A disaster, rehearsed: the desk goes into one file and comes back in another place, stopped.
ends 0 '"events":' p backup "$work/desk.backup"
ends 3 "is there already" p backup "$work/desk.backup"
ends 3 "never writes over a desk" p restore "$work/desk.backup"
sed "s|$work/state|$work/second|" "$work/pinfold.toml" >"$work/second.toml"
q() { "$pinfold" --config "$work/second.toml" "$@"; }
ends 3 "servers.csv: is no backup" q restore "$work/servers.csv"
ends 0 '"chain_head":' q restore "$work/desk.backup"
ends 0 '"whole":true' q audit-log verify
ends 0 "opened_by" q case show 1

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
