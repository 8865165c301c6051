# shellcheck shell=bash
# lab_dns.sh - the DNS of tests/lab.sh: a root of its own, which the CA trusts; zones below
# "lab.", well and badly signed; a resolver; a server that misbehaves.
#
#	zone good.lab <<-'END'		records, the SOA and NS are there
#	zone bogus.lab tampered <<-'END'
#	dns_start			signs and serves them
#	lab_ca ... --set validation.dnssec=validate --set "validation.trust_anchors=$anchor"
#
# knot serves the root and "lab." at the addresses of all root servers, the others at
# 192.33.14.30; lab_dns.py has naughty.lab at 199.43.135.53.  unbound resolves at $RESOLVER
# without validating, at $VALIDATOR it validates and sets AD.
#
# Sourced after lab.sh.
# shellcheck disable=SC2154

UPPER=198.41.0.4
hints=/usr/share/dns/root.hints		# of the package dns-root-data
LOWER=192.33.14.30
VALIDATOR=149.112.112.112
NAUGHTY=199.43.135.53
MONTHS=$((60 * 86400))
anchor=			# file of the root's keys
dns=
zone_names=()
declare -A zone_how zone_server

# glue NAME ADDRESSES: A records of a name server.
glue() {
	local address
	for address in $2; do
		echo "$1 A $address"
	done
}

# zone NAME [HOW [SERVER]]: its records from standard input.  HOW it comes to the CA:
#
#	signed	 well, as the default
#	nsec3	 with NSEC3 of 500 iterations
#	live	 signed by knot, which takes updates
#	open	 unsigned, takes updates
#	insecure unsigned, and the parent says so
#	expired	 signatures of long ago
#	future	 signatures of some day
#	tampered another content under the signatures
#	stripped no signatures, though the parent promises some
#	wrongkey the parent promises another key
#	keytrap	 hundreds of keys with one tag, and of signatures by it (CVE-2023-50387)
#	foreign	 only the delegation, insecure: SERVER has it, or should
#
# SERVER may be several addresses, of which one has the zone.
zone() {
	local name=$1 how=${2:-signed} server=${3:-$LOWER}
	dns=$work/dns
	mkdir -p "$dns/raw" "$dns/ready"
	zone_names+=("$name")
	zone_how[$name]=$how
	zone_server[$name]=$server
	{
		echo "\$ORIGIN $name."
		echo "\$TTL 5"
		echo "@ SOA ns.$name. hostmaster.$name. 1 3600 600 86400 5"
		echo "@ NS ns.$name."
		glue ns "$server"
		cat
	} >"$dns/raw/$name.zone"
}

# dns_conf NAME: what signing and serving have in common; keys are shared.
dns_conf() {
	mkdir -p "$dns/$1"
	cat <<-END
		database:
		    storage: "$dns/$1"
		    kasp-db: "$dns/keys"
		control:
		    listen: "$dns/$1/sock"
		log:
		  - target: stderr
		    any: warning
		acl:
		  - id: update
		    action: update
		policy:
		  - id: lab
		    algorithm: ecdsap256sha256
		    single-type-signing: on
		    rrsig-lifetime: 14d
		    rrsig-refresh: 7d
		  - id: nsec3
		    algorithm: ecdsap256sha256
		    single-type-signing: on
		    rrsig-lifetime: 14d
		    rrsig-refresh: 7d
		    nsec3: on
		    nsec3-iterations: 500
		template:
		  - id: default
		    journal-content: none
		    zonefile-sync: -1
		    dnssec-policy: lab
	END
}

# zone_conf NAME FOLDER: a row for knot.
zone_conf() {
	echo "  - domain: $1"
	if [ "$1" = . ]; then
		echo "    file: \"$dns/$2/root.zone\""
	else
		echo "    file: \"$dns/$2/$1.zone\""
	fi
}

dns_sign_conf() {
	local name
	dns_conf sign
	echo "zone:"
	for name in . lab "${zone_names[@]}"; do
		zone_conf "$name" raw
		echo "    dnssec-signing: on"
		if [ "${zone_how[$name]-}" = nsec3 ]; then echo "    dnssec-policy: nsec3"; fi
	done
}

# sign NAME [TIME]: dns/raw -> dns/ready.
sign() {
	kzonesign -c "$dns/sign.conf" -o "$dns/ready" ${2:+-t "$2"} "$1" >>"$dns/sign.log" 2>&1 ||
		die "kzonesign $1: $(tail -n 3 "$dns/sign.log")"
}

# The DS records of a zone that has been signed.
zone_ds() {
	keymgr -c "$dns/sign.conf" "$1" ds 2>>"$dns/sign.log" | grep ' DS '
}

# zone_ready NAME: makes what is served, prints what the parent says of it.
zone_ready() {
	local name=$1 file=$dns/ready/$1.zone now
	now=$(date +%s)
	echo "$name. NS ns.$name."
	glue "ns.$name." "${zone_server[$name]}"
	case ${zone_how[$name]} in
	insecure | open) cp "$dns/raw/$name.zone" "$file" ;;
	foreign) ;;
	expired) sign "$name" $((now - MONTHS)) ;;
	future) sign "$name" $((now + MONTHS)) ;;
	*) sign "$name" ;;
	esac
	case ${zone_how[$name]} in
	insecure | open | foreign) ;;
	wrongkey) zone_ds "$name" | sed 's/[0-9A-Fa-f]\{8\}$/00000000/' ;;
	*) zone_ds "$name" ;;
	esac
	case ${zone_how[$name]} in
	tampered) sed -i "s/$TAMPER/$TAMPERED/" "$file" ;;
	stripped) cp "$dns/raw/$name.zone" "$file" ;;
	keytrap)
		"$python" "$lab_tests/lab_keytrap.py" "$name" "$file" >"$file.trap" ||
			die "lab_keytrap.py failed"
		mv "$file.trap" "$file"
		;;
	esac
}

