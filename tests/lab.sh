# shellcheck shell=bash
# lab.sh - a world of its own for the tests of validation: real DNS and web servers at real
# looking addresses, and a CA that reaches them over a wire on which packets are counted.
#
#	lab_enter "$@"		the script runs again, in new namespaces
#	lab_start		wire, addresses, counters, web servers; needs tests/lib.sh
#	zones ..., dns_start	see tests/lab_dns.sh
#	lab_ca public --set ...	a CA, serving
#	cases <<-'END'		a table of validations, judged
#
#	   namespace "world" (the script)                namespace "ca"
#	   knot, unbound, web servers, client  -- veth --  brevet at 5.6.7.2, 2a00:5:6:7::2
#
# In the world every address is local: whatever the CA dials, private, reserved or public,
# there is somebody who answers, and who would prove control.  At the loopback addresses of
# the CA's own namespace too.  So only the CA's judgement keeps it from there; nft counts in
# its namespace what leaves it.
#
# Sourced after lib.sh.  Some of what is set here is for the scripts alone, some comes from
# there:
# shellcheck disable=SC2034,SC2154

lab_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CA4=5.6.7.2
CA6=2a00:5:6:7::2
WORLD4=5.6.7.1
WORLD6=2a00:5:6:7::1
WEB4=93.184.216.34		# the usual target
WEB6=2606:2800:220:1::34
RESOLVER=9.9.9.9
ca_ns=
acme_port=4430

# --- Namespaces --------------------------------------------------------------------------

# lab_enter ARGUMENT...: runs the script anew with a network, mounts and processes of its
# own, all of which end with it.  Returns in there; skips where that is not allowed.
lab_enter() {
	local how=(--net --mount --pid --fork --kill-child --mount-proc)
	[ -z "${LAB_INSIDE-}" ] || return 0
	need_program ip kdig knotd kzonesign nft nsenter unbound unshare
	[ "$(id -u)" = 0 ] || how+=(--map-root-user)
	unshare "${how[@]}" ip link set lo up 2>/dev/null ||
		skip_all "no namespaces: run as root, or allow user namespaces"
	LAB_INSIDE=1 exec unshare "${how[@]}" bash "$0" "$@"
}

# in_ca COMMAND...: in the CA's network.
in_ca() {
	nsenter --net="/proc/$ca_ns/ns/net" "$@"
}

lab_wire() {
	ip link set lo up
	unshare --net sleep infinity &
	ca_ns=$!
	remember "$ca_ns"
	wait_until 60 is_other_net "$ca_ns" || return 1
	ip link add world type veth peer name wire netns "$ca_ns" || return 1
	ip addr add "$WORLD4/24" dev world
	ip -6 addr add "$WORLD6/64" dev world nodad
	ip link set world up
	in_ca ip link set lo up
	in_ca ip addr add "$CA4/24" dev wire
	in_ca ip -6 addr add "$CA6/64" dev wire nodad
	in_ca ip link set wire up
	in_ca ip route add default via "$WORLD4"
	in_ca ip -6 route add default via "$WORLD6"
	# All others are addresses of this machine.
	ip route add local 0.0.0.0/0 dev lo table main
	ip -6 route add local ::/0 dev lo table main metric 9999
}

is_other_net() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# --- Counting ----------------------------------------------------------------------------

# What leaves the CA: every packet by its address, and SYNs by address and port.
lab_counters() {
	in_ca nft -f - <<-'END'
		table inet lab {
			set packets4 { type ipv4_addr; flags dynamic; counter; }
			set packets6 { type ipv6_addr; flags dynamic; counter; }
			set dials4 { type ipv4_addr . inet_service; flags dynamic; counter; }
			set dials6 { type ipv6_addr . inet_service; flags dynamic; counter; }
			chain leaving {
				type filter hook output priority 0;
				update @packets4 { ip daddr }
				update @packets6 { ip6 daddr }
				tcp flags & (syn | ack) != syn return
				update @dials4 { ip daddr . tcp dport }
				update @dials6 { ip6 daddr . tcp dport }
			}
		}
	END
}

# counted SET ELEMENT: packets so far.
counted() {
	in_ca nft list set inet lab "$1" | tr , '\n' |
		sed -n "s/^.*[{ \t]$2 counter packets \([0-9]*\) .*/\1/p" | grep . || echo 0
}

family() {
	case $1 in
	*:*) echo 6 ;;
	*) echo 4 ;;
	esac
}

# packets ADDRESS: of any kind, to any port.
packets() {
	counted "packets$(family "$1")" "$1"
}

# dials ADDRESS PORT: connections asked for; a SYN that is sent again counts again.
dials() {
	counted "dials$(family "$1")" "$1 . $2"
}

# black_hole NETWORK: what comes for it vanishes.
black_hole() {
	nft list table inet hole >/dev/null 2>&1 || nft -f - <<-'END'
		table inet hole {
			chain in { type filter hook input priority 0; }
		}
	END
	if [ "$(family "$1")" = 4 ]; then
		nft add rule inet hole in ip daddr "$1" drop
	else
		nft add rule inet hole in ip6 daddr "$1" drop
	fi
}

