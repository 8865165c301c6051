#!/bin/bash
# interop_eab.sh - external account binding with real clients, unmodified: a key for one
# account, names that count as validated, and a repetition once the key is spent.
#
# The directory wants a binding from everybody.  No client answers a challenge here: each
# has names whose control its binding vouches for.  A client that is not installed is one
# skipped case.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

BUNDLE=/etc/ssl/certs/ca-certificates.crt
MODULES=${APACHE_MODULES:-/usr/lib/apache2/modules}

need_client "external account binding" openssl curl
lib_start
https_port=$(free_port)
kid=
hmac=

# --- Bindings ------------------------------------------------------------------------------

member() {
	sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$work/binding"
}

# bind NAME: a key for one account, with all names below NAME.fleet.test; kid and hmac.
bind() {
	"$brevet" eab add --config "$ca/brevet.conf" --json --label "$1" --uses 1 \
		--names ".$1.fleet.test" --prevalidated --expires 1d >"$work/binding" || return 1
	kid=$(member kid)
	hmac=$(member hmac_key)
	[ -n "$kid" ] && [ -n "$hmac" ]
}

# has CLIENT PROGRAM...
has() {
	local client=$1 program
	shift
	for program; do
		command -v "$program" >/dev/null && continue
		skip "$client" "$program is not installed: run tests/setup"
		return 1
	done
	check "$client: the operator adds a binding" bind "$client"
}

# spent CLIENT: its key is, by one account.
spent() {
	local text
	text=$("$brevet" eab show --config "$ca/brevet.conf" --json "$kid")
	is "$(grep -o '"uses": *[0-9]*' <<<"$text" | head -n 1 | grep -o '[0-9]*')" 1 \
		"$1: one account has used the key"
}

# --- The clients ---------------------------------------------------------------------------

certbot_run() {
	REQUESTS_CA_BUNDLE=$root certbot "$@" -n --config-dir "$work/certbot/etc" \
		--work-dir "$work/certbot/work" --logs-dir "$work/certbot/log" </dev/null
}

# certbot_get NAME OPTION...
certbot_get() {
	certbot_run certonly --server "$url" --agree-tos -m a@fleet.test --standalone \
		--http-01-address 127.0.0.1 --http-01-port "$http_port" -d "$1" "${@:2}"
}

test_certbot() {
	local live=$work/certbot/etc/live
	has certbot certbot || return 0
	check "certbot: an order under its binding" certbot_get www.certbot.fleet.test \
		--eab-kid "$kid" --eab-hmac-key "$hmac"
	certificate "certbot" "$live/www.certbot.fleet.test/fullchain.pem" \
		"$live/www.certbot.fleet.test/privkey.pem" www.certbot.fleet.test
	spent certbot
	check "certbot: again, the key is spent" certbot_get two.certbot.fleet.test \
		--eab-kid "$kid" --eab-hmac-key "$hmac"
	check "certbot: renews" certbot_run renew --force-renewal --no-random-sleep-on-renew
}

lego_run() {
	lego_exec --server "$url" --accept-tos --email a@fleet.test --path "$work/lego" \
		--http --http.port "127.0.0.1:$http_port" "$@" </dev/null
}

# lego keeps its key in one file and what it registered in another.
test_lego() {
	local files=$work/lego/certificates
	lego=${LEGO:-lego}
	has lego "$lego" || return 0
	check "lego: an order under its binding" lego_run --eab --kid "$kid" --hmac "$hmac" \
		--domains www.lego.fleet.test run
	certificate "lego" "$files/www.lego.fleet.test.crt" "$files/www.lego.fleet.test.key" \
		www.lego.fleet.test
	spent lego
	find "$work/lego/accounts" -name account.json -delete
	check "lego: registers again with its key, the binding's is spent" lego_run --eab \
		--kid "$kid" --hmac "$hmac" --domains two.lego.fleet.test run
	spent lego
}

# Debian's uacme knows the system's roots only.
# shellcheck disable=SC2016
uacme_run() {
	ROOT=$root BUNDLE=$BUNDLE unshare -m --propagation private sh -c \
		'mount --bind "$ROOT" "$BUNDLE" && exec "$@"' sh \
		uacme -v -c "$work/uacme" -a "$url" "$@" </dev/null
}

