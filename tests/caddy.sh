# shellcheck shell=bash
# caddy.sh - Caddy as a client that looks at its certificates each second.  Sourced behind
# interop.sh, never run.  $caddy is the program, $https_port where it serves, $pid its process.

# Of interop.sh and of the script that sources this:
# shellcheck disable=SC2154

# configure SITES: its Caddyfile.
configure() {
	cat >"$work/Caddyfile" <<-END
		{
			admin off
			http_port $http_port
			https_port $https_port
			default_bind 127.0.0.1
			email a@fleet.test
			acme_ca $url
			acme_ca_root $root
			renew_interval 1s
			ocsp_stapling off
			storage file_system $work/caddy
		}
		$1 {
			respond "hello from {host}"
		}
	END
}

caddy_start() {
	HOME=$work XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config "$caddy" run \
		--config "$work/Caddyfile" --adapter caddyfile </dev/null >>"$work/caddy.log" 2>&1 &
	pid=$!
	remember "$pid"
}
