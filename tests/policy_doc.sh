#!/bin/bash
# policy_doc.sh - runs what docs/policy.md shows, from top to bottom: fragments of brevet.conf
# are put into a CA's, commands are typed, and what they print is compared with the page.
#
# Ids, keys and times differ from run to run: those of the page stand for those that came in
# their place, also in later commands.  A line "..." stands for any lines.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_program certbot openssl
lib_start

page=$(realpath "${top_srcdir:-$(dirname "$0")/..}/docs/policy.md")
shown_url=https://ca.corp.example
shown_dir=/srv/ca
declare -A ours=()		# an id or a key of the page -> ours

# --- The page ----------------------------------------------------------------------------

# Its fenced blocks, in order: $work/block.N, the first line of each the word behind ```.
split_page() {
	awk -v work="$work" '
		/^```/ && !open { open = 1; n++; file = work "/block." n; print substr($0, 4) >file; next }
		/^```/ { open = 0; close(file); next }
		open { print >file }
	' "$page"
}

# --- Fragments -----------------------------------------------------------------------------

# fragment FILE: each of its sections takes the place of that with the same name and title.
fragment() {
	local name
	sed -n 's/ {$//p' "$1" | grep -v '^	' >"$work/names"
	while read -r name; do
		awk -v head="$name {" '$0 == head { drop = 1 } !drop; drop && /^}/ { drop = 0 }' \
			brevet.conf >"$work/conf"
		cat "$work/conf" >brevet.conf
	done <"$work/names"
	tail -n +2 "$1" >>brevet.conf
	check "fragment: $(paste -sd , "$work/names")" brevet check
}

# --- Commands ------------------------------------------------------------------------------

# What is ours, as the page has it.
as_shown() {
	sed -e "s|${url%/directory}|$shown_url|g; s|$ca|$shown_dir|g"
}

# Ids of 30 characters, keys of 86.
secrets() {
	grep -oE '[A-Za-z0-9_-]+' | awk 'length == 30 || length == 86' || true
}

# Times, and what secrets() finds.
masked() {
	sed -E -e 's/20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/TIME/g' \
		-e 's/(^|[^A-Za-z0-9_-])([A-Za-z0-9_-]{30}|[A-Za-z0-9_-]{86})($|[^A-Za-z0-9_-])/\1SECRET\3/g'
}

# Notes whose the secrets of the page are; WANT and GOT have them in the same order.
learn() {
	local -a want got
	local i
	mapfile -t want < <(secrets <"$1")
	mapfile -t got < <(secrets <"$2")
	for i in "${!want[@]}"; do
		[ -n "${got[i]-}" ] && ours[${want[i]}]=${got[i]}
	done
	return 0
}

# command_of TEXT: as it is typed here.
command_of() {
	local text=$1 secret
	for secret in "${!ours[@]}"; do
		text=${text//"$secret"/"${ours[$secret]}"}
	done
	printf '%s\n' "${text//"$shown_url"/"${url%/directory}"}"
}

# fits WANT GOT: the same lines, "..." any.
fits() {
	local -a want got
	local at=0 any=0 line
	mapfile -t want < <(masked <"$1")
	mapfile -t got < <(masked <"$2")
	for line in "${want[@]}"; do
		if [ "$line" = ... ]; then
			any=1
			continue
		fi
		while [ "$any" = 1 ] && [ "$at" -lt "${#got[@]}" ] && [ "${got[at]}" != "$line" ]; do
			at=$((at + 1))
		done
		any=0
		[ "${got[at]-}" = "$line" ] || return 1
		at=$((at + 1))
	done
	[ "$any" = 1 ] || [ "$at" = "${#got[@]}" ]
}

# typed COMMAND WANT: refusals end with 1, all else with 0.
typed() {
	local want_status=0 status=0 name=${1:0:60}
	if grep -qE ': refused$|"permitted":false' "$2"; then want_status=1; fi
	bash -c "$(command_of "$1")" >"$work/out" 2>&1 || status=$?
	as_shown <"$work/out" >"$work/got"
	learn "$2" "$work/got"
	is "$status" "$want_status" "$name: status $want_status"
	if fits "$2" "$work/got"; then
		ok 0 "$name: prints what the page shows"
	else
		ok 1 "$name: prints what the page shows"
		{ diff "$2" "$work/got" || true; } | diag
	fi
}

console() {
	local line command=
	tail -n +2 "$1" >"$work/lines"
	: >"$work/want"
	while IFS= read -r line; do
		if [ "${line:0:2}" != "$ " ]; then
			printf '%s\n' "$line" >>"$work/want"
			continue
		fi
		if [ -n "$command" ]; then typed "$command" "$work/want"; fi
		command=${line:2}
		: >"$work/want"
	done <"$work/lines"
	typed "$command" "$work/want"
}

# --- All of it -----------------------------------------------------------------------------

# What the page takes for granted: programs by their names, and certbot that asks nothing.
programs() {
	mkdir "$work/bin"
	ln -s "$(realpath "$brevet")" "$work/bin/brevet"
	cat >"$work/bin/certbot" <<-END
		#!/bin/sh
		REQUESTS_CA_BUNDLE=$root exec $(command -v certbot) "\$@" -n --agree-tos \\
			--register-unsafely-without-email --config-dir $work/cb \\
			--work-dir $work/cb --logs-dir $work/cb
	END
	chmod +x "$work/bin/certbot"
	PATH=$work/bin:$PATH
}

run_page() {
	local n kind
	split_page
	for ((n = 1; ; n++)); do
		[ -e "$work/block.$n" ] || break
		kind=$(head -n 1 "$work/block.$n")
		case $kind in
		brevet.conf) fragment "$work/block.$n" ;;
		console) console "$work/block.$n" ;;
		*) ok 1 "block $n is \"$kind\": brevet.conf or console, for each is run" ;;
		esac
	done
	is "$((n > 15))" 1 "the page has its examples: $((n - 1))"
}

# No DNS has the page's names, nor CAA records for them.
ca_make "$work/ca" --set validation.insecure=example >/dev/null
programs
server_start
cd "$ca"
run_page
check "the server ends well" server_stop
done_testing
