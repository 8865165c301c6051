#!/bin/bash
# profiles_doc.sh - what docs/profiles.md shows is tried: its profile, what "brevet check" prints,
# and its tables of options, of the profiles that init writes and of dated limits.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_program openssl
top=$(realpath "${top_srcdir:-$(dirname "$0")/..}")
page=$top/docs/profiles.md
lib_start

# block KIND: the first fenced block of that kind.
block() {
	awk -v kind="$1" '$0 == "```" kind { open = 1; next } /^```/ { open = 0 } open' "$page"
}

checked() {
	"$brevet" check --config "$ca/brevet.conf"
}

# What is the day's own: the limit of today, and when that ends.
undated() {
	sed -E '/^profile tlsserver/s/[0-9]+d|[0-9-]+T[0-9:]+Z/*/g'
}

# option DEFAULT, a line each: of the program, and of the page.
# shellcheck disable=SC2016
options() {
	"$brevet" help config | awk '/^profile NAME/ { on = 1; next } /^directory NAME/ { on = 0 }
		on && /^    [a-z]/ { name = $1; next }
		on && name != "" { sub(/^.*; default /, ""); gsub(/"/, ""); print name, $0; name = "" }' |
		sort
}

# shellcheck disable=SC2016
documented() {
	sed -n '/^## Options/,/^## /s/^| `\([a-z_]*\)` |.*| \([^|]*\) |$/\1 \2/p' "$page" |
		tr -d '`' | sed 's/ made of the lifetime$/ none/; s/ all of these$/ none/; s/ all$/ none/' |
		sort
}

# The dates of acme/dated.c with lives and ages, and of the page.
limits() {
	sed -n 's|^\t{ [0-9]*, \([0-9]*\), \([0-9]*\) },\t*/\* \([0-9-]*\) \*/|\3 \1 \2|p' \
		"$top/acme/dated.c" | sort
}

documented_limits() {
	sed -n 's/^| from \([0-9-]*\) | \([0-9]*\) days | \([0-9]*\) days old |/\1 \2 \3/p' "$page"
}

ca_make "$work/ca" >/dev/null
is "$(block console | grep '^profile' | undated)" "$(checked | grep '^profile' | undated)" \
	"brevet check tells of the four that init writes"
# shellcheck disable=SC2016
is "$(sed -n '/^| profile | lives/,/^$/s/^| `\([a-z]*\)`.*/\1/p' "$page" | paste -sd ' ')" \
	"$(sed -n 's/^profile \([a-z]*\) {/\1/p' "$ca/brevet.conf" | paste -sd ' ')" \
	"the table of these has their names, the default first"
block brevet.conf >>"$ca/brevet.conf"
check "the profile that it shows is good" checked
like "$(checked)" '^profile devices: 30d$' "and does what it says"
is "$(documented)" "$(options)" "each option with its default"
is "$(documented_limits)" "$(limits)" "the limits of the table that the server has"
done_testing