# What a tampered zone has, and what is served in its place.
TAMPER=93\\.184\\.216\\.66
TAMPERED=93.184.216.34

dns_make() {
	local name
	cat >"$dns/raw/root.zone" <<-END
		\$TTL 5
		. SOA ns.lab. hostmaster.lab. 1 3600 600 86400 5
		. NS ns.lab.
		lab. NS ns.lab.
		ns.lab. A $UPPER
	END
	{
		cat <<-END
			\$ORIGIN lab.
			\$TTL 5
			@ SOA ns hostmaster 1 3600 600 86400 5
			@ NS ns
			ns A $UPPER
		END
		for name in "${zone_names[@]}"; do
			zone_ready "$name"
		done
	} >"$dns/raw/lab.zone"
	sign lab
	zone_ds lab >>"$dns/raw/root.zone"
	sign .
	anchor=$dns/root.key
	zone_ds . >"$anchor"
}

# knot_serve NAME ADDRESSES ZONE...
knot_serve() {
	local id=$1 address name
	address=$(xargs <<<"$2")
	shift 2
	{
		dns_conf "$id"
		cat <<-END
			server:
			    rundir: "$dns/$id"
			    udp-workers: 1
			    tcp-workers: 1
			    background-workers: 1
			    listen: [ ${address// /, } ]
			zone:
		END
		for name; do
			case ${zone_how[$name]-} in
			live)
				zone_conf "$name" raw
				printf '    %s\n' "dnssec-signing: on" "acl: update" \
					"journal-content: changes"
				;;
			open)
				zone_conf "$name" raw
				printf '    %s\n' "acl: update" "journal-content: changes"
				;;
			*) zone_conf "$name" ready ;;
			esac
		done
	} >"$dns/$id.conf"
	knotd -c "$dns/$id.conf" >"$dns/$id.log" 2>&1 &
	remember $!
	wait_until 60 dns_answers "${address%% *}" || die "knotd does not start: $(<"$dns/$id.log")"
}

# dns_answers ADDRESS
dns_answers() {
	kdig +short +time=1 +retry=0 "@$1" . SOA >/dev/null
}

# resolver_serve ADDRESS MODULES
#
# It takes as many questions from one client as there are: unbound's own limit is 1000 that
# wait, and it drops the others.
resolver_serve() {
	printf '. 5 IN NS ns.lab.\nns.lab. 5 IN A %s\n' "$UPPER" >"$dns/hints"
	cat >"$dns/unbound.$1" <<-END
		server:
		    username: ""
		    chroot: ""
		    directory: "$dns"
		    pidfile: ""
		    use-syslog: no
		    interface: $1
		    do-ip6: no
		    access-control: 0.0.0.0/0 allow
		    module-config: "$2"
		    trust-anchor-file: "$anchor"
		    aggressive-nsec: no
		    ede: yes
		    root-hints: "$dns/hints"
		    cache-max-ttl: 0
		    cache-max-negative-ttl: 0
		    do-not-query-localhost: no
		    msg-buffer-size: 65552
		    infra-host-ttl: 1
		    qname-minimisation: no
		    max-udp-size: 1232
		    wait-limit: 0
		    outgoing-range: 8192
		    num-queries-per-thread: 4096
		    so-rcvbuf: 4m
		remote-control:
		    control-enable: no
	END
	unbound -d -c "$dns/unbound.$1" >"$dns/unbound.$1.log" 2>&1 &
	remember $!
	wait_until 60 dns_answers "$1" || die "unbound does not start: $(<"$dns/unbound.$1.log")"
}

naughty_serve() {
	"$python" "$lab_tests/lab_dns.py" "$NAUGHTY" >"$work/naughty.log" 2>&1 &
	remember $!
	wait_until 60 grep -q ready "$work/naughty.log" ||
		die "lab_dns.py does not start: $(<"$work/naughty.log")"
}

# asked NAME TYPE [udp | tcp]: questions to lab_dns.py so far.
asked() {
	grep -Ec "^$1 $2 ${3:-}" "$work/naughty.log" || true
}

# dns_start: signs and serves all zones; $anchor is the root's key.
dns_start() {
	local lower=() name
	dns_sign_conf >"$dns/sign.conf"
	for name in "${zone_names[@]}"; do
		if [ "${zone_how[$name]}" != foreign ]; then lower+=("$name"); fi
	done
	dns_make
	naughty_serve
	knot_serve upper "$(awk '$3 == "A" || $3 == "AAAA" { print $4 }' "$hints")" . lab
	knot_serve lower "$LOWER" "${lower[@]}"
	resolver_serve "$RESOLVER" iterator
	resolver_serve "$VALIDATOR" "validator iterator"
}