test_uacme() {
	if [ ! -e "$BUNDLE" ] || ! can_unshare; then
		skip uacme "no private mount namespace, or no $BUNDLE to mount our root on"
		return
	fi
	has uacme uacme unshare || return 0
	check "uacme: registers under its binding" uacme_run -y -e "$kid:$hmac" new a@fleet.test
	spent uacme
	check "uacme: an order" uacme_run -h /bin/false issue www.uacme.fleet.test
	certificate "uacme" "$work/uacme/www.uacme.fleet.test/cert.pem" \
		"$work/uacme/private/www.uacme.fleet.test/key.pem" www.uacme.fleet.test
	like "$(uacme_run -y -e "$kid:$hmac" new a@fleet.test 2>&1)" "Account already exists at https" \
		"uacme: registers again, the key is spent"
	spent uacme
}

acme_sh() {
	HOME=$work sh "$client" --home "$work/acme.sh" --config-home "$work/acme.sh" \
		--server "$url" --ca-bundle "$root" "$@" </dev/null
}

test_acme_sh() {
	local dir=$work/acme.sh/www.acmesh.fleet.test_ecc
	client=${ACME_SH:-$(command -v acme.sh || true)}
	if [ -z "$client" ]; then
		(debian_package acmesh acme.sh trixie) >"$work/package" 2>&1 || true
		client=$work/debian/usr/share/acme.sh/acme.sh
	fi
	if [ ! -e "$client" ]; then
		skip acme.sh "the package of Debian 13 cannot be had"
		return
	fi
	has acmesh openssl || return 0
	check "acme.sh: registers under its binding" acme_sh --register-account -m a@fleet.test \
		--eab-kid "$kid" --eab-hmac-key "$hmac"
	spent acmesh
	mkdir -p "$work/webroot"
	check "acme.sh: an order" acme_sh --issue -d www.acmesh.fleet.test -w "$work/webroot"
	certificate "acme.sh" "$dir/fullchain.cer" "$dir/www.acmesh.fleet.test.key" \
		www.acmesh.fleet.test
	check "acme.sh: registers again, the key is spent" acme_sh --register-account \
		-m a@fleet.test --eab-kid "$kid" --eab-hmac-key "$hmac"
	spent acmesh
}

caddy_start() {
	HOME=$work XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config "$caddy" run \
		--config "$work/Caddyfile" --adapter caddyfile </dev/null >>"$work/caddy.log" 2>&1 &
	pid=$!
	remember "$pid"
}

# caddy_configure SITE...
caddy_configure() {
	cat >"$work/Caddyfile" <<-END
		{
			admin off
			http_port $(free_port)
			https_port $https_port
			default_bind 127.0.0.1
			email a@fleet.test
			acme_ca $url
			acme_ca_root $root
			acme_eab {
				key_id $kid
				mac_key $hmac
			}
			ocsp_stapling off
			storage file_system $work/caddy
		}
		$1 {
			respond hello
		}
	END
}

# What Caddy has registered is in one file, its key in another.
test_caddy() {
	local name=www.caddy.fleet.test
	caddy=${CADDY:-caddy}
	has caddy "$caddy" || return 0
	caddy_configure "$name"
	caddy_start
	check "Caddy: an order under its binding" wait_until 60 serves "$https_port" "$name"
	served_certificate "$https_port" "$name" >"$work/served.pem"
	certificate "Caddy" "$work/served.pem" \
		"$(find "$work/caddy/certificates" -name "$name.key")" "$name"
	spent caddy
	check "Caddy stops" process_stop "$pid"
	caddy_configure "$name, two.caddy.fleet.test"
	caddy_start
	check "Caddy: another site, the key is spent" wait_until 60 serves "$https_port" \
		two.caddy.fleet.test
	check "Caddy stops again" process_stop "$pid"
	spent caddy
}

apache() {
	apache2 -f "$work/apache/httpd.conf" "$@" </dev/null
}

apache_is_gone() {
	[ ! -e "$work/apache/pid" ]
}

apache_stop() {
	apache -k stop && wait_until 60 apache_is_gone
}

