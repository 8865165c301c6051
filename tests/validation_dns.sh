#!/bin/bash
# validation_dns.sh - DNS on a network: DNSSEC good and bad, aliases, TXT records, truncation,
# servers that fail.
set -uo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source-path=SCRIPTDIR source=lab_dns.sh
. "$(dirname "$0")/lab_dns.sh"

DEAD=192.5.6.30

usual_records() {
	cat <<-END
		@ A $WEB4
		www A $WEB4
		www AAAA $WEB6
		four A $WEB4
		*.wild A $WEB4
		tampered A 93.184.216.66
		alias CNAME www
		safe CNAME www.good.lab.
		to-tampered CNAME tampered.tampered.lab.
		to-expired CNAME www.expired.lab.
		to-insecure CNAME www.insecure.lab.
		below DNAME good.lab.
	END
}

chain_records() {
	local n
	echo "c0 A $WEB4"
	for n in {1..12}; do
		echo "c$n CNAME c$((n - 1))"
	done
	cat <<-END
		loop1 CNAME loop2
		loop2 CNAME loop1
		self CNAME self
		dangling CNAME nothing
		across CNAME www.good.lab.
		below DNAME other.chain.lab.
		www.other A $WEB4
		around DNAME around.chain.lab.
		_acme-challenge.alias CNAME alias.txt.lab.
		_acme-challenge.twice CNAME again
		again CNAME twice.txt.lab.
		_acme-challenge.loop CNAME _acme-challenge.loop
	END
}

many_texts() {
	seq -f '_acme-challenge.many TXT "%043.0f"' 5000
}

test_dnssec() {
	cases <<-'END'
		V-19 signed                       | http-01 www.good.lab | valid
		V-19 signed, without IPv6         | http-01 four.good.lab | valid
		V-19 signed, by a wildcard        | http-01 any.wild.good.lab | valid
		V-19 no such name, proved         | http-01 none.good.lab | dns | NXDOMAIN
		V-19 unsigned, and the parent says so | http-01 www.insecure.lab | valid
		V-19 NSEC3 with 500 iterations    | http-01 www.nsec3.lab | valid
		V-19 the same, no such name       | http-01 none.nsec3.lab | dns | NXDOMAIN
		V-19 signatures of long ago       | http-01 www.expired.lab | dns | DNSSEC
		V-19 signatures of some day       | http-01 www.future.lab | dns | DNSSEC
		V-19 another address under the signature | http-01 tampered.tampered.lab | dns | DNSSEC
		V-19 beside it nothing is wrong   | http-01 www.tampered.lab | valid
		V-19 the signatures are stripped  | http-01 www.stripped.lab | dns | DNSSEC
		V-19 the parent promises another key | http-01 www.wrongkey.lab | dns | DNSSEC
		V-19 a bad name in a stripped zone | http-01 none.stripped.lab | dns | DNSSEC
		V-19 an alias to a signed zone    | http-01 safe.good.lab | valid
		V-19 an alias to an unsigned zone | http-01 to-insecure.good.lab | valid
		V-19 an alias to another address under the signature | http-01 to-tampered.good.lab | dns | DNSSEC
		V-19 an alias to signatures of long ago | http-01 to-expired.good.lab | dns | DNSSEC
		V-19 an unsigned alias to signatures of long ago | http-01 to-expired.insecure.lab | dns | DNSSEC
		V-19 dns-01, signed               | dns-01 secure.txt.lab text=right | valid
		V-19 dns-01, signatures of long ago | dns-01 www.expired.lab | dns | DNSSEC
		V-19 dns-01, the signatures are stripped | dns-01 www.stripped.lab | dns | DNSSEC
	END
}

# Ticks of the CPU that the server has used.
ticks() {
	awk '{ print $14 + $15 }' "/proc/$server/stat"
}

test_keytrap() {
	local before
	before=$(ticks)
	cases <<-'END'
		V-19 hundreds of keys with one tag (KeyTrap) | http-01 www.keytrap.lab | dns | DNSSEC
	END
	check "V-19 and they cost less than a second of CPU" test $(($(ticks) - before)) -lt 100
}

