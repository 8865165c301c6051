#!/bin/bash
# simulate.sh - brevet simulate as it is typed: what it refuses, its table, its files, and how
# even a smoothed fleet is.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_program python3
lib_start

# --- The command line --------------------------------------------------------------------

# refused STATUS PATTERN WORD...: ends with that status, and says why.
refused() {
	local want=$1 pattern=$2 status=0
	shift 2
	"$brevet" simulate "$@" >"$work/out" 2>"$work/err" || status=$?
	is "$status" "$want" "refused ($want): $*"
	like "$(cat "$work/err")" "$pattern" "and told why"
	is "$(cat "$work/out")" "" "and nothing else"
}

fleet=(--fleet 1000 --lifetime 47d)

test_refused() {
	local value
	refused 2 'no such option' --nonsense
	refused 2 '"more" makes no sense' "${fleet[@]}" more
	refused 2 '--fleet and either' --fleet 1000
	refused 2 '--fleet and either' --lifetime 47d
	refused 2 '--fleet and either' "${fleet[@]}" --profile fleet
	for value in 0 -1 x 1x 100000001 101M 1000000k 99999999999999999999 ''; do
		refused 2 '--fleet: ".*" is not' --fleet "$value" --lifetime 47d
	done
	for value in 0 59m 399d x 47; do
		refused 2 '--lifetime: ".*" is not' --fleet 10 --lifetime "$value"
	done
	for value in 0 -1 20.1 x nan inf 1x ''; do
		refused 2 '--years: ".*" is not' "${fleet[@]}" --years "$value"
	done
	refused 2 '--clients: "curl" is not' "${fleet[@]}" --clients curl
	refused 2 '--start: "late" is not' "${fleet[@]}" --start late
	for value in 120d '120d,' ,2d 120d,0s 120d,2d,3d x,y; do
		refused 2 '--outage: ".*" is not' "${fleet[@]}" --outage "$value"
	done
	refused 2 'must begin when the fleet has begun' "${fleet[@]}" --outage 1h,2d
	refused 2 'before the end' "${fleet[@]}" --outage 235d,2d
	for value in 50 '50,' ,60 60,50 50,50 9,50 50,91 50,50.01 a,b 50,60x; do
		refused 2 '--band: ".*" is not' "${fleet[@]}" --band "$value"
	done
	for value in -1 x 1x '' 99999999999999999999; do
		refused 2 '--seed: ".*" is not' "${fleet[@]}" --seed "$value"
	done
	refused 2 '--compare shows both' "${fleet[@]}" --compare --no-smoothing
	refused 2 '--profile: "mine" is not' --fleet 10 --profile mine
	refused 1 'no configuration|cannot|No such' --fleet 10 --profile mine --config "$work/none"
}

# What the CA/Browser Forum's schedule gives today.
dated_days() {
	case $(date -u +%F) in
	202[0-6]-* | 2027-0[12]-* | 2027-03-0* | 2027-03-1[0-4]) echo 199 ;;
	202[78]-* | 2029-0[12]-* | 2029-03-0* | 2029-03-1[0-4]) echo 99 ;;
	*) echo 46 ;;
	esac
}

test_profiles() {
	local name life
	while read -r name life; do
		like "$("$brevet" simulate --fleet 10 --profile "$name")" "^10 certificates of $life," \
			"profile $name lives $life"
	done <<-END
		tlsserver $(dated_days)d
		fleet 47d
		shortlived 6d16h
		session 6h
	END
	ca_make "$work/ca" >/dev/null
	name=$(sed -n 's/^profile \([^ ]*\) {$/\1/p' "$ca/brevet.conf" | head -n 1)
	like "$("$brevet" simulate --fleet 10 --profile "$name" --config "$ca/brevet.conf" \
		--set "profile.$name.lifetime=30d")" '^10 certificates of 30d,' "one of brevet.conf"
	refused 1 'no profile "mine"' --fleet 10 --profile mine --config "$ca/brevet.conf"
}

# --- What it tells -----------------------------------------------------------------------

# column NAME: of the CSV, summed.
column() {
	python3 -c 'import csv, sys
print(sum(int(row[sys.argv[2]]) for row in csv.DictReader(open(sys.argv[1]))))' "$work/csv" "$1"
}

