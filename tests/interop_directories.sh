#!/bin/bash
# interop_directories.sh - certbot and lego, unmodified, at a directory beside the default one,
# whose issuer is another CA; and at both with one installation of the client.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

lego=${LEGO:-lego}
need_client "directories" openssl curl
lib_start
live=$work/certbot/etc/live
# What lego does with the account of another directory, below.
allowed=' 1 /partner/acme/new-order malformed: '

# --- The server ----------------------------------------------------------------------------

# A second CA, and the directory that issues with it.
add_partner() {
	"$brevet" init --dir "$work/other" --name Other --host localhost \
		--listen "127.0.0.1:$(free_port)" >/dev/null || return 1
	cat >>"$ca/brevet.conf" <<-END
		issuer other {
			certificate = "$work/other/issuing.pem"
			key = "$work/other/issuing.key"
		}
		directory partner {
			issuer = other
			methods = { http-01 }
			allow = { .partner.fleet.test }
		}
	END
	"$brevet" reload --config "$ca/brevet.conf"
}

# of_partner CASE CHAIN KEY NAME: as certificate, below the other root and no other.
of_partner() {
	local tls=$root
	root=$work/other/root.pem
	certificate "$@"
	root=$tls
	check "$1: not by the default directory's CA" not_verified "$work/certificate"
}

not_verified() {
	! cert_verify "$1"
}

# --- certbot -------------------------------------------------------------------------------

certbot_run() {
	REQUESTS_CA_BUNDLE=$root certbot "$@" -n --config-dir "$work/certbot/etc" \
		--work-dir "$work/certbot/work" --logs-dir "$work/certbot/log" </dev/null
}

# certbot_get URL NAME
certbot_get() {
	certbot_run certonly --server "$1" --agree-tos -m a@fleet.test --standalone \
		--http-01-address 127.0.0.1 --http-01-port "$http_port" -d "$2"
}

of_both() {
	of_partner "certbot, partner$1" "$live/a.partner.fleet.test/fullchain.pem" \
		"$live/a.partner.fleet.test/privkey.pem" a.partner.fleet.test
	certificate "certbot, default$1" "$live/www.fleet.test/fullchain.pem" \
		"$live/www.fleet.test/privkey.pem" www.fleet.test
}

test_certbot() {
	local partner=$live/a.partner.fleet.test/cert.pem serial
	command -v certbot >/dev/null || { skip certbot "run tests/setup"; return; }
	check "certbot: at the directory partner" certbot_get "$partner_url" a.partner.fleet.test
	check "certbot: at the default one" certbot_get "$url" www.fleet.test
	is "$(find "$work/certbot/etc/accounts" -name regr.json | wc -l)" 2 \
		"certbot: an account for each"
	of_both ""
	serial=$(cert_serial "$partner")
	check "certbot: renews both" certbot_run renew --force-renewal \
		--no-random-sleep-on-renew
	renewed "certbot, partner" "$serial" "$partner"
	of_both ", renewed"
	like "$(cert_crl_url "$partner")" "/crl/other/0.crl$" "certbot: the CRL of its issuer"
	check "certbot: revokes at partner" certbot_run revoke --server "$partner_url" \
		--cert-name a.partner.fleet.test --no-delete-after-revoke
	in_crl "certbot" "$partner"
}

# --- lego ----------------------------------------------------------------------------------

# lego_at URL DIR ARGUMENT...
lego_at() {
	lego_exec --server "$1" --accept-tos --email a@fleet.test --path "$work/$2" --http \
		--http.port "127.0.0.1:$http_port" "${@:3}" </dev/null
}

# It keeps its accounts by the host of the URL alone.
test_lego_account() {
	local status=0 said
	check "lego: at the default directory" lego_at "$url" lego1 --domains l1.fleet.test run
	said=$(lego_at "$partner_url" lego1 --domains l1.partner.fleet.test run 2>&1) || status=$?
	is "$status" 1 "lego: that folder at the other directory"
	like "$said" "not an account URL of this directory" "lego: and it says why"
}

test_lego() {
	local files=$work/lego2/certificates serial
	command -v "$lego" >/dev/null || { skip lego "run tests/setup"; return; }
	test_lego_account
	check "lego: at the directory partner" lego_at "$partner_url" lego2 \
		--domains l2.partner.fleet.test run
	of_partner "lego" "$files/l2.partner.fleet.test.crt" "$files/l2.partner.fleet.test.key" \
		l2.partner.fleet.test
	serial=$(cert_serial "$files/l2.partner.fleet.test.crt")
	check "lego: renews" lego_at "$partner_url" lego2 --domains l2.partner.fleet.test renew \
		--days 9000 --no-random-sleep
	renewed "lego" "$serial" "$files/l2.partner.fleet.test.crt"
	of_partner "lego, renewed" "$files/l2.partner.fleet.test.crt" \
		"$files/l2.partner.fleet.test.key" l2.partner.fleet.test
	cp "$files/l2.partner.fleet.test.crt" "$work/revoked.crt"
	check "lego: revokes" lego_at "$partner_url" lego2 --domains l2.partner.fleet.test revoke
	in_crl "lego" "$work/revoked.crt"
}

authority www.fleet.test l1.fleet.test a.partner.fleet.test l1.partner.fleet.test \
	l2.partner.fleet.test -- --set order.reuse=none
partner_url=${url%/directory}/partner/directory
check "a directory with another issuer" add_partner
test_certbot
test_lego
finish
