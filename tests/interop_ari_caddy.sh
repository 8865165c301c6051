#!/bin/bash
# interop_ari_caddy.sh - the Caddy of Debian 13's backports, unmodified, renews by itself when
# the server's renewalInfo says so, in real time.  It asks for the window, and sends no
# `replaces`.
#
# Taken from Debian's mirror; its package asks for no library that Debian 12 lacks.  By its own
# rule it would wait until a third of the life is left.  $CADDY_ARI names another one.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=ari.sh
. "$(dirname "$0")/ari.sh"
# shellcheck source-path=SCRIPTDIR source=caddy.sh
. "$(dirname "$0")/caddy.sh"

CLIENT="Caddy of Debian 13's backports, ARI"

need_client "$CLIENT" openssl
lib_start
caddy=${CADDY_ARI:-}
https_port=$(free_port)

test_window() {
	local serial after
	check "a certificate" wait_until 60 serves "$https_port" y1.fleet.test
	serial=$(served_serial "$https_port" y1.fleet.test)
	check "its window is ahead, nobody is waited for" not_listed "$serial"
	check "in its window: another one" wait_for_renewal $((half - 20)) "$https_port" \
		y1.fleet.test "$serial"
	after=$(served_serial "$https_port" y1.fleet.test)
	served_certificate "$https_port" y1.fleet.test >"$work/served.pem"
	certificate "in its window" "$work/served.pem" \
		"$(find "$work/caddy/certificates" -name y1.fleet.test.key)" y1.fleet.test
	followed "in its window" "$serial" "$after" ""
	is "$(events "order created")" 2 "two orders, though the account may order once an hour"
}

if [ -z "$caddy" ]; then
	debian_package "$CLIENT" caddy trixie-backports
	caddy=$work/debian/usr/bin/caddy
fi
echo "# caddy $("$caddy" version)"
ari_begin 35 45 y1.fleet.test
configure y1.fleet.test
caddy_start
test_window
check "Caddy stops" process_stop "$pid"
finish
