#!/bin/bash
# cites.sh - the documents cite tests that exist: each id of docs/tests.md stands in the title
# of a case, each program of docs/conformance.md in tests/.
set -euo pipefail

top=${top_srcdir:-$(dirname "$0")/..}
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$top/tests/lib.sh"

# The first column of a table's rows, a cell a line.
first_column() {
	sed -n 's/^| \([A-Z]-[0-9][^|]*\|[0-9]*\) |.*/\1/p' "$1"
}

# "V-9, V-10" and "C-1 … C-14": an id a line.
expand() {
	local part from to
	tr -d ' ' | tr , '\n' | while IFS= read -r part; do
		from=${part%%…*} to=${part##*…}
		if [ "$from" = "$to" ]; then
			echo "$part"
		else
			seq -f "${from%%-*}-%g" "${from#*-}" "${to#*-}"
		fi
	done
}

# Texts in quotes, of all tests; of fuzz targets, which have no cases, their head comments.
titles() {
	grep -ho '"[^"]*"' "$top"/tests/*.[ch] "$top"/tests/*.sh
	head -qn 3 "$top"/tests/fuzz_*.c
}

# Ids without a title, one line each.  A number is an id only where a mark follows it.
missing() {
	local id pattern
	first_column "$top/docs/tests.md" | expand | while read -r id; do
		case $id in
		[A-Z]*) pattern="(^|[^A-Za-z0-9-])$id([^0-9]|\$)" ;;
		*) pattern="[\" (,]${id}[,:)]" ;;
		esac
		grep -Eq -- "$pattern" "$work/titles" || echo "$id"
	done
}

# Programs that a row of docs/conformance.md names and nobody has.
strangers() {
	local name
	sed -n 's/^|.*| \([^|]*\) |$/\1/p' "$top/docs/conformance.md" |
		grep -Eo '\b(test|acme|attack)_[a-z]+\b|\b[a-z_]+\.sh\b' | sort -u |
		while read -r name; do
			[ -e "$top/tests/${name%.sh}.sh" ] || [ -e "$top/tests/$name.c" ] || echo "$name"
		done
}

work_start
titles >"$work/titles"
is "$(missing | paste -sd ' ')" "" "every id of docs/tests.md stands in a test"
is "$(strangers | paste -sd ' ')" "" "every program of docs/conformance.md exists"
done_testing
