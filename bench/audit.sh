#!/bin/bash
# The audit's rules over Debian's own PHP programs: how long, how many are flagged, the same beside yara(1), and what the gates are worth.
# Packages are unpacked below build/audit and never installed. usage: audit.sh FOLDER-OF-PROGRAMS     (make bench-audit)
# FILES=22000 files are judged, in an order that is always the same. RULES=FOLDER measures yara with the operator's rules, too.
set -euo pipefail
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
programs=$(readlink -f "$1")
work=$checkout/build/audit
files=${FILES:-22000}
readonly applications="adminer cacti composer dokuwiki gosa icingaweb2 ldap-account-manager libphp-adodb libphp-phpmailer mediawiki nagvis
  ocsinventory-reports phpldapadmin phpliteadmin phpmyadmin phpsysinfo phpunit postfixadmin roundcube-core roundcube-plugins roundcube-plugins-extra
  shaarli simplesamlphp smarty3 smarty4 tt-rss wordpress yara libyara9 zabbix-frontend-php zoneminder"

if [ ! -e "$work/complete" ]; then
  mkdir -p "$work/debs" "$work/tree"
  { apt-cache search --names-only '^php-' | cut -d ' ' -f 1; tr -s ' \n' '\n\n' <<<"$applications"; } | sort -u | comm -12 - <(apt-cache pkgnames | sort) >"$work/names"
  echo "bench-audit: downloading $(wc -l <"$work/names") packages"
  (cd "$work/debs" && xargs -n 60 apt-get -q=2 -o APT::Sandbox::User="$(id -un)" download <"$work/names" >/dev/null)
  for deb in "$work"/debs/*.deb; do
    name=$(basename "$deb")
    mkdir -p "$work/tree/${name%%_*}"
    dpkg -x "$deb" "$work/tree/${name%%_*}"
  done
  find "$work/tree" -type f -name '*.php' | LC_ALL=C sort | shuf --random-source=<(yes) >"$work/all"
  touch "$work/complete"
fi
head -n "$files" "$work/all" >"$work/list"
echo "bench-audit: $(wc -l <"$work/all") PHP files there, $(wc -l <"$work/list") taken"
xargs -d '\n' cat <"$work/list" >/dev/null # into the page cache, for all alike

echo "- own rules, two threads, three times:"
for _ in 1 2 3; do "$programs/audit_bench" "$work/list" | tail -n 1; done
echo "- without the gates:"
"$programs/audit_bench" "$work/list" --no-gates | tail -n 1
echo "- over all files, each judged with and without the gates:"
"$programs/audit_bench" "$work/all" --check
echo "- the whole audit, as a program, over the same tree:"
( time "$programs/pinfold-agent" audit --order T-1 "$work/tree" | tail -n 1 ) 2>&1 || true

yara=$work/tree/yara/usr/bin/yara
library=$(dirname "$(find "$work/tree/libyara9" -name 'libyara.so.9*' | head -n 1)")
measure() {
  local name=$1 rules=$2 start=$EPOCHREALTIME
  LD_LIBRARY_PATH=$library "$yara" -w -p 2 --scan-list "$rules" "$work/list" >"$work/hits" 2>/dev/null || true
  awk -v n="$name" -v us=$((${EPOCHREALTIME/./} - ${start/./})) -v f="$(cut -d ' ' -f 2- "$work/hits" | sort -u | wc -l)" \
    'BEGIN { printf "%s: %.2f s on 2 threads, %d files flagged\n", n, us / 1e6, f }'
}
for rule in "$checkout"/rules/yara/*.yar; do echo "include \"$rule\""; done >"$work/own.yar"
echo "- yara(1) beside it:"
measure "the same rules" "$work/own.yar"
if [ -n "${RULES:-}" ]; then
  find "$RULES" -name '*.yar*' | while read -r rule; do echo "include \"$rule\""; done >"$work/operator.yar"
  measure "the operator's rules" "$work/operator.yar"
fi
