#!/bin/bash
# interop_uacme.sh - uacme, unmodified, against a real server: http-01 and dns-01, renewal,
# a new account key.
#
# Debian's uacme knows the system's roots only, so it runs in a mount namespace of its own,
# where the bundle is ours.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

BUNDLE=/etc/ssl/certs/ca-certificates.crt

need_client uacme uacme unshare openssl python3 curl
[ -e "$BUNDLE" ] || skip_client uacme "there is no $BUNDLE to mount our root on"
can_unshare || skip_client uacme "no private mount namespace: unshare -m is not permitted"
lib_start

# shellcheck disable=SC2016
uacme_run() {
	ROOT=$root BUNDLE=$BUNDLE unshare -m --propagation private sh -c \
		'mount --bind "$ROOT" "$BUNDLE" && exec "$@"' sh \
		uacme -v -c "$work/uacme" -a "$url" "$@" </dev/null
}

# uacme calls it with begin|done|failed, type, name, token and what to publish; exit 1
# means: another type, please.
make_hook() {
	cat >"$work/$1" <<-END
		#!/bin/sh
		[ "\$2" = "$1" ] || exit 1
		case \$1:\$2 in
		begin:http-01) printf %s "\$5" >"$web/.well-known/acme-challenge/\$4" ;;
		*:http-01) rm "$web/.well-known/acme-challenge/\$4" ;;
		begin:dns-01) "$dns_hook" add "_acme-challenge.\$3" "\$5" ;;
		*:dns-01) "$dns_hook" delete "_acme-challenge.\$3" "\$5" ;;
		esac
	END
	chmod +x "$work/$1"
}

# issued CASE HOOK NAME...: first, again when nothing is to be done, and by force.
issued() {
	local case=$1 hook=$work/$2 dir=$work/uacme/${3#\*.} serial status=0
	shift 2
	check "$case" uacme_run -h "$hook" issue "$@"
	certificate "$case" "$dir/cert.pem" "$work/uacme/private/${1#\*.}/key.pem" "$@"
	serial=$(cert_serial "$dir/cert.pem")
	uacme_run -h "$hook" issue "$@" >"$work/again.out" 2>&1 || status=$?
	is "$status" 1 "$case: not yet due"
	check "$case, renewal" uacme_run -h "$hook" issue -f "$@"
	renewed "$case, renewal" "$serial" "$dir/cert.pem"
	certificate "$case, renewal" "$dir/cert.pem" "$work/uacme/private/${1#\*.}/key.pem" "$@"
}

test_account() {
	check "registers an account" uacme_run -y new a@fleet.test
	check "updates the contact" uacme_run update b@fleet.test
}

test_new_key() {
	local old
	old=$(openssl pkey -in "$work/uacme/private/key.pem" -pubout)
	check "a new account key" uacme_run newkey
	check "a new account key: it is another" \
		test "$(openssl pkey -in "$work/uacme/private/key.pem" -pubout)" != "$old"
}

allowed=accountDoesNotExist		# it asks for the account before it makes one
authority u1.fleet.test u2.fleet.test u3.fleet.test
web_start
make_hook http-01
make_hook dns-01
test_account
test_new_key
issued "http-01, one name" http-01 u1.fleet.test
issued "http-01, three names" http-01 u3.fleet.test u1.fleet.test u2.fleet.test
if by_dns "dns-01"; then
	issued "dns-01, one name" dns-01 d1.fleet.test
	issued "dns-01, wildcard and its base" dns-01 '*.w.fleet.test' w.fleet.test
fi
cp "$work/uacme/u1.fleet.test/cert.pem" "$work/revoked.pem"
check "revokes a certificate" uacme_run revoke "$work/uacme/u1.fleet.test/cert.pem"
in_crl "revoked" "$work/revoked.pem"
check "deactivates its account" uacme_run deactivate
finish
