#!/bin/bash
# interop_mod_md.sh - Apache's mod_md, unmodified, against a real server: a web server that
# runs on, gets its certificates by http-01 and dns-01 and renews them by itself.
#
# mod_md puts a new certificate in place at the next graceful restart, which the
# administrator sees to: here this script, once MDMessageCmd has told it.  Certificates live
# for a minute and are renewed after a third of it.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"
# shellcheck source-path=SCRIPTDIR source=apache.sh
. "$(dirname "$0")/apache.sh"

PATIENCE=80			# seconds until a certificate must be served

apache_begin "Apache mod_md"

configure() {
	apache_folder
	{
		apache_configuration
		cat <<-END
			MDomain m1.fleet.test m2.fleet.test
			<MDomain m3.fleet.test>
			    MDProfile ShortLived
			    MDProfileMandatory on
			</MDomain>
			MDPrivateKeys secp256r1 rsa2048
			MDRenewWindow 66%
			<VirtualHost 127.0.0.1:$http_port>
			    ServerName m1.fleet.test
			    ServerAlias m2.fleet.test m3.fleet.test
			</VirtualHost>
			<VirtualHost 127.0.0.1:$https_port>
			    ServerName m1.fleet.test
			    ServerAlias m2.fleet.test
			    SSLEngine on
			</VirtualHost>
			<VirtualHost 127.0.0.1:$https_port>
			    ServerName m3.fleet.test
			    SSLEngine on
			</VirtualHost>
		END
		if [ -n "$has_dns" ]; then configure_dns; fi
	} >"$web_dir/httpd.conf"
}

# mod_md calls the command with setup, name and value, or with teardown and the name.
configure_dns() {
	cat >"$web_dir/dns" <<-END
		#!/bin/sh
		[ "\$1" != setup ] || exec "$dns_hook" add "_acme-challenge.\$2" "\$3"
	END
	chmod 755 "$web_dir/dns"
	cat <<-END
		<MDomain w.fleet.test *.w.fleet.test>
		    MDCAChallenges dns-01
		    MDChallengeDns01 $web_dir/dns
		</MDomain>
		<VirtualHost 127.0.0.1:$https_port>
		    ServerName w.fleet.test
		    ServerAlias *.w.fleet.test
		    SSLEngine on
		</VirtualHost>
	END
}

all_told() {
	told m1.fleet.test "$1" && told m3.fleet.test "$1" || return 1
	[ -z "$has_dns" ] || told w.fleet.test "$1"
}

# One certificate per kind of key; which one is served is the client's choice.
served() {
	local case=$1 name=$2 signatures=$3 key=$4
	shift 4
	served_certificate "$https_port" "$name" -sigalgs "$signatures" >"$work/served.pem"
	certificate "$case" "$work/served.pem" "$key" "$@"
}

all_served() {
	local dir=$web_dir/md/domains
	served "$1, P-256" m1.fleet.test ECDSA+SHA256 "$dir/m1.fleet.test/privkey.secp256r1.pem" \
		m1.fleet.test m2.fleet.test
	served "$1, RSA" m3.fleet.test RSA-PSS+SHA256 "$dir/m3.fleet.test/privkey.pem" m3.fleet.test
	short_lived "$1, MDProfile" "$work/served.pem"
	by_dns "$1, dns-01" || return 0
	served "$1, dns-01" x.w.fleet.test ECDSA+SHA256 "$dir/w.fleet.test/privkey.secp256r1.pem" \
		'*.w.fleet.test' w.fleet.test
}

# It starts without certificates and gets them.
test_first() {
	check "Apache starts" apache
	check "first: all domains are ready" wait_until "$PATIENCE" all_told 1
	check "graceful restart" apache -k graceful
	check "first: they are served" wait_until 60 serves "$https_port" m2.fleet.test
	all_served "first"
}

test_renewal() {
	local serial
	serial=$(served_serial "$https_port" m1.fleet.test)
	check "renewal: all domains are ready" wait_until "$PATIENCE" all_told 2
	check "graceful restart after renewal" apache -k graceful
	check "renewal: another certificate is served" wait_for_renewal 20 "$https_port" \
		m1.fleet.test "$serial"
	check "renewal: verified" serves "$https_port" m3.fleet.test
	all_served "renewal"
	is "$(events "account created")" 1 "one account for all of it"
}

apache2 -v | sed -n 's/^Server version: /# /p'
lifetime=60s
authority m1.fleet.test m2.fleet.test m3.fleet.test
configure
test_first
test_renewal
check "Apache stops" apache_stop
finish
