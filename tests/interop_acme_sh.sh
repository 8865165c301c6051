#!/bin/bash
# interop_acme_sh.sh - acme.sh, unmodified, against a real server: http-01 and dns-01, renewal.
#
# Debian 12 has none: the package of Debian 13, a shell script, is taken from its mirror.
# $ACME_SH names another acme.sh.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

need_client acme.sh openssl curl python3
lib_start
home=$work/acme.sh
client=${ACME_SH:-$(command -v acme.sh || true)}
if [ -z "$client" ]; then
	debian_package acme.sh acme.sh trixie
	client=$work/debian/usr/share/acme.sh/acme.sh
fi

acme_sh() {
	HOME=$work sh "$client" --home "$home" --config-home "$home" --server "$url" \
		--ca-bundle "$root" "$@" </dev/null
}

# How acme.sh is told of a DNS service of one's own.
make_dnsapi() {
	mkdir -p "$home/dnsapi"
	cat >"$home/dnsapi/dns_local.sh" <<-END
		#!/bin/sh
		dns_local_add() { "$dns_hook" add "\$1" "\$2"; }
		dns_local_rm() { "$dns_hook" delete "\$1" "\$2"; }
	END
}

# issued CASE EXTRA NAME... -- OPTION...: issue, not yet due, renew.  EXTRA is added to the
# folder's name and to the options of a renewal: _ecc, or nothing for RSA.
issued() {
	local case=$1 extra=$2 names=() options=() serial dir name status=0
	shift 2
	dir=$home/$1$extra
	while [ "$1" != -- ]; do
		names+=("$1")
		options+=(-d "$1")
		shift
	done
	shift
	name=${names[0]}
	check "$case" acme_sh --issue "${options[@]}" "$@"
	certificate "$case" "$dir/fullchain.cer" "$dir/$name.key" "${names[@]}"
	serial=$(cert_serial "$dir/$name.cer")
	options=(--renew -d "$name" ${extra:+--ecc})
	acme_sh "${options[@]}" >"$work/again.out" 2>&1 || status=$?
	is "$status" 2 "$case: not yet due"
	check "$case, renewal" acme_sh "${options[@]}" --force
	renewed "$case, renewal" "$serial" "$dir/$name.cer"
	certificate "$case, renewal" "$dir/fullchain.cer" "$dir/$name.key" "${names[@]}"
}

test_account() {
	check "registers an account" acme_sh --register-account -m a@fleet.test
	check "updates the contact" acme_sh --update-account -m b@fleet.test
}

test_standalone() {
	if ! command -v socat >/dev/null; then
		skip "http-01, standalone" "socat is not installed: run tests/setup"
		return
	fi
	issued "http-01, standalone" _ecc s1.fleet.test -- --standalone --httpport "$http_port" \
		--local-address 127.0.0.1
}

test_dns() {
	by_dns "dns-01" || return 0
	make_dnsapi
	issued "dns-01, wildcard and its base" _ecc w.fleet.test '*.w.fleet.test' -- \
		--dns dns_local --dnssleep 1
}

echo "# acme.sh $(sed -n 's/^VER=//p' "$client")"
authority s1.fleet.test s2.fleet.test s3.fleet.test
test_account
test_standalone
web_start
issued "http-01, webroot, RSA" "" s2.fleet.test s3.fleet.test -- -w "$web" --keylength 2048
issued "http-01, webroot, P-384" _ecc s3.fleet.test -- -w "$web" --keylength ec-384
test_dns
finish
