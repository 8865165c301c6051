#!/bin/bash
# interop_dnssec.sh - certbot and its dns-rfc2136 plugin, unmodified, with a zone signed by
# knot: answers are validated from the zone's own DS, and CAA is obeyed; who answers in the
# zone's name with other keys, or with none, proves nothing.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

CLIENT="certbot and DNSSEC"
ZONE=fleet.example		# under "test" DNSSEC is not looked for

need_client "$CLIENT" certbot knotd keymgr knsupdate openssl
certbot plugins 2>/dev/null | grep rfc2136 >/dev/null ||
	skip_client "$CLIENT" "certbot's dns-rfc2136 plugin is not installed: run tests/setup"
lib_start
live=$work/certbot/etc/live

certbot_run() {
	REQUESTS_CA_BUNDLE=$root certbot "$@" -n --config-dir "$work/certbot/etc" \
		--work-dir "$work/certbot/work" --logs-dir "$work/certbot/log" \
		>"$work/certbot.out" 2>&1 </dev/null || { cat "$work/certbot.out"; return 1; }
}

certbot_get() {
	certbot_run certonly --server "$url" --agree-tos -m a@fleet.example --dns-rfc2136 \
		--dns-rfc2136-credentials "$work/rfc2136.ini" --dns-rfc2136-propagation-seconds 1 "$@"
}

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

# The zone's DS records, as its operator hands them on.
zone_ds() {
	keymgr -c "$work/knot/knot.conf" "$ZONE" ds
}

# Another name server at the same port, with the same records and the same key for updates.
impostor() {
	process_stop "$knot" || true
	knot_start "$dns_port" "$ZONE" "$dns_secret" <<-END
		$ZONE. 60 SOA ns.$ZONE. host.$ZONE. 9 60 60 60 1
		$ZONE. 60 NS ns.$ZONE.
		$zone_more
	END
}

test_signed() {
	local seen serial
	check "a wildcard and its base" certbot_get -d "*.wild.$ZONE" -d "wild.$ZONE"
	certificate "signed" "$live/wild.$ZONE/fullchain.pem" "$live/wild.$ZONE/privkey.pem" \
		"*.wild.$ZONE" "wild.$ZONE"
	proved "wild.$ZONE" dns-01 "signed"
	seen=$(evidence "wild.$ZONE")
	like "$seen" '"dnssec":"validate".*"type":"TXT","rcode":"NOERROR","security":"secure"' \
		"the evidence: the TXT record is secure"
	like "$seen" '"type":"CAA","rcode":"NOERROR","security":"secure","answers":\["0 issue ca' \
		"the evidence: so is the CAA record"
	serial=$(cert_serial "$live/wild.$ZONE/cert.pem")
	check "renewal" certbot_run renew --force-renewal --no-random-sleep-on-renew
	renewed "renewal" "$serial" "$live/wild.$ZONE/cert.pem"
}

# refused CASE: certbot fails, and its user reads that DNSSEC is why.
refused() {
	local status=0
	certbot_get -d "other.$ZONE" --cert-name "$1" >/dev/null || status=$?
	is "$status" 1 "$1: certbot fails"
	like "$(cat "$work/certbot.out")" "Type: +dns" "$1: the problem is dns"
	like "$(cat "$work/certbot.out")" "Detail: .*TXT at _acme-challenge.other.$ZONE: DNSSEC: " \
		"$1: and DNSSEC is why"
}

knot_signs=yes
zone_more="$ZONE. 60 CAA 0 issue \"ca.$ZONE\""
# The server starts with the root's, for the zone has its keys only when knot runs.
cp /usr/share/dns/root.key "$work/anchors"
authority -- --set validation.dnssec=validate --set "validation.trust_anchors=$work/anchors" \
	--set "caa_identities=ca.$ZONE" --set order.reuse=none
server_stop
zone_ds >"$work/anchors"
like "$(cat "$work/anchors")" " DS [0-9]+ 13 2 " "the zone has a DS"
server_start
make_rfc2136
test_signed
impostor
refused "another's keys"
knot_signs=
impostor
refused "no signatures"
finish
