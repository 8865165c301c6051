#!/bin/bash
# interop_caddy.sh - Caddy, unmodified, against a real server: a web server that runs on,
# gets its certificates by http-01 and renews them by itself.
#
# Caddy renews when a third of the lifetime is left; so certificates live for a
# minute here, and it looks at them each second.  $CADDY names another Caddy than Debian's.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"
# shellcheck source-path=SCRIPTDIR source=caddy.sh
. "$(dirname "$0")/caddy.sh"

PATIENCE=75			# seconds until a renewal must be served

caddy=${CADDY:-caddy}
need_client caddy "$caddy" openssl
lib_start
https_port=$(free_port)
declare -A serials

# The chain is the one served, the key the one stored for it.
served() {
	local chain=$work/served.pem
	served_certificate "$https_port" "$2" >"$chain"
	certificate "$1" "$chain" "$(find "$work/caddy/certificates" -name "$2.key")" "$2"
}

# Old ones that begin with two sites make two accounts at once, and may store the URL of one
# with the key of the other.
make_account() {
	caddy_start
	check "makes an account" wait_until 60 serves "$https_port" c1.fleet.test
	check "Caddy stops for another site" process_stop "$pid"
}

test_first() {
	local name
	for name; do
		check "http-01: $name is served" wait_until 60 serves "$https_port" "$name"
		served "http-01, $name" "$name"
		serials[$name]=$(served_serial "$https_port" "$name")
	done
}

test_renewal() {
	local name
	for name; do
		check "renewal: another certificate for $name" wait_for_renewal "$PATIENCE" \
			"$https_port" "$name" "${serials[$name]}"
		served "renewal, $name" "$name"
		check "renewal: $name is served" serves "$https_port" "$name"
	done
}

# What it has stored is taken up.
test_restart() {
	check "Caddy stops" process_stop "$pid"
	caddy_start
	check "Caddy starts anew and serves" wait_until 60 serves "$https_port" c1.fleet.test
	is "$(events "account created")" 1 "one account for all of it"
}

echo "# caddy $("$caddy" version)"
lifetime=60s
authority c1.fleet.test c2.fleet.test
configure c1.fleet.test
make_account
configure "c1.fleet.test, c2.fleet.test"
caddy_start
test_first c1.fleet.test c2.fleet.test
test_renewal c1.fleet.test c2.fleet.test
test_restart
check "Caddy stops again" process_stop "$pid"
finish
