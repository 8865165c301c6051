#!/bin/bash
# documents.sh - docs/validation.md names each option of validation with its default, docs/storage.md
# each of retention, docs/renewal.md each of renewal, no page an option that isn't there; and each
# network that is never dialled, or only in private mode.
set -euo pipefail

top=${top_srcdir:-$(dirname "$0")/..}
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$top/tests/lib.sh"

page=$top/docs/validation.md

# "validation.timeout 20s", an option a line; "none" for an empty default.
options() {
	"$brevet" help config | awk '/^[a-z]/ { name = $1; next }
		name != "" { sub(/^.*; default /, ""); gsub(/"/, ""); print name, $0; name = "" }'
}

# The same from the page's table of limits.
# shellcheck disable=SC2016
documented() {
	sed -n '/^## Limits/,/^## /s/^| `\(validation\.[a-z_]*\)` | \([^|]*\) |.*/\1 \2/p' "$page"
}

# tabled SECTION PAGE: the same from any table of the page.
# shellcheck disable=SC2016
tabled() {
	sed -n 's/^| `\('"$1"'\.[a-z_]*\)` | \([^|]*\) |.*/\1 \2/p' "$top/docs/$2"
}

# named SECTION PAGE: each of the options stands there.
named() {
	is "$(diff <(grep "^$1\." "$work/options" | sort) <(tabled "$1" "$2" | sort) || true)" "" \
		"each option of $1 stands in docs/$2, with its default"
}

# Options that a text names in backticks, and nobody has.
# shellcheck disable=SC2016
strangers() {
	grep -Eoh '`(validation|order|limit|limits|http|metrics|webhook|policy|renewal|store|crl|log|retention)\.[a-z_]+`' \
		"$@" | tr -d '`' | sort -u | grep -Fvxf <(options | cut -d ' ' -f 1) || true
}

# "10.0.0.0/8 private network|private", a line for each row of va/addr.c.
networks() {
	python3 - "$top/va/addr.c" <<-'END'
		import ipaddress, re, sys
		text = open(sys.argv[1], encoding="utf-8").read()
		text = text[text.index("specials[] = {"):]
		row = r'\{ \{ AF_INET(6?), (\d+), \{ (.*?) \} \}, (true|false),\s+"((?:\\"|[^"])*)" \}'
		for six, length, octets, private, why in re.findall(row, text[:text.index("\n};")]):
		    at, whole = 0, [0] * (16 if six else 4)
		    for octet in octets.split(", "):
		        index, _, value = octet.rpartition(" = ")
		        at = int(index.strip("[]")) if index else at
		        whole[at] = int(value, 0)
		        at += 1
		    network = ipaddress.ip_network((bytes(whole), int(length)))
		    mode = "private mode" if private == "true" else "no"
		    name = str(network)
		    why = why.replace('\\"', '"')
		    print(f"| {name} | {why} | {mode} |")
	END
}

# The same from the page; Python spells some IPv6 networks in another way.
documented_networks() {
	python3 - "$page" <<-'END'
		import ipaddress, re, sys
		for line in open(sys.argv[1], encoding="utf-8"):
		    match = re.match(r"\| ([0-9a-f.:]+/\d+) (\|.*)", line)
		    if match:
		        print(f"| {ipaddress.ip_network(match[1])} {match[2]}")
	END
}

[ -x "$brevet" ] || die "no program $brevet: build it, or name it in \$BREVET"
need_program python3
work_start
options >"$work/options"
like "$(cat "$work/options")" '^validation.timeout 20s$' "brevet help config tells of options"
is "$(diff <(grep '^validation\.' "$work/options" | sort) <(documented | sort) || true)" "" \
	"each option of validation stands in docs/validation.md, with its default"
named retention storage.md
named renewal renewal.md
is "$(comm -13 <(sort "$work/options") <(tabled limit limits.md | sort))" "" \
	"each rate in docs/limits.md is the default"
is "$(strangers "$page" "$top"/docs/{storage,ari,renewal,incidents,limits,profiles,conformance}.md "$top/README.md" | paste -sd ' ')" "" \
	"each option that a document names exists"
is "$(networks | wc -l)" "$(grep -c '{ { AF_INET' "$top/va/addr.c")" "va/addr.c is read"
is "$(diff <(networks) <(documented_networks) || true)" "" \
	"each refused network stands in docs/validation.md, in its order"
done_testing
