#!/bin/bash
# interop_certbot.sh - Debian's certbot, unmodified, against a real server: http-01 and
# dns-01, renewal, account update, failures, and a server killed in the middle of it.
# With INTEROP_QUICK=1 only http-01, a kill and a renewal.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

need_program certbot openssl python3 curl
lib_start

web_address=127.0.0.2		# certbot's own server is on 127.0.0.1, at the same port
live=$work/certbot/etc/live
allowed="badNonce: .* it is not one of this server's"	# one from before kill -9, repeated

# --- How certbot is called ----------------------------------------------------------------

# certbot's exit status is the function's, what it says goes to $work/certbot.out.
certbot_run() {
	local command=$1
	shift
	REQUESTS_CA_BUNDLE=$root certbot "$command" -n --config-dir "$work/certbot/etc" \
		--work-dir "$work/certbot/work" --logs-dir "$work/certbot/log" "$@" \
		>"$work/certbot.out" 2>&1 </dev/null
}

certbot_get() {
	certbot_run certonly --server "$url" "$@" || { cat "$work/certbot.out"; return 1; }
}

standalone=(--standalone --http-01-address 127.0.0.1 --http-01-port "")
webroot=(--webroot -w "$work/web")
rfc2136=(--dns-rfc2136 --dns-rfc2136-credentials "$work/rfc2136.ini"
	--dns-rfc2136-propagation-seconds 1)

# Its plugin signs the updates.
make_rfc2136() {
	cat >"$work/rfc2136.ini" <<-END
		dns_rfc2136_server = 127.0.0.1
		dns_rfc2136_port = $dns_port
		dns_rfc2136_name = update
		dns_rfc2136_secret = $dns_secret
		dns_rfc2136_algorithm = HMAC-SHA512
	END
	chmod 600 "$work/rfc2136.ini"
}

# --- What is checked ---------------------------------------------------------------------

# examine LINEAGE NAME...: three cases.
examine() {
	local dir=$live/$1
	shift
	check "openssl verify -x509_strict: ${dir##*/}" cert_verify "$dir"
	check "names of ${dir##*/}: $*" cert_only_for "$dir" "$@"
	check "key of ${dir##*/}" cert_has_key "$dir"
}

account_url() {
	sed -n 's/.*"uri": *"\([^"]*\)".*/\1/p' "$work"/certbot/etc/accounts/*/directory/*/regr.json
}

account_email() {
	certbot_run show_account --server "$url" || true
	sed -n 's/.*Email contact: *//p' "$work/certbot.out"
}

key_kind() {
	openssl x509 -in "$live/$1/cert.pem" -noout -text |
		sed -n 's/^ *Public Key Algorithm: //p; s/^ *Public-Key: //p' | paste -sd ' '
}

crl_is_served() {
	local crl=$work/0.crl dir=$live/www.fleet.test
	curl -sf -o "$crl" "$(cert_crl_url "$dir/cert.pem")" || return 1
	openssl crl -inform DER -in "$crl" -CAfile "$dir/chain.pem" -noout 2>&1 | grep "verify OK"
}

