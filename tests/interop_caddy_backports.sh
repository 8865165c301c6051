#!/bin/bash
# interop_caddy_backports.sh - as interop_caddy.sh, with the Caddy of Debian 13's backports.
#
# Taken from Debian's mirror; its package asks for no library that Debian 12 lacks.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

lib_start
debian_package "Caddy of Debian 13's backports" caddy trixie-backports
CADDY=$work/debian/usr/bin/caddy BREVET=$brevet bash "$(dirname "$0")/interop_caddy.sh"
