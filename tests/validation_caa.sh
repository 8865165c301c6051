#!/bin/bash
# validation_caa.sh - CAA records in real zones (RFC 8659, RFC 8657), up to the certificate.
set -uo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source-path=SCRIPTDIR source=lab_dns.sh
. "$(dirname "$0")/lab_dns.sh"

# The CA is "ca.lab" in all of them.
records() {
	cat <<-END
		* A $WEB4
		a.forbid A $WEB4
		b.forbid A $WEB4
		b.forbid CAA 0 issue ";"
		a.b.forbid A $WEB4
		forbid A $WEB4
		forbid CAA 0 issue ";"
		empty A $WEB4
		empty CAA 0 issue ""
		ours A $WEB4
		ours CAA 0 issue "ca.lab"
		a.ours A $WEB4
		theirs.ours A $WEB4
		theirs.ours CAA 0 issue "other.lab"
		other A $WEB4
		other CAA 0 issue "other.lab"
		ours.other A $WEB4
		ours.other CAA 0 issue "ca.lab"
		either A $WEB4
		either CAA 0 issue "other.lab"
		either CAA 0 issue "ca.lab"
		similar A $WEB4
		similar CAA 0 issue "xca.lab"
		similar CAA 0 issue "ca.lab.lab"
		iodef A $WEB4
		iodef CAA 0 iodef "mailto:a@caa.lab"
		iodef.forbid A $WEB4
		iodef.forbid CAA 0 iodef "mailto:a@caa.lab"
		upper A $WEB4
		upper CAA 0 ISSUE "CA.Lab"
		blank A $WEB4
		blank CAA 0 issue "  ca.lab  ;  "
		critical A $WEB4
		critical CAA 0 issue "ca.lab"
		critical CAA 128 tbs "unknown"
		lax A $WEB4
		lax CAA 0 issue "ca.lab"
		lax CAA 0 tbs "unknown"
		flag64 A $WEB4
		flag64 CAA 0 issue "ca.lab"
		flag64 CAA 64 tbs "unknown"
		known128 A $WEB4
		known128 CAA 128 issue "ca.lab"
		nonsense A $WEB4
		nonsense CAA 0 issue "%%%%"
		parameter A $WEB4
		parameter CAA 0 issue "ca.lab; =x"
		strange A $WEB4
		strange CAA 0 issue "ca.lab; policy=ev"
		http A $WEB4
		http CAA 0 issue "ca.lab; validationmethods=http-01"
		dns A $WEB4
		dns CAA 0 issue "ca.lab; validationmethods=dns-01"
		list A $WEB4
		list CAA 0 issue "ca.lab; validationmethods=dns-01,http-01"
		eight A $WEB4
		eight CAA 0 issue "c\195\164.lab"
		wildours CAA 0 issuewild "ca.lab"
		wildours A $WEB4
		wildforbid A $WEB4
		wildforbid CAA 0 issue "ca.lab"
		wildforbid CAA 0 issuewild ";"
		wildonly A $WEB4
		wildonly CAA 0 issue "other.lab"
		wildonly CAA 0 issuewild "ca.lab"
		wildtoo A $WEB4
		wildtoo CAA 0 issue "ca.lab"
		wildnone A $WEB4
		wildnone CAA 0 issue ";"
		alias CNAME forbid
		alias.ours CNAME www.free
		aliasfree CNAME ours.other
		www.free A $WEB4
		below DNAME forbid
		big A $WEB4
		big CAA 0 issue "ca.lab"
		tampered A $WEB4
	END
	seq -f 'big CAA 0 issue "other%04.0f.lab"' 999
	printf 'long A %s\nlong CAA 0 issue "ca.lab; x=%04000d"\n' "$WEB4" 0
	local name
	for name in wildours wildforbid wildonly wildtoo wildnone; do
		echo "_acme-challenge.$name CNAME $name.txt.lab."
	done
}

test_climb() {
	cases <<-'END'
		V-20 no record at all             | http-01 www.caa.lab | valid
		V-20 ";" at the name              | http-01 forbid.caa.lab | caa
		V-20 ";" at the parent            | http-01 a.forbid.caa.lab | caa
		V-20 ";" at the grandparent       | http-01 a.b.forbid.caa.lab | caa
		V-20 an empty value               | http-01 empty.caa.lab | caa
		V-20 ours at the name             | http-01 ours.caa.lab | valid
		V-20 ours at the parent           | http-01 a.ours.caa.lab | valid
		V-20 ours at the name, theirs above | http-01 ours.other.caa.lab | valid
		V-21 theirs at the name, ours above | http-01 theirs.ours.caa.lab | caa
		V-20 theirs                       | http-01 other.caa.lab | caa
		V-20 theirs and ours              | http-01 either.caa.lab | valid
		V-20 names like ours              | http-01 similar.caa.lab | caa
		V-20 iodef alone                  | http-01 iodef.caa.lab | valid
		V-20 iodef alone, ";" above       | http-01 iodef.forbid.caa.lab | valid
	END
}

