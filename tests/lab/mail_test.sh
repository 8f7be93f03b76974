#!/bin/bash
# Letters and answers through real servers: two Postfix, OpenDKIM, SpamAssassin, a vacation program. Every letter is signed, delivered, judged by a
# spam filter (below 1.0 of 5.0 points) and verified; then what comes back to the desk: the owner's reply, a vacation note, a bounce, and forgeries
# of a bounce and of a reply. Each must end as it should.
# usage: mail_test.sh FOLDER-OF-PROGRAMS   prints one line a check and "N passed, N failed"; exit status 1 when one failed, 77 when not root
set -uo pipefail
export MIBS="" PINFOLD_LAB_MILTER=yes
readonly here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly checkout=$(cd "$here/../.." && pwd) python=/usr/bin/python3
readonly lab=$checkout/lab/lab root=$checkout/build/lab/root
if [ "$(id -u)" != 0 ]; then
  echo "skipped: the lab makes network namespaces, which needs root"
  exit 77
fi
[ -x "$root/usr/sbin/opendkim" ] || { echo "skipped: no OpenDKIM in $root (tools/setup lab)"; exit 77; }
readonly programs=$(readlink -f "$1")
readonly run=$(readlink -m "$programs/../lab-mail")
readonly config=$run/desk/pinfold.toml serve_log=$run/log/serve.log
readonly work=$(mktemp -d "${TMPDIR:-/tmp}/pinfold-mail-test.XXXXXX")