# What stands in the SVG: it is well-formed, has that many panels, and is no larger than 150 KB.
svg_panels() {
	python3 - "$work/svg" <<-'END'
		import os, sys
		import xml.etree.ElementTree as tree
		svg = "{http://www.w3.org/2000/svg}"
		root = tree.parse(sys.argv[1]).getroot()
		texts = [t.text for t in root.iter(svg + "text")]
		assert root.tag == svg + "svg" and os.path.getsize(sys.argv[1]) < 150000
		assert any("days since the first certificate" in t for t in texts)
		print(sum("certificates per hour" in t for t in texts))
	END
}

test_files() {
	local out
	out=$("$brevet" simulate --fleet 2k --lifetime 47d --years 1 --outage 150d,2d --compare \
		--clients mixed --csv "$work/csv" --svg "$work/svg")
	like "$out" '^2000 certificates of 47d, 365d, 2d down after 150d$' "says what was run"
	is "$(grep -c '^lifetime ' <<<"$out")" 12 "six lifetimes, with smoothing and without"
	is "$(grep -c '^outage and a day more ' <<<"$out")" 2 "and the outage"
	like "$out" '^without smoothing: [0-9]+ issued, [0-9]+ of them renewals; 0 had expired' "and all"
	is "$(head -n 1 "$work/csv")" \
		"time,issued,failed,expired,issued_plain,failed_plain,expired_plain" "CSV: its columns"
	is "$(sed -n 2p "$work/csv" | cut -d , -f 1)" "2027-01-01T00:00:00Z" "CSV: its begin"
	is "$(wc -l <"$work/csv")" $((365 * 24 + 1)) "CSV: a line an hour"
	like "$out" "^with smoothing: $(column issued) issued" "CSV: adds up"
	like "$out" "^without smoothing: $(column issued_plain) issued" "CSV: without smoothing too"
	is "$(svg_panels)" 2 "SVG: a panel for each"
	"$brevet" simulate "${fleet[@]}" --years 20 --no-smoothing --svg "$work/svg" \
		--csv "$work/csv" >"$work/out"
	is "$(svg_panels)" 1 "SVG: one without smoothing, of 20 years"
	is "$(head -n 1 "$work/csv")" "time,issued,failed,expired" "CSV: of one"
	for out in csv svg; do
		is "$("$brevet" simulate "${fleet[@]}" "--$out" "$work/no/file" 2>&1 >/dev/null || echo $?)" \
			"brevet simulate: $work/no/file: No such file or directory
1" "--$out: cannot be written"
		is "$("$brevet" simulate "${fleet[@]}" "--$out" /dev/full 2>&1 >/dev/null || echo $?)" \
			"brevet simulate: /dev/full: No space left on device
1" "--$out: the disk is full"
	done
}

test_seeds() {
	local one two three
	one=$("$brevet" simulate "${fleet[@]}" --seed 5)
	two=$("$brevet" simulate "${fleet[@]}" --seed 5)
	three=$("$brevet" simulate "${fleet[@]}" --seed 6)
	is "$one" "$two" "the same seed, the same course"
	is "$([ "$one" = "$three" ] && echo same)" "" "another seed, another course"
}

# --- How even ----------------------------------------------------------------------------

# ratio ROW OPTION...: peak to mean in a row of the table, in hundredths.
ratio() {
	local row=$1
	shift
	"$brevet" simulate --fleet 100k --years 0.16 "$@" |
		sed -n "s/^$row  *[0-9.]*  *[0-9]*  *\([0-9]*\)\.\([0-9]*\) .*/\1\2/p" | sed 's/^0*//'
}

# In 160 hours about 1,100 are renewed an hour, so chance alone makes 10 % more of the busiest.
test_even() {
	local with without begun
	with=$(ratio "lifetime 6" --profile shortlived)
	without=$(ratio "lifetime 6" --profile shortlived --no-smoothing)
	begun=$(ratio "from the third on" --profile shortlived --start spread)
	check "100,000 after a burst: peak to mean 1.$((with - 100)), at most 1.20" [ "$with" -le 120 ]
	check "the same without smoothing: $without hundredths, at least 300" [ "$without" -ge 300 ]
	check "begun evenly: 1.$((begun - 100)), at most 1.20" [ "$begun" -le 120 ]
}

test_refused
test_profiles
test_files
test_seeds
test_even
done_testing
