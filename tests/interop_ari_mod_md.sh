#!/bin/bash
# interop_ari_mod_md.sh - Apache's mod_md, unmodified, renews by itself when the server's
# renewalInfo says so, in real time, and sends `replaces`.
#
# By its own rule (MDRenewWindow) it would wait until a tenth of the life is left.  It may begin
# up to half a window early: it takes a moment around the window's begin.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=ari.sh
. "$(dirname "$0")/ari.sh"

CLIENT="Apache mod_md, ARI"
MODULES=${APACHE_MODULES:-/usr/lib/apache2/modules}

need_client "$CLIENT" apache2 openssl
[ -e "$MODULES/mod_md.so" ] || skip_client "$CLIENT" "$MODULES has no mod_md.so"
grep -q MDRenewViaARI "$MODULES/mod_md.so" ||
	skip_client "$CLIENT" "this mod_md is older than 2.6 and knows no ARI"
lib_start
https_port=$(free_port)
web_dir=$work/apache
at_end 'apache_kill; lib_cleanup'

# Its children are another user's if root starts it.
configure() {
	mkdir -p "$web_dir/htdocs"
	cp "$root" "$web_dir/root.pem"
	printf '#!/bin/sh\necho "$*" >>"%s"\n' "$web_dir/messages" >"$web_dir/message"
	chmod 755 "$web_dir/message"
	: >"$web_dir/messages"
	chmod 666 "$web_dir/messages"
	for module in mpm_event authz_core ssl md; do
		echo "LoadModule ${module}_module $MODULES/mod_$module.so"
	done >"$web_dir/httpd.conf"
	if [ "$(id -u)" = 0 ]; then
		chmod 755 "$work"
		printf 'User www-data\nGroup www-data\n' >>"$web_dir/httpd.conf"
	fi
	cat >>"$web_dir/httpd.conf" <<-END
		ServerRoot $web_dir
		ServerName m1.fleet.test
		PidFile $web_dir/pid
		DefaultRuntimeDir $web_dir
		Mutex file:$web_dir default
		ErrorLog $web_dir/error.log
		LogLevel warn md:debug
		Listen 127.0.0.1:$http_port
		Listen 127.0.0.1:$https_port https
		DocumentRoot $web_dir/htdocs
		MDomain m1.fleet.test
		MDCertificateAuthority $url
		MDCACertificateFile $web_dir/root.pem
		MDCertificateAgreement accepted
		MDContactEmail a@fleet.test
		MDPortMap 80:$http_port 443:$https_port
		MDPrivateKeys secp256r1
		MDRenewMode always
		MDInitialDelay 0s
		MDActivationDelay 0s
		MDCheckInterval 5s
		MDRetryDelay 5s
		MDRenewWindow 10%
		MDRenewViaARI on
		MDStoreDir $web_dir/md
		MDMessageCmd $web_dir/message
		<VirtualHost 127.0.0.1:$http_port>
		    ServerName m1.fleet.test
		</VirtualHost>
		<VirtualHost 127.0.0.1:$https_port>
		    ServerName m1.fleet.test
		    SSLEngine on
		</VirtualHost>
	END
}

apache() {
	apache2 -f "$web_dir/httpd.conf" "$@" </dev/null
}

# Its parent cannot be waited for; it removes the file with its number when it ends.
apache_is_gone() {
	[ ! -e "$web_dir/pid" ]
}

apache_stop() {
	apache -k stop && wait_until 20 apache_is_gone
}

apache_kill() {
	[ ! -e "$web_dir/pid" ] || apache_stop >/dev/null 2>&1 || true
}

# told COUNT: mod_md has told so often that a certificate lies ready.
told() {
	[ "$(grep -c '^renewed m1.fleet.test$' "$web_dir/messages")" -ge "$1" ]
}

test_window() {
	local serial after
	check "Apache starts" apache
	check "a certificate" wait_until 60 told 1
	check "graceful restart" apache -k graceful
	check "it is served" wait_until 20 serves "$https_port" m1.fleet.test
	serial=$(served_serial "$https_port" m1.fleet.test)
	check "its window is ahead, nobody is waited for" not_listed "$serial"
	check "in its window: another one" wait_until $((half - 20)) told 2
	check "graceful restart after renewal" apache -k graceful
	check "in its window: it is served" wait_for_renewal 20 "$https_port" m1.fleet.test "$serial"
	after=$(served_serial "$https_port" m1.fleet.test)
	served_certificate "$https_port" m1.fleet.test >"$work/served.pem"
	certificate "in its window" "$work/served.pem" \
		"$web_dir/md/domains/m1.fleet.test/privkey.secp256r1.pem" m1.fleet.test
	followed "in its window" "$serial" "$after" "$serial"
	like "$(<"$web_dir/error.log")" "CA advises renew via ARI" "mod_md says why"
	is "$(events "order created")" 2 "two orders, though the account may order once an hour"
}

apache2 -v | sed -n 's/^Server version: /# /p'
ari_begin 15 25 m1.fleet.test
configure
test_window
check "Apache stops" apache_stop
finish
