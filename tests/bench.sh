#!/bin/bash
# tests/bench.sh - brevet-bench against a real server: what it counts, prints and refuses.
set -uo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

bench=${BREVET_BENCH:-./brevet-bench}
STAGES=(newAccount newOrder authorizations challenge finalize download whole)
out=
err=
status=

# Runs it; sets $out, $err and $status.
run() {
	status=0
	out=$("$bench" "$@" 2>"$work/err") || status=$?
	err=$(<"$work/err")
	[ -z "$err" ] || diag <<<"$err"
}

load() {
	run --directory "$url" --ca "$root" --http "127.0.0.1:$http_port" --seed 7 "$@"
}

# member NAME: its value in the JSON of $out, one line per member.
member() {
	sed -n "s/^ *\"$1\": \(.*[^,]\),*\$/\1/p" <<<"$out"
}

# Four percentiles of each stage, in rising order, none of them 0.
percentiles() {
	local stage
	for stage in "${STAGES[@]}"; do
		sed -n "/^    \"$stage\": {/,/}/p" <<<"$out" | awk '
			$1 ~ /"(p50|p90|p99|max)":/ { n++; if ($2 + 0 <= 0 || $2 + 0 < last) bad = 1
				last = $2 + 0 }
			END { exit n != 4 || bad }' || return 1
	done
}

orders() {
	load --orders 50 --concurrency 8 --accounts 8 --pid "$server" --json
	is "$status" 0 "50 orders: exit status 0"
	is "$(member ok) $(member failed) $(member stalled)" "50 0 false" "50 ok, none failed"
	check "each stage has percentiles" percentiles
	like "$(member requests_each)" '^[6-9]' "at least 6 requests an order"
	is "$(member proofs_seen)" 50 "each name was validated once"
	is "$(member failures)" '[]' "no failures listed"
	like "$(member rss_kib)" '^[1-9]' "the server's memory"
	like "$(member cpu_ms_each)" '^[0-9]' "the server's CPU"
	load --orders 10 --names 3 --connections order --key-type rsa2048 --keys 1
	is "$status" 0 "3 names, RSA, a connection per order"
	like "$out" '^10 orders in .* 0 failed$' "the same as text"
	load --orders 5 --connections request --account-key rs256 --polite
	is "$status" 0 "a connection per request, RS256 accounts, polite"
}

# With names that are in DNS alone, which it answers itself.
dns_load() {
	load --dns "127.0.0.1:$dns_port" --tls "127.0.0.1:$tls_port" --domain dns.test "$@"
}

methods() {
	local method
	for method in http-01 dns-01 tls-alpn-01 dns-account-01 dns-persist-01; do
		dns_load --method "$method" --orders 20 --names 2 --json
		is "$status $(member ok) $(member proofs_seen)" "0 20 40" "$method: 20 orders, 40 proofs"
	done
	dns_load --method dns-01 --orders 10 --until valid --json
	is "$status $(member ok) $(grep -c '"finalize": {' <<<"$out")" "0 10 0" "--until valid"
	dns_load --orders 10 --until authorizations --json
	is "$status $(member ok) $(member proofs_seen)" "0 10 0" "--until authorizations"
}

# Targets that never answer: the server tries each for two seconds.
slow_targets() {
	local method
	for method in http-01 tls-alpn-01 dns-01; do
		dns_load --method "$method" --slow 10 --slow-seconds 2 --orders 300 --concurrency 1 --json
		is "$status $(member ok) $(member strange)" "0 300 0" "$method: 300 orders beside 10 slow ones"
		like "$(member held)" '^[1-9]' "$method: which are held to the end"
	done
}

other_loads() {
	load --new-nonce 500 --json
	is "$status $(member ok) $(member failed)" "0 500 0" "500 newNonce requests"
	load --idle 50 --seconds 1 --json
	is "$status $(member not_opened) $(member lost)" "0 0 0" "50 idle connections, alone"
	load --idle 50 --orders 10 --json
	is "$status $(member ok) $(member lost)" "0 10 0" "50 idle connections beside a load"
}

names() {
	local hosts=$work/names
	run --write-hosts "$hosts" --seed 7 --orders 4 --names 2 --domain x.test
	is "$(grep -c '^127\.0\.0\.1 b[0-9a-f]\{16\}\.x\.test$' "$hosts")" 8 "a hosts file"
	is "$(sort -u "$hosts" | wc -l)" 8 "of different names"
	run --write-hosts - --seed 7 --orders 8 --domain x.test
	is "$out" "$(<"$hosts")" "the same seed, the same names"
	load --orders 4 --names 2 --names-file "$hosts"
	is "$status" 1 "names that the server does not find: exit status 1"
	like "$out" 'failed +4 challenge: dns: ' "and the problem's type"
	load --orders 5 --names 2 --names-file "$hosts"
	like "$err" 'has 8 names, the orders need 10' "too few names in a file"
}

server_faults() {
	local port
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=stranger -keyout "$work/key.pem" -out "$work/stranger.pem" 2>/dev/null
	run --directory "$url" --ca "$work/stranger.pem"
	is "$status" 1 "a CA file of somebody else: exit status 1"
	like "$err" 'certificate is not trusted' "and it says so"
	run --directory "$url" --ca "$work/nothing.pem"
	like "$status $err" '^1 .*cannot read certificates' "no CA file"
	run --directory "${url%directory}nothing" --ca "$root"
	like "$status $err" '^1 .*HTTP 404, not an ACME directory' "no directory"
	port=$(free_port)
	run --directory "https://127.0.0.1:$port/directory" --ca "$root"
	like "$status $err" '^1 .*cannot connect to .*: Connection refused' "an unreachable server"
}

stalled_server() {
	(
		sleep 1
		kill -STOP "$server"
		sleep 4
		kill -CONT "$server"
	) &
	load --new-nonce 100000000 --stall 2
	wait $!
	is "$status" 1 "a server that stops answering: exit status 1"
	like "$out" '^STALLED: no reply for 2 s$' "and it is called stalled"
}

usage() {
	run
	is "$status" 2 "no directory: exit status 2"
	run --directory "$url" --orders many
	like "$status $err" '^2 .*"many" is not a number' "a number that is none"
	run --directory "$url" --orders 1 --new-nonce 1
	is "$status" 2 "two loads at once"
	run --directory "$url" --method dns-01
	like "$status $err" '^2 .*--method dns-01 needs --dns' "a method that asks DNS, without"
	run --directory "$url" --slow 3
	like "$status $err" '^2 .*--slow needs --dns' "slow targets without DNS"
	run --directory "$url" --loud
	like "$status $err" '^2 .*--loud is not an option' "an unknown option"
	run --help
	like "$status $out" '^0 usage: ' "--help"
	run --version
	like "$status $out" '^0 brevet-bench ' "--version"
}

lib_start
[ -x "$bench" ] || die "no program $bench: build it, or name it in \$BREVET_BENCH"
dns_port=$(free_port)
ca_make "$work/ca" --set "validation.resolvers=127.0.0.1@$dns_port" --set caa_identities=ca.test \
	--set validation.allow_addresses=127.0.0.0/8 --set validation.timeout=2s \
	--set directory.default.methods=http-01,dns-01,tls-alpn-01,dns-account-01,dns-persist-01 \
	>/dev/null || die "cannot make a CA"
"$bench" --write-hosts "$ca.hosts" --seed 7 --orders 100
server_start || die "the server does not start"
orders
methods
slow_targets
other_loads
names
server_faults
stalled_server
usage
server_stop
ok $? "the server ends well"
done_testing