# --- Servers -----------------------------------------------------------------------------

# web_start [COMMAND...]: ports 80 and 443 of every address, in the namespace where the
# command gets it.
web_start() {
	local log=$work/web.$cases.$RANDOM
	"$@" "$python" "$lab_tests/lab_web.py" "$work" >"$log" 2>&1 &
	remember $!
	wait_until 60 grep -q ready "$log" || die "lab_web.py does not start: $(<"$log")"
}

# web_hits HOST: requests for it so far.
web_hits() {
	grep -c "^$1 " "$work/web.log" || true
}

# lab_start: everything but DNS and CAs.
lab_start() {
	need_python
	lib_start
	lab_wire || die "cannot make the namespaces' wire"
	lab_counters || die "cannot count packets"
	mkdir "$work/tokens"
	: >"$work/web.log"
	web_start
	web_start in_ca
	cat >"$work/brevet" <<-END
		#!/bin/sh
		exec nsenter --net=/proc/$ca_ns/ns/net "$(realpath "$brevet")" "\$@"
	END
	chmod +x "$work/brevet"
	brevet=$work/brevet
}

# lab_ca NAME [OPTION...]: a CA, serving; sets $ca, $url, $root and $server.  Authorizations
# are not used again, so that each order of a name is a validation.
lab_ca() {
	ca=$work/$1
	shift
	acme_port=$((acme_port + 1))
	url=https://$CA4:$acme_port/directory
	root=$ca/root.pem
	"$brevet" init --dir "$ca" --host "$CA4" --listen "$CA4:$acme_port" \
		--set "http.listen=$CA4:$((acme_port + 1000))" --set order.reuse=none \
		--set "validation.resolvers=$RESOLVER" --set "validation.timeout=$TIMEOUT" \
		--set workers=2 "$@" >"$ca.init" 2>&1 || die "brevet init: $(<"$ca.init")"
	server_start || die "the server does not start"
}

# --- Cases -------------------------------------------------------------------------------

TIMEOUT=4s	# of a validation, if the script says nothing else
PATIENCE=4000	# milliseconds that a verdict may come later than that
under=		# how the CA is set up, for the titles
until=validate	# or issue: up to the certificate

# client ACTION [ARGUMENT...]: tests/lab_client.py with the CA of last time.
client() {
	"$python" "$lab_tests/lab_client.py" "$url" "$root" "$work" "$@"
}

trim() {
	local text=$1
	text=${text#"${text%%[![:space:]]*}"}
	echo "${text%"${text##*[![:space:]]}"}"
}

# cases: validates (or issues: $until), all at the same time, what the lines of standard input
# say, and judges:
#
#	title | method name [text=... at=... caa=...] | verdict | pattern of the detail | packets
#
# The verdict is "valid" or the problem's type, or several, "dns/connection".  Packets are
# "-ADDRESS": none at all went there; "+ADDRESS:PORT": it was dialled.  The last two may be
# left out.
cases() {
	local line rows=() said=() title what want pattern where n=0
	while IFS= read -r line; do
		[ -z "$(trim "$line")" ] || rows+=("$line")
	done
	while IFS='|' read -r title what want pattern where; do
		trim "$what"
	done < <(printf '%s\n' "${rows[@]}") >"$work/cases"
	client "$until" <"$work/cases" >"$work/verdicts" 2>"$work/client.err" ||
		diag <"$work/client.err"
	mapfile -t said <"$work/verdicts"
	for line in "${rows[@]}"; do
		IFS='|' read -r title what want pattern where <<<"$line"
		case_judge "$(trim "$title")${under:+, $under}" "${said[$n]-}" "$(trim "$want")" \
			"$(trim "$pattern")" "$(trim "$where")"
		n=$((n + 1))
	done
}

# case_judge TITLE SAID VERDICT PATTERN PACKETS; said is "verdict TAB ms TAB detail".
case_judge() {
	local verdict ms detail why='' one
	IFS=$'\t' read -r verdict ms detail <<<"$2"
	[[ /$3/ == */$verdict/* ]] || why="it is \"$verdict\", not \"$3\""
	grep -Eq -e "${4:-.*}" <<<"$detail" || why="${why:-no \"$4\" in what it says}"
	[ "${ms:-0}" -le $((${TIMEOUT%s} * 1000 + PATIENCE)) ] || why="${why:-it took $ms ms}"
	for one in $5; do
		why=${why:-$(packets_wrong "$one")}
	done
	if [ -z "$why" ]; then
		ok 0 "$1"
	else
		ok 1 "$1"
		printf '%s\n' "$why" "detail: $detail" "after $ms ms" | diag
	fi
}

# packets_wrong -ADDRESS | +ADDRESS:PORT: what is wrong, or nothing.
packets_wrong() {
	local address=${1#[-+]} n
	case $1 in
	-*)
		n=$(packets "$address")
		if [ "$n" != 0 ]; then echo "$n packets went to $address"; fi
		;;
	+*)
		n=$(dials "${address%:*}" "${address##*:}")
		if [ "$n" = 0 ]; then echo "$address was not dialled"; fi
		;;
	esac
}
