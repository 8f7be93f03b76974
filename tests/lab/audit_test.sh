#!/bin/bash
# An audit from its order to the plan, on a server without an agent: a real sshd, the real programs, in network and mount namespaces of their own.
# usage: audit_test.sh FOLDER-OF-PROGRAMS   prints one line a check and "N passed, N failed"; exit status 1 when one failed, 77 when not root
set -uo pipefail
readonly here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly checkout=$(cd "$here/../.." && pwd)
readonly root=${PINFOLD_LAB_ROOT:-$checkout/build/lab/root}
if [ "$(id -u)" != 0 ]; then
  echo "skipped: this makes namespaces, which needs root"
  exit 77
fi
if [ ! -x "$root/usr/sbin/sshd" ]; then
  echo "skipped: $root/usr/sbin/sshd is absent: tools/setup lab"
  exit 77
fi
programs=$(readlink -f "$1")
if [ "${PINFOLD_AUDIT_TEST_INSIDE:-}" != yes ]; then
  exec env PINFOLD_AUDIT_TEST_INSIDE=yes unshare --net --mount --propagation private "$0" "$programs"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/pinfold-audit-test.XXXXXX")
sshd_pid=""
clean_up() {
  trap - EXIT INT TERM
  [ -z "$sshd_pid" ] || kill "$sshd_pid" 2>/dev/null
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
# shellcheck source=tests/lab/checks.sh
source "$here/checks.sh"

# --- the server: a home, a web tree with an old shop and a web shell, an sshd --------------------------------------------------------------------
mkdir -p "$work/home" "$work/www/shop/app" "$work/www/blog/wp-includes" "$work/private" "$work/ssh"
echo "<?php @eval(\$_POST['cmd']); ?>" >"$work/www/blog/x.php"
echo "<?php @eval(\$_POST['cmd']); ?>" >"$work/private/y.php"
echo "<?php \$wp_version = '4.7.1';" >"$work/www/blog/wp-includes/version.php"
echo "'major' => '1', 'minor' => '7', 'revision' => '0', 'patch' => '2'," >"$work/www/shop/app/Mage.php"
for key in host login other; do ssh-keygen -q -t ed25519 -N "" -f "$work/ssh/$key"; done
printf 'root:x:0:0::%s:/bin/sh\nsshd:x:65533:65534::/:/bin/false\n' "$work/home" >"$work/ssh/passwd"
printf 'root:x:0:\n' >"$work/ssh/group"
printf 'root:*:1::::::\nsshd:*:1::::::\n' >"$work/ssh/shadow"
cat >"$work/ssh/sshd_config" <<CONF
Port 2222
ListenAddress 127.0.0.1
HostKey $work/ssh/host
AuthorizedKeysFile $work/ssh/login.pub
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
PidFile none
CONF
ip link set lo up
mount -t tmpfs none /run && mkdir -m 755 /run/sshd
for file in passwd group shadow; do mount --bind "$work/ssh/$file" "/etc/$file"; done
LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu" "$root/usr/sbin/sshd" -D -e -f "$work/ssh/sshd_config" 2>"$work/sshd.log" &
sshd_pid=$!
echo "[127.0.0.1]:2222 $(cat "$work/ssh/host.pub")" >"$work/known_hosts"
echo "[127.0.0.1]:2222 $(cat "$work/ssh/other.pub")" >"$work/wrong_hosts"
answers() { (exec 3<>/dev/tcp/127.0.0.1/2222) 2>/dev/null; }
within 15 answers || { echo "sshd does not answer"; cat "$work/sshd.log"; exit 1; }

# --- the desk ------------------------------------------------------------------------------------------------------------------------------------
# shellcheck source=tests/support/sample_desk.sh
source "$here/../support/sample_desk.sh"
make_sample_desk "$work" 127.0.0.1
pinfold() { "$programs/pinfold" --config "$work/pinfold.toml" --json "$@"; }
ssh_words=(--key "$work/ssh/login" --known-hosts "$work/known_hosts" --port 2222)
# says STATUS TEXT COMMAND...
says() {
  local status=$1 text=$2 got
  shift 2
  "$@" >"$work/answer" 2>&1 </dev/null
  got=$?
  if [ "$got" != "$status" ] || ! grep -qF -- "$text" "$work/answer"; then
    echo "status $got, expected $status with \"$text\"; said: $(tail -c 600 "$work/answer")"
    return 1
  fi
}
nothing_is_left() { [ -z "$(ls -A "$work/home")" ] && ! compgen -G '/var/tmp/pinfold-audit.*' >/dev/null; }
tree() { (cd "$work" && find www private -type f -exec sha256sum {} + | sort); }

pinfold inventory import "$work/servers.csv" >/dev/null
before=$(tree)
check "nothing is run where nothing was ordered" says 1 "was ever ordered" pinfold audit run srv-1 "${ssh_words[@]}"
check "an order opens a ticket" says 0 '"ticket":"T-1"' pinfold audit order srv-1 "$work/www" --by anna --reason "a shell was seen"
check "nothing is run without consent" says 1 "has not consented" pinfold audit run srv-1 "${ssh_words[@]}"
check "the customer consents" says 0 "" pinfold audit consent T-1 --by owner --how phone
check "a server with another key is refused" says 3 "REMOTE HOST IDENTIFICATION HAS CHANGED" pinfold audit run srv-1 --key "$work/ssh/login" --known-hosts "$work/wrong_hosts" --port 2222
check "a wrong login is refused" says 3 "Permission denied" pinfold audit run srv-1 --key "$work/ssh/other" --known-hosts "$work/known_hosts" --port 2222
check "nothing is left behind by what failed" nothing_is_left
check "the audit runs and stands on the ticket" says 0 '"state"' pinfold audit run srv-1 "${ssh_words[@]}"
check "the program and its folder are gone" nothing_is_left
check "nothing of the customer's was changed" [ "$before" = "$(tree)" ]
check "the report names the shell" says 0 "www/blog/x.php" pinfold audit show srv-1
check "and the old applications" says 0 "Magento 1.7.0.2" pinfold audit show srv-1
check "with a plan" says 0 '"type":"plan_step"' pinfold audit show T-1
check "and what lies outside the order was not read" refuses grep -qF private/y.php "$work/answer"
check "the same order is not run twice" says 1 "nobody ordered" pinfold audit run srv-1 "${ssh_words[@]}"
check "a plan follows only what was read" says 1 "somebody has read" pinfold audit plan srv-1 --by anna
check "somebody reads it" says 0 "" pinfold audit read srv-1 --by anna
check "the plan is taken over" says 0 "" pinfold audit plan srv-1 --by anna
check "and is ticked off step by step" says 0 "" pinfold ticket done T-1 1 --by owner
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
