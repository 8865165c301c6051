#!/bin/bash
# interop_dehydrated.sh - dehydrated, unmodified, against a real server: http-01 and dns-01,
# renewal; nonces over restarts.
#
# dehydrated asks for a nonce before each request, and gives up when it is refused.  So the
# server is restarted in between: the nonce of the one process must be good at the next, once.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

need_client dehydrated dehydrated curl openssl python3
lib_start
real_curl=$(command -v curl)
restarts=0

dehydrated_run() {
	PATH=$work/bin:$PATH dehydrated -f "$work/dehydrated.conf" "$@" </dev/null
}

configure() {
	mkdir "$work/dehydrated" "$work/bin"
	cat >"$work/dehydrated.conf" <<-END
		CA=$url
		BASEDIR=$work/dehydrated
		WELLKNOWN=$web/.well-known/acme-challenge
		CHALLENGETYPE=http-01
		CURL_OPTS="--cacert $root"
		CONTACT_EMAIL=a@fleet.test
	END
}

# Hooks: dns publishes; middle asks for a restart once the challenge lies ready.
make_hooks() {
	cat >"$work/dns" <<-END
		#!/bin/sh
		case \$1 in
		deploy_challenge) "$dns_hook" add "_acme-challenge.\$2" "\$4" ;;
		clean_challenge) "$dns_hook" delete "_acme-challenge.\$2" "\$4" ;;
		esac
	END
	cat >"$work/middle" <<-END
		#!/bin/sh
		[ "\$1" != deploy_challenge ] || exec "$work/restart"
	END
	cat >"$work/restart" <<-END
		#!/bin/sh
		: >"$work/restart.want"
		for _ in \$(seq 200); do
			[ -e "$work/restart.want" ] || exit 0
			sleep 0.05
		done
		exit 1
	END
	chmod +x "$work/dns" "$work/middle" "$work/restart"
}

# A curl before the real one: after each newNonce (HEAD) it asks for a restart, and it keeps
# the last request for a repetition.
make_curl() {
	cat >"$work/bin/curl" <<-END
		#!/bin/bash
		last=\${*: -1}
		for option; do
			if [ "\$previous" = -d ]; then printf %s "\$option" >"$work/last.body"; fi
			case \$option in https:*) echo "\$option" >"$work/last.url" ;; esac
			previous=\$option
		done
		"$real_curl" "\$@" || exit
		[ "\$last" != -I ] || exec "$work/restart"
	END
	chmod +x "$work/bin/curl"
}

# restarting COMMAND...: meanwhile the server is restarted as often as somebody asks for it.
restarting() {
	local client
	restarts=0
	"$@" &
	client=$!
	remember "$client"
	while kill -0 "$client" 2>/dev/null; do
		if [ -e "$work/restart.want" ]; then
			server_stop && server_start || return 1
			restarts=$((restarts + 1))
			rm "$work/restart.want"
		fi
		sleep 0.02
	done
	forget "$client"
	wait "$client"
}

# certs NAME FILE: a file of the certificate of that name.
certs() {
	echo "$work/dehydrated/certs/$1/$2"
}

test_http() {
	local serial chain key
	chain=$(certs d1.fleet.test fullchain.pem)
	key=$(certs d1.fleet.test privkey.pem)
	check "registers an account" dehydrated_run --register --accept-terms
	check "http-01, two names" dehydrated_run -c -d d1.fleet.test -d d2.fleet.test
	certificate "two names" "$chain" "$key" d1.fleet.test d2.fleet.test
	serial=$(cert_serial "$chain")
	check "not yet due" dehydrated_run -c -d d1.fleet.test -d d2.fleet.test
	is "$(cert_serial "$chain")" "$serial" "not yet due: the same certificate"
	check "renewal, RSA" dehydrated_run -c -x -a rsa -d d1.fleet.test -d d2.fleet.test
	renewed "renewal" "$serial" "$chain"
	certificate "renewal" "$chain" "$key" d1.fleet.test d2.fleet.test
}

test_dns() {
	local serial chain key
	chain=$(certs wild fullchain.pem)
	key=$(certs wild privkey.pem)
	by_dns "dns-01" || return 0
	check "dns-01, wildcard and its base" dehydrated_run -c -d '*.w.fleet.test' \
		-d w.fleet.test --alias wild -t dns-01 -k "$work/dns"
	certificate "dns-01" "$chain" "$key" '*.w.fleet.test' w.fleet.test
	serial=$(cert_serial "$chain")
	check "dns-01, renewal" dehydrated_run -c -x -d '*.w.fleet.test' -d w.fleet.test \
		--alias wild -t dns-01 -k "$work/dns"
	renewed "dns-01, renewal" "$serial" "$chain"
	certificate "dns-01, renewal" "$chain" "$key" '*.w.fleet.test' w.fleet.test
}

test_restart_in_order() {
	check "restarted between order and challenge" \
		restarting dehydrated_run -c -d d3.fleet.test -k "$work/middle"
	is "$restarts" 1 "restarted between order and challenge: once"
	certificate "restarted in an order" "$(certs d3.fleet.test fullchain.pem)" \
		"$(certs d3.fleet.test privkey.pem)" d3.fleet.test
}

# repeat NAME: the last request once more, octet for octet.
repeat() {
	local code
	code=$("$real_curl" -s --cacert "$root" -o "$work/repeat.out" -w '%{http_code}' \
		-H 'Content-Type: application/jose+json' -d "@$work/last.body" \
		"$(cat "$work/last.url")")
	is "$code" 400 "$1: refused"
	like "$(cat "$work/repeat.out")" '"urn:ietf:params:acme:error:badNonce"' "$1: badNonce"
}

test_restart_at_each_nonce() {
	make_curl
	check "restarted between each nonce and its request" \
		restarting dehydrated_run -c -d d4.fleet.test
	check "restarted between each nonce and its request: $restarts times" test "$restarts" -ge 5
	certificate "nonces over restarts" "$(certs d4.fleet.test fullchain.pem)" \
		"$(certs d4.fleet.test privkey.pem)" d4.fleet.test
	repeat "a nonce a second time"
	check "restart" server_stop
	check "start" server_start
	repeat "a nonce a second time, after a restart"
}

allowed='badNonce: .*anti-replay'	# our own repetitions
authority d1.fleet.test d2.fleet.test d3.fleet.test d4.fleet.test
web_start
configure
make_hooks
test_http
test_dns
test_restart_in_order
cp "$(certs d1.fleet.test cert.pem)" "$work/revoked.pem"
check "revokes a certificate" dehydrated_run -r "$(certs d1.fleet.test cert.pem)"
in_crl "revoked" "$work/revoked.pem"
is "$(refusals)" "" "no nonce was refused to dehydrated"
test_restart_at_each_nonce
is "$(refusals | sed 's/^ *\([0-9]*\) .* \(.*badNonce\).*/\1 \2/')" "2 badNonce" \
	"but to the repetitions"
finish