# apache_configure NAME...: each is a domain of its own.
apache_configure() {
	local name port
	port=$(free_port)
	mkdir -p "$work/apache/htdocs"
	cp "$root" "$work/apache/root.pem"
	if [ "$(id -u)" = 0 ]; then chmod 755 "$work"; fi
	{
		for name in mpm_event authz_core ssl md; do
			echo "LoadModule ${name}_module $MODULES/mod_$name.so"
		done
		if [ "$(id -u)" = 0 ]; then printf 'User www-data\nGroup www-data\n'; fi
		cat <<-END
			ServerRoot $work/apache
			ServerName $1
			PidFile $work/apache/pid
			DefaultRuntimeDir $work/apache
			Mutex file:$work/apache default
			ErrorLog $work/apache/error.log
			LogLevel warn md:debug
			Listen 127.0.0.1:$port
			Listen 127.0.0.1:$https_port https
			DocumentRoot $work/apache/htdocs
			MDCertificateAuthority $url
			MDCACertificateFile $work/apache/root.pem
			MDCertificateAgreement accepted
			MDContactEmail a@fleet.test
			MDExternalAccountBinding $kid $hmac
			MDPortMap 80:$port 443:$https_port
			MDInitialDelay 0s
			MDCheckInterval 5s
			MDRetryDelay 5s
			MDStoreDir $work/apache/md
		END
		for name; do
			cat <<-END
				MDomain $name
				<VirtualHost 127.0.0.1:$https_port>
				    ServerName $name
				    SSLEngine on
				</VirtualHost>
			END
		done
	} >"$work/apache/httpd.conf"
}

# mod_md puts a new certificate in place at a graceful restart; between two it has time to get one.
apache_serves() {
	apache -k graceful && wait_until 5 serves "$https_port" "$1"
}

test_mod_md() {
	local name=www.modmd.fleet.test
	if [ ! -e "$MODULES/mod_md.so" ]; then
		skip "mod_md" "$MODULES has no mod_md.so: run tests/setup"
		return
	fi
	has modmd apache2 || return 0
	apache_configure "$name"
	at_end 'apache_stop >/dev/null 2>&1; lib_cleanup'
	check "mod_md: Apache starts" apache
	check "mod_md: an order under its binding" wait_until 180 apache_serves "$name"
	spent modmd
	served_certificate "$https_port" "$name" >"$work/served.pem"
	certificate "mod_md" "$work/served.pem" "$work/apache/md/domains/$name/privkey.pem" "$name"
	check "mod_md: Apache stops" apache_stop
	apache_configure "$name" two.modmd.fleet.test
	check "mod_md: Apache starts anew" apache
	check "mod_md: another domain, the key is spent" wait_until 180 apache_serves \
		two.modmd.fleet.test
	check "mod_md: Apache stops again" apache_stop
	at_end lib_cleanup
	spent modmd
}

test_refused() {
	local status=0
	REQUESTS_CA_BUNDLE=$root certbot register -n --config-dir "$work/other/etc" \
		--work-dir "$work/other/work" --logs-dir "$work/other/log" --server "$url" \
		--agree-tos -m a@fleet.test >"$work/refused" 2>&1 </dev/null || status=$?
	is "$status" 1 "without a binding nobody registers"
	REQUESTS_CA_BUNDLE=$root certbot register -n --config-dir "$work/other/etc" \
		--work-dir "$work/other/work" --logs-dir "$work/other/log" --server "$url" \
		--agree-tos -m a@fleet.test --eab-kid "$kid" --eab-hmac-key "$hmac" \
		>"$work/refused" 2>&1 </dev/null && status=0 || status=$?
	is "$status" 1 "nor another account with a key that is spent"
	like "$(cat "$work/refused")" "is spent" "and certbot says why"
}

allowed='accountDoesNotExist|binding is spent'	# uacme asks before it registers; test_refused
authority -- --set directory.default.eab=required
test_certbot
if [ -n "$kid" ]; then test_refused; fi
test_lego
test_uacme
test_acme_sh
test_caddy
test_mod_md
is "$(events "account created")" "$("$brevet" eab list --config "$ca/brevet.conf" | wc -l)" \
	"an account for each binding"
finish
