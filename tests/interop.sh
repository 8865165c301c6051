# shellcheck shell=bash
# interop.sh - what the interop_*.sh scripts share beside lib.sh: the name server and web
# server around a client, packages of a newer Debian, how a client's certificate is judged.
#
# Sourced, never run.  A client that is not to be had counts as one skipped case.
#
# Some of what is set here is for the scripts alone:
# shellcheck disable=SC2034

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ZONE=fleet.test
zone_more=			# records of the zone beside the usual ones, a line each
dns_port=
dns_secret=
dns_hook=
has_dns=
web=
web_address=127.0.0.1
lego=				# the program, for lego_exec
lifetime=			# of certificates, if other than the default
allowed='^$'			# what a client is rightly refused, a regular expression

# --- Clients -----------------------------------------------------------------------------

# skip_client CLIENT REASON: the whole script is one skipped case.
skip_client() {
	skip "$1" "$2"
	done_testing
	exit 0
}

# need_client CLIENT PROGRAM...: the programs are there, else the client is skipped.
need_client() {
	local client=$1 program
	shift
	for program; do
		command -v "$program" >/dev/null ||
			skip_client "$client" "$program is not installed: run tests/setup"
	done
}

# As root it cannot be done in every container, and without root hardly anywhere.
can_unshare() {
	unshare -m --propagation private true 2>/dev/null
}

# --- A client of a newer Debian ----------------------------------------------------------

apt_private=()

# Lists of a newer Debian in $work: the machine's own sources stay as they are.
apt_prepare() {
	local mirror keys=/usr/share/keyrings/debian-archive-keyring.gpg suite
	command -v apt-get >/dev/null && [ -r "$keys" ] || return 1
	mirror=$(debian_mirror || true)
	mkdir -p "$work"/apt/{lists/partial,cache/archives/partial,parts,deb}
	for suite; do
		echo "deb [signed-by=$keys] ${mirror:-http://deb.debian.org/debian/} $suite main"
	done >"$work/apt/sources"
	: >"$work/apt/status"
	apt_private=(-o "Dir::State=$work/apt" -o "Dir::State::status=$work/apt/status"
		-o "Dir::Cache=$work/apt/cache" -o "Dir::Etc::sourcelist=$work/apt/sources"
		-o "Dir::Etc::sourceparts=$work/apt/parts" -o Acquire::Languages=none
		-o Acquire::Retries=0 -o Acquire::http::Timeout=20
		-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
		-o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false
		-o APT::Sandbox::User=root -o APT::Get::List-Cleanup=false -o quiet=1)
	apt-get "${apt_private[@]}" -o APT::Update::Error-Mode=any update
}

apt_says() {
	grep -m 1 '^[EW]:' "$work/apt.out" || echo "apt-get says nothing"
}

# debian_package CLIENT PACKAGE SUITE...: unpacks a package of the last suite named into
# $work/debian, as Debian ships it; where that fails, the client is skipped.
debian_package() {
	local client=$1 package=$2
	shift 2
	apt_prepare "$@" >"$work/apt.out" 2>&1 ||
		skip_client "$client" "no lists of Debian ${*: -1}: $(apt_says)"
	(cd "$work/apt/deb" && apt-get "${apt_private[@]}" download "$package/${*: -1}") \
		>"$work/apt.out" 2>&1 ||
		skip_client "$client" "no $package of Debian ${*: -1}: $(apt_says)"
	mkdir -p "$work/debian"
	dpkg -x "$work/apt/deb/$package"_*.deb "$work/debian"
	echo "# $(basename "$work/apt/deb/$package"_*.deb) of Debian ${*: -1}"
}

# --- The surroundings --------------------------------------------------------------------

# A name server for fleet.test that takes updates signed with $dns_secret, and $dns_hook:
#	$dns_hook add|delete NAME VALUE
# Where there is none, nobody answers at its port: no test asks another name server.
dns_start() {
	dns_port=$(free_port)
	command -v knotd >/dev/null && command -v knsupdate >/dev/null || return 0
	dns_secret=$(openssl rand -base64 32)
	knot_start "$dns_port" "$ZONE" "$dns_secret" <<-END
		$ZONE. 60 SOA ns.$ZONE. host.$ZONE. 1 60 60 60 1
		$ZONE. 60 NS ns.$ZONE.
		ns.$ZONE. 60 A 127.0.0.1
		dns.$ZONE. 60 A 127.0.0.1
		$zone_more
	END
	dns_hook=$work/dns-hook
	cat >"$dns_hook" <<-END
		#!/bin/sh
		set -eu
		knsupdate <<UPDATE
		server 127.0.0.1 $dns_port
		zone $ZONE.
		key hmac-sha512:update $dns_secret
		update \$1 \${2%.}. 1 TXT "\$3"
		send
		UPDATE
	END
	chmod +x "$dns_hook"
	has_dns=yes
}

