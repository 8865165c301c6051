#!/bin/bash
# metrics.sh - GET /metrics of a real server: every family of metrics is made to move.
set -uo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

bench=${BREVET_BENCH:-./brevet-bench}
tests=$(cd "$(dirname "$0")" && pwd)
said=				# what the server made of the last action
declare -A looked		# families that a case has looked at

# --- Reading the metrics -----------------------------------------------------------------

# scrape FILE
scrape() {
	exec 3<>"/dev/tcp/127.0.0.1/$metrics_port" || return 1
	printf 'GET /metrics HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
	cat <&3 >"$work/reply"
	exec 3>&-
	head -n 1 "$work/reply" | grep -q ' 200 ' || return 1
	sed $'1,/^\r*$/d' "$work/reply" >"$1"
}

# value FILE SAMPLE: an absent one is 0, as a counter that never moved.
value() {
	awk -v sample="$2" 'index($0, sample " ") == 1 { n = $NF } END { print n + 0 }' "$1"
}

# The family is looked at, by its name in HELP lines.
note_family() {
	local family=${1%%\{*}
	if ! grep -q "^# TYPE $family " "$work/after"; then
		family=${family%_count}
		family=${family%_bucket}
		family=${family%_sum}
	fi
	looked[$family]=yes
}

# act ACTION [ARGUMENT...]: by the client, with the metrics before and after it.
act() {
	scrape "$work/before" || diag <<<"no metrics"
	said=$("$python" "$tests/metrics_client.py" "$url" "$root" "$work" "$@" 2>"$work/err") ||
		diag <"$work/err"
	scrape "$work/after" || diag <<<"no metrics"
}

difference() {
	awk -v a="$(value "$work/after" "$1")" -v b="$(value "$work/before" "$1")" \
		'BEGIN { printf "%.17g\n", a - b }'
}

# grew SAMPLE N: by exactly that.  A reply can overtake the counting of what it tells.
grew() {
	local tries=0
	note_family "$1"
	until [ "$(difference "$1")" = "$2" ] || [ $((++tries)) -gt 400 ]; do
		sleep 0.05
		scrape "$work/after" || diag <<<"no metrics"
	done
	is "$(difference "$1")" "$2" "$1 grew by $2"
}

# rose SAMPLE: by anything.
rose() {
	note_family "$1"
	check "$1 rose" awk -v n="$(difference "$1")" 'BEGIN { exit !(n > 0) }'
}

# holds SAMPLE CONDITION: an awk condition on x, the value now.
holds() {
	note_family "$1"
	check "$1: $2" awk -v x="$(value "$work/after" "$1")" "BEGIN { exit !($2) }"
}

counted() {
	scrape "$work/after" && [ "$(value "$work/after" "$1")" = "$2" ]
}

# --- Cases -------------------------------------------------------------------------------

test_start() {
	scrape "$work/after"
	ok $? "GET /metrics"
	holds 'brevet_signing_seconds_count{kind="own"}' 'x >= 1'
	holds 'brevet_signing_seconds_count{kind="crl"}' 'x >= 1'
	holds "brevet_info{version=\"$("$brevet" --version | awk '{ print $2 }')\"}" 'x == 1'
	holds process_start_time_seconds "x > $(date +%s) - 60 && x <= $(date +%s)"
	holds process_max_fds "x == $(sed -n 's/^Max open files  *\([0-9]*\).*/\1/p' "/proc/$server/limits")"
	holds process_resident_memory_bytes 'x > 1048576'
}

test_requests() {
	act path
	is "$said" "404 malformed" "a path that is none"
	grew 'brevet_requests_total{route="other",code="404"}' 1
	grew 'brevet_requests_total{route="directory",code="200"}' 1
	grew 'brevet_request_seconds_count{route="directory"}' 1
	rose 'brevet_request_seconds_sum{route="directory"}'
	grew 'brevet_request_seconds_bucket{route="directory",le="+Inf"}' 1
	act method
	like "$said" '^405' "a method that is none"
	grew 'brevet_requests_total{route="other",code="405"}' 1
}

test_accounts() {
	act account
	is "$said" 201 "newAccount"
	grew 'brevet_accounts_total{event="created"}' 1
	grew 'brevet_objects{kind="account",state="valid"}' 1
	grew 'brevet_requests_total{route="new-account",code="201"}' 1
	grew 'brevet_jws_total{result="ok"}' 1
	act find
	grew 'brevet_accounts_total{event="found"}' 1
	act update
	grew 'brevet_accounts_total{event="updated"}' 1
	act key_change
	is "$said" 200 "keyChange"
	grew 'brevet_accounts_total{event="key-changed"}' 1
}

# Four are issued: with the directory, by newNonce, in both replies.
test_nonces() {
	act nonce reused
	is "$said" "400 badNonce" "a nonce twice"
	grew 'brevet_nonces_total{result="reused"}' 1
	grew 'brevet_nonces_total{result="redeemed"}' 1
	grew 'brevet_nonces_total{result="issued"}' 4
	grew 'brevet_jws_total{result="badNonce"}' 1
	grew 'brevet_requests_total{route="new-nonce",code="200"}' 1
	act nonce foreign
	grew 'brevet_nonces_total{result="foreign"}' 1
	act nonce malformed
	is "$said" "400 malformed" "a nonce that is none"
	grew 'brevet_nonces_total{result="malformed"}' 1
}

test_signatures() {
	act signature
	is "$said" "400 malformed" "a signature by another key"
	grew 'brevet_jws_total{result="malformed"}' 1
	grew 'brevet_requests_total{route="account",code="400"}' 1
	act stranger
	is "$said" "400 accountDoesNotExist" "an account that is none"
	grew 'brevet_jws_total{result="accountDoesNotExist"}' 1
	act media
	is "$said" "415 malformed" "another Content-Type"
	grew 'brevet_requests_total{route="new-order",code="415"}' 1
}

test_order() {
	act order "$http_port" one.test
	is "$said" valid "an order"
	grew 'brevet_orders_total{event="created",problem="ok"}' 1
	grew 'brevet_orders_total{event="processing",problem="ok"}' 1
	grew 'brevet_orders_total{event="valid",problem="ok"}' 1
	grew 'brevet_authorizations_total{event="created",method="none",problem="ok"}' 1
	grew 'brevet_authorizations_total{event="valid",method="http-01",problem="ok"}' 1
	grew 'brevet_challenges_total{method="http-01",result="started"}' 1
	grew 'brevet_challenges_total{method="http-01",result="ok"}' 1
	grew 'brevet_certificates_total{event="issued",problem="ok"}' 1
	grew 'brevet_renewals_total{by="none"}' 1
	grew 'brevet_validation_seconds_count{method="http-01"}' 1
	rose 'brevet_validation_seconds_sum{method="http-01"}'
	grew 'brevet_signing_seconds_count{kind="certificate"}' 1
	rose 'brevet_signing_seconds_sum{kind="certificate"}'
	grew 'brevet_objects{kind="order",state="valid"}' 1
	grew 'brevet_objects{kind="authorization",state="valid"}' 1
	grew 'brevet_objects{kind="certificate",state="issued"}' 1
	grew 'brevet_requests_total{route="cert",code="200"}' 1
	rose 'brevet_commits_total{result="kept"}'
	rose brevet_commit_seconds_count
	rose brevet_commit_seconds_sum
	rose brevet_commit_flows_count
	rose brevet_commit_flows_sum
	rose process_cpu_seconds_total
}

test_renewals() {
	act renew "$http_port" one.test
	is "$said" valid "an order that replaces a certificate"
	grew 'brevet_renewals_total{by="replaces"}' 1
	act order "$http_port" one.test
	is "$said" valid "an order for the same names"
	grew 'brevet_renewals_total{by="names"}' 1
}

test_revocation() {
	act revoke
	is "$said" 200 "revokeCert"
	grew 'brevet_certificates_total{event="revoked",problem="ok"}' 1
	grew 'brevet_objects{kind="certificate",state="revoked"}' 1
	grew 'brevet_objects{kind="certificate",state="issued"}' -1
}

# failing_challenge PROBLEM NAME MANNER
failing_challenge() {
	act order "$http_port" "$2" "$3"
	is "$said" "invalid $1" "a challenge that fails: $1"
	grew "brevet_challenges_total{method=\"http-01\",result=\"$1\"}" 1
	grew "brevet_authorizations_total{event=\"invalid\",method=\"http-01\",problem=\"$1\"}" 1
	grew 'brevet_objects{kind="authorization",state="invalid"}' 1
	grew 'brevet_validation_seconds_count{method="http-01"}' 1
}

test_failures() {
	failing_challenge unauthorized two.test wrong
	failing_challenge connection two.test closed
	failing_challenge dns unknown.test right
	act two_fail
	is "$said" invalid "an order of two names that both fail"
	grew 'brevet_authorizations_total{event="invalid",method="http-01",problem="connection"}' 2
	grew 'brevet_orders_total{event="invalid",problem="connection"}' 1
	act wrong_csr "$http_port" two.test
	is "$said" "400 badCSR" "another name in the request"
	grew 'brevet_requests_total{route="finalize",code="400"}' 1
}

# A webhook where nobody listens, for a moment.
test_webhook() {
	cp "$ca/brevet.conf" "$work/conf"
	(umask 077 && openssl rand -hex 32 >"$work/hook.key")
	echo "webhook { url = \"https://127.0.0.1:$(free_port)/\" secret = \"$work/hook.key\" }" \
		>>"$ca/brevet.conf"
	check "a webhook is added" "$brevet" reload --config "$ca/brevet.conf"
	act new_order one.test
	is "$said" "503 serverInternal" "an order when nobody answers for it"
	grew 'brevet_webhook_total{result="unreachable"}' 1
	grew brevet_webhook_seconds_count 1
	rose brevet_webhook_seconds_sum
	cp "$work/conf" "$ca/brevet.conf"
	check "and removed" "$brevet" reload --config "$ca/brevet.conf"
	act new_order one.test
	is "$said" 201 "then it is made"
	grew 'brevet_webhook_total{result="unreachable"}' 0
}

# Its account gets one order an hour, then none.
test_limits() {
	local id
	id=$(sed -n 's|.*/acme/account/\([^"]*\)".*|\1|p' "$work/account.json")
	"$brevet" limit set --account "$id" orders 1/1h --config "$ca/brevet.conf" >/dev/null
	act new_order one.test
	is "$said" 201 "the only order of this hour"
	act new_order one.test
	is "$said" "429 rateLimited" "one more"
	grew 'brevet_rate_limited_total{limit="orders"}' 1
	grew 'brevet_requests_total{route="new-order",code="429"}' 1
	"$brevet" limit set --account "$id" orders default --config "$ca/brevet.conf" >/dev/null
	"$brevet" account pause "$id" --config "$ca/brevet.conf" >/dev/null
	act new_order one.test
	is "$said" "429 rateLimited" "an order of an account that is paused"
	grew 'brevet_rate_limited_total{limit="paused"}' 1
	"$brevet" account resume "$id" --config "$ca/brevet.conf" >/dev/null
}

test_incident() {
	local id
	id=$("$brevet" incident start --where 'issuer = main' --explanation https://status.test/ \
		--yes --revoke-after 1d --json --config "$ca/brevet.conf" |
		sed -n 's/.*"incident": "\(.*\)".*/\1/p')
	check "brevet_incidents is 1 while one is open" \
		wait_until 60 counted 'brevet_incidents{state="open"}' 1
	note_family brevet_incidents
	"$brevet" incident end "$id" --config "$ca/brevet.conf" >/dev/null
	check "and 0 afterwards" wait_until 60 counted 'brevet_incidents{state="open"}' 0
}

# While the validation lasts, its challenge's request waits.
test_held() {
	local client
	"$python" "$tests/metrics_client.py" "$url" "$root" "$work" order "$http_port" \
		three.test slow >"$work/slow" 2>&1 &
	client=$!
	remember "$client"
	check "brevet_held_requests is 1 while a request waits" \
		wait_until 60 counted brevet_held_requests 1
	note_family brevet_held_requests
	wait "$client"
	forget "$client"
	is "$(<"$work/slow")" valid "and it gets its verdict"
	check "and 0 afterwards" wait_until 60 counted brevet_held_requests 0
}

# One of them asks for the metrics.
test_connections() {
	local client
	wait_until 60 counted brevet_connections 1
	cp "$work/after" "$work/before"
	"$bench" --directory "$url" --ca "$root" --http "127.0.0.1:$(free_port)" --idle 20 \
		--seconds 8 >/dev/null 2>&1 &
	client=$!
	remember "$client"
	check "brevet_connections is 21 with 20 connections" \
		wait_until 60 counted brevet_connections 21
	note_family brevet_connections
	rose process_open_fds
	wait "$client"
	forget "$client"
	check "and 1 afterwards" wait_until 60 counted brevet_connections 1
}

test_lanes() {
	local lane
	for lane in writer crypto loop-0 loop-1; do
		check "a length of lane $lane" \
			grep -Eq "^brevet_lane_length\{lane=\"$lane\"\} [0-9]" "$work/after"
	done
	note_family brevet_lane_length
}

used_percent() {
	echo $(($(value "$work/after" brevet_store_map_used_bytes) * 100 / 16777216))
}

# The map is small here, so that it shows.
test_map() {
	scrape "$work/before"
	"$bench" --directory "$url" --ca "$root" --http "127.0.0.1:$http_port" --seed 7 \
		--orders "$ORDERS" >"$work/load" 2>&1
	ok $? "$ORDERS orders"
	scrape "$work/after"
	rose brevet_store_map_used_percent
	rose brevet_store_map_used_bytes
	holds brevet_store_map_bytes 'x == 16777216'
	is "$(used_percent)" "$(value "$work/after" brevet_store_map_used_percent)" \
		"the bytes and the percent agree"
	grew 'brevet_certificates_total{event="issued",problem="ok"}' "$ORDERS"
	grew 'brevet_objects{kind="certificate",state="issued"}' "$ORDERS"
	grew 'brevet_signing_seconds_count{kind="certificate"}' "$ORDERS"
}

# overdue_after DAYS: that many later, have all windows passed?
overdue_after() {
	echo $(($1 * 86400)) >"$BREVET_CLOCK"
	scrape "$work/after" && [ "$(value "$work/after" brevet_renewals_overdue)" -ge "$ORDERS" ]
}

# As time goes by, one window after the other begins and ends.
test_due() {
	local day=0 start
	holds brevet_renewals_due 'x == 0'
	holds brevet_renewals_overdue 'x == 0'
	holds brevet_renewals_hour 'x == 0'
	if ! grep -q BREVET_CLOCK "$brevet"; then
		skip "renewals that are due" "built without --enable-faults"
		return
	fi
	until overdue_after "$day" || [ "$day" = 100 ]; do day=$((day + 1)); done
	holds brevet_renewals_overdue "x >= $ORDERS && x <= $ORDERS + 9"
	holds brevet_renewals_due 'x == 0'
	is "$("$brevet" renewals --config "$ca/brevet.conf" | tail -n 1)" \
		"$(value "$work/after" brevet_renewals_overdue) overdue, 0 due" \
		"brevet renewals counts the same"
	start=$("$brevet" renewals --json --limit 1 --config "$ca/brevet.conf" |
		sed 's/.*"start":"\([^"]*\)".*/\1/')
	echo $(($(date -d "$start" +%s) - $(date +%s) + 301)) >"$BREVET_CLOCK"
	scrape "$work/after"
	holds brevet_renewals_due 'x > 0'
	holds brevet_renewals_hour 'x > 0'
	overdue_after "$day"
}

test_deactivation() {
	act deactivate
	is "$said" 200 "an account is given up"
	grew 'brevet_accounts_total{event="deactivated"}' 1
	grew 'brevet_objects{kind="account",state="deactivated"}' 1
	grew 'brevet_objects{kind="account",state="valid"}' -1
}

objects() {
	grep '^brevet_objects{' "$1"
}

# Objects are counted in the store, events in memory.
test_restart() {
	scrape "$work/before"
	server_kill
	server_start || die "the server does not start again"
	scrape "$work/after"
	is "$(objects "$work/after")" "$(objects "$work/before")" \
		"kill -9, a restart: as many objects as before"
	is "$(value "$work/after" 'brevet_orders_total{event="created",problem="ok"}')" 0 \
		"and events are counted from 0"
}

# The first round walks all limits: the buckets of names are full again at once (limit.name).
test_sweep() {
	local tries=0
	until [ "$(value "$work/after" brevet_sweep_timestamp_seconds)" != 0 ] || [ $((++tries)) -gt 600 ]; do
		sleep 0.1
		scrape "$work/after" || diag <<<"no metrics"
	done
	holds brevet_sweep_timestamp_seconds "x > $(date +%s) - 60 && x <= $(date +%s)"
	holds 'brevet_swept_total{kind="limit"}' 'x >= 1'
	holds brevet_certificates_expired_unrenewed_total 'x == 0'
	holds brevet_clock_behind_seconds 'x == 0'
}

test_format() {
	if command -v promtool >/dev/null; then
		check "promtool check metrics" promtool check metrics <"$1"
	else
		skip "promtool check metrics" "promtool is not installed: run tests/setup"
	fi
}

# The rules that docs/renewal.md shows.
test_rules() {
	local family
	sed -n '/^    groups:/,/^[^ ]/s/^    //p' "$tests/../docs/renewal.md" >"$work/rules.yml"
	if command -v promtool >/dev/null; then
		check "promtool check rules" promtool check rules "$work/rules.yml"
		cp "$tests/metrics_rules.yml" "$work/cases.yml"
		check "each alert fires, and only then" promtool test rules "$work/cases.yml"
	else
		skip "promtool check rules" "promtool is not installed: run tests/setup"
		skip "each alert fires, and only then" "promtool is not installed: run tests/setup"
	fi
	while read -r family; do
		check "a rule's $family is there" grep -q "^# TYPE $family " "$work/after"
	done < <(grep -v 'summary:' "$work/rules.yml" | grep -o 'brevet_[a-z_]*' | sort -u)
}

all_families() {
	sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$work/after" | sort -u
}

test_complete() {
	is "$(comm -23 <(all_families) <(printf '%s\n' "${!looked[@]}" | sort))" "" \
		"no family of metrics that no case has looked at"
}

# --- The server --------------------------------------------------------------------------

ORDERS=200

need_python
lib_start
[ -x "$bench" ] || die "no program $bench: build it, or name it in \$BREVET_BENCH"
metrics_port=$(free_port)
ca_make "$work/ca" --set "metrics.listen=127.0.0.1:$metrics_port" --set workers=2 \
	--set order.hold=5s --set store.map=16M --set validation.attempts=1 \
	--set limit.name=100000/1s >/dev/null || die "cannot make a CA"
printf '127.0.0.1 %s.test\n' one two three >"$ca.hosts"
"$bench" --write-hosts - --seed 7 --orders "$ORDERS" >>"$ca.hosts"
export BREVET_CLOCK=$work/clock	# of builds with faults
echo 0 >"$BREVET_CLOCK"
server_start || die "the server does not start"
test_start
test_requests
test_accounts
test_nonces
test_signatures
test_order
test_renewals
test_revocation
test_failures
test_limits
test_webhook
test_incident
test_held
test_connections
test_lanes
test_map
test_format "$work/after"
test_deactivation
test_restart
test_sweep
test_due
test_format "$work/after"
test_rules
test_complete
server_stop
ok $? "the server ends well"
done_testing