serve_pid=""
clean_up() {
  trap - EXIT INT TERM
  # shellcheck disable=SC2086  # if it was started
  kill $serve_pid 2>/dev/null
  "$lab" down "$run" >/dev/null
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# --- words -----------------------------------------------------------------------------------------------------------------------------------
# shellcheck source=tests/lab/checks.sh
source "$here/checks.sh"
# shellcheck source=tests/lab/desk_words.sh
source "$here/desk_words.sh"
# has CASE EXPRESSION: an event of the case holds it
has() { [ "$(pinfold case show "$1" 2>/dev/null | count "$2")" -ge 1 ]; }
has_not() { ! has "$@"; }
# of CASE FIELD: the field of its first notice_queued
of() { pinfold case show "$1" | "$python" -c 'import json,sys
print(next(e[sys.argv[1]] for e in map(json.loads, sys.stdin) if e["kind"] == "notice_queued"))' "$2"; }
mailbox() { "$lab" mailbox "$run" "$1"; }
mailbox_has() { mailbox "$1" | shows "$2"; }
answers_smtp() { on "$1" timeout 2 bash -c 'read -r code _ </dev/tcp/127.0.0.1/25 && [ "$code" = 220 ]' 2>/dev/null; }
triage_has() { pinfold reports triage list | shows "$1"; }

# --- the lab, with a key, a name server and OpenDKIM at the owners' mail server ------------------------------------------------------------------
public_key_of() { openssl rsa -in "$1" -pubout -outform DER 2>/dev/null | openssl base64 -A; }

prepare_dkim() {
  local letters=$run/hosts/mail/srv/letters dkim=$run/hosts/mail/srv/dkim
  mkdir -p "$letters" "$dkim"
  openssl genrsa -out "$run/desk/secrets/dkim.pem" 2048 2>/dev/null
  chmod 600 "$run/desk/secrets/dkim.pem"
  PINFOLD_LETTERS=$letters "$programs/mail_test" --gtest_filter='Dkim.SignsEveryLetterInEveryLanguage' || return 1
  {
    echo "desk1._domainkey.hosting.example v=DKIM1; k=rsa; p=$(public_key_of "$run/desk/secrets/dkim.pem")"
    echo "desk1._domainkey.desk.example v=DKIM1; k=rsa; p=$(public_key_of "$letters/key.pem")"
  } >"$dkim/records"
  # The two keys again, as OpenDKIM takes them without a name server.
  sed -E 's/^([^ ]+) (.*)$/\1 \2/' "$dkim/records" >"$dkim/keys"
  cat >"$dkim/opendkim.conf" <<CONF
Mode v
Socket inet:8891@127.0.0.1
Background no
Syslog no
AuthservID mail.isp.example
AlwaysAddARHeader yes
TestPublicKeys /srv/dkim/keys
UserID root
RequireSafeKeys no
CONF
}
sign_letters() {
  sed -i 's|^lmtp = .*|&\ndkim_selector = "desk1"\ndkim_key_file = "secrets/dkim.pem"|' "$config"
  grep -q dkim_selector "$config"
}
servers_run() {
  on mail "$python" /run/checkout/tests/lab/dns_stub.py 53 /srv/dkim/records >"$run/log/mail-dns.log" 2>&1 &
  on mail opendkim -f -x /srv/dkim/opendkim.conf >"$run/log/mail-opendkim.log" 2>&1 &
  within 10 on mail timeout 2 bash -c ': </dev/tcp/127.0.0.1/8891'
}
serve_starts() {
  "$lab" exec "$run" desk "$programs/pinfold" --config "$config" serve >>"$serve_log" 2>&1 &
  serve_pid=$!
  within 20 grep -q SERVING "$serve_log"
}

set_up() {
  check "the lab comes up" "$lab" up "$run" --fast --pages-port 0 --response-window "10 min" --bridge-mib "$programs/pinfold-lab-bridge-mib"
  [ $failed = 0 ] || exit 1
  check "every letter is written and signed" prepare_dkim
  check "the desk signs with its own key" sign_letters
  check "OpenDKIM and a name server run beside the owners' Postfix" servers_run
  check "the inventory is imported" pinfold inventory import "$run/desk/inventory.csv"
  : >"$serve_log"
  check "the desk runs" serve_starts
  [ $failed = 0 ] || exit 1
}

# --- every letter, delivered and judged ------------------------------------------------------------------------------------------------------
judge() {
  on mail env HOME=/tmp perl -T -I/usr/share/perl5 -I/usr/lib/x86_64-linux-gnu/perl5/5.36 /usr/bin/spamassassin -t -C /usr/share/spamassassin \
    --siteconfigpath=/etc/spamassassin -p /dev/null --cf='trusted_networks 127.0.0.1' --cf='dns_server 127.0.0.1' --cf='use_bayes 0' 2>/dev/null
}
# One letter to owner C's mailbox by SMTP and through the milter; then the filter's verdict over what lies there.
letter_is_good() {
  local name=$1 before points mail
  before=$(mailbox srv-c | grep -c '^==== ')
  on mail "$python" /run/checkout/tests/lab/deliver.py b+pf-1.1.aaaa@bounce.desk.example owner-c@customer-c.example "/srv/letters/$name.eml" || return 1
  within 10 more_than srv-c "$before" || return 1
  mail=$(find "$run/hosts/mail/home/owner-c/Maildir/new" -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
  grep -q 'Authentication-Results: mail.isp.example;' "$mail" && grep -A3 'Authentication-Results: mail.isp.example;' "$mail" | shows 'dkim=pass' ||
    { echo "no dkim=pass"; grep -A3 Authentication-Results "$mail"; return 1; }
  judge <"$mail" >"$work/verdict"
  points=$(grep -aoE '^Content analysis details: +\(-?[0-9.]+' "$work/verdict" | grep -oE -- '-?[0-9.]+$')
  echo "$name $points" >>"$work/points"
  grep -q 'DKIM_VALID_AU' "$work/verdict" || { echo "the filter does not see a valid signature of the author's domain"; sed -n '/^Content analysis/,$p' "$work/verdict"; return 1; }
  awk -v p="$points" 'BEGIN { exit !(p != "" && p < 1.0) }' || { sed -n '/^Content analysis/,$p' "$work/verdict"; return 1; }
}
more_than() { [ "$(mailbox "$1" | grep -c '^==== ')" -gt "$2" ]; }

letters_are_judged() {
  local file judged=0
  : >"$work/points"
  for file in "$run"/hosts/mail/srv/letters/??-*.eml; do
    check "letter $(basename "$file" .eml): dkim=pass by OpenDKIM and SpamAssassin, below 1.0 points" letter_is_good "$(basename "$file" .eml)"
    judged=$((judged + 1))
  done
  check "at least 14 letters were judged" [ "$judged" -ge 14 ]
  sort -k2 -n "$work/points" | awk '{ printf "      %-32s %6s points\n", $1, $2 }'
}

# --- what comes back -------------------------------------------------------------------------------------------------------------------------
open_case() { pinfold case open "$1" --class spam --by op "mail to 2,000 servers in an hour"; }
reply_file() {  # FROM TO SUBJECT TEXT [HEADER...]
  local from=$1 to=$2 subject=$3 text=$4
  shift 4
  { printf 'From: %s\nTo: %s\nSubject: %s\n' "$from" "$to" "$subject"; printf '%s\n' "$@"; printf '\n%s\n' "$text"; } >"$run/hosts/mail/srv/reply.eml"
}
send_as() { on mail "$python" /run/checkout/tests/lab/deliver.py "$1" "$2" /srv/reply.eml; }

owner_replies() {
  local token
  token=$(of PF-1 token)
  reply_file "owner-b@customer-b.example" "abuse+pf-1.$token@hosting.example" "Re: [PF-1]" "We have stopped the form that sent it." \
    "In-Reply-To: <pf-1.1.$token@hosting.example>"
  send_as owner-b@customer-b.example "abuse+pf-1.$token@hosting.example"
}
vacation_came() { has PF-2 'e["kind"] == "mail_received" and e["mail_kind"] == "auto_reply"'; }

# lmtp_says CODE ADDRESS: what the desk's door answers to that recipient
lmtp_says() {
  local door
  door=$(sed -n 's/^lmtp = "\(.*\)"$/\1/p' "$config")
  on desk "$python" -c 'import smtplib, sys
host, port = sys.argv[1].rsplit(":", 1)
with smtplib.LMTP(host, int(port)) as door:
    door.ehlo("mx.hosting.example")
    door.mail("")
    code, words = door.rcpt(sys.argv[3])
print(code, words)
sys.exit(code != int(sys.argv[2]))' "$door" "$1" "$2"
}
# A whole delivery report to the open address, citing a Message-ID with a guessed token.
forged_bounce_in_the_open() {
  cat >"$run/hosts/mail/srv/reply.eml" <<'MAIL'
From: MAILER-DAEMON@isp.example
To: abuse@hosting.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; isp.example
Original-Envelope-Id: pf-3.1.forged9

Final-Recipient: rfc822; owner-c@customer-c.example
Action: failed
Status: 5.1.1
--b
Content-Type: text/rfc822-headers

Message-ID: <pf-3.1.forged9@hosting.example>
--b--
MAIL
  send_as "<>" abuse@hosting.example
}
forged_reply() {
  reply_file "owner-c@customer-c.example" "abuse+pf-3.forged9@hosting.example" "Re: [PF-3]" "All is well."
  send_as owner-c@customer-c.example abuse+pf-3.forged9@hosting.example
}
stranger_replies() {
  reply_file "mallory@elsewhere.example" "abuse+pf-3.$(of PF-3 token)@hosting.example" "Re: [PF-3]" "All is well, close it."
  send_as mallory@elsewhere.example "abuse+pf-3.$(of PF-3 token)@hosting.example"
}

what_comes_back() {
  check "a case about B is opened, and its warning goes out" open_case srv-b
  check "it is delivered, by the owner's mail server's own word" within 30 has PF-1 'e["kind"] == "notice_delivered" and e["proof"] == "dsn"'
  check "it lies in B's mailbox with dkim=pass" mailbox_has srv-b 'dkim=pass'
  check "B replies" owner_replies
  check "the reply is the owner's answer" within 20 has PF-1 'e["kind"] == "response_recorded" and e["channel"] == "mail"'

  check "a case about A, who is on vacation, is opened" open_case srv-a
  check "the vacation program answers, and is known for one" within 30 vacation_came
  check "it is no answer" has_not PF-2 'e["kind"] == "response_recorded"'

  check "a case about C is opened" open_case srv-c
  check "its warning is delivered" within 30 has PF-3 'e["kind"] == "notice_delivered"'
  check "the desk's door takes a bounce with the right token" lmtp_says 250 "b+pf-3.1.$(of PF-3 token)@bounce.hosting.example"
  check "and refuses one with a guessed token" lmtp_says 550 b+pf-3.1.forged9@bounce.hosting.example
  check "a bounce to the open address is taken" forged_bounce_in_the_open
  check "a reply with a guessed token is sent" forged_reply
  check "the desk refuses it, and its sender hears so" within 30 mailbox_has srv-c 'abuse+pf-3.forged9@hosting.example.*550'
  check "a stranger's reply with the right token is taken" stranger_replies
  check "and waits for a person" within 20 has PF-3 'e["kind"] == "mail_received" and e["needs_person"]'
  check "nothing of it failed the notice" has_not PF-3 'e["kind"] == "notice_failed"'
  check "and nothing of it is an answer" has_not PF-3 'e["kind"] == "response_recorded"'
}
bounce_fails_the_notice() {
  check "C is written to at a mailbox that does not exist" gone_mailbox
  check "the case about C is closed, and another is opened" reopen_c
  check "the warning bounces, and the desk knows it" within 40 has PF-4 'e["kind"] == "notice_failed"'
}
gone_mailbox() {
  sed 's/owner-c@customer-c.example/gone@customer-c.example/' "$run/desk/inventory.csv" >"$work/inventory.csv" && ! cmp -s "$run/desk/inventory.csv" "$work/inventory.csv" &&
    pinfold inventory import "$work/inventory.csv"
}
reopen_c() { pinfold case close PF-3 --false-positive --reason "the test goes on" --by op && open_case srv-c; }

set_up
letters_are_judged
what_comes_back
bounce_fails_the_notice
echo "$passed passed, $failed failed"
[ $failed = 0 ]
