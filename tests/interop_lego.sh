#!/bin/bash
# interop_lego.sh - lego 4, unmodified, against a real server: http-01 and dns-01, renewal.
#
# $LEGO names another lego than Debian's.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

lego=${LEGO:-lego}
need_client lego "$lego" openssl curl
lib_start
files=$work/lego/certificates

lego_run() {
	lego_exec --server "$url" --accept-tos --email a@fleet.test --path "$work/lego" "$@" </dev/null
}

by_http=(--http --http.port "")

test_http() {
	local serial
	check "http-01, one name" lego_run --domains l1.fleet.test "${by_http[@]}" run
	certificate "one name" "$files/l1.fleet.test.crt" "$files/l1.fleet.test.key" l1.fleet.test
	serial=$(cert_serial "$files/l1.fleet.test.crt")
	check "not yet due" lego_run --domains l1.fleet.test "${by_http[@]}" renew --days 1 \
		--no-random-sleep
	is "$(cert_serial "$files/l1.fleet.test.crt")" "$serial" "not yet due: the same certificate"
	check "renewal" lego_run --domains l1.fleet.test "${by_http[@]}" renew --days 9000 \
		--no-random-sleep
	renewed "renewal" "$serial" "$files/l1.fleet.test.crt"
	certificate "renewal" "$files/l1.fleet.test.crt" "$files/l1.fleet.test.key" l1.fleet.test
}

test_several_names() {
	local serial
	check "http-01, three names, RSA" lego_run --key-type rsa2048 --domains l3.fleet.test \
		--domains l2.fleet.test --domains l4.fleet.test "${by_http[@]}" run
	certificate "three names" "$files/l3.fleet.test.crt" "$files/l3.fleet.test.key" \
		l2.fleet.test l3.fleet.test l4.fleet.test
	serial=$(cert_serial "$files/l3.fleet.test.crt")
	cp "$files/l3.fleet.test.key" "$work/old.key"
	check "renewal with the same key" lego_run --domains l3.fleet.test --domains l2.fleet.test \
		--domains l4.fleet.test "${by_http[@]}" renew --days 9000 --no-random-sleep --reuse-key
	renewed "the same key" "$serial" "$files/l3.fleet.test.crt"
	certificate "the same key" "$files/l3.fleet.test.crt" "$work/old.key" \
		l2.fleet.test l3.fleet.test l4.fleet.test
}

test_csr() {
	openssl req -new -newkey rsa:2048 -nodes -keyout "$work/csr.key" -subj /CN=l5.fleet.test \
		-addext subjectAltName=DNS:l5.fleet.test,DNS:l1.fleet.test -out "$work/csr.pem" \
		2>/dev/null
	check "http-01, a request of the user's" lego_run --csr "$work/csr.pem" "${by_http[@]}" run
	certificate "request" "$files/l5.fleet.test.crt" "$work/csr.key" \
		l1.fleet.test l5.fleet.test
}

test_dns() {
	local serial dns=(--dns exec --dns.resolvers "127.0.0.1:$dns_port" --dns.disable-cp)
	local chain=$files/_.w.fleet.test.crt key=$files/_.w.fleet.test.key
	by_dns "dns-01" || return 0
	make_lego_hook
	check "dns-01, wildcard and its base" lego_run --domains '*.w.fleet.test' \
		--domains w.fleet.test "${dns[@]}" run
	certificate "dns-01" "$chain" "$key" '*.w.fleet.test' w.fleet.test
	serial=$(cert_serial "$chain")
	check "dns-01, renewal" lego_run --domains '*.w.fleet.test' --domains w.fleet.test \
		"${dns[@]}" renew --days 9000 --no-random-sleep
	renewed "dns-01, renewal" "$serial" "$chain"
	certificate "dns-01, renewal" "$chain" "$key" '*.w.fleet.test' w.fleet.test
}

# lego 4.35; that of Debian 12 has no such option.
test_profile() {
	"$lego" run --help </dev/null 2>/dev/null | grep -e --profile >/dev/null || return 0
	check "a profile" lego_run --domains l6.fleet.test "${by_http[@]}" run --profile shortlived
	certificate "a profile" "$files/l6.fleet.test.crt" "$files/l6.fleet.test.key" l6.fleet.test
	short_lived "a profile" "$files/l6.fleet.test.crt"
}

authority l1.fleet.test l2.fleet.test l3.fleet.test l4.fleet.test l5.fleet.test \
	l6.fleet.test
by_http[2]=127.0.0.1:$http_port
test_http
test_several_names
test_csr
test_profile
test_dns
cp "$files/l1.fleet.test.crt" "$work/revoked.crt"
check "revokes a certificate" lego_run --domains l1.fleet.test revoke
in_crl "revoked" "$work/revoked.crt"
finish
