#!/bin/bash
# style.sh - a mirror: prints what stands out in the code, so that someone looks.  It
# never fails; tables and state machines may well be longer.
set -euo pipefail

top=${top_srcdir:-$(dirname "$0")/..}
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$top/tests/lib.sh"

# Functions begin with their name in the first column and end with a brace there.
look() {
	awk -v file="$2" '
	function note(line, what) { printf "%s:%d: %s\n", file, line, what }
	function width(s,   n, i) {
		for (i = n = 0; i++ < length(s); )
			n = substr(s, i, 1) == "\t" ? n + 8 - n % 8 : n + 1
		return n
	}
	function parameters(s) { sub(/^[^(]*\(/, "", s); return gsub(/,/, ",", s) + 1 }

	width($0) > 100 { note(FNR, width($0) " columns") }
	/^[ \t]*#[ \t]*define.*[^a-z_](return|goto|break|continue)[^a-z_]/ {
		note(FNR, "a macro that hides control flow")
	}
	!inside && /^[a-z_0-9]+\(/ { head = ""; name = $0; sub(/\(.*/, "", name); begin = FNR }
	!inside && begin { head = head $0 }
	!inside && /;[ \t]*$/ { begin = 0 }
	/^{/ && begin {
		inside = 1
		if (parameters(head) > 5) note(begin, name "() has " parameters(head) " parameters")
		first = FNR; depth = deepest = 0
	}
	inside {
		line = $0; gsub(/"([^"\\]|\\.)*"/, "", line)
		depth += gsub(/{/, "{", line); if (depth > deepest) deepest = depth
		depth -= gsub(/}/, "}", line)
	}
	inside && /^}/ {
		if (FNR - first > 61) note(begin, name "() has " FNR - first - 1 " lines")
		if (deepest > 4) note(begin, name "() is " deepest - 1 " levels deep")
		inside = begin = 0
	}
	END {
		most = file ~ /\.c$/ ? 400 : file == "store/store.h" ? 1000 : 150
		if (FNR > most) note(FNR, "over " most " lines")
	}' "$1"
}

for folder in base store ca va acme server tests tests/bench; do
	for file in "$top/$folder"/*.[ch]; do
		look "$file" "${file#"$top"/}"
	done
done | diag
ok 0 "looked"
done_testing
