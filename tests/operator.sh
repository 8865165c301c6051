#!/bin/bash
# operator.sh - the command line of the operator against a running server: init, check,
# status, reload, account, revoke; refusals that say what to do; a cross-signed chain.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_program certbot openssl curl prlimit
lib_start

B() {
	"$brevet" "$@" --config "$ca/brevet.conf"
}

# refused STATUS PATTERN NAME COMMAND...: it ends with that status and says why.
refused() {
	local want=$1 pattern=$2 name=$3 status=0 said
	shift 3
	said=$("$@" 2>&1 >/dev/null) || status=$?
	is "$status" "$want" "$name: status $want"
	like "$said" "$pattern" "$name: says what to do"
}

certbot_run() {
	REQUESTS_CA_BUNDLE=$root certbot "$@" -n --server "$url" --config-dir "$work/cb" \
		--work-dir "$work/cb" --logs-dir "$work/cb" >"$work/certbot.out" 2>&1
}

certbot_get() {
	certbot_run certonly --agree-tos --register-unsafely-without-email --standalone \
		--http-01-address 127.0.0.1 --http-01-port "$http_port" --key-type ecdsa "$@"
}

# --- The command line -------------------------------------------------------------------------

test_usage() {
	like "$("$brevet" --version)" '^brevet [0-9]' "--version"
	like "$("$brevet" help)" '^  serve ' "help lists the commands"
	like "$("$brevet" help config)" '^validation.http_port' "help config lists the options"
	like "$("$brevet" init --help)" 'key-type' "COMMAND --help"
	refused 2 '^usage: brevet' "no command" "$brevet"
	refused 2 'no command "nonsense"' "an unknown command" "$brevet" nonsense
	refused 2 '--help' "an unknown option" "$brevet" serve --nonsense
	refused 2 'makes no sense' "a word too much" "$brevet" check word
	refused 2 'give --dir' "init without a folder" "$brevet" init
	refused 1 'brevet init' "no such file" "$brevet" check --config "$work/nowhere.conf"
	refused 1 'no such option' "an unknown --set" "$brevet" init --dir "$work/x" --set a.b=c
	refused 1 'hosts: "bad host" is neither' "a bad --host" "$brevet" init --dir "$work/x" \
		--host "bad host"
	refused 1 'not ADDRESS:PORT' "a bad --listen" "$brevet" init --dir "$work/x" --listen 443
	refused 1 'key type|p256' "a bad --key-type" "$brevet" init --dir "$work/x" --key-type rsa1024
	refused 2 'reason abc: not a number' "a reason that is none" B revoke 0102 --reason abc
	refused 2 'reason 1x: not a number' "half a reason" B revoke 0102 --reason 1x
}

# Every command tells its usage, on standard output and with status 0.
test_help() {
	local command commands rows status said
	commands=$("$brevet" help | awk '/^  [a-z]/ { print $1 }' | paste -sd ' ')
	rows=$(sed -n 's/^\t{ "\([a-z]*\)", ".*/\1/p' "$(dirname "$0")/../server/main.c")
	is "$commands" "$(paste -sd ' ' <<<"$rows")" "help lists every command"
	for command in $commands; do
		status=0
		said=$("$brevet" "$command" --help 2>/dev/null) || status=$?
		is "$status" 0 "$command --help: status 0"
		case $command in
		help) like "$said" '^usage: brevet COMMAND' "$command --help: its usage" ;;
		*) like "$said" "^usage: brevet $command( |\$)" "$command --help: its usage" ;;
		esac
	done
}

test_init() {
	local mode
	like "$init_said" 'SHA-256 +([0-9A-F]{2}:){31}' "init prints the root's fingerprint"
	like "$init_said" "directory URL +$url" "and the directory URL"
	like "$init_said" 'next: brevet serve' "and the next command"
	like "$init_said" 'carry it away' "and the advice on the root's key"
	is "$(stat -c %a "$ca")" 700 "the folder is for the owner alone"
	for mode in offline/ca.key issuing.key brevet.conf data/data.mdb; do
		is "$(stat -c %a "$ca/$mode")" 600 "so is $mode"
	done
	refused 1 'holds a CA already' "a second init" "$brevet" init --dir "$ca"
	check "check finds all well" B check
	chmod 644 "$ca/issuing.key"
	refused 1 'issuing.key' "a key that others can read" B check
	chmod 600 "$ca/issuing.key"
	echo 'nonsense = 1' >>"$ca/brevet.conf"
	refused 1 "brevet.conf:[0-9]+: no such option 'nonsense'" "a bad line" B check
	sed -i '$d' "$ca/brevet.conf"
}

