#!/bin/bash
# `pinfold serve` whose answers come out of a folder of a real IMAP server (Dovecot): what is taken leaves the folder, ears are open while it can be read
# and shut when it cannot, and a wrong password is said so.
# usage: imap_test.sh FOLDER-OF-PROGRAMS   prints one line a check and "N passed, N failed"; exit status 1 when one failed, 77 when not root
set -uo pipefail
readonly here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly checkout=$(cd "$here/../.." && pwd)
readonly root=${PINFOLD_LAB_ROOT:-$checkout/build/lab/root} python=/usr/bin/python3
if [ "$(id -u)" != 0 ]; then
  echo "skipped: this makes namespaces, which needs root"
  exit 77
fi
[ -x "$root/usr/sbin/dovecot" ] || { echo "skipped: $root/usr/sbin/dovecot is absent: tools/setup lab"; exit 77; }
programs=$(readlink -f "$1")
if [ "${PINFOLD_IMAP_TEST_INSIDE:-}" != yes ]; then
  exec env PINFOLD_IMAP_TEST_INSIDE=yes unshare --net --mount --propagation private "$0" "$programs"
fi
ip link set lo up

work=$(mktemp -d "${TMPDIR:-/tmp}/pinfold-imap-test.XXXXXX")
chmod 755 "$work"
dovecot_pid="" serve_pid=""
clean_up() {
  trap - EXIT INT TERM
  # shellcheck disable=SC2086  # those that were started
  kill $serve_pid $dovecot_pid 2>/dev/null
  # shellcheck disable=SC2086
  wait $serve_pid $dovecot_pid 2>/dev/null
  umount /usr 2>/dev/null
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
# shellcheck source=tests/lab/checks.sh
source "$here/checks.sh"
# shellcheck source=tests/support/sample_desk.sh
source "$here/../support/sample_desk.sh"

# --- the mail server: one mailbox, TLS with a certificate of its own ------------------------------------------------------------------------------
mkdir -p "$work"/home/Maildir/{new,cur,tmp}
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=imap.test \
  -addext subjectAltName=DNS:imap.test 2>/dev/null
chown -R nobody "$work/home"
cat >"$work/dovecot.conf" <<CONF
base_dir = $work/run
protocols = imap
listen = 127.0.0.1
log_path = $work/dovecot.log
ssl = required
ssl_cert = <$work/cert.pem
ssl_key = <$work/key.pem
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
first_valid_uid = 1
mail_location = maildir:$work/home/Maildir
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$work/home
}
service imap-login {
  chroot =
  inet_listener imaps {
    port = 1993
    ssl = yes
  }
}
service anvil {
  chroot =
}
CONF
dovecot_starts() {
  unshare --mount sh -c "mount -t overlay overlay -o lowerdir=$root/usr:/usr /usr && exec /usr/sbin/dovecot -F -c $work/dovecot.conf" 2>>"$work/dovecot.err" &
  dovecot_pid=$!
  within 15 bash -c ': </dev/tcp/127.0.0.1/1993'
}
deliver() {  # NAME TEXT: as a mail server writes it
  printf '%s\n' "$2" >"$work/home/Maildir/tmp/$1" && chown nobody "$work/home/Maildir/tmp/$1" && mv "$work/home/Maildir/tmp/$1" "$work/home/Maildir/new/$1"
}

# --- the desk ------------------------------------------------------------------------------------------------------------------------------------
make_sample_desk "$work"
printf 'secret\n' >"$work/password" && chmod 600 "$work/password"
cat >>"$work/pinfold.toml" <<TOML
[mail.imap]
server = "127.0.0.1:1993"
tls = "implicit"
name = "imap.test"
ca_file = "cert.pem"
user = "abuse"
password_file = "password"
every = "5 s"

[http]
listen = "127.0.0.1:8080"
TOML
pinfold() { "$programs/pinfold" --config "$work/pinfold.toml" --json "$@"; }
serve_starts() {
  : >"$work/serve.log"
  "$programs/pinfold" --config "$work/pinfold.toml" serve >"$work/serve.log" 2>&1 &
  serve_pid=$!
  within 20 grep -q SERVING "$work/serve.log"
}
serve_stops() { kill "$serve_pid" && wait "$serve_pid"; serve_pid=""; }
of() { pinfold case show "$1" | "$python" -c 'import json,sys
print(next(e[sys.argv[1]] for e in map(json.loads, sys.stdin) if e["kind"] == "notice_queued"))' "$2"; }
has() { pinfold case show "$1" 2>/dev/null | "$python" -c 'import json,sys
sys.exit(not any(eval(sys.argv[1], {"e": e}) for e in map(json.loads, sys.stdin)))' "$2"; }
folder_is_empty() { [ -z "$(ls -A "$work/home/Maildir/new" "$work/home/Maildir/cur" | grep -v ':$' | grep -v '^$')" ]; }
archived() { [ "$(find "$work/home/Maildir/.Pinfold" -type f -path '*/cur/*' -o -type f -path '*Pinfold/new/*' | wc -l)" = "$1" ]; }
ears() { { pinfold case why PF-1 || true; } | \
  "$python" -c 'import json,sys
clause = next(c for c in json.loads(sys.stdin.readline())["clauses"] if c["name"] == "ears open")
sys.exit("not healthy now" in clause["because"] if sys.argv[1] == "open" else "not healthy now" not in clause["because"])' "$1"; }

check "Dovecot runs" dovecot_starts
check "the configuration is good" pinfold check-config "$work/pinfold.toml"
check "the inventory is imported" pinfold inventory import "$work/servers.csv"
check "the desk runs" serve_starts
check "a case is opened" pinfold case open srv-1 --by op --class spam "mail to 2,000 servers in an hour"
check "ears are open while the folder can be read" within 20 ears open
token=$(of PF-1 token)
check "the owner replies" deliver 1.reply "Return-Path: <ops@example.net>
Delivered-To: abuse+pf-1.$token@hosting.example
From: ops@example.net
To: abuse+pf-1.$token@hosting.example
Subject: Re: [PF-1]
In-Reply-To: <pf-1.1.$token@hosting.example>
Message-ID: <1@example.net>
Date: Mon, 2 Mar 2026 03:04:05 +0000

We have closed the form that sent it."
check "it is the case's answer" within 25 has PF-1 'e["kind"] == "response_recorded"'
check "and has left the folder" within 10 folder_is_empty
check "for the archive" archived 1
check "the mail server goes away" kill "$dovecot_pid"
wait "$dovecot_pid" 2>/dev/null
check "then ears are shut after three rounds, and silence counts for nothing" within 40 ears shut
check "and the log says why" grep -q 'WORKER_FAILED.*mailbox.*mail by IMAP' "$work/serve.log"
check "it comes back" dovecot_starts
check "and ears open again" within 30 ears open
check "the desk stops" serve_stops
printf 'wrong\n' >"$work/password"
check "with a wrong password the desk runs" serve_starts
check "and says that it was refused" within 25 grep -qi 'WORKER_FAILED.*mail by IMAP.*\(auth\|log\|refus\)' "$work/serve.log"
check "the password stands in no log" bash -c "! grep -q 'secret\|wrong' '$work/serve.log'"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
