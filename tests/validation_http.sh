#!/bin/bash
# validation_http.sh - http-01 on a network: what is dialled, what is followed, how much is
# read, how long it is waited for.
set -uo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source-path=SCRIPTDIR source=lab_dns.sh
. "$(dirname "$0")/lab_dns.sh"

# --- V-1: addresses ----------------------------------------------------------------------

# First and last of what may never be dialled, and what an address may be dressed up as.
NEVER="0.0.0.0 0.255.255.255 127.0.0.1 127.255.255.255 169.254.0.0 169.254.169.254
	169.254.255.255 192.0.0.0 192.0.0.255 192.0.2.0 192.0.2.255 192.31.196.1 192.52.193.1
	192.88.99.0 192.88.99.255 192.175.48.1 198.18.0.0 198.19.255.255 198.51.100.0
	198.51.100.255 203.0.113.0 203.0.113.255 224.0.0.0 239.255.255.255 240.0.0.0
	255.255.255.254 255.255.255.255
	:: ::1 ::127.0.0.1 ::10.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:93.184.216.40
	64:ff9b::7f00:1 64:ff9b::5db8:d828 64:ff9b:1::1 100:: 100::ffff:ffff:ffff:ffff 2001::
	2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff 2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff
	2002:7f00:1:: 2002:5db8:d828:: 3fff:: 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff
	5f00:: 5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff fd00:ec2::254 fe80:: fe80::1
	febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff fec0:: ff00:: ff02::1
	ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

# The same of private networks, which private mode dials.
INSIDE="10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 172.16.0.0 172.31.255.255
	192.168.0.0 192.168.255.255 fc00:: fd00::1 fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

# Their neighbours, which everybody may dial.
OUTSIDE="1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
	169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.88.98.255
	192.88.100.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255
	198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255
	2001:200:: 2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db9::
	2003:: 3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2606:2800:220:1::40"

name_of() {
	echo "a$(tr :. x- <<<"$1")z.addr.lab"
}

address_records() {
	local address type
	for address in $NEVER $INSIDE $OUTSIDE; do
		type=A
		[ "$(family "$address")" = 4 ] || type=AAAA
		echo "$(name_of "$address"). $type $address"
	done
}

# address_cases WORD VERDICT PATTERN SIGN ADDRESS...: lines for cases.
address_cases() {
	local word=$1 verdict=$2 pattern=$3 sign=$4 address port
	shift 4
	for address; do
		port=
		[ "$sign" = - ] || port=:80
		echo "V-1 $word $address | http-01 $(name_of "$address") | $verdict | $pattern | \
$sign$address$port"
	done
}

# shellcheck disable=SC2086
test_addresses() {
	cases < <(
		address_cases "public mode, not dialled:" connection "is an? .* address" - $NEVER $INSIDE
		address_cases "dialled:" valid "" + $OUTSIDE
	)
}

# --- V-7, V-6: some of the addresses, another address next time ---------------------------

mixed_records() {
	cat <<-END
		mixed.web.lab. A 127.0.0.2
		mixed.web.lab. A 10.7.7.1
		mixed.web.lab. A 93.184.216.70
		mixed.web.lab. AAAA ::1
		mixed.web.lab. AAAA fd00::71
		mixed6.web.lab. A 127.0.0.3
		mixed6.web.lab. AAAA fe80::72
		mixed6.web.lab. AAAA 2606:2800:220:1::72
		dead6.web.lab. A 93.184.216.73
		dead6.web.lab. AAAA 2606:2800:dead::73
		inside.web.lab. A 10.7.7.2
		inside.web.lab. A 127.0.0.4
		inside.web.lab. A 169.254.169.253
		inside6.web.lab. AAAA fd00::74
		inside6.web.lab. AAAA fd00:ec2::254
		private.web.lab. A 10.7.7.3
	END
}

test_mixed() {
	cases <<-'END'
		V-7 forbidden addresses beside a good one | http-01 mixed.web.lab | valid | | +93.184.216.70:80 -127.0.0.2 -10.7.7.1 -::1 -fd00::71
		V-7 the same, the good one is IPv6        | http-01 mixed6.web.lab | valid | | +2606:2800:220:1::72:80 -127.0.0.3 -fe80::72
		8.3 IPv6 is dead: IPv4 after half the time | http-01 dead6.web.lab | valid | | +2606:2800:dead::73:80 +93.184.216.73:80
	END
}

test_rebinding() {
	local asked
	cases <<-'END'
		V-6 public first, then private: the address that was judged | http-01 rebind.naughty.lab | valid | | -10.66.66.66
	END
	asked=$(asked rebind.naughty.lab A)
	is "$asked" 1 "V-6 its address is asked for once"
	cases <<-'END'
		V-6 and a redirect to it is judged anew | http-01 to-rebound.web.lab | connection | 10\.66\.66\.66 is a private | -10.66.66.66
	END
}

