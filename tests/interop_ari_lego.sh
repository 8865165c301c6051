#!/bin/bash
# interop_ari_lego.sh - the current lego (5), unmodified, renews when the server's renewalInfo
# says so, in real time, and sends `replaces`: whatever limit there is lets it pass.
#
# Built by Go from the module proxy.  $LEGO5 names a lego 5 that is there already, $LEGO4 a lego 4,
# from 4.20 on, that is to be tried in its place.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=ari.sh
. "$(dirname "$0")/ari.sh"

CLIENT="lego 5, ARI"
lego4=${LEGO4:-}

need_client "$CLIENT" openssl
lib_start
lego=${lego4:-${LEGO5:-}}
exec </dev/null
PATIENCE=30			# seconds; for when lego waits as long as a limit says
chain=$work/lego/certificates/l1.fleet.test.crt
allowed='rateLimited: too many new orders'

lego_run() {
	LEGO_CA_CERTIFICATES=$root timeout "$PATIENCE" "$lego" "$@"
}

common=(--server "" --email a@fleet.test --path "$work/lego" --accept-tos --http)

get() {
	if [ -n "$lego4" ]; then
		lego_run "${common[@]}" --http.port "127.0.0.1:$http_port" --domains "$1" run
	else
		lego_run run "${common[@]}" --http.address "127.0.0.1:$http_port" -d "$1" \
			--no-random-sleep
	fi
}

# The same command of lego 5 renews what is due.
get_again() {
	if [ -n "$lego4" ]; then
		lego_run "${common[@]}" --http.port "127.0.0.1:$http_port" --domains "$1" \
			renew --dynamic --no-random-sleep
	else
		get "$1"
	fi
}

other_is_refused() {
	! get l2.fleet.test && limited
}

# By its own rule it renews at half of so short a life; names in common are free after a third.
test_window() {
	local serial after
	check "a certificate" get l1.fleet.test
	serial=$(cert_serial "$chain")
	check "too early" get_again l1.fleet.test
	is "$(cert_serial "$chain")" "$serial" "too early: the same certificate"
	waits "in its window" "$serial" lego
	check "in its window: lego" get_again l1.fleet.test
	renewed "in its window" "$serial" "$chain"
	certificate "in its window" "$chain" "${chain%.crt}.key" l1.fleet.test
	after=$(cert_serial "$chain")
	followed "in its window" "$serial" "$after" "$serial"
	check "the account may order nothing else" other_is_refused
}

[ -n "$lego" ] || lego_build "$CLIENT"
"$lego" --version | sed 's/^/# /'
ari_begin 15 25 l1.fleet.test l2.fleet.test
common[1]=$url
test_window
finish