# First what is good: a server that failed often is spared for a while.
test_failures() {
	cases <<-'END'
		V-22 ours at the name, SERVFAIL at the parent | http-01 caaours.caafail.naughty.lab | valid
		V-22 ours, over TCP               | http-01 caatcp.naughty.lab | valid
	END
	cases <<-'END'
		V-22 SERVFAIL at the name         | http-01 caafail.naughty.lab | dns/caa
		V-22 SERVFAIL at the parent       | http-01 www.caafail.naughty.lab | dns/caa
		V-22 REFUSED                      | http-01 caarefused.naughty.lab | dns/caa
		V-22 silence                      | http-01 caasilent.naughty.lab | dns/caa
		V-22 TCP is closed                | http-01 caatcpclosed.naughty.lab | dns/caa
		V-22 a zone whose DNSSEC is stripped | http-01 www.stripped.lab | dns/caa
	END
}

test_rules() {
	cases <<-'END'
		V-23 an unknown critical property | http-01 critical.caa.lab | caa
		V-23 an unknown property          | http-01 lax.caa.lab | valid
		V-23 flag 64                      | http-01 flag64.caa.lab | valid
		V-23 issue, critical              | http-01 known128.caa.lab | valid
		V-25 a tag and a name in upper case | http-01 upper.caa.lab | valid
		V-25 blanks                       | http-01 blank.caa.lab | valid
		V-25 a value that is none         | http-01 nonsense.caa.lab | caa
		V-25 a parameter that is none     | http-01 parameter.caa.lab | caa
		V-25 an unknown parameter         | http-01 strange.caa.lab | valid
		V-25 UTF-8                        | http-01 eight.caa.lab | caa
		V-25 1000 records                 | http-01 big.caa.lab | valid
		V-25 4 kB of parameters           | http-01 long.caa.lab | valid
		V-25 an alias to what is forbidden | http-01 alias.caa.lab | caa
		V-25 an alias to nothing, ours above the alias | http-01 alias.ours.caa.lab | valid
		V-25 an alias to ours             | http-01 aliasfree.caa.lab | valid
		V-25 DNAME to what is forbidden   | http-01 b.below.caa.lab | caa
		V-25 what stands above its target is nothing to it | http-01 a.below.caa.lab | valid
		V-26 validationmethods with ours  | http-01 http.caa.lab | valid
		V-26 validationmethods without    | http-01 dns.caa.lab | caa
		V-26 a list of validationmethods  | http-01 list.caa.lab | valid
		V-26 accounturi                   | http-01 a1.open.lab caa=account | valid
		V-26 accounturi of a stranger     | http-01 a2.open.lab caa=stranger | caa
		V-26 a prefix of ours             | http-01 a3.open.lab caa=prefix | caa
		V-26 accounturi twice             | http-01 a4.open.lab caa=twice | caa
		V-26 accounturi and method        | http-01 a5.open.lab caa=method | valid
		V-26 accounturi, another method   | http-01 a6.open.lab caa=wrongmethod | caa
		V-26 theirs, and ours with accounturi | http-01 a7.open.lab caa=either | valid
	END
}

test_wildcards() {
	cases <<-'END'
		V-24 *: issuewild ours            | dns-01 *.wildours.caa.lab text=right at=wildours.txt.lab | valid
		V-24 *: issuewild ";" beats issue | dns-01 *.wildforbid.caa.lab text=right at=wildforbid.txt.lab | caa
		V-24 *: issuewild ours beats issue | dns-01 *.wildonly.caa.lab text=right at=wildonly.txt.lab | valid
		V-24 *: issue ours                | dns-01 *.wildtoo.caa.lab text=right at=wildtoo.txt.lab | valid
		V-24 *: issue ";"                 | dns-01 *.wildnone.caa.lab text=right at=wildnone.txt.lab | caa
		V-24 issuewild is nothing to others | http-01 wildours.caa.lab | valid
		V-24 nor issuewild ";"            | http-01 wildforbid.caa.lab | valid
		V-24 nor issuewild ours           | http-01 wildonly.caa.lab | caa
	END
}

ca() {
	if [ -n "${server-}" ]; then server_stop; fi
	under=$2
	lab_ca "$1" --set validation.mode=public --set caa_identities=ca.lab "${@:3}"
}

lab_enter "$@"
lab_start
until=issue
PATIENCE=8000	# two limits of time, one behind the other
zone caa.lab signed < <(records)
zone open.lab open < <(printf "a%d A $WEB4\n" {1..7})
zone txt.lab live </dev/null
zone stripped.lab stripped <<<"www A $WEB4"
zone naughty.lab foreign "$NAUGHTY" </dev/null
dns_start
validate=(--set validation.dnssec=validate --set "validation.trust_anchors=$anchor")
for how in forward recursive trusting; do
	case $how in
	forward) ca forward "validating behind a resolver" "${validate[@]}" ;;
	recursive) ca recursive "validating from the root" "${validate[@]}" \
		--set validation.resolvers=recursive ;;
	trusting) ca trusting "trusting AD" --set validation.dnssec=trust-ad \
		--set "validation.resolvers=$VALIDATOR" ;;
	esac
	test_climb
	test_failures
	test_rules
	test_wildcards
done
server_stop
ok $? "the server ends well"
done_testing
