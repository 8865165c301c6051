#!/bin/bash
# interop_ari_certbot.sh - the certbot that PyPI has now, unmodified, renews when the server's
# renewalInfo says so, in real time.  It asks for the window, and sends no `replaces`.
#
# $CERTBOT5 names a certbot 5 that is there already.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=ari.sh
. "$(dirname "$0")/ari.sh"

CLIENT="certbot of PyPI, ARI"

need_client "$CLIENT" python3 openssl
lib_start
certbot=${CERTBOT5:-}
live=$work/certbot/etc/live/c1.fleet.test
allowed='rateLimited: too many new orders'

make_certbot() {
	python3 -m venv "$work/venv" >"$work/pip.out" 2>&1 || skip_client "$CLIENT" \
		"python3 -m venv does not work here: $(head -n 1 "$work/pip.out")"
	"$work/venv/bin/pip" install --quiet --retries 0 --timeout 30 'certbot>=5' \
		</dev/null >"$work/pip.out" 2>&1 ||
		skip_client "$CLIENT" "pip does not give it: $(tail -n 1 "$work/pip.out")"
	certbot=$work/venv/bin/certbot
}

certbot_run() {
	local command=$1
	shift
	REQUESTS_CA_BUNDLE=$root "$certbot" "$command" -n --config-dir "$work/certbot/etc" \
		--work-dir "$work/certbot/work" --logs-dir "$work/certbot/log" "$@" </dev/null
}

get() {
	certbot_run certonly --server "$url" --agree-tos -m a@fleet.test --standalone \
		--http-01-address 127.0.0.1 --http-01-port "$http_port" -d "$1"
}

renew() {
	certbot_run renew --no-random-sleep-on-renew
}

other_is_refused() {
	! get c2.fleet.test && limited
}

# By its own rule it renews at half of so short a life.
test_window() {
	local serial after
	check "a certificate" get c1.fleet.test
	serial=$(cert_serial "$live/cert.pem")
	check "too early: certbot renew" renew
	is "$(cert_serial "$live/cert.pem")" "$serial" "too early: the same certificate"
	waits "in its window" "$serial" certbot
	check "in its window: certbot renew" renew
	renewed "in its window" "$serial" "$live/cert.pem"
	check "in its window: openssl verify -x509_strict" cert_verify "$live"
	after=$(cert_serial "$live/cert.pem")
	followed "in its window" "$serial" "$after" ""
	check "the account may order nothing else" other_is_refused
}

[ -n "$certbot" ] || make_certbot
"$certbot" --version | sed 's/^/# /'
ari_begin 35 45 c1.fleet.test c2.fleet.test
test_window
finish
