#!/bin/bash
# layers.sh - the direction of the folders: server -> acme -> {va, ca, store} -> base.
# Siblings never include each other; from outside, a folder is entered by its front door
# x/x.h alone, but base is open to all.  Some libraries have one home.
set -euo pipefail

top=${top_srcdir:-$(dirname "$0")/..}
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$top/tests/lib.sh"

declare -A BELOW=(
	[base]=""
	[store]="base"
	[ca]="base"
	[va]="base"
	[acme]="va ca store base"
	[server]="acme va ca store base"
)

# sources TREE FOLDER...
sources() {
	local tree=$1 folder
	shift
	for folder; do
		find "$tree/$folder" -name '*.[ch]'
	done | sort
}

# includes TREE FOLDER: lines "file: folder/name.h".
includes() {
	local file
	sources "$1" "$2" | while read -r file; do
		sed -n "s|^[ \t]*#[ \t]*include[ \t]*\"\([^\"]*\)\".*|${file#"$1"/}: \1|p" "$file"
	done
}

# may_include FOLDER HEADER
may_include() {
	local folder=$1 other=${2%%/*}
	[ "$2" = config.h ] && return 0
	[ "$other" = "$folder" ] && return 0
	[[ " ${BELOW[$folder]} " == *" $other "* ]] || return 1
	[ "$other" = base ] || [ "$2" = "$other/$other.h" ]
}

# What breaks the rule in FOLDER of TREE, one line each.
bad_includes() {
	local file header
	includes "$1" "$2" | while read -r file header; do
		may_include "$2" "$header" || echo "$file $header"
	done
}

# uses TREE PATTERN HOME FOLDER...: files of the folders with the pattern, but not those at
# home.  Comments do not count.
uses() {
	local tree=$1 pattern=$2 home=$3 file
	shift 3
	sources "$tree" "$@" | while read -r file; do
		[[ ${file#"$tree"/} =~ ^($home) ]] && continue
		code "$file" | grep -Eq -e "$pattern" && echo "${file#"$tree"/}"
	done
	return 0
}

code() {
	awk '{
		while (match($0, /\/\*/)) {
			head = substr($0, 1, RSTART - 1); rest = substr($0, RSTART + 2)
			while ((end = index(rest, "*/")) == 0)
				if ((getline rest) <= 0) exit
			$0 = head substr(rest, end + 2)
		}
		sub(/\/\/.*/, ""); print
	}' "$1"
}

lmdb_abroad() {
	uses "$1" 'mdb_[a-z_]+ *\(|lmdb\.h' 'store/(txn|open|commit|env)' "${!BELOW[@]}"
}

evhttp_abroad() {
	uses "$1" 'evhttp_|event2/(http|bufferevent)' 'server/' "${!BELOW[@]}"
}

dialling_abroad() {
	uses "$1" 'curl/|unbound|curl_easy|ub_resolve' 'va/' "${!BELOW[@]}"
}

x509_abroad() {
	uses "$1" 'openssl/x509|X509_(sign|new|CRL|REQ)' 'ca/|va/tlsalpn01' "${!BELOW[@]}"
}

locks_abroad() {
	uses "$1" 'pthread_(mutex|rwlock|cond|spin)_' 'base/' "${!BELOW[@]}"
}

# A tree that breaks every rule once: a check that never complains is no check.
plant() {
	local folder
	for folder in "${!BELOW[@]}"; do
		mkdir -p "$1/$folder"
	done
	echo '#include "acme/acme.h"' >"$1/base/up.c"
	echo '#include "ca/ca.h"' >"$1/va/sibling.c"
	echo '#include "store/txn.h"' >"$1/acme/backdoor.c"
	echo '#include "store.h"' >"$1/store/nameless.c"
	echo '/* mdb_put() stays away */ void f(void) { mdb_put(); evhttp_new(0); }' >"$1/acme/raw.c"
	echo '#include <curl/curl.h>' >"$1/ca/dials.c"
	echo 'static void g(void) { X509_new(); pthread_mutex_lock(&m); }' >"$1/server/x509.c"
	echo '/* only a word: mdb_put( evhttp_new( curl/ X509_new */' >"$1/base/words.h"
}

test_planted() {
	local tree=$work
	plant "$tree"
	is "$(bad_includes "$tree" base)" "base/up.c: acme/acme.h" "sees an upward include"
	is "$(bad_includes "$tree" va)" "va/sibling.c: ca/ca.h" "sees an included sibling"
	is "$(bad_includes "$tree" acme)" "acme/backdoor.c: store/txn.h" "sees a back door"
	is "$(bad_includes "$tree" store)" "store/nameless.c: store.h" "sees a folder left out"
	is "$(lmdb_abroad "$tree")" "acme/raw.c" "sees LMDB abroad"
	is "$(evhttp_abroad "$tree")" "acme/raw.c" "sees evhttp abroad"
	is "$(dialling_abroad "$tree")" "ca/dials.c" "sees libcurl abroad"
	is "$(x509_abroad "$tree")" "server/x509.c" "sees X.509 abroad"
	is "$(locks_abroad "$tree")" "server/x509.c" "sees a lock abroad"
}

test_tree() {
	local folder
	for folder in base store ca va acme server; do
		check "$folder/ has sources" test -n "$(sources "$top" "$folder")"
		is "$(bad_includes "$top" "$folder")" "" "$folder/ includes only: $folder ${BELOW[$folder]}"
	done
	is "$(lmdb_abroad "$top")" "" "LMDB is called only in store/txn, open, commit and env"
	is "$(evhttp_abroad "$top")" "" "evhttp and bufferevents only in server/"
	is "$(dialling_abroad "$top")" "" "libcurl and libunbound only in va/"
	is "$(x509_abroad "$top")" "" "X.509 objects of OpenSSL only in ca/, and in the challenge that is one"
	is "$(locks_abroad "$top")" "" "locks only in base/"
}

work_start
test_planted
test_tree
done_testing