# --- V-2, V-3: redirects -----------------------------------------------------------------

test_redirects() {
	cases <<-'END'
		V-2 to 127.0.0.1             | http-01 to-loopback.web.lab | connection | 127\.0\.0\.1 is a loopback | -127.0.0.1
		V-2 to another of 127/8      | http-01 to-loopback2.web.lab | connection | 127\.8\.9\.10 is a loopback | -127.8.9.10
		V-2 to [::1]                 | http-01 to-six.web.lab | connection | ::1 is a loopback | -::1
		V-2 to 0x7f000001            | http-01 to-hex.web.lab | connection | 127\.0\.0\.1 is a loopback | -127.0.0.1
		V-2 to 2130706433            | http-01 to-decimal.web.lab | connection | 127\.0\.0\.1 is a loopback | -127.0.0.1
		V-2 to 0177.0.0.1            | http-01 to-octal.web.lab | connection | 127\.0\.0\.1 is a loopback | -127.0.0.1
		V-2 to 127.1                 | http-01 to-short.web.lab | connection | 127\.0\.0\.1 is a loopback | -127.0.0.1
		V-2 to 0.0.0.0               | http-01 to-zero.web.lab | connection | 0\.0\.0\.0 is a | -0.0.0.0
		V-2 to 0                     | http-01 to-nothing.web.lab | connection | 0\.0\.0\.0 is a | -0.0.0.0
		V-2 to full-width digits     | http-01 to-fullwidth.web.lab | connection | | -127.0.0.1
		V-2 to [::ffff:127.0.0.1]    | http-01 to-mapped.web.lab | connection | IPv4-mapped | -127.0.0.1 -::ffff:127.0.0.1
		V-2 to a good one, mapped    | http-01 to-mapped-good.web.lab | connection | IPv4-mapped |
		V-2 to NAT64                 | http-01 to-nat64.web.lab | connection | NAT64 | -64:ff9b::7f00:1
		V-2 to an address with zone  | http-01 to-zone.web.lab | connection | zone | -fe80::1
		V-2 to a link-local address  | http-01 to-linklocal.web.lab | connection | link-local | -fe80::1
		V-2 to 169.254.169.254       | http-01 to-metadata.web.lab | connection | link-local | -169.254.169.254
		V-2 to the same of IPv6      | http-01 to-metadata6.web.lab | connection | cloud metadata | -fd00:ec2::254
		V-2 to 10.9.9.9              | http-01 to-ten.web.lab | connection | private network | -10.9.9.9
		V-2 to multicast             | http-01 to-multicast.web.lab | connection | multicast | -224.0.0.1
		V-2 to a name with a private address | http-01 to-private.web.lab | connection | 10\.7\.7\.3 is a private | -10.7.7.3
		V-2 to localhost             | http-01 to-localhost.web.lab | dns/connection | localhost | -127.0.0.1 -::1
		V-2 to a good address        | http-01 to-address.web.lab | valid | | +93.184.216.35:80
		V-2 to a good address, IPv6  | http-01 to-address6.web.lab | valid | | +2606:2800:220:1::35:80
		V-2 to 127.0.0.1 behind an @ | http-01 to-disguise.web.lab | connection | user name | -127.0.0.1
		V-2 to 127.0.0.1 behind \@   | http-01 to-backslash.web.lab | connection | | -127.0.0.1
		V-2 to 127.0.0.1 behind #@   | http-01 to-fragmented.web.lab | unauthorized | | -127.0.0.1
		V-3 port 22                  | http-01 to-22.web.lab | connection | port 22
		V-3 port 8080                | http-01 to-8080.web.lab | connection | port 8080
		V-3 port 0                   | http-01 to-0.web.lab | connection | redirect
		V-3 port 65536               | http-01 to-65536.web.lab | connection | redirect
		V-3 port 65616, which is 80 in 16 bits | http-01 to-65616.web.lab | connection | redirect
		V-3 port -80                 | http-01 to-minus.web.lab | connection | redirect
		V-3 port 80                  | http-01 to-80.web.lab | valid
		V-3 ftp                      | http-01 to-ftp.web.lab | connection | scheme "ftp"
		V-3 file                     | http-01 to-file.web.lab | connection | scheme "file"
		V-3 gopher                   | http-01 to-gopher.web.lab | connection | scheme "gopher"
		V-3 dict                     | http-01 to-dict.web.lab | connection | scheme "dict"
		V-3 data                     | http-01 to-data.web.lab | connection | redirect
		V-3 HTTP in upper case       | http-01 to-upper.web.lab | valid
		V-3 a path alone             | http-01 to-relative.web.lab | valid
		V-3 dots                     | http-01 to-dots.web.lab | valid
		V-3 two slashes and a host   | http-01 to-slashes.web.lab | valid
		V-3 a user                   | http-01 to-user.web.lab | connection | user name
		V-3 a user and a password    | http-01 to-password.web.lab | connection | user name
		V-3 a fragment               | http-01 to-fragment.web.lab | valid
		V-3 an empty Location        | http-01 to-empty.web.lab | connection | Location is empty
		V-3 a space in the host      | http-01 to-space.web.lab | connection | redirect
		V-3 no host                  | http-01 to-nohost.web.lab | connection | redirect
		V-3 an underscore            | http-01 to-underscore.web.lab | connection | not a name
		V-3 a path of 3 kB           | http-01 to-long.web.lab | connection | octets, at most
		V-3 a forgotten slash        | http-01 to-known.web.lab | connection | slash missing
		V-3 two Locations            | http-01 twofold.web.lab | connection | 2 Location headers | -127.0.0.1
		V-3 no Location              | http-01 nowhere.web.lab | connection | 0 Location headers
		V-3 a CR in the Location     | http-01 bare-cr.web.lab | connection/unauthorized
		V-3 a folded Location        | http-01 folded.web.lab | connection | | -127.0.0.1
		V-3 a redirect with an endless body | http-01 body302.web.lab | valid
	END
	is "$(dials "$WEB4" 22)$(dials "$WEB4" 8080)$(dials "$WEB6" 22)$(dials "$WEB6" 8080)" 0000 \
		"V-3 no port but 80 and 443 was dialled"
	is "$(web_hits 127.0.0.1)" 0 "V-2 the web server on the CA's loopback has heard nothing"
}

