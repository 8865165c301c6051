# shellcheck shell=bash
# apache.sh - Apache httpd with mod_md as a client.  Sourced behind interop.sh, never run.
#
# $web_dir is its folder; mod_md's command writes to $web_dir/messages what it is told.

# Of interop.sh and lib.sh:
# shellcheck disable=SC2154

MODULES=${APACHE_MODULES:-/usr/lib/apache2/modules}

# apache_begin CLIENT: skips it if it is not there, else starts the test.
apache_begin() {
	need_client "$1" apache2 openssl
	[ -e "$MODULES/mod_md.so" ] || skip_client "$1" "$MODULES has no mod_md.so"
	lib_start
	https_port=$(free_port)
	web_dir=$work/apache
	at_end 'apache_kill; lib_cleanup'
}

# Its folder.  Its children are another user's if root starts it.
apache_folder() {
	mkdir -p "$web_dir/htdocs"
	cp "$root" "$web_dir/root.pem"
	echo "hello" >"$web_dir/htdocs/index.html"
	if [ "$(id -u)" = 0 ]; then chmod 755 "$work"; fi
	cat >"$web_dir/message" <<-END
		#!/bin/sh
		echo "\$*" >>"$web_dir/messages"
	END
	chmod 755 "$web_dir/message"
	: >"$web_dir/messages"
	chmod 666 "$web_dir/messages"
}

# The begin of its configuration, for certificates of this CA.
apache_configuration() {
	local module
	for module in mpm_event authz_core ssl md; do
		echo "LoadModule ${module}_module $MODULES/mod_$module.so"
	done
	if [ "$(id -u)" = 0 ]; then printf 'User www-data\nGroup www-data\n'; fi
	cat <<-END
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
		MDCertificateAuthority $url
		MDCACertificateFile $web_dir/root.pem
		MDCertificateAgreement accepted
		MDContactEmail a@fleet.test
		MDPortMap 80:$http_port 443:$https_port
		MDRenewMode always
		MDInitialDelay 0s
		MDActivationDelay 0s
		MDCheckInterval 5s
		MDRetryDelay 5s
		MDStoreDir $web_dir/md
		MDMessageCmd $web_dir/message
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
	apache -k stop && wait_until 60 apache_is_gone
}

apache_kill() {
	[ ! -e "$web_dir/pid" ] || apache_stop >/dev/null 2>&1 || true
}

# told NAME COUNT: mod_md has told so often that a certificate lies ready.
told() {
	[ "$(grep -c "^renewed $1$" "$web_dir/messages")" -ge "$2" ]
}
