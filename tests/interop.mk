# Real clients beside certbot.  Those of the second list take their client from a package
# registry first, and skip where it is not to be had.
interop_tests += tests/interop_acme_tiny.sh tests/interop_alpn.sh tests/interop_caddy.sh \
	tests/interop_dehydrated.sh tests/interop_directories.sh tests/interop_dnssec.sh tests/interop_eab.sh \
	tests/interop_lego.sh tests/interop_mod_md.sh tests/interop_uacme.sh
interop_tests += tests/interop_acme_sh.sh tests/interop_address.sh \
	tests/interop_caddy_backports.sh tests/interop_certbot_current.sh \
	tests/interop_lego_backports.sh tests/interop_lego_current.sh tests/interop_npm.sh
EXTRA_DIST += tests/apache.sh tests/ari.sh tests/caddy.sh tests/interop.sh tests/interop_npm.js
