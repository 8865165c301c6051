#!/bin/bash
# interop_npm.sh - the npm package acme-client, unmodified, against a real server: http-01 and
# dns-01, renewal, a new account key.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

CLIENT="npm acme-client"

for program in node npm; do		# tests/setup has them not
	command -v "$program" >/dev/null || skip_client "$CLIENT" "$program is not installed"
done
need_client "$CLIENT" openssl curl
lib_start
program=$(dirname "$0")/interop_npm.js

install() {
	mkdir "$work/npm"
	npm install --prefix "$work/npm" --no-audit --no-fund --no-update-notifier \
		--fetch-retries=0 --fetch-timeout=20000 acme-client </dev/null >"$work/npm.out" 2>&1 ||
		skip_client "$CLIENT" "npm does not give it: $(grep -m 1 -i err "$work/npm.out")"
	sed -n 's/.*"version": "\(.*\)".*/# acme-client \1/p' \
		"$work/npm/node_modules/acme-client/package.json"
}

js() {
	NODE_PATH=$work/npm/node_modules NODE_EXTRA_CA_CERTS=$root URL=$url DNS_HOOK=$dns_hook \
		ACCOUNT=$work/account.key HTTP_PORT=$http_port node "$program" "$@" </dev/null
}

# issued CASE FILE TYPE KEYTYPE NAME...: and once more, which is how it renews.
issued() {
	local case=$1 file=$work/$2 serial
	shift 2
	check "$case" js issue "$file" "$@"
	certificate "$case" "$file.crt" "$file.key" "${@:3}"
	serial=$(cert_serial "$file.crt")
	check "$case, renewal" js issue "$file" "$@"
	renewed "$case, renewal" "$serial" "$file.crt"
	certificate "$case, renewal" "$file.crt" "$file.key" "${@:3}"
}

install
allowed="accountDoesNotExist"	# asked for with the account's former key
authority n1.fleet.test n2.fleet.test n3.fleet.test
check "registers an account, updates its contact" js account a@fleet.test
issued "http-01, one name, RSA" one http-01 rsa n1.fleet.test
issued "http-01, three names, P-384" three http-01 P-384 n3.fleet.test n1.fleet.test n2.fleet.test
if by_dns "dns-01"; then
	issued "dns-01, wildcard and its base" wild dns-01 P-256 w.fleet.test '*.w.fleet.test'
fi
check "a new account key" js rollover
issued "http-01 with the new key" new http-01 P-256 n2.fleet.test
check "revokes a certificate, deactivates its account" js end "$work/new"
in_crl "revoked" "$work/new.crt"
finish
