#!/bin/bash
# directories_doc.sh - what docs/directories.md and docs/webhook.md show is tried: their
# fragments of brevet.conf, and the service that answers a webhook.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_program openssl python3
top=$(realpath "${top_srcdir:-$(dirname "$0")/..}")
python=
for python in python3 /usr/bin/python3 ''; do
	"$python" -c 'import cryptography' 2>/dev/null && break
done
[ -n "$python" ] || skip_all "no python3 with cryptography is installed: run tests/setup"
lib_start

# block PAGE KIND: the first fenced block of that kind.
block() {
	awk -v kind="$2" '$0 == "```" kind { open = 1; next } /^```/ { open = 0 } open' \
		"$top/docs/$1"
}

check_page() {
	"$brevet" check --config "$ca/brevet.conf"
}

# --- Directories ---------------------------------------------------------------------------

test_directories() {
	"$brevet" init --dir "$work/partners" --host ca.corp.example \
		--listen "127.0.0.1:$(free_port)" >/dev/null
	block directories.md brevet.conf >>"$ca/brevet.conf"
	check "directories.md: its fragment is good" check_page
	block directories.md console | sed -n '/^directory/,$p' |
		sed "s|https://ca.corp.example|${url%/directory}|" >"$work/want"
	check_page | grep -A 1 '^directory' >"$work/got"
	is "$(<"$work/got")" "$(<"$work/want")" "directories.md: brevet check says what it shows"
}

# --- The webhook ---------------------------------------------------------------------------

# A CA of its own, and what the example wants beside it.
make_service() {
	mkdir "$work/service"
	(umask 077 && openssl rand -hex 32 >"$work/service/webhook.secret")
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=Webhook -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$work/service/key.pem" -out "$work/service/ca.pem" 2>/dev/null || return 1
	cat "$work/service/key.pem" "$work/service/ca.pem" >"$work/service/webhook.pem"
	block webhook.md python | sed "s/8443/$service_port/" >"$work/service/webhook.py"
}

start_service() {
	(cd "$work/service" && exec python3 webhook.py >"$work/service.log" 2>&1) &
	remember $!
	wait_until 60 port_is_open "$service_port"
}

configure() {
	block webhook.md brevet.conf |
		sed -e "s|inventory.corp.example:8443|127.0.0.1:$service_port|" \
			-e "s|root.pem|$work/service/ca.pem|" \
			-e "s|\"webhook.secret|\"$work/service/webhook.secret|" >>"$ca/brevet.conf"
	check_page
}

client() {
	"$python" "$top/tests/metrics_client.py" "$url" "$root" "$work" "$@"
}

test_webhook() {
	service_port=$(free_port)
	check "webhook.md: what its example needs" make_service
	check "webhook.md: the example runs" start_service
	check "webhook.md: its fragment is good" configure
	server_start
	is "$(client account)" 201 "an account"
	is "$(client new_order www.corp.example)" 201 "a name of the inventory"
	is "$(client new_order shop.corp.example)" "400 rejectedIdentifier" "another one"
	like "$(grep '"webhook refuses"' "$ca.log")" "not in the inventory" "and why"
	openssl rand -hex 32 >"$work/service/webhook.secret"
	check "another secret is read by the server alone" "$brevet" reload \
		--config "$ca/brevet.conf"
	is "$(client new_order www.corp.example)" "503 serverInternal" \
		"so the example does not believe it"
	like "$(grep '"webhook absent"' "$ca.log")" "status 403, not 200" "and says so"
}

ca_make "$work/ca" >/dev/null
test_directories
test_webhook
check "the server stops when asked" server_stop
done_testing
