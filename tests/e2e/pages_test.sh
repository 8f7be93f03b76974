#!/bin/bash
# The pages in a real Chromium against a real desk: each page's main task by keyboard and by mouse, at a desk and on a phone, light and dark, without a
# violation that axe or the content policy knows. usage: pages_test.sh FOLDER-OF-PROGRAMS [PICTURES]
# With PICTURES, the pages are written there as PNG (WHOLE=1: in their whole length); ONLY=name runs name.test.mjs alone; PRISM=program puts prism between the pages and the API, which
# then refuses whatever the contract does not say (`make check-contract`). Without it, what was said is held to the contract afterwards.
# The browser is unpacked aside (`tools/setup browser`) and laid over /usr in a mount namespace of its own: root only; without it, or without the browser,
# the test is skipped (77) and says so. The desk and its switch, a bridge, are in a network namespace of their own.
set -u
programs=$(cd "$1" && pwd)
pictures=${2:-}
checkout=$(cd "$(dirname "$0")/../.." && pwd)
browser=$checkout/build/browser/root
node_modules=$checkout/build/ui/work/ui/node_modules
[ "$(id -u)" = 0 ] || { echo "skipped: laying the browser over /usr needs root"; exit 77; }
[ -x "$browser/usr/bin/chromium" ] || [ -x /usr/bin/chromium ] || { echo "skipped: no browser; run: tools/setup browser"; exit 77; }
[ -x "$browser/usr/bin/lynx" ] || [ -x /usr/bin/lynx ] || { echo "skipped: no lynx; run: tools/setup browser"; exit 77; }
[ -d "$node_modules/playwright-core" ] || { echo "skipped: the pages are not built; run: tools/build-ui"; exit 77; }
if [ "${PINFOLD_E2E:-}" != inside ]; then
  PINFOLD_E2E=inside exec unshare --mount --propagation private --net "$0" "$@"
fi
if [ -x "$browser/usr/bin/chromium" ]; then
  mount -t overlay overlay -o "lowerdir=$browser/usr:/usr" /usr || { echo "skipped: this kernel refuses overlay mounts"; exit 77; }
  if [ -d "$browser/etc" ]; then
    mount -t overlay overlay -o "lowerdir=$browser/etc:/etc" /etc
  fi
fi

# In this order: how the pages look comes before what the tests do to the desk.
tests=()
for name in ${ONLY:-pages weight link customer staff}; do
  tests+=("$checkout/tests/e2e/$name.test.mjs")
done
# shellcheck source=/dev/null
. "$checkout/tests/e2e/desk.sh"
folder=$(mktemp -d "${TMPDIR:-/tmp}/pinfold-e2e.XXXXXX")
trap 'end_proxy; end_desk; rm -rf "$folder"' EXIT
begin_desk "$programs" "$folder" || exit 1
proxy_url=
if [ -n "${PRISM:-}" ]; then
  begin_proxy "$PRISM" "$checkout/docs/api/openapi.yaml" || exit 1
fi
export DESK=$desk_url ANSWERS=$answer_url PROXY=$proxy_url FOLDER=$folder PICTURES=$pictures NODE_MODULES=$node_modules DIST=$checkout/build/ui/dist
status=0
for file in "${tests[@]}"; do # one by one: together, node would sort them
  node --test --test-concurrency=1 "$file" || status=1
done
"$checkout/tests/cli/contract_check.py" "$checkout/docs/api/openapi.yaml" --said "$folder/said.jsonl" || status=1
[ $status = 0 ] || { echo "--- serve.log"; tail -n 30 "$folder/serve.log"; }
exit $status
