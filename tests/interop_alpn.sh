#!/bin/bash
# interop_alpn.sh - lego, Caddy and Apache's mod_md, unmodified, by tls-alpn-01 alone: a first
# certificate and a renewal of each.  Nobody listens at the port of http-01.
#
# They take turns at the one port where tls-alpn-01 is looked for.  A client that is not
# installed is one skipped case.  $LEGO and $CADDY name others than Debian's.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"
# shellcheck source-path=SCRIPTDIR source=apache.sh
. "$(dirname "$0")/apache.sh"

PATIENCE=80			# seconds until a renewal must be there

need_client "tls-alpn-01" openssl
lib_start
lego=${LEGO:-lego}
caddy=${CADDY:-caddy}

has() {
	command -v "$2" >/dev/null && return
	skip "$1" "$2 is not installed: run tests/setup"
	return 1
}

# --- lego ----------------------------------------------------------------------------------

lego_run() {
	lego_exec --server "$url" --accept-tos --email a@fleet.test --path "$work/lego" --tls \
		--tls.port "127.0.0.1:$tls_port" "$@" </dev/null
}

test_lego() {
	local files=$work/lego/certificates serial
	has lego "$lego" || return 0
	check "lego: two names" lego_run --domains l1.fleet.test --domains l2.fleet.test run
	certificate "lego" "$files/l1.fleet.test.crt" "$files/l1.fleet.test.key" l1.fleet.test \
		l2.fleet.test
	serial=$(cert_serial "$files/l1.fleet.test.crt")
	check "lego: renewal" lego_run --domains l1.fleet.test --domains l2.fleet.test renew \
		--days 9000 --no-random-sleep
	renewed "lego" "$serial" "$files/l1.fleet.test.crt"
	proved l1.fleet.test tls-alpn-01 lego
	proved l2.fleet.test tls-alpn-01 lego
}

# --- Caddy ---------------------------------------------------------------------------------

caddy_start() {
	cat >"$work/Caddyfile" <<-END
		{
			admin off
			http_port $(free_port)
			https_port $tls_port
			default_bind 127.0.0.1
			email a@fleet.test
			renew_interval 1s
			ocsp_stapling off
			storage file_system $work/caddy
		}
		c1.fleet.test {
			tls {
				issuer acme {
					dir $url
					trusted_roots $root
					disable_http_challenge
				}
			}
			respond hello
		}
	END
	HOME=$work XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config "$caddy" run \
		--config "$work/Caddyfile" --adapter caddyfile </dev/null >>"$work/caddy.log" 2>&1 &
	pid=$!
	remember "$pid"
}

test_caddy() {
	local serial
	has Caddy "$caddy" || return 0
	caddy_start
	check "Caddy: c1.fleet.test is served" wait_until 60 serves "$tls_port" c1.fleet.test
	served_certificate "$tls_port" c1.fleet.test >"$work/served.pem"
	certificate "Caddy" "$work/served.pem" "$(find "$work/caddy" -name c1.fleet.test.key)" \
		c1.fleet.test
	serial=$(served_serial "$tls_port" c1.fleet.test)
	check "Caddy: renewal" wait_for_renewal "$PATIENCE" "$tls_port" c1.fleet.test "$serial"
	proved c1.fleet.test tls-alpn-01 Caddy
	check "Caddy stops" process_stop "$pid"
}

# --- Apache --------------------------------------------------------------------------------

# Its children are another user's if root starts it.
apache_configure() {
	local dir=$web_dir module
	mkdir -p "$dir/htdocs"
	cp "$root" "$dir/root.pem"
	if [ "$(id -u)" = 0 ]; then chmod 755 "$work"; fi
	{
		for module in mpm_event authz_core ssl md; do
			echo "LoadModule ${module}_module $MODULES/mod_$module.so"
		done
		if [ "$(id -u)" = 0 ]; then printf 'User www-data\nGroup www-data\n'; fi
		cat <<-END
			ServerRoot $dir
			ServerName m1.fleet.test
			PidFile $dir/pid
			DefaultRuntimeDir $dir
			Mutex file:$dir default
			ErrorLog $dir/error.log
			LogLevel warn md:debug
			Listen 127.0.0.1:$tls_port https
			Protocols http/1.1 acme-tls/1
			DocumentRoot $dir/htdocs
			MDomain m1.fleet.test m2.fleet.test
			MDCertificateAuthority $url
			MDCACertificateFile $dir/root.pem
			MDCertificateAgreement accepted
			MDContactEmail a@fleet.test
			MDCAChallenges tls-alpn-01
			MDPortMap 80:- 443:$tls_port
			MDInitialDelay 0s
			MDActivationDelay 0s
			MDCheckInterval 5s
			MDRetryDelay 5s
			MDRenewWindow 66%
			MDStoreDir $dir/md
			<VirtualHost 127.0.0.1:$tls_port>
			    ServerName m1.fleet.test
			    ServerAlias m2.fleet.test
			    SSLEngine on
			</VirtualHost>
		END
	} >"$dir/httpd.conf"
}

# mod_md puts a new certificate in place at a graceful restart.
apache_serves() {
	apache -k graceful && wait_until 5 serves "$tls_port" "$1"
}

apache_renewed() {
	apache -k graceful && wait_until 5 serves_another "$tls_port" "$1" "$2"
}

test_mod_md() {
	local serial
	has mod_md apache2 || return 0
	if [ ! -e "$MODULES/mod_md.so" ]; then
		skip mod_md "$MODULES has no mod_md.so: run tests/setup"
		return
	fi
	web_dir=$work/apache
	apache_configure
	at_end 'apache_kill; lib_cleanup'
	check "mod_md: Apache starts" apache
	check "mod_md: m1.fleet.test is served" wait_until 180 apache_serves m1.fleet.test
	served_certificate "$tls_port" m1.fleet.test >"$work/served.pem"
	certificate "mod_md" "$work/served.pem" "$work/apache/md/domains/m1.fleet.test/privkey.pem" \
		m1.fleet.test m2.fleet.test
	serial=$(served_serial "$tls_port" m1.fleet.test)
	check "mod_md: renewal" wait_until "$PATIENCE" apache_renewed m1.fleet.test "$serial"
	proved m1.fleet.test tls-alpn-01 mod_md
	proved m2.fleet.test tls-alpn-01 mod_md
	check "mod_md: Apache stops" apache_stop
	at_end lib_cleanup
}

lifetime=60s
authority l1.fleet.test l2.fleet.test c1.fleet.test m1.fleet.test m2.fleet.test -- \
	--set order.reuse=none
test_lego
test_caddy
test_mod_md
finish
