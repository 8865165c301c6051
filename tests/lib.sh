# shellcheck shell=bash
# lib.sh - what the test scripts and deploy/quickstart share: TAP, ports, a server.
#
# Sourced, never run.  $brevet is the program, $work a scratch folder of the script's own;
# lib_cleanup ends every process that was started here and removes the folder.
#
# Some of what is set here is for the scripts alone:
# shellcheck disable=SC2034

brevet=${BREVET:-./brevet}
work=
knot=
knot_signs=
pids=()
detached=
cases=0
failed=0

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# --- TAP ---------------------------------------------------------------------------------

# A program is absent, or may not do what the test needs: skip the whole script.
skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

need_program() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip_all "$program is not installed: run tests/setup"
	done
}

# Sets $python to one that has the module cryptography.
need_python() {
	for python in python3 /usr/bin/python3; do
		if "$python" -c 'import cryptography' 2>/dev/null; then return; fi
	done
	skip_all "no python3 with cryptography is installed: run tests/setup"
}

diag() {
	sed 's/^/# /'
}

# ok STATUS NAME: one case, good if STATUS is 0.
ok() {
	cases=$((cases + 1))
	if [ "$1" = 0 ]; then
		echo "ok $cases - $2"
	else
		failed=$((failed + 1))
		echo "not ok $cases - $2"
	fi
}

skip() {
	cases=$((cases + 1))
	echo "ok $cases - $1 # SKIP $2"
}

# check NAME COMMAND...: the command succeeds; what it printed is shown if not.
check() {
	local name=$1 status=0
	shift
	"$@" >"$work/check.out" 2>&1 || status=$?
	ok "$status" "$name"
	if [ "$status" != 0 ]; then diag <"$work/check.out"; fi
}

# is GOT WANT NAME
is() {
	if [ "$1" = "$2" ]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		printf 'got "%s", want "%s"\n' "$1" "$2" | diag
	fi
}

# like TEXT PATTERN NAME: an extended regular expression, line by line.
like() {
	if grep -Eq -e "$2" <<<"$1"; then
		ok 0 "$3"
	else
		ok 1 "$3"
		printf 'no "%s" in:\n%s\n' "$2" "$1" | diag
	fi
}

done_testing() {
	echo "1..$cases"
	[ "$failed" = 0 ] || exit 1
}

# --- The scratch folder and what runs ----------------------------------------------------

lib_cleanup() {
	local pid
	for pid in "${pids[@]}"; do
		if kill -9 "$pid" 2>/dev/null; then wait "$pid" 2>/dev/null || true; fi
	done
	pids=()
	if [ -n "$work" ] && [ -z "${KEEP-}" ]; then rm -rf "$work"; fi
	return 0
}

# at_end COMMAND: runs however the script ends, by a signal too.
at_end() {
	# shellcheck disable=SC2064
	trap "$1" EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# Makes $work.  With KEEP=1 in the environment it stays for a look.
work_start() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/brevet.XXXXXX")
	at_end lib_cleanup
	if [ -n "${KEEP-}" ]; then echo "# kept: $work"; fi
}

# The same, for a script that runs $brevet.
lib_start() {
	[ -x "$brevet" ] || die "no program $brevet: build it, or name it in \$BREVET"
	work_start
}

# The process was started here and ends with the script.
remember() {
	pids+=("$1")
}

forget() {
	local pid rest=()
	for pid in "${pids[@]}"; do
		[ "$pid" = "$1" ] || rest+=("$pid")
	done
	pids=("${rest[@]}")
}

# wait_until SECONDS COMMAND...
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

process_is_gone() {
	! kill -0 "$1"
}

# process_stop PID: asks a child to end; fails if it does not, or not with status 0.
process_stop() {
	local status=0
	kill -TERM "$1"
	wait_until 60 process_is_gone "$1" || return 1
	wait "$1" || status=$?
	forget "$1"
	return "$status"
}

