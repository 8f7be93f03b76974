#!/bin/bash
# spam_score.sh MAIL_TEST LAB_ROOT: every letter, signed, judged by SpamAssassin's own rules without network; each must stay under 1.0 of the 5.0
# points that make a mail spam. The filter lies unpacked in LAB_ROOT and is never installed.
set -euo pipefail
mail_test=$1
root=$2
[ -x "$root/usr/bin/spamassassin" ] || { echo "no SpamAssassin in $root: run make setup-lab"; exit 77; }
letters=$(mktemp -d)
trap 'rm -rf "$letters"' EXIT
PINFOLD_LETTERS=$letters "$mail_test" --gtest_filter='Dkim.SignsEveryLetterInEveryLanguage' >"$letters/log" || { cat "$letters/log"; exit 1; }
failed=0
judged=0
for letter in "$letters"/*.eml; do
  # As it looks when a contact's server has taken it: with a Received header, and dated today; documentation addresses would cost points.
  { printf 'Received: from desk.example (desk.example [10.20.30.25]) by mx.customer.example with ESMTPS; %s\r\n' "$(date -R)"
    sed "s/^Date: .*/Date: $(date -R)\r/" "$letter"; } >"$letters/as-received"
  HOME=$letters perl -T -I"$root/usr/share/perl5" -I"$root/usr/lib/x86_64-linux-gnu/perl5/5.36" "$root/usr/bin/spamassassin" -L -t \
    -C "$root/usr/share/spamassassin" --siteconfigpath="$root/etc/spamassassin" -p /dev/null --cf='trusted_networks 127.0.0.1' <"$letters/as-received" >"$letters/verdict" 2>/dev/null
  points=$(grep -aoE '^Content analysis details: +\(-?[0-9.]+' "$letters/verdict" | grep -oE -- '-?[0-9.]+$')
  printf '%-36s %6s points\n' "$(basename "$letter" .eml)" "$points"
  judged=$((judged + 1))
  if ! awk -v p="$points" 'BEGIN { exit !(p != "" && p < 1.0) }'; then
    failed=1
    sed -n '/^Content analysis/,$p' "$letters/verdict"
  fi
done
[ "$judged" -ge 14 ] || { echo "only $judged letters were judged"; exit 1; }
exit $failed
