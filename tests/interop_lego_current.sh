#!/bin/bash
# interop_lego_current.sh - the current lego (5), against a real server: http-01 and dns-01,
# renewal, a new account key.
#
# Built by Go from the module proxy, with the one DNS provider that is used here.  $LEGO5
# names a lego 5 that is there already.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

CLIENT="lego 5"
MODULE=github.com/go-acme/lego/v5
TAGS=lego_dnslight,lego_dns_exec
LOGGER=gitlab.com/greyxor/slogor	# colours lego's messages; not every proxy has it

need_client "$CLIENT" openssl
lib_start
lego=${LEGO5:-}
exec </dev/null
files=$work/lego/certificates

build() {
	(cd "$work/build" && GOTOOLCHAIN=local GOFLAGS=-mod=mod \
		go build -tags "$TAGS" -o "$work/build/lego" "$MODULE") </dev/null >"$work/go.out" 2>&1
}

# In lego's place for its messages; nothing of it is on the wire.
plain_logger() {
	mkdir "$work/build/logger"
	printf 'module %s\n\ngo 1.21\n' "$LOGGER" >"$work/build/logger/go.mod"
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
	echo "replace $LOGGER => ./logger" >>"$work/build/go.mod"
	echo "# $LOGGER is not to be had: lego's messages go through a plain logger"
}

go_says() {
	grep -v 'downloading' "$work/go.out" | head -n 1
}

# The newest version that the proxy names, in a module of our own, which may replace LOGGER.
make_lego() {
	local version
	command -v go >/dev/null || skip_client "$CLIENT" "Go, which builds it, is not installed"
	mkdir "$work/build"
	version=$(GOTOOLCHAIN=local GOFLAGS=-mod=mod go list -m -f '{{.Version}}' \
		"$MODULE@latest" 2>"$work/go.out") ||
		skip_client "$CLIENT" "the Go module proxy does not give it: $(go_says)"
	printf 'module interop\n\nrequire %s %s\n' "$MODULE" "$version" >"$work/build/go.mod"
	if ! build && grep -q "$LOGGER" "$work/go.out"; then
		plain_logger
		build || true
	fi
	[ -x "$work/build/lego" ] || skip_client "$CLIENT" "Go does not build it: $(go_says)"
	lego=$work/build/lego
}

# lego_run COMMAND... OPTION...
lego_run() {
	lego_exec "$@" --server "$url" --email a@fleet.test --path "$work/lego"
}

# It asks whether it shall.
new_key() {
	lego_run accounts keyrollover <<<Y
}

# issued CASE FILE NAMES OPTION...: new, not yet due, renewed.
issued() {
	local case=$1 chain=$files/$2.crt key=$files/$2.key serial names name options=()
	read -r -a names <<<"$3"
	shift 3
	for name in "${names[@]}"; do
		options+=(-d "$name")
	done
	options+=(--accept-tos "$@")
	check "$case" lego_run run "${options[@]}"
	certificate "$case" "$chain" "$key" "${names[@]}"
	serial=$(cert_serial "$chain")
	check "$case: not yet due" lego_run run "${options[@]}"
	is "$(cert_serial "$chain")" "$serial" "$case: not yet due, the same certificate"
	check "$case, renewal" lego_run run "${options[@]}" --renew-force --no-random-sleep
	renewed "$case, renewal" "$serial" "$chain"
	certificate "$case, renewal" "$chain" "$key" "${names[@]}"
}

[ -n "$lego" ] || make_lego
"$lego" --version | sed 's/^/# /'
authority l1.fleet.test l2.fleet.test l3.fleet.test l4.fleet.test l5.fleet.test
http=(--http --http.address "127.0.0.1:$http_port")
issued "http-01, one name" l1.fleet.test "l1.fleet.test" "${http[@]}"
issued "http-01, three names, RSA" l3.fleet.test "l3.fleet.test l1.fleet.test l2.fleet.test" \
	"${http[@]}" --key-type RSA2048
if by_dns "dns-01"; then
	make_lego_hook
	issued "dns-01, wildcard and its base" _.w.fleet.test "*.w.fleet.test w.fleet.test" \
		--dns exec --dns.resolvers "127.0.0.1:$dns_port" --dns.propagation.disable-ans
fi
check "a new account key" new_key
issued "http-01 with the new key" l4.fleet.test "l4.fleet.test" "${http[@]}"
issued "http-01, a profile" l5.fleet.test "l5.fleet.test" "${http[@]}" --profile shortlived
short_lived "a profile" "$files/l5.fleet.test.crt"
finish