# port_is_open PORT [ADDRESS]
port_is_open() {
	(exec 3<>"/dev/tcp/${2:-127.0.0.1}/$1") 2>/dev/null
}

# A hundred ports below those that the kernel gives to outgoing connections, so nobody gets one
# by chance; nor does another script, while this one or what it started has the lock. The file
# has an octet for each port that was given out. In a user namespace the folder may be a
# stranger's, then any hundred must do.
ports_claim() {
	local folder=/tmp/brevet-ports.$EUID try lock
	ports=
	slice=$((RANDOM % 220))
	mkdir -m 700 "$folder" 2>/dev/null || true
	if [ -L "$folder" ] || [ ! -d "$folder" ] || [ ! -O "$folder" ]; then return 0; fi
	for ((try = 0; try < 220; try++)); do
		exec {lock}>>"$folder/$slice"
		if flock -n "$lock"; then
			ports=$folder/$slice
			return
		fi
		exec {lock}>&-
		slice=$(((slice + 1) % 220))
	done
}

free_port() {
	local n=$RANDOM port
	while :; do
		if [ -n "$ports" ]; then
			printf . >>"$ports"
			n=$(stat -c %s "$ports")
		else
			n=$((n + 1))
		fi
		port=$((10240 + slice * 100 + n % 100))
		port_is_open "$port" || break
	done
	echo "$port"
}

ports_claim

# knot_start PORT ZONE [SECRET]: knotd at 127.0.0.1 for one zone, which is read from standard
# input.  With a secret it takes updates signed by it: the key "update", hmac-sha512.  With
# $knot_signs set it signs the zone by DNSSEC, with new keys.  Sets $knot.
knot_start() {
	local dir=$work/knot
	rm -rf "$dir"
	mkdir "$dir"
	cat >"$dir/knot.conf" <<-END
		server:
		    rundir: "$dir"
		    listen: 127.0.0.1@$1
		    udp-workers: 1
		    tcp-workers: 1
		    background-workers: 1
		database:
		    storage: "$dir"
		control:
		    listen: "$dir/knot.sock"
		${3:+key:
		  - id: update
		    algorithm: hmac-sha512
		    secret: $3
		acl:
		  - id: update
		    key: update
		    action: update}
		zone:
		  - domain: $2
		    file: "$dir/zone"
		    ${3:+acl: update}
		    ${knot_signs:+dnssec-signing: on}
		log:
		  - target: stderr
		    any: notice
	END
	cat >"$dir/zone"
	knotd -c "$dir/knot.conf" >"$dir/log" 2>&1 &
	knot=$!
	remember "$knot"
	wait_until 60 port_is_open "$1" || die "knotd does not start: $(cat "$dir/log")"
}

# --- Packages ----------------------------------------------------------------------------

# Where apt has Debian itself from; nothing if it does not tell.
debian_mirror() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
		awk '/\/debian\/$/ && !n++'
}

# --- Building ----------------------------------------------------------------------------

# source_tree TOP DIR: prints the folder to configure from DIR.  That is TOP, or a clean copy
# in DIR if somebody has configured TOP in place, which forbids building it elsewhere.
source_tree() {
	local copy=$2/source
	if [ ! -e "$1/config.status" ]; then
		echo "$1"
		return
	fi
	mkdir -p "$copy"
	tar -C "$1" --exclude=./.git --exclude=./build-test --exclude=./quickstart.d \
		--exclude="./${2#"$1"/}" -cf - . | tar -C "$copy" -xf -
	make -s -C "$copy" distclean >/dev/null 2>&1 || true
	echo "$copy"
}

# --- A certificate authority -------------------------------------------------------------

