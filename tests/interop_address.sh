#!/bin/bash
# interop_address.sh - certbot and lego, unmodified, for names that have IPv6 alone, and
# certificates for addresses (RFC 8738) by http-01 and tls-alpn-01.
#
# Debian 12's lego asks for an address as if it were a name; that of Debian 13's backports
# knows better, but for the common name of its request, which it leaves out if told so.
# $LEGO names a lego of that kind that is there already.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

SIX=0:0:0:0:0:0:0:1		# as OpenSSL writes it

need_client "IPv6 and addresses" openssl knotd knsupdate
grep -qs '^0\{31\}1 ' /proc/net/if_inet6 ||
	skip_client "IPv6 and addresses" "this host has no ::1"
lib_start
live=$work/certbot/etc/live
files=$work/lego/certificates

certbot_run() {
	REQUESTS_CA_BUNDLE=$root certbot "$@" -n --config-dir "$work/certbot/etc" \
		--work-dir "$work/certbot/work" --logs-dir "$work/certbot/log" </dev/null
}

# lego_run TYPE ADDRESS ARGUMENT...: TYPE is http or tls.
lego_run() {
	local type=$1 port=$http_port address=$2
	shift 2
	if [ "$type" = tls ]; then port=$tls_port; fi
	lego_exec --server "$url" --accept-tos --email a@fleet.test --path "$work/lego" \
		"--$type" "--$type.port" "$address:$port" --disable-cn "$@" </dev/null
}

# By the name's AAAA record; there is no A.
test_six() {
	local name=six1.$ZONE serial
	if command -v certbot >/dev/null; then
		check "IPv6: certbot, http-01" certbot_run certonly --server "$url" --agree-tos \
			-m a@fleet.test --standalone --http-01-address ::1 \
			--http-01-port "$http_port" -d "$name"
		certificate "IPv6: certbot" "$live/$name/fullchain.pem" "$live/$name/privkey.pem" \
			"$name"
		serial=$(cert_serial "$live/$name/cert.pem")
		check "IPv6: certbot renews" certbot_run renew --force-renewal \
			--no-random-sleep-on-renew
		renewed "IPv6: certbot" "$serial" "$live/$name/cert.pem"
		proved "$name" http-01 "IPv6"
		like "$(evidence "$name")" '"type":"A","rcode":"NOERROR","security":"[a-z]*","answers":\[\]' \
			"IPv6: it has no A record"
	else
		skip "IPv6: certbot" "certbot is not installed: run tests/setup"
	fi
	name=six2.$ZONE
	check "IPv6: lego, tls-alpn-01" lego_run tls "[::1]" --domains "$name" run
	certificate "IPv6: lego" "$files/$name.crt" "$files/$name.key" "$name"
	proved "$name" tls-alpn-01 "IPv6"
}

# address TYPE METHOD ADDRESS LISTEN SHOWN FILE: a first certificate and its renewal.
address() {
	local case="$2 of $3" chain=$files/$6.crt key=$files/$6.key serial
	rm -rf "$files"
	check "$case: lego" lego_run "$1" "$4" --domains "$3" run
	certificate "$case" "$chain" "$key" "$5"
	serial=$(cert_serial "$chain")
	check "$case: renewal" lego_run "$1" "$4" --domains "$3" renew --days 9000 --no-random-sleep
	renewed "$case" "$serial" "$chain"
	like "$(evidence "$3")" "\"method\":\"$2\",\"section\":\"3.2.2.5.[67]\"" "$case: the evidence"
}

# An address beside a name, in one certificate.
test_both() {
	check "name and address: lego" lego_run http 127.0.0.1 --domains four.$ZONE --domains 127.0.0.1 \
		run
	certificate "name and address" "$files/four.$ZONE.crt" "$files/four.$ZONE.key" \
		127.0.0.1 "four.$ZONE"
}

lego=${LEGO:-}
if [ -z "$lego" ]; then
	debian_package "lego of Debian 13's backports" lego trixie-backports
	lego=$work/debian/usr/bin/lego
fi
zone_more="six1.$ZONE. 60 AAAA ::1
six2.$ZONE. 60 AAAA ::1
four.$ZONE. 60 A 127.0.0.1"
authority -- --set validation.allow_addresses=127.0.0.1,::1 --set order.reuse=none
test_six
address http http-01 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1
address tls tls-alpn-01 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1
address http http-01 ::1 "[::1]" "$SIX" --1
address tls tls-alpn-01 ::1 "[::1]" "$SIX" --1
test_both
finish