test_second_server() {
	refused 1 'uses the store' "a second server on the same data" B serve
	local port=${url#https://127.0.0.1:}
	port=${port%%/*}
	"$brevet" init --dir "$work/other" --listen "127.0.0.1:$port" >/dev/null
	refused 1 'another server has that port' "a second server on the same port" \
		"$brevet" serve --config "$work/other/brevet.conf"
}

# --- A running server ---------------------------------------------------------------------------

# It was started with fewer descriptors than it may have.
test_descriptors() {
	local soft hard
	read -r soft hard < <(prlimit --pid "$server" --nofile --noheadings --output SOFT,HARD)
	is "$soft" "$hard" "serve takes all the descriptors that it may have"
	check "which are more than it was given" [ "$soft" -gt "$FEW" ]
}

test_status() {
	like "$(B status)" '^connections +[0-9]' "status tells of connections"
	like "$(B status)" '^pid +'"$server"'$' "and of the process"
	is "$(stat -c %a "$ca/data/admin.sock")" 600 "the socket is for the owner alone"
}

test_reload() {
	sed -i 's/lifetime = "47d"/lifetime = "6h"/' "$ca/brevet.conf"
	check "reload" B reload
	check "a certificate under the new profile" certbot_get -d short.operator.test
	check "lives 6 hours" openssl x509 -in "$work/cb/live/short.operator.test/cert.pem" \
		-checkend 17000 -noout
	is "$(openssl x509 -in "$work/cb/live/short.operator.test/cert.pem" -checkend 86400 \
		-noout)" "Certificate will expire" "and not a day"
	sed -i 's/lifetime = "6h"/lifetime = "6x"/' "$ca/brevet.conf"
	refused 1 'brevet.conf:[0-9]+: .*6x' "a bad file is refused by its line" B reload
	check "and the server goes on" certbot_get -d after.operator.test
	sed -i 's/lifetime = "6x"/lifetime = "47d"/' "$ca/brevet.conf"
	kill -HUP "$server"
	check "SIGHUP reloads too" wait_until 60 reload_count 2
}

reload_count() {
	[ "$(grep -c '"configuration read"' "$ca.log")" -ge "$1" ]
}

account_id() {
	B account list | awk '$2 == "valid" { print $1; exit }'
}

test_revoke() {
	local cert=$work/cb/live/after.operator.test/cert.pem serial crl id
	serial=$(cert_serial "$cert")
	crl=$(cert_crl_url "$cert")
	check "revoke by serial" B revoke "$serial" --reason 4
	check "A-24 the CRL knows it within a minute" wait_until 60 crl_has "$crl" "$serial"
	refused 1 'revoked already' "a second time" B revoke "$serial"
	refused 1 'no certificate' "an unknown serial" B revoke 0102
	refused 1 'hexadecimal' "no serial" B revoke xyz
	refused 2 'which' "nothing" B revoke
	id=$(account_id)
	like "$(B account show "$id")" 'order .*after.operator.test' "account show tells its orders"
	like "$("$brevet" account --config "$ca/brevet.conf" show "$id")" 'after.operator.test' \
		"options may stand before the words"
	refused 1 'no certificate' "of revoke, too" "$brevet" revoke --config "$ca/brevet.conf" \
		--reason 4 0102
	refused 1 'no account' "an unknown account" B account show nobody
	refused 2 'list, show ID or revoke ID' "a verb that is none" B account drop
	check "account revoke" B account revoke "$id"
	like "$(B account list)" "^$id  revoked" "account list tells of it"
	if certbot_get -d more.operator.test; then ok 1 "a revoked account gets nothing"; else
		like "$(cat "$work/cb/letsencrypt.log")" 'account is revoked' \
			"a revoked account gets nothing"
	fi
	server_kill
	server_start
	like "$(B account list)" "^$id  revoked" "A-24 it is revoked after a crash, too"
	check "A-24 and the CRL still knows the certificate" crl_has "$crl" "$serial"
	rm -rf "$work/cb/accounts"
	check "a new account is welcome" certbot_get -d new.operator.test
}

# quiet COMMAND...: it must not fail; what it says is shown if it does.
quiet() {
	"$@" >"$work/quiet.out" 2>&1 || {
		diag <"$work/quiet.out"
		die "$* fails"
	}
}

# The issuing CA has a second certificate, by another root.
test_cross() {
	quiet openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/old.key" \
		-out "$work/old.pem" -subj "/CN=Old Root" -days 100
	quiet openssl x509 -x509toreq -in "$ca/issuing.pem" -signkey "$ca/issuing.key" \
		-out "$work/issuing.csr"
	printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n%s\n' \
		'subjectKeyIdentifier=hash' >"$work/ext"
	quiet openssl x509 -req -in "$work/issuing.csr" -CA "$work/old.pem" -CAkey "$work/old.key" \
		-CAcreateserial -extfile "$work/ext" -days 90 -out "$ca/cross.pem"
	sed -i 's|key = "issuing.key"|&\n\talternates = { "cross.pem" }|' "$ca/brevet.conf"
	check "the cross-certificate is accepted" B check
	check "reload takes it" B reload
	check "certbot asks for the other chain" certbot_get -d cross.operator.test \
		--preferred-chain "Old Root"
	check "and gets it" openssl verify -CAfile "$work/old.pem" -untrusted \
		"$work/cb/live/cross.operator.test/chain.pem" \
		"$work/cb/live/cross.operator.test/cert.pem"
	cp "$root" "$ca/cross.pem"
	refused 1 'not the subject and key' "a certificate of another CA is refused" B check
}

FEW=200
ca_make "$work/titled" --set profile.short.lifetime=6h --set profile.default.backdate=5m \
	--set profile.default.lifetime=5d >/dev/null
like "$(paste -sd " " "$work/titled/brevet.conf")" \
	'profile default \{[^}]*lifetime = "5d"[^}]*"5m"[^}]*\} +profile fleet .*profile short' \
	"init writes titled settings, the default profile first"
check "and check reads them" "$brevet" check --config "$work/titled/brevet.conf"
ca_make "$work/ca" >"$work/init.out"
init_said=$(cat "$work/init.out")
printf '127.0.0.1 %s.operator.test\n' short after more new cross >"$ca.hosts"
test_usage
test_help
test_init
few=$(ulimit -Sn)
ulimit -Sn "$FEW"
server_start
ulimit -Sn "$few"
test_descriptors
test_second_server
test_status
test_reload
test_revoke
test_cross
is "$(grep -c '"own certificate issued"' "$ca.log")" 1 "its own certificate outlives restarts"
check "the server ends well" server_stop
done_testing