# ca_make DIR [OPTION...]: a CA in DIR for clients on this machine.  Sets $ca, $url, $root,
# $http_port, where http-01 is looked for, and $tls_port, where tls-alpn-01 is.  Names in
# DIR.hosts need no DNS.  The URL has an address: a minimal Debian has no /etc/hosts and does
# not know localhost.
ca_make() {
	local acme_port crl_port
	ca=$1
	shift
	acme_port=$(free_port)
	crl_port=$(free_port)
	http_port=$(free_port)
	tls_port=$(free_port)
	url=https://127.0.0.1:$acme_port/directory
	root=$ca/root.pem
	touch "$ca.hosts"
	"$brevet" init --dir "$ca" --host 127.0.0.1 --host localhost --listen "127.0.0.1:$acme_port" \
		--set "http.listen=127.0.0.1:$crl_port" \
		--set "validation.hosts_file=$ca.hosts" \
		--set "validation.http_port=$http_port" \
		--set "validation.tls_port=$tls_port" \
		--set validation.allow_addresses=127.0.0.1 "$@"
}

server_answers() {
	grep -q '^brevet: ready' "$ca.out"
}

server_is_up_or_gone() {
	server_answers || process_is_gone "$server"
}

# server_start: serves $ca, sets $server, returns when it takes connections.  Standard output
# and the log are $ca.out and $ca.log; the log is kept over restarts.  With $detached set
# the server survives the terminal.
server_start() {
	: >"$ca.out"
	${detached:+setsid} "$brevet" serve --config "$ca/brevet.conf" </dev/null >"$ca.out" 2>>"$ca.log" &
	server=$!
	remember "$server"
	wait_until 60 server_is_up_or_gone || true
	if ! server_answers; then
		tail -n 5 "$ca.log" >&2
		return 1
	fi
}

server_stop() {
	process_stop "$server"
}

server_kill() {
	kill -9 "$server"
	wait "$server" 2>/dev/null || true
	# A server that is no child of this shell still has to let go of its store.
	wait_until 60 process_is_gone "$server" || true
	forget "$server"
}

# --- Certificates ------------------------------------------------------------------------

cert_serial() {
	openssl x509 -in "$1" -noout -serial | sed 's/^serial=//'
}

cert_names() {
	openssl x509 -in "$1" -noout -ext subjectAltName |
		sed -n 's/^ *//; s/DNS:\|IP Address:/@/g; s/@//gp' | tr -d ' ' | tr , '\n' | sort |
		paste -sd ' '
}

cert_crl_url() {
	openssl x509 -in "$1" -noout -ext crlDistributionPoints | sed -n 's/^ *URI://p'
}

# crl_has URL SERIAL
crl_has() {
	curl -sf "$1" | openssl crl -inform der -noout -text | grep -qi "Serial Number: 0*$2$"
}

# A chain that OpenSSL accepts in its strict mode, for TLS servers.
cert_verify() {
	openssl verify -x509_strict -purpose sslserver -CAfile "$root" -untrusted "$1/chain.pem" \
		"$1/cert.pem"
}

# The certificate is for every one of the names and addresses, which follow DIR.  IPv6 is
# written as OpenSSL does: 0:0:0:0:0:0:0:1.
cert_is_for() {
	local dir=$1 name check
	shift
	for name; do
		check=-checkhost
		[[ ! $name =~ ^[0-9.]+$|: ]] || check=-checkip
		openssl x509 -in "$dir/cert.pem" -noout "$check" "${name/\*/any}" |
			grep "does match" || return 1
	done
}

# As cert_is_for, and no other names are in it.
cert_only_for() {
	local dir=$1
	shift
	cert_is_for "$dir" "$@" || return 1
	[ "$(cert_names "$dir/cert.pem")" = "$(printf '%s\n' "$@" | sort | paste -sd ' ')" ]
}

cert_has_key() {
	local public
	public=$(openssl pkey -in "$1/privkey.pem" -pubout) || return 1
	[ "$(openssl x509 -in "$1/cert.pem" -noout -pubkey)" = "$public" ]
}

cert_lifetime() {
	openssl x509 -in "$1" -noout -dates -dateopt iso_8601 |
		sed 's/^notBefore=/from /; s/^notAfter=/to /' | paste -sd ' '
}