# by_dns NAME: true, or the case is skipped.
by_dns() {
	[ -z "$has_dns" ] || return 0
	skip "$1" "knotd and knsupdate are not installed: run tests/setup"
	return 1
}

# A web server for $web at $http_port, for clients that have none.
web_start() {
	web=$work/web
	mkdir -p "$web/.well-known/acme-challenge"
	python3 -m http.server --bind "$web_address" --directory "$web" "$http_port" \
		>"$work/web.log" 2>&1 &
	remember $!
	wait_until 60 port_is_open "$http_port" "$web_address" ||
		die "python3 -m http.server does not start"
}

# authority NAME... [-- OPTION...]: a server that is up, and finds the names here.
authority() {
	dns_start
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		echo "127.0.0.1 $1" >>"$work/ca.hosts"
		shift
	done
	if [ $# -gt 0 ]; then shift; fi
	ca_make "$work/ca" --set "validation.resolvers=127.0.0.1@$dns_port" "$@" >"$work/init.out"
	if [ -n "$lifetime" ]; then
		sed -i -e "s/^\tlifetime = .*/\tlifetime = \"$lifetime\"/" \
			-e 's/^\tbackdate = .*/\tbackdate = "0s"/' "$ca/brevet.conf"
	fi
	server_start
}

# --- lego, old and new ---------------------------------------------------------------------

# lego_exec ARGUMENT...: $lego, which trusts $root and calls $work/exec for dns-01.
lego_exec() {
	LEGO_CA_CERTIFICATES=$root EXEC_PATH=$work/exec EXEC_SEQUENCE_INTERVAL=1 \
		EXEC_POLLING_INTERVAL=1 "$lego" "$@"
}

# lego calls it with "present" or "cleanup", name and value.
make_lego_hook() {
	cat >"$work/exec" <<-END
		#!/bin/sh
		case \$1 in
		present) exec "$dns_hook" add "\$2" "\$3" ;;
		cleanup) exec "$dns_hook" delete "\$2" "\$3" ;;
		esac
	END
	chmod +x "$work/exec"
}

# --- lego 5, built by Go from the module proxy, with the one DNS provider that is used here

LEGO_MODULE=github.com/go-acme/lego/v5
LEGO_LOGGER=gitlab.com/greyxor/slogor	# colours lego's messages; not every proxy has it

lego_compile() {
	(cd "$work/build" && GOTOOLCHAIN=local GOFLAGS=-mod=mod go build \
		-tags lego_dnslight,lego_dns_exec -o "$work/build/lego" "$LEGO_MODULE") \
		</dev/null >"$work/go.out" 2>&1
}

# In lego's place for its messages; nothing of it is on the wire.
lego_plain_logger() {
	mkdir "$work/build/logger"
	printf 'module %s\n\ngo 1.21\n' "$LEGO_LOGGER" >"$work/build/logger/go.mod"
	cat >"$work/build/logger/logger.go" <<-END
		package slogor

		import (
			"io"
			"log/slog"
		)

		type OptionFn func(*slog.HandlerOptions)

		func SetLevel(level slog.Leveler) OptionFn {
			return func(o *slog.HandlerOptions) { o.Level = level }
		}

		func SetTimeFormat(string) OptionFn { return DisableColor() }

		func DisableColor() OptionFn { return func(*slog.HandlerOptions) {} }

		func NewHandler(w io.Writer, options ...OptionFn) slog.Handler {
			o := &slog.HandlerOptions{}
			for _, option := range options {
				option(o)
			}
			return slog.NewTextHandler(w, o)
		}
	END
	echo "replace $LEGO_LOGGER => ./logger" >>"$work/build/go.mod"
	echo "# $LEGO_LOGGER is not to be had: lego's messages go through a plain logger"
}

go_says() {
	grep -v 'downloading' "$work/go.out" | head -n 1
}

# The newest version that the proxy names, in a module of our own, which may replace LEGO_LOGGER.
# lego_build CLIENT: sets $lego, or the client is skipped.
lego_build() {
	local client=$1 version
	command -v go >/dev/null || skip_client "$client" "Go, which builds it, is not installed"
	mkdir "$work/build"
	version=$(GOTOOLCHAIN=local GOFLAGS=-mod=mod go list -m -f '{{.Version}}' \
		"$LEGO_MODULE@latest" 2>"$work/go.out") ||
		skip_client "$client" "the Go module proxy does not give it: $(go_says)"
	printf 'module interop\n\nrequire %s %s\n' "$LEGO_MODULE" "$version" >"$work/build/go.mod"
	if ! lego_compile && grep -q "$LEGO_LOGGER" "$work/go.out"; then
		lego_plain_logger
		lego_compile || true
	fi
	[ -x "$work/build/lego" ] || skip_client "$client" "Go does not build it: $(go_says)"
	lego=$work/build/lego
}

