#!/bin/bash
# interop_certbot_current.sh - as interop_certbot.sh, with the certbot that PyPI has now.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

CLIENT="certbot of PyPI"

need_client "$CLIENT" python3 openssl
lib_start
python3 -m venv "$work/venv" >"$work/pip.out" 2>&1 ||
	skip_client "$CLIENT" "python3 -m venv does not work here: $(head -n 1 "$work/pip.out")"
"$work/venv/bin/pip" install --quiet --retries 0 --timeout 30 certbot certbot-dns-rfc2136 \
	</dev/null >"$work/pip.out" 2>&1 ||
	skip_client "$CLIENT" "pip does not give it: $(tail -n 1 "$work/pip.out")"
"$work/venv/bin/certbot" --version | sed 's/^/# /'
PATH=$work/venv/bin:$PATH BREVET=$brevet bash "$(dirname "$0")/interop_certbot.sh"
