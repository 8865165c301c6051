#!/bin/bash
# validation_load.sh - many validations on a network, the same one often, and what happens to
# one whose account, order or server goes away meanwhile.
set -uo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source-path=SCRIPTDIR source=lab_dns.sh
. "$(dirname "$0")/lab_dns.sh"

HOLE=93.184.217.1
TIMEOUT=20s

open_files() {
	find "/proc/$server/fd" -mindepth 1 | wc -l
}

files_are() {
	[ "$(open_files)" -le "$1" ]
}

# decided PATTERN COUNT: so many authorizations of such names have a verdict.
decided() {
	[ "$(grep '"authorization decided"' "$ca.log" | grep -Ec "\"identifier\":\"$1\"")" = "$2" ]
}

# verdict_of NAME: "status problem" of its last authorization, by the log.
verdict_of() {
	grep '"authorization decided"' "$ca.log" | grep -F "\"identifier\":\"$1\"" | tail -n 1 |
		sed -n 's/.*"status":"\([a-z]*\)"\(,"problem":"\([A-Za-z]*\)"\)*.*/\1 \3/p'
}

# --- V-29 --------------------------------------------------------------------------------

# flood METHOD ZONE COUNT: while it lasts, others get their verdicts as if there were none.
flood() {
	local files
	files=$(open_files)
	is "$(client flood "$1" "$2" "$3" 2>&1)" "$3" "V-29 $3 challenges $1, $under"
	PATIENCE=-13000 cases <<-END
		V-29 meanwhile another order is proved in 7 s | http-01 right.web.lab | valid
		V-29 and one more                             | http-01 more.web.lab | valid
		V-29 and one by dns-01                        | dns-01 other.txt.lab text=right | valid
	END
	check "V-29 each of the $3 has its verdict in time, $under" \
		wait_until 40 decided "n[0-9]+\\.$2" "$3"
	# From the root libunbound goes on for a minute, for nobody.
	[[ $under == *root* ]] ||
		check "V-29 nothing is left open, $under" wait_until 60 files_are $((files + 8))
}

test_hole() {
	under="to a black hole"
	flood http-01 hole.lab 1000
	echo "# SYNs to the one address: $(dials "$HOLE" 80)"
}

# A resolver waits for name servers in vain, too.
test_silence() {
	local resolvers=$1 dnssec=$2 count=$3
	under="$4, silent name servers"
	lab_ca "silence.$dnssec.${resolvers%%.*}" --set validation.mode=public \
		--set "validation.resolvers=$resolvers" \
		"${validate[@]}" --set "validation.dnssec=$dnssec" --set order.hold=0s
	flood http-01 silent.naughty.lab "$count"
	server_stop
	ok $? "the server ends well"
}

# --- V-30 --------------------------------------------------------------------------------

test_again() {
	is "$(client again http-01 after1.web.lab 100)" valid "V-30 a challenge posted 100 times"
	is "$(web_hits after1.web.lab)" 1 "V-30 is fetched once"
	is "$(packets 93.184.216.81) $(client again http-01 alone.web.lab 100)" "0 valid" \
		"V-30 the same, at once"
	is "$(dials 93.184.216.81 80)" 1 "V-30 is dialled once"
}

# --- V-31, V-32 --------------------------------------------------------------------------

test_gone() {
	is "$(client deactivate http-01 after2.web.lab)" deactivated \
		"V-31 an account goes while its validation runs"
	wait_until 60 decided 'after2\.web\.lab' 1
	is "$(verdict_of after2.web.lab)" "invalid unauthorized" "V-31 which then proves nothing"
}

# killed NAME WANT TITLE
killed() {
	local urls
	urls=$(client begin http-01 "$1")
	wait_until 60 grep -q "^$1 " "$work/web.log"
	server_kill
	server_start || die "the server does not start again"
	# shellcheck disable=SC2086
	is "$(client settle $urls)" "$2" "V-32 $3"
	check "V-32 $1 was asked again" test "$(web_hits "$1")" -ge 2
}

test_killed() {
	killed after3.web.lab "valid valid" "kill -9 while the target thinks"
	killed drip.web.lab "invalid invalid" "kill -9 while the target drips"
}

# Its order ends after a minute; runs beside all others.
expire_start() {
	lab_ca brief --set validation.mode=public --set order.lifetime=60s --set order.hold=0s
	client expire http-01 after8.web.lab 56 >"$work/expired" 2>&1 &
	expiring=$!
	remember "$expiring"
}

test_expired() {
	wait "$expiring"
	is "$(<"$work/expired")" "invalid invalid invalid" \
		"V-31 an order that ends while its validation runs is invalid, and proves nothing"
	server_stop
	ok $? "the server ends well"
}

lab_enter "$@"
lab_start
black_hole "$HOLE"
zone web.lab signed < <(
	printf '* A %s\n' "$WEB4"
	echo "alone A 93.184.216.81"
)
zone hole.lab signed <<<"* A $HOLE"
zone txt.lab live </dev/null
zone naughty.lab foreign "$NAUGHTY" </dev/null
dns_start
validate=(--set validation.dnssec=validate --set "validation.trust_anchors=$anchor")
expire_start
brief=$server
lab_ca usual --set validation.mode=public \
	"${validate[@]}" --set order.hold=0s
test_again
test_gone
test_killed
test_hole
server_stop
ok $? "the server ends well"
test_silence recursive validate 1000 "validating from the root"
test_silence "$RESOLVER" validate 1000 "validating behind a resolver"
test_silence "$VALIDATOR" trust-ad 1000 "trusting AD"
under=
server=$brief
test_expired
done_testing