# --- What is checked ---------------------------------------------------------------------

# collect DIR CHAIN KEY: lays a client's files out as the cert_* functions of lib.sh take them.
collect() {
	mkdir -p "$1"
	openssl x509 -in "$2" -out "$1/cert.pem" || return 1
	awk '/BEGIN CERTIFICATE/ { n++ } n > 1' "$2" >"$1/chain.pem"
	cp "$3" "$1/privkey.pem"
}

# certificate CASE CHAIN KEY NAME...: five cases on what a client has got.
certificate() {
	local case=$1 dir=$work/certificate
	rm -rf "$dir"
	check "$case: the files" collect "$dir" "$2" "$3"
	shift 3
	check "$case: openssl verify -x509_strict" cert_verify "$dir"
	check "$case: names $*" cert_only_for "$dir" "$@"
	check "$case: the key" cert_has_key "$dir"
	is "$(grep -c BEGIN "$dir/chain.pem")" 1 "$case: one issuer in the chain"
}

has_no_crl() {
	! openssl x509 -in "$1" -noout -ext crlDistributionPoints 2>/dev/null | grep URI
}

# short_lived CASE CERTIFICATE: it is one of profile shortlived, which init writes.
short_lived() {
	local serial
	serial=$(cert_serial "$2")
	like "$(grep -i "\"serial\":\"0*$serial\"" "$ca.log")" '"profile":"shortlived"' \
		"$1: by profile shortlived"
	check "$1: it has no CRL pointer" has_no_crl "$2"
}

# renewed CASE BEFORE CERTIFICATE
renewed() {
	local after
	after=$(cert_serial "$3")
	check "$1: another serial than $2" test -n "$after" -a "$after" != "$2"
}

# served_certificate PORT NAME [OPTION...]: the chain that a TLS server has for the name.
served_certificate() {
	openssl s_client -connect "127.0.0.1:$1" -servername "$2" -showcerts "${@:3}" \
		</dev/null 2>/dev/null | sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p'
}

# serves PORT NAME: a TLS server there has a certificate of ours, verified as a browser does.
serves() {
	openssl s_client -connect "127.0.0.1:$1" -servername "$2" -verify_hostname "$2" \
		-CAfile "$root" -verify_return_error </dev/null
}

served_serial() {
	served_certificate "$1" "$2" | openssl x509 -noout -serial 2>/dev/null |
		sed 's/^serial=//'
}

serves_another() {
	local serial
	serial=$(served_serial "$1" "$2")
	[ -n "$serial" ] && [ "$serial" != "$3" ]
}

# As serves_another with what comes after SECONDS.
wait_for_renewal() {
	wait_until "$1" serves_another "$2" "$3" "$4"
}

# events NAME: how often it is in the server's log.
events() {
	grep -c "\"event\":\"$1\"" "$ca.log" || true
}

# evidence NAME: what was seen when control of the name was proved, a line of JSON for each time.
evidence() {
	local id
	sed -n "s/.*\"authz\":\"\([^\"]*\)\".*\"identifier\":\"$1\",\"status\":\"valid\".*/\1/p" "$ca.log" |
		while read -r id; do
			"$brevet" show authz --json --config "$ca/brevet.conf" "$id"
		done
}

# proved NAME METHOD CASE: control of it was proved, and by that method alone.
proved() {
	is "$(evidence "$1" | grep -o '"evidence":\[{"validation":{"method":"[^"]*' | sed 's/.*"//' |
		sort -u)" "$2" "$3: $1 by $2"
}

log_is_clean() {
	! grep -E '"event":"internal error"|"status":5[0-9][0-9]' "$ca.log"
}

# What a client was refused; a badNonce that it knows to repeat is none of its faults.
refusals() {
	sed -n 's/.*"path":"\([^"]*\)".*"problem":"\([^"]*\)".*"detail":"\([^"]*\)".*/\1 \2: \3/p' \
		"$ca.log" | sort | uniq -c
}

# The last cases of each script.
finish() {
	check "the server met no internal error" log_is_clean
	is "$(refusals | grep -Ev -e "$allowed" || true)" "" "no request was refused"
	check "the server stops when asked" server_stop
	done_testing
}

# --- The end of a certificate's life --------------------------------------------------------

# in_crl CASE CERTIFICATE: its CRL knows it soon.
in_crl() {
	check "$1: the CRL knows it" wait_until 60 crl_has "$(cert_crl_url "$2")" \
		"$(cert_serial "$2")"
}