test_aliases() {
	cases <<-'END'
		V-16 1 alias                      | http-01 c1.chain.lab | valid
		V-16 2 aliases                    | http-01 c2.chain.lab | valid
		V-16 3 aliases                    | http-01 c3.chain.lab | valid
		V-16 4 aliases                    | http-01 c4.chain.lab | valid
		V-16 5 aliases                    | http-01 c5.chain.lab | valid
		V-16 6 aliases                    | http-01 c6.chain.lab | valid
		V-16 7 aliases                    | http-01 c7.chain.lab | valid
		V-16 8 aliases                    | http-01 c8.chain.lab | valid
		V-16 a loop of two                | http-01 loop1.chain.lab | dns | loop1\.chain\.lab
		V-16 a loop of one                | http-01 self.chain.lab | dns | self\.chain\.lab
		V-16 to nothing                   | http-01 dangling.chain.lab | dns | NXDOMAIN
		V-16 into another zone            | http-01 across.chain.lab | valid
		V-16 DNAME                        | http-01 www.below.chain.lab | valid
		V-16 DNAME into another zone      | http-01 www.below.good.lab | valid
		V-16 DNAME to itself              | http-01 www.around.chain.lab | dns | around
		V-16 dns-01 behind an alias       | dns-01 alias.chain.lab text=right at=alias.txt.lab | valid
		V-16 dns-01 behind two            | dns-01 twice.chain.lab text=right at=twice.txt.lab | valid
		V-16 dns-01 in a loop             | dns-01 loop.chain.lab | dns
	END
}

test_texts() {
	cases <<-'END'
		V-15 one                          | dns-01 one.txt.lab text=right | valid
		V-15 a wrong one                  | dns-01 wrong.txt.lab text=wrong | unauthorized | is ".*", not
		V-15 none                         | dns-01 none.txt.lab | dns | no TXT record
		V-15 the last of three            | dns-01 last.txt.lab text=last | valid
		V-15 V-17 one of 100, over TCP    | dns-01 many.txt.lab text=100 | valid
		V-15 V-17 none of 100             | dns-01 none100.txt.lab text=none100 | unauthorized | none of 100
		V-15 V-17 one of 1000, over TCP   | dns-01 more.open.lab text=1000 | valid
		V-15 5000, more than a message holds | dns-01 many.big.lab | dns
		V-15 two strings                  | dns-01 split.txt.lab text=split | valid
		V-15 43 strings                   | dns-01 split43.txt.lab text=split43 | valid
		V-15 255 octets before it         | dns-01 before.txt.lab text=before | unauthorized
		V-15 255 octets behind it         | dns-01 behind.txt.lab text=behind | unauthorized
		V-15 in quotation marks           | dns-01 quoted.txt.lab text=quoted | unauthorized
		V-15 a space behind it            | dns-01 space.txt.lab text=space | unauthorized
		V-15 a line feed behind it        | dns-01 newline.txt.lab text=newline | unauthorized
		V-15 a NUL behind it              | dns-01 nul.txt.lab text=nul | unauthorized
		V-15 padded                       | dns-01 padded.txt.lab text=padded | unauthorized
		V-15 in upper case                | dns-01 upper.txt.lab text=upper | unauthorized
		V-15 empty                        | dns-01 empty.txt.lab text=empty | unauthorized | is "", not
		V-15 control characters are not told | dns-01 control.txt.lab text=control | unauthorized | is "\?\[31m"
	END
}

# What a moment ago was proved to be empty is no answer.
test_fresh() {
	is "$(client fresh txt.lab 5)" 5 "V-15 a record is seen at once, though its neighbour was denied"
}

# First what is good: a server that failed often is spared for a while.
test_delegations() {
	cases <<-'END'
		V-18 one of two is dead           | http-01 www.half.lab | valid
		V-17 the name server truncates    | http-01 tcp.naughty.lab | valid
	END
	cases <<-'END'
		V-18 the name server is dead      | http-01 www.dead.lab | dns
		V-18 lame                         | http-01 www.lame.lab | dns | SERVFAIL
		V-18 the name server says SERVFAIL | http-01 servfail.naughty.lab | dns
		V-18 the name server says REFUSED | http-01 refused.naughty.lab | dns
		V-18 the name server is silent    | http-01 silent.naughty.lab | dns
		V-18 dns-01, it is dead           | dns-01 www.dead.lab | dns
		V-18 dns-01, lame                 | dns-01 www.lame.lab | dns | SERVFAIL
	END
}

