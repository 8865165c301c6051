#!/bin/bash
# validation_tls_alpn.sh - tls-alpn-01 on a network: what proves control, what is dialled.
set -uo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source-path=SCRIPTDIR source=lab_dns.sh
. "$(dirname "$0")/lab_dns.sh"

records() {
	cat <<-END
		* A $WEB4
		* AAAA $WEB6
		loopback A 127.0.0.5
		metadata A 169.254.169.251
		private A 10.8.8.1
		mapped AAAA ::ffff:127.0.0.1
		mixed A 127.0.0.6
		mixed A 93.184.216.90
		hole A 93.184.217.2
	END
}

test_proofs() {
	cases <<-'END'
		V-14 as it must be                | tls-alpn-01 right.web.lab | valid
		V-14 TLS 1.2                      | tls-alpn-01 alpn-tls12.web.lab | valid
		V-14 TLS 1.1                      | tls-alpn-01 alpn-tls11.web.lab | tls
		V-14 no protocol is chosen        | tls-alpn-01 alpn-none.web.lab | unauthorized | ALPN
		V-14 h2 is chosen                 | tls-alpn-01 alpn-h2.web.lab | tls/unauthorized | ALPN
		V-14 the old OID                  | tls-alpn-01 alpn-oldoid.web.lab | unauthorized | acmeIdentifier
		V-14 not critical                 | tls-alpn-01 alpn-lax.web.lab | unauthorized | critical
		V-14 no proof                     | tls-alpn-01 alpn-noproof.web.lab | unauthorized | acmeIdentifier
		V-14 five octets                  | tls-alpn-01 alpn-wrong.web.lab | unauthorized | SHA-256
		V-14 another name                 | tls-alpn-01 alpn-othername.web.lab | unauthorized | subjectAltName
		V-14 two names                    | tls-alpn-01 alpn-twonames.web.lab | unauthorized | subjectAltName
		V-14 a wildcard                   | tls-alpn-01 alpn-wildcard.web.lab | unauthorized | subjectAltName
		V-1 tls-alpn-01 to loopback       | tls-alpn-01 loopback.web.lab | connection | loopback | -127.0.0.5
		V-1 tls-alpn-01 to 169.254/16     | tls-alpn-01 metadata.web.lab | connection | link-local | -169.254.169.251
		V-1 tls-alpn-01 to 10/8           | tls-alpn-01 private.web.lab | connection | private | -10.8.8.1
		V-1 tls-alpn-01 to a mapped one   | tls-alpn-01 mapped.web.lab | connection | mapped | -127.0.0.1
		V-7 tls-alpn-01, some forbidden   | tls-alpn-01 mixed.web.lab | valid | | +93.184.216.90:443 -127.0.0.6
		V-12 tls-alpn-01, a black hole    | tls-alpn-01 hole.web.lab | connection | timeout
		V-18 tls-alpn-01, SERVFAIL        | tls-alpn-01 servfail.naughty.lab | dns
	END
	is "$(dials 93.184.216.90 80)" 0 "V-14 port 443 alone is dialled"
}

lab_enter "$@"
lab_start
black_hole 93.184.217.2
zone web.lab signed < <(records)
zone naughty.lab foreign "$NAUGHTY" </dev/null
dns_start
lab_ca public --set validation.mode=public --set validation.dnssec=validate \
	--set "validation.trust_anchors=$anchor"
test_proofs
server_stop
ok $? "the server ends well"
done_testing
