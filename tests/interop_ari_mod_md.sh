#!/bin/bash
# interop_ari_mod_md.sh - Apache's mod_md, unmodified, renews by itself when the server's
# renewalInfo says so, in real time, and sends `replaces`.
#
# By its own rule (MDRenewWindow) it would wait until a tenth of the life is left.  It may begin
# up to half a window early: it takes a moment around the window's begin.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=ari.sh
. "$(dirname "$0")/ari.sh"
# shellcheck source-path=SCRIPTDIR source=apache.sh
. "$(dirname "$0")/apache.sh"

CLIENT="Apache mod_md, ARI"

if [ -e "$MODULES/mod_md.so" ] && ! grep -q MDRenewViaARI "$MODULES/mod_md.so"; then
	skip_client "$CLIENT" "this mod_md is older than 2.6 and knows no ARI"
fi
apache_begin "$CLIENT"

configure() {
	apache_folder
	{
		apache_configuration
		cat <<-END
			MDomain m1.fleet.test
			MDPrivateKeys secp256r1
			MDRenewWindow 10%
			MDRenewViaARI on
			<VirtualHost 127.0.0.1:$http_port>
			    ServerName m1.fleet.test
			</VirtualHost>
			<VirtualHost 127.0.0.1:$https_port>
			    ServerName m1.fleet.test
			    SSLEngine on
			</VirtualHost>
		END
	} >"$web_dir/httpd.conf"
}

test_window() {
	local serial after
	check "Apache starts" apache
	check "a certificate" wait_until 60 told m1.fleet.test 1
	check "graceful restart" apache -k graceful
	check "it is served" wait_until 60 serves "$https_port" m1.fleet.test
	serial=$(served_serial "$https_port" m1.fleet.test)
	check "its window is ahead, nobody is waited for" not_listed "$serial"
	check "in its window: another one" wait_until $((half - 20)) told m1.fleet.test 2
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