# The resolver itself misbehaves.
test_resolvers() {
	cases <<-'END'
		V-18 a second late, but good      | http-01 late.web.lab | valid
	END
	cases <<-'END'
		V-18 good                         | http-01 right.web.lab | valid
		V-18 SERVFAIL                     | http-01 servfail.web.lab | dns | SERVFAIL
		V-18 SERVFAIL twice, then good    | http-01 twice.web.lab | valid
		V-18 REFUSED                      | http-01 refused.web.lab | dns | DNS answers
		V-18 FORMERR                      | http-01 formerr.web.lab | dns | DNS answers
		V-18 NOTIMP                       | http-01 notimp.web.lab | dns | DNS answers
		V-18 NXDOMAIN                     | http-01 nxdomain.web.lab | dns | NXDOMAIN
		V-18 no data                      | http-01 empty.web.lab | dns | has no address
		V-18 silence                      | http-01 silent.web.lab | dns
		V-18 a wrong id                   | http-01 wrongid.web.lab | dns
		V-18 an answer about another name | http-01 othername.web.lab | dns
		V-18 a record of another name     | http-01 otherowner.web.lab | dns
		V-18 upper case comes back as lower | http-01 mangled.web.lab | valid/dns
		V-18 garbage                      | http-01 garbage.web.lab | dns
		V-18 a head alone                 | http-01 short.web.lab | dns
		V-18 cut off in a record          | http-01 half.web.lab | dns
		V-16 an alias to itself           | http-01 loop.web.lab | dns
		V-17 truncated, good over TCP     | http-01 tcp.web.lab | valid
		V-17 truncated, TCP is closed     | http-01 tcpclosed.web.lab | dns
		V-17 truncated, TCP is slow       | http-01 tcpslow.web.lab | valid
		V-17 truncated, TCP is silent     | http-01 tcpsilent.web.lab | dns
		V-15 4000 addresses               | http-01 big.web.lab | connection
	END
	check "V-18 SERVFAIL is asked for at most 12 times" test "$(asked servfail.web.lab A)" -le 12
	check "V-18 silence is asked for at most 12 times" test "$(asked silent.web.lab A)" -le 12
	check "V-17 TCP was used" test "$(asked tcp.web.lab A tcp)" -ge 1
}

lab_enter "$@"
lab_start
black_hole "$DEAD"
for how in signed nsec3 insecure expired future tampered stripped wrongkey keytrap; do
	name=$how.lab
	[ "$how" != signed ] || name=good.lab
	zone "$name" "$how" < <(usual_records)
done
zone chain.lab signed < <(chain_records)
zone txt.lab live </dev/null
zone big.lab insecure < <(many_texts)
zone open.lab open </dev/null
zone dead.lab foreign "$DEAD" </dev/null
zone half.lab insecure "$DEAD $LOWER" <<<"www A $WEB4"
zone lame.lab foreign "$LOWER" </dev/null
zone naughty.lab foreign "$NAUGHTY" </dev/null
dns_start
validate=(--set validation.dnssec=validate --set "validation.trust_anchors=$anchor")

# ca NAME WHAT OPTION...: another one, asked in what follows.
ca() {
	if [ -n "${server-}" ]; then
		server_stop
		ok $? "the server ends well, $under"
	fi
	under=$2
	# One attempt and no CAA: all of the time is for the lookups of the challenge.
	lab_ca "$1" --set validation.mode=public --set validation.caa=off \
		--set validation.attempts=1 "${@:3}"
}

ca forward "validating behind a resolver" "${validate[@]}"
test_dnssec
test_keytrap
test_aliases
test_texts
test_fresh
test_delegations
ca recursive "validating from the root" "${validate[@]}" --set validation.resolvers=recursive
test_dnssec
test_keytrap
test_aliases
test_fresh
test_delegations
ca trusting "trusting AD" --set validation.dnssec=trust-ad --set "validation.resolvers=$VALIDATOR"
test_dnssec
test_keytrap
test_aliases
test_texts
test_fresh
test_delegations
ca misled "without DNSSEC" --set validation.dnssec=off --set "validation.resolvers=$NAUGHTY"
test_resolvers
ca betrayed "trusting AD" --set validation.dnssec=trust-ad --set "validation.resolvers=$NAUGHTY"
test_resolvers
server_stop
ok $? "the server ends well, $under"
done_testing
