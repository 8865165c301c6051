#!/bin/bash
# shell.sh - what shellcheck says about every script.
set -euo pipefail

top=${top_srcdir:-$(dirname "$0")/..}
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$top/tests/lib.sh"

need_program shellcheck
work_start

for script in "$top"/tests/*.sh "$top"/tests/{setup,run,bench/compare} "$top/deploy/quickstart" \
	"$top/docs/renewal/make" "$top/.ci/run" "$top/autogen.sh"; do
	[ -e "$script" ] || continue
	check "${script#"$top"/}" shellcheck -x "$script"
done
done_testing
