#!/bin/bash
# interop_acme_tiny.sh - acme-tiny, unmodified, against a real server: http-01, renewal.
#
# It can nothing else: the user makes the keys and the request, and renews by doing it again.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

need_client acme-tiny acme-tiny openssl python3
lib_start

# What it prints is the chain.
tiny() {
	SSL_CERT_FILE=$root acme-tiny --account-key "$work/account.key" --csr "$1.csr" \
		--acme-dir "$web/.well-known/acme-challenge/" --directory-url "$url" \
		--disable-check "${@:2}" >"$1.crt"
}

# request FILE SUBJECT NAMES
request() {
	openssl req -new -newkey "$4" -pkeyopt "$5" -nodes -keyout "$1.key" -subj "$2" \
		-addext "subjectAltName=$3" -out "$1.csr" 2>/dev/null
}

test_one_name() {
	local serial one=$work/one
	request "$one" /CN=t1.fleet.test DNS:t1.fleet.test rsa rsa_keygen_bits:2048
	check "http-01, one name, RSA" tiny "$one" --contact mailto:a@fleet.test
	certificate "one name" "$one.crt" "$one.key" t1.fleet.test
	serial=$(cert_serial "$one.crt")
	check "renewal" tiny "$one"
	renewed "renewal" "$serial" "$one.crt"
	certificate "renewal" "$one.crt" "$one.key" t1.fleet.test
}

test_several_names() {
	local more=$work/more
	request "$more" / DNS:t3.fleet.test,DNS:t2.fleet.test ec ec_paramgen_curve:P-256
	check "http-01, two names, P-256, no subject" tiny "$more"
	certificate "two names" "$more.crt" "$more.key" t2.fleet.test t3.fleet.test
}

openssl genrsa -out "$work/account.key" 4096 2>/dev/null
authority t1.fleet.test t2.fleet.test t3.fleet.test
web_start
test_one_name
test_several_names
finish
