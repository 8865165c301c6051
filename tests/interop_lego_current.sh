#!/bin/bash
# interop_lego_current.sh - the current lego (5), against a real server: http-01 and dns-01,
# renewal, a new account key.
#
# Built by Go from the module proxy, with the one DNS provider that is used here.  $LEGO5
# names a lego 5 that is there already.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

CLIENT="lego 5"

need_client "$CLIENT" openssl
lib_start
lego=${LEGO5:-}
exec </dev/null
files=$work/lego/certificates

# lego_run COMMAND... OPTION...
lego_run() {
	lego_exec "$@" --server "$url" --email a@fleet.test --path "$work/lego"
}

# It asks whether it shall.
new_key() {
	lego_run accounts keyrollover <<<Y
}

# issued CASE FILE NAMES OPTION...: new, not yet due, renewed.
issued() {
	local case=$1 chain=$files/$2.crt key=$files/$2.key serial names name options=()
	read -r -a names <<<"$3"
	shift 3
	for name in "${names[@]}"; do
		options+=(-d "$name")
	done
	options+=(--accept-tos "$@")
	check "$case" lego_run run "${options[@]}"
	certificate "$case" "$chain" "$key" "${names[@]}"
	serial=$(cert_serial "$chain")
	check "$case: not yet due" lego_run run "${options[@]}"
	is "$(cert_serial "$chain")" "$serial" "$case: not yet due, the same certificate"
	check "$case, renewal" lego_run run "${options[@]}" --renew-force --no-random-sleep
	renewed "$case, renewal" "$serial" "$chain"
	certificate "$case, renewal" "$chain" "$key" "${names[@]}"
}

[ -n "$lego" ] || lego_build "$CLIENT"
"$lego" --version | sed 's/^/# /'
authority l1.fleet.test l2.fleet.test l3.fleet.test l4.fleet.test l5.fleet.test
http=(--http --http.address "127.0.0.1:$http_port")
issued "http-01, one name" l1.fleet.test "l1.fleet.test" "${http[@]}"
issued "http-01, three names, RSA" l3.fleet.test "l3.fleet.test l1.fleet.test l2.fleet.test" \
	"${http[@]}" --key-type RSA2048
if by_dns "dns-01"; then
	make_lego_hook
	issued "dns-01, wildcard and its base" _.w.fleet.test "*.w.fleet.test w.fleet.test" \
		--dns exec --dns.resolvers "127.0.0.1:$dns_port" --dns.propagation.disable-ans
fi
check "a new account key" new_key
issued "http-01 with the new key" l4.fleet.test "l4.fleet.test" "${http[@]}"
issued "http-01, a profile" l5.fleet.test "l5.fleet.test" "${http[@]}" --profile shortlived
short_lived "a profile" "$files/l5.fleet.test.crt"
finish
