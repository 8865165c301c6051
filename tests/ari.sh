# shellcheck shell=bash
# ari.sh - what the interop_ari_*.sh scripts share beside interop.sh: certificates of a few
# minutes whose window comes early, in real time; what the server knows of a renewal.
#
# Sourced, never run.

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "${BASH_SOURCE[0]}")/interop.sh"

LIFE=360			# seconds that a certificate lives
half=$((LIFE / 2))

# ari_begin FROM UNTIL NAME...: a server whose windows lie between these percents of a life,
# and where an account may order once an hour, by http-01: who tries another challenge first, and
# fails, would need a second order.
ari_begin() {
	local from=$1 until=$2
	shift 2
	lifetime=${LIFE}s
	authority "$@" -- --set "renewal.from=$from" --set "renewal.until=$until" \
		--set limit.orders=1/1h --set directory.default.methods=http-01
}

# shown KIND ID MEMBER: of brevet show; nothing if it has no such member.
shown() {
	"$brevet" show "$1" "$2" --json --config "$ca/brevet.conf" |
		sed -n "s/.*\"$3\":\"\([^\"]*\)\".*/\1/p"
}

# window SERIAL start|end: seconds since 1970.
window() {
	date -d "$("$brevet" show cert "$1" --json --config "$ca/brevet.conf" |
		sed -n "s/.*\"window\":{[^}]*\"$2\":\"\([^\"]*\)\".*/\1/p")" +%s
}

# wait_for_window SERIAL start|end: until a second after it.
wait_for_window() {
	local left
	left=$(($(window "$1" "$2") + 1 - $(date +%s)))
	if [ "$left" -gt 0 ]; then sleep "$left"; fi
}

# renewals OPTION... SERIAL: does `brevet renewals` list it?
listed() {
	"$brevet" renewals --config "$ca/brevet.conf" "${@:1:$#-1}" | grep -i -A 1 -e "${!#}"
}

not_listed() {
	! listed "$@"
}

# waits CASE SERIAL CLIENT: its window comes and goes, and the operator sees it.
waits() {
	check "$1: its window is ahead, nobody is waited for" not_listed "$2"
	wait_for_window "$2" start
	check "$1: brevet renewals --due has it" listed --due "$2"
	wait_for_window "$2" end
	check "$1: brevet renewals --overdue has it" listed --overdue "$2"
	like "$(listed --overdue "$2")" "^  $3  account " "$1: and knows the client, $3"
}

# begin_of SERIAL: its notBefore, seconds since 1970.
begin_of() {
	date -d "$(shown cert "$1" not_before)" +%s
}

renewed_early() {
	[ "$(begin_of "$2")" -lt $(($(begin_of "$1") + half)) ]
}

# followed CASE OLD NEW REPLACES: the server knows that NEW came after OLD, in whose place its
# order asked for it (REPLACES is OLD), or did not say (nothing).
followed() {
	check "$1: before half of its life was over" renewed_early "$2" "$3"
	is "$(shown cert "$2" renewal)" renewed "$1: the old one is renewed"
	is "$(shown cert "$2" successor)" "${3,,}" "$1: by the new one"
	is "$(shown order "$(shown cert "$3" order)" replaces)" "${4,,}" \
		"$1: the order's \"replaces\""
	check "$1: brevet renewals has it no more" not_listed "$2"
}

# limited: the last request for another order was refused by the limit.
limited() {
	refusals | grep "rateLimited: too many new orders"
}
