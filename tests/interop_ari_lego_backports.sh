#!/bin/bash
# interop_ari_lego_backports.sh - as interop_ari_lego.sh, with the lego 4 of Debian 13's backports.
#
# Taken from Debian's mirror; its package asks for no library that Debian 12 lacks.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

lib_start
debian_package "lego of Debian 13's backports, ARI" lego trixie-backports
LEGO4=$work/debian/usr/bin/lego BREVET=$brevet bash "$(dirname "$0")/interop_ari_lego.sh"
