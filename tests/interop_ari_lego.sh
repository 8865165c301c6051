#!/bin/bash
# interop_ari_lego.sh - the current lego (5), unmodified, renews when the server's renewalInfo
# says so, in real time, and sends `replaces`: whatever limit there is lets it pass.
#
# Built by Go from the module proxy.  $LEGO5 names a lego 5 that is there already.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=ari.sh
. "$(dirname "$0")/ari.sh"

CLIENT="lego 5, ARI"

need_client "$CLIENT" openssl
lib_start
lego=${LEGO5:-}
exec </dev/null
PATIENCE=30			# seconds; for when lego waits as long as a limit says
chain=$work/lego/certificates/l1.fleet.test.crt
allowed='rateLimited: too many new orders'

get() {
	LEGO_CA_CERTIFICATES=$root timeout "$PATIENCE" "$lego" run --server "$url" --email a@fleet.test --path "$work/lego" --accept-tos \
		--http --http.address "127.0.0.1:$http_port" --no-random-sleep -d "$1"
}

other_is_refused() {
	! get l2.fleet.test && limited
}

# By its own rule it renews at half of so short a life; names in common are free after a third.
test_window() {
	local serial after
	check "a certificate" get l1.fleet.test
	serial=$(cert_serial "$chain")
	check "too early" get l1.fleet.test
	is "$(cert_serial "$chain")" "$serial" "too early: the same certificate"
	waits "in its window" "$serial" lego
	check "in its window: lego run" get l1.fleet.test
	renewed "in its window" "$serial" "$chain"
	certificate "in its window" "$chain" "${chain%.crt}.key" l1.fleet.test
	after=$(cert_serial "$chain")
	followed "in its window" "$serial" "$after" "$serial"
	check "the account may order nothing else" other_is_refused
}

[ -n "$lego" ] || lego_build "$CLIENT"
"$lego" --version | sed 's/^/# /'
ari_begin 15 25 l1.fleet.test l2.fleet.test
test_window
finish