all_serials() {
	local dir
	for dir in "$live"/*/; do
		cert_serial "$dir/cert.pem"
	done | sort
}

# --- The cases ---------------------------------------------------------------------------

test_account() {
	check "registers an account" certbot_run register --server "$url" --agree-tos \
		-m first@fleet.test
	is "$(account_email)" first@fleet.test "the account has its contact"
	account=$(account_url)
	like "$account" "^${url%/directory}/" "certbot keeps the account's URL"
	check "updates the contact" certbot_run update_account --server "$url" -m second@fleet.test
	is "$(account_email)" second@fleet.test "the contact is the new one"
}

test_standalone() {
	check "http-01, standalone" certbot_get "${standalone[@]}" -d www.fleet.test
	examine www.fleet.test www.fleet.test
	like "$(key_kind www.fleet.test)" "id-ecPublicKey|rsaEncryption" "a key of certbot's own choice"
	is "$(grep -c BEGIN "$live/www.fleet.test/fullchain.pem")" 2 "two certificates in the chain"
	check "the CRL that it names is served and signed" crl_is_served
}

test_several_names() {
	check "http-01, three names, P-384" certbot_get "${standalone[@]}" --key-type ecdsa \
		--elliptic-curve secp384r1 -d c.fleet.test -d a.fleet.test -d b.fleet.test
	examine c.fleet.test a.fleet.test b.fleet.test c.fleet.test
	like "$(key_kind c.fleet.test)" "384 bit" "it has the P-384 key"
}

test_webroot() {
	check "http-01, webroot, RSA" certbot_get "${webroot[@]}" --key-type rsa \
		--rsa-key-size 3072 -d web.fleet.test
	examine web.fleet.test web.fleet.test
	like "$(key_kind web.fleet.test)" "3072 bit" "it has the RSA key"
}

test_dns() {
	by_dns "dns-01" || return 0
	if ! certbot plugins 2>/dev/null | grep rfc2136 >/dev/null; then
		skip "dns-01" "certbot's dns-rfc2136 plugin is not installed: run tests/setup"
		return
	fi
	make_rfc2136
	check "dns-01, wildcard and its base" certbot_get "${rfc2136[@]}" -d '*.wild.fleet.test' \
		-d wild.fleet.test
	examine wild.fleet.test '*.wild.fleet.test' wild.fleet.test
	check "a name of the zone by dns-01" certbot_get "${rfc2136[@]}" -d dns.fleet.test
	examine dns.fleet.test dns.fleet.test
}

# certbot 4 and newer; an older one has no such option.
test_profile() {
	certbot --help all 2>/dev/null | grep -e --required-profile >/dev/null || return 0
	check "a profile" certbot_get "${standalone[@]}" --required-profile shortlived \
		-d short.fleet.test
	examine short.fleet.test short.fleet.test
	short_lived "a profile" "$live/short.fleet.test/cert.pem"
}

# fails NAME PATTERN OPTION...: certbot fails, and its user reads a reason.
fails() {
	local name=$1 pattern=$2 status=0
	shift 2
	certbot_run certonly --server "$url" "$@" || status=$?
	is "$status" 1 "$name: certbot fails"
	like "$(cat "$work/certbot.out")" "$pattern" "$name: and says why"
}

test_failures() {
	fails "nobody listens" "Type: +connection" --manual --manual-auth-hook true \
		--preferred-challenges http -d www.fleet.test --cert-name bad1
	like "$(cat "$work/certbot.out")" "Detail: .*127\.0\.0\.1" "nobody listens: and where"
	mkdir "$work/elsewhere"
	fails "wrong webroot" "Type: +unauthorized" --webroot -w "$work/elsewhere" \
		-d web.fleet.test --cert-name bad2
	like "$(cat "$work/certbot.out")" "Detail: .*404" "wrong webroot: and the web server's answer"
	fails "no such name" "Type: +dns" --manual --manual-auth-hook true \
		--preferred-challenges http -d nowhere.fleet.test --cert-name bad3
}

# Between the order and the challenge the server dies and starts anew.
test_killed_in_order() {
	local hook=$work/hook
	cat >"$hook" <<-'END'
		#!/bin/bash
		set -eu
		. "$LIB"
		work=$WORK ca=$WORK/ca server=$SERVER
		echo "$CERTBOT_VALIDATION" >"$work/web/.well-known/acme-challenge/$CERTBOT_TOKEN"
		kill -9 "$server"
		wait_until 60 process_is_gone "$server"
		detached=yes
		server_start
		echo "$server" >"$work/server.pid"
	END
	chmod +x "$hook"
	export WORK=$work SERVER=$server BREVET=$brevet LIB=${BASH_SOURCE[0]%/*}/lib.sh
	check "the server is killed between order and challenge" certbot_get --manual \
		--preferred-challenges http --manual-auth-hook "$hook" -d late.fleet.test
	forget "$server"
	wait "$server" 2>/dev/null || true
	check "and another process serves" test -s "$work/server.pid"
	if [ -s "$work/server.pid" ]; then server=$(cat "$work/server.pid"); fi
	remember "$server"
	examine late.fleet.test late.fleet.test
	certbot_run delete --cert-name late.fleet.test || true
}

test_renewal() {
	local before after dir name
	before=$(all_serials)
	server_kill
	check "the server starts after kill -9" server_start
	is "$(account_url)" "$account" "certbot kept its account"
	is "$(account_email)" second@fleet.test "the server knows it, with its contact"
	check "renews them all" certbot_run renew --force-renewal --no-random-sleep-on-renew
	after=$(all_serials)
	is "$(wc -l <<<"$after")" "$(wc -l <<<"$before")" "as many certificates as before"
	is "$(comm -12 <(echo "$before") <(echo "$after"))" "" "every serial is new"
	for dir in "$live"/*/; do
		name=$(basename "$dir")
		check "openssl verify -x509_strict: $name, renewed" cert_verify "$dir"
		check "key of $name, renewed" cert_has_key "$dir"
	done
	is "$(cert_names "$live/www.fleet.test/cert.pem")" www.fleet.test "the name is the same"
}

test_end() {
	check "revokes a certificate" certbot_run revoke --server "$url" --cert-name www.fleet.test \
		--reason superseded --no-delete-after-revoke
	in_crl "revoked" "$live/www.fleet.test/cert.pem"
	check "deactivates its account" certbot_run unregister --server "$url"
}

echo "$web_address web.fleet.test late.fleet.test" >"$work/ca.hosts"
authority www.fleet.test short.fleet.test a.fleet.test b.fleet.test c.fleet.test -- --set order.reuse=none \
	--set "validation.allow_addresses=127.0.0.1,$web_address"
web_start
standalone[4]=$http_port

test_account
test_standalone
if [ -z "${INTEROP_QUICK-}" ]; then
	test_several_names
	test_webroot
	test_dns
	test_profile
	test_failures
	test_killed_in_order
fi
test_renewal
test_end
finish