# --- V-4, V-5: how often, which status ---------------------------------------------------

test_hops() {
	cases <<-'END'
		V-4 10 redirects             | http-01 hop10.web.lab | valid
		V-4 11 redirects             | http-01 hop11.web.lab | unauthorized | more than 10 redirects
		V-4 12 redirects             | http-01 hop12.web.lab | unauthorized | more than 10 redirects
		V-4 from A to B to A         | http-01 ping.web.lab | unauthorized | redirect loop
		V-4 to itself                | http-01 self.web.lab | unauthorized | redirect loop
		V-4 to itself, a new query each time | http-01 query.web.lab | unauthorized | more than 10
		V-5 301                      | http-01 via301.web.lab | valid
		V-5 307                      | http-01 via307.web.lab | valid
		V-5 308                      | http-01 via308.web.lab | valid
		V-5 303 is not followed      | http-01 via303.web.lab | unauthorized | status 303
		V-5 300                      | http-01 via300.web.lab | unauthorized | status 300
		V-5 305                      | http-01 via305.web.lab | unauthorized | status 305
		V-5 Refresh is not followed  | http-01 refresh.web.lab | unauthorized
		V-5 201, though right        | http-01 status201.web.lab | unauthorized | status 201
		V-5 204                      | http-01 status204.web.lab | unauthorized | status 204
		V-5 206, though right        | http-01 status206.web.lab | unauthorized | status 206
		V-5 304                      | http-01 status304.web.lab | unauthorized | status 304
		V-5 306, though right        | http-01 status306.web.lab | unauthorized | status 306
		V-5 401, though right        | http-01 status401.web.lab | unauthorized | status 401
		V-5 500, though right        | http-01 status500.web.lab | unauthorized | status 500
		V-5 999, though right        | http-01 status999.web.lab | unauthorized | status 999
		V-5 101                      | http-01 status101.web.lab | connection/unauthorized
		V-5 103 first                | http-01 early.web.lab | valid
		V-5 100 ten thousand times   | http-01 continues.web.lab | connection | longer than 16 kB
		V-5 100 for ever             | http-01 continue.web.lab | connection | longer than 16 kB
	END
	is "$(web_hits hop12.web.lab)" 11 "V-4 eleven requests, and no twelfth"
}

# --- V-9, V-12: bodies, slowness ---------------------------------------------------------

