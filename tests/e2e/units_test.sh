#!/bin/bash
# The pages' code by itself: types and tests (vitest). Runs in the copy that tools/build-ui made. Exit status 77: that copy is not there (skipped).
set -eu
cd "$(dirname "$0")/../../build/ui/work/ui" 2>/dev/null || { echo "skipped: the pages are not built; run: tools/build-ui"; exit 77; }
npx vitest run
npm run --silent check
