#!/bin/bash
# The same story, with `pinfold serve` killed (SIGKILL) once after each kind of step and started again: no port in doubt, no notice lost.
exec "$(dirname "$0")/story_test.sh" "$@" --kill-between-steps