test_bodies() {
	cases <<-'END'
		V-9 right                    | http-01 right.web.lab | valid
		V-9 right, in chunks         | http-01 chunked.web.lab | valid
		V-9 right, 128 octets with spaces | http-01 fit128.web.lab | valid
		V-9 129 octets               | http-01 long129.web.lab | unauthorized | longer than 128
		V-9 1 MB                     | http-01 mega.web.lab | unauthorized | longer than 128
		V-9 endless                  | http-01 endless.web.lab | unauthorized | longer than 128
		V-9 endless chunks           | http-01 chunks.web.lab | unauthorized | longer than 128
		V-9 a chunk of 2^68 octets   | http-01 chunkhuge.web.lab | connection
		V-9 10 MB in a small gzip    | http-01 gzip.web.lab | unauthorized | longer than 128
		V-9 a Content-Length of a terabyte | http-01 lying.web.lab | connection
		V-9 nothing                  | http-01 nothing.web.lab | unauthorized | ""$
		V-9 a page is told in public mode | http-01 html.web.lab | unauthorized | but "<html>
		V-9 control characters are not | http-01 control.web.lab | unauthorized | but "a\?\[31m
		V-9 nor octets that are no text | http-01 binary.web.lab | unauthorized | but "\?{100}"
		V-9 HTTP/0.9                 | http-01 http09.web.lab | connection
		V-9 an empty reply           | http-01 closes.web.lab | connection
		V-10 the path comes back     | http-01 echo.web.lab | unauthorized
		V-12 no octet                | http-01 nobytes.web.lab | connection | timeout
		V-12 an octet now and then   | http-01 drip.web.lab | connection | timeout
		V-12 a field now and then    | http-01 headdrip.web.lab | connection | timeout
		V-12 fields for ever         | http-01 headers.web.lab | connection | longer than 16 kB
		V-12 a field for ever        | http-01 header.web.lab | connection | longer than 16 kB
	END
	for name in endless chunks header headers continue body302; do
		check "V-9 $name: at most 8 MB left the web server" sent_at_most "$name.web.lab" 8388608
	done
}

# What a kernel takes on its own counts as sent.
sent_at_most() {
	wait_until 60 grep "^$1 sent" "$work/web.log" || return 1
	awk -v host="$1" -v most="$2" '$1 == host && $2 == "sent" { bad = $3 > most } END { exit bad }' \
		"$work/web.log"
}

open_files() {
	find "/proc/$server/fd" -mindepth 1 | wc -l
}

files_are() {
	[ "$(open_files)" -le "$1" ]
}

# --- V-13: https -------------------------------------------------------------------------

test_https() {
	cases <<-'END'
		V-13 self-signed             | http-01 to-tls.web.lab | valid
		V-3 https with port 443      | http-01 to-tls443.web.lab | valid
		V-3 https with port 80       | http-01 to-tls80.web.lab | tls/connection
		V-13 expired                 | http-01 to-expired.web.lab | valid
		V-13 of another name         | http-01 to-othername.web.lab | valid
		V-13 to an address           | http-01 to-tlsaddress.web.lab | valid | | +93.184.216.35:443
		V-13 https back to http      | http-01 to-back.web.lab | valid
		V-13 TLS 1.2                 | http-01 to-tls12.web.lab | valid
		V-13 TLS 1.1                 | http-01 to-tls11.web.lab | tls | https://tls11
		V-13 TLS 1.0                 | http-01 to-tls10.web.lab | tls | https://tls10
		V-13 no TLS at all           | http-01 to-plain.web.lab | tls
		V-13 the handshake stalls    | http-01 to-stalled.web.lab | connection | timeout
	END
}

# --- Private mode ------------------------------------------------------------------------

# shellcheck disable=SC2086
test_private() {
	cases < <(
		address_cases "private mode, not dialled:" connection "is an? .* address" - $NEVER
		address_cases "private mode, dialled:" valid "" + $INSIDE
		cat <<-'END'
			V-7 private mode: forbidden beside private | http-01 inside.web.lab | valid | | +10.7.7.2:80 -127.0.0.4 -169.254.169.253
			V-7 private mode: the same, IPv6 | http-01 inside6.web.lab | valid | | +fd00::74:80 -fd00:ec2::254
			V-2 private mode: to a private name | http-01 to-private.web.lab | valid | | +10.7.7.3:80
			V-2 private mode: to 169.254.169.254 | http-01 to-metadata.web.lab | connection | link-local | -169.254.169.254
			V-2 private mode: to 127.0.0.1 | http-01 to-loopback.web.lab | connection | loopback | -127.0.0.1
			V-9 private mode: a page is not told | http-01 html.web.lab | unauthorized | octets\) is not the key
			V-9 private mode: control characters | http-01 control.web.lab | unauthorized | octets\) is not the key
		END
	)
}

# -----------------------------------------------------------------------------------------

lab_enter "$@"
lab_start
black_hole 2606:2800:dead::/48
zone addr.lab signed < <(address_records)
zone web.lab signed < <(
	printf '* A %s\n* AAAA %s\n' "$WEB4" "$WEB6"
	mixed_records
)
zone naughty.lab foreign "$NAUGHTY" </dev/null
dns_start
validate=(--set validation.dnssec=validate --set "validation.trust_anchors=$anchor")
lab_ca public --set validation.mode=public "${validate[@]}"
before=$(open_files)
test_addresses
test_mixed
test_rebinding
test_redirects
test_hops
test_bodies
test_https
check "V-12 no connection is left open" wait_until 60 files_are $((before + 4))
server_stop
ok $? "the server ends well"
lab_ca private --set validation.mode=private "${validate[@]}"
test_private
server_stop
ok $? "the server ends well"
done_testing
