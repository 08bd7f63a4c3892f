#!/usr/bin/env bash
# demos.sh - every demo shows what its header says; and forklab watch says so, also when a demo does not
# deadline: 120
#
# Prints TAP. FORKLAB_BUILD is the folder with the built programs (tests/run sets it).
# shellcheck disable=SC2016 # conditions are in single quotes because check evaluates them
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tap.bash

# --- the demos ---

# shellcheck disable=SC2034 # name and phenomenon stand in conditions
for source in demos/*.c; do
	name=$(basename "$source" .c)
	phenomenon=$(sed -n "2s/^ \* $name - //p" "$source")
	call "$build/demos/$name" --describe
	check "$name: says of itself what its header says" '[ -n "$phenomenon" ]' \
		'[ "$out" = "{\"type\":\"demo\",\"name\":\"$name\",\"question\":\"$phenomenon\"}" ]' '[ $rc = 0 ]'
	check "$name: its header names listings, claims, what to watch for, the Python, and what to expect" \
		'grep -q "^ \* listings: ." "$source"' 'grep -q "^ \* claims: ." "$source"' \
		'grep -q "^ \* Watch for: ." "$source"' 'grep -q "^ \* The Python it re-creates:" "$source"' \
		'grep -q "^ \* expect:" "$source"'
	if command -v gcc >/dev/null; then
		if grep -q '^#include "mp/' "$source"; then
			call gcc -D_GNU_SOURCE -pthread -Idemos -o "$tmp/$name" "$source" demos/mp/*.c
		else
			call gcc -pthread -o "$tmp/$name" "$source"
		fi
		check "$name: builds with one line of gcc" '[ $rc = 0 ]' '[ -z "$err" ]'
		call "$tmp/$name" --version
		check "$name: built so, it says that its version is not known" '[ $rc = 0 ]' \
			'[[ $out == "$name (version not known"* ]]' '[ "$(wc -l <"$tmp/out")" = 1 ]'
	else
		skip "$name: builds with one line of gcc" "no gcc"
	fi
	call "$build/demos/$name" --version
	check "$name: --version prints one line, that of all programs" '[ $rc = 0 ]' '[ -z "$err" ]' \
		'[ "$out" = "$name $("$build/forklab" --version | cut -d " " -f 2)" ]'
	call bash -c 'exec "$@" >&-' - "$build/demos/$name" --version
	check "$name: --version to a closed stdout is 3" '[ $rc = 3 ]'
	call "$build/demos/$name" --nonsense
	check "$name: refuses an argument that it does not know" '[ $rc = 2 ]' '[[ $err == "$name: --nonsense: "* ]]'
	call "$build/forklab" watch --output "$tmp/$name.jsonl" "$name"
	if [ $rc = 77 ]; then
		skip "$name: shows what it should" "$(tail -n 1 "$tmp/out")"
	else
		check "$name: shows what it should" '[ $rc = 0 ]' '[[ $out == *"$name: seen as expected" ]]'
	fi
	check "$name: leaves one record" '[ "$(wc -l <"$tmp/$name.jsonl")" = 1 ]' \
		'grep -q "\"type\":\"demo\".*\"name\":\"$name\",\"exit\":$rc,\"reason\":\"." "$tmp/$name.jsonl"'
done

if command -v taskset >/dev/null; then
	cpu=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
	call taskset -c "$cpu" "$build/forklab" watch --output "$tmp/one" concurrency_vs_parallelism
	check "on one CPU the concurrency is shown, and what is missing is named" '[ $rc = 77 ]' \
		'[[ $out == *"one CPU: they took turns"* ]]' '[[ $out != *"two CPUs: they"* ]]' \
		'[[ $out == *"cannot be shown here: only one CPU"* ]]'
else
	skip "on one CPU the concurrency is shown, and what is missing is named" "no taskset"
fi

for fixed in demos/*_fixed.c; do
	call diff "${fixed/_fixed/}" "$fixed"
	check "$fixed and its broken twin differ in a few lines of code" '[ $rc = 1 ]' \
		'[ "$(grep -c "^[<>] [^ ]" <<<"$(grep -v "^[<>]  \*" "$tmp/out")")" -le 18 ]'
done
call "$build/demos/hello_processes"
# shellcheck disable=SC2034 # stands in a condition
first=$(sed -n '2s/.*: //p' "$tmp/out")
call "$build/demos/hello_processes"
check "what is drawn differs from run to run" '[ -n "$first" ]' '[ "$first" != "$(sed -n "2s/.*: //p" "$tmp/out")" ]'

# --- forklab watch, with demos made for it: a build folder of our own ---

mkdir -p "$tmp/tree/build/demos" "$tmp/tree/demos"
cp "$build/forklab" "$tmp/tree/build/"
watch() { call "$tmp/tree/build/forklab" watch --output "$tmp/records" "$@"; }

# NAME SCRIPT EXPECTED...: a demo that is a shell script.
make_demo() {
	printf '#!/bin/sh\n%s\n' "$2" >"$tmp/tree/build/demos/$1"
	chmod +x "$tmp/tree/build/demos/$1"
	{
		printf '/*\n * %s - a demo for a test\n *\n * expect:\n' "$1"
		printf ' *     %s\n' "${@:3}"
		printf ' */\n'
	} >"$tmp/tree/demos/$1.c"
}

make_demo right 'echo one 1; echo two 2' 'one <n>' 'two <n>'
make_demo wrong 'echo one 1; echo two' 'one <n>' 'two <n>'
make_demo failing 'echo one 1; echo "failing: no luck" >&2; exit 1' 'one <n>'
make_demo unable 'echo "unable: needs three hands" >&2; exit 77' 'one <n>'
make_demo crashing 'echo one 1; kill -SEGV $$' 'one <n>'
make_demo hanging 'echo one 1; sleep 1000 & wait' 'one <n>'
make_demo leaving 'echo one 1; sleep 1000 & exit 0' 'one <n>'
make_demo badly 'echo one 1' '<nosuch>'
make_demo nosource 'echo one 1' 'one <n>'
rm "$tmp/tree/demos/nosource.c"

watch
check "without a name all demos are listed with what they show" '[ $rc = 0 ]' '[ ! -e "$tmp/records" ]' \
	'[ "$(grep -c "a demo for a test" "$tmp/out")" = 8 ]' 'grep -q "^nosource" "$tmp/out"'
watch right
check "what was expected was seen" '[ $rc = 0 ]' '[[ $out == *"two 2"*"right: seen as expected" ]]'
watch wrong
check "what was not expected is named with its line" '[ $rc = 1 ]' \
	'[[ $out == *"wrong: not as expected: line 2: \"two\" instead of \"two <n>\"" ]]'
watch failing
check "a demo that fails is told with its last words" '[ $rc = 1 ]' \
	'[[ $out == *"failing: not shown: it ended with status 1: no luck" ]]' '[ "$err" = "failing: no luck" ]'
watch unable
check "a demo that cannot show it here is no failure" '[ $rc = 77 ]' \
	'[[ $out == *"unable: cannot be shown here: needs three hands" ]]'
watch crashing
check "a demo that crashes is told with its signal" '[ $rc = 1 ]' '[[ $out == *"it was killed by SIGSEGV"* ]]'
watch --deadline 0.3 hanging
check "a demo that hangs is ended with its children, and what it said is there" '[ $rc = 1 ]' \
	'[[ $out == "one 1"*"did not end within 0.3 s" ]]'
watch leaving
check "a demo that leaves something running has not shown what it should" '[ $rc = 1 ]' \
	'[[ $out == *"something that it started did not" ]]'
watch badly
check "a pattern that nobody can mean is told" '[ $rc = 1 ]' '[[ $out == *"cannot be compared"*"nosuch"* ]]'
watch nosource
check "a demo without its source is shown, and not compared" '[ $rc = 0 ]' '[[ $out == *"not compared: demos/nosource.c"* ]]'
check "each of them left a record with what was found" '[ "$(wc -l <"$tmp/records")" = 9 ]' \
	'grep -q "\"name\":\"hanging\",\"exit\":1," "$tmp/records"' \
	'grep -q "\"name\":\"unable\",\"exit\":77,\"reason\":\"cannot be shown here: needs three hands\"" "$tmp/records"'
watch right --some --arguments
check "with arguments nothing is compared, and nothing kept" '[ $rc = 0 ]' '[ "$(wc -l <"$tmp/records")" = 9 ]'
watch rihgt
check "a near miss is suggested" '[ $rc = 2 ]' '[[ $err == *"rihgt: no such demo, did you mean right?"* ]]' '[ -z "$out" ]'
call "$tmp/tree/build/forklab" watch --output "$tmp/no/such/folder" right
check "an output that cannot be written is found before the demo runs" '[ $rc = 3 ]' '[ -z "$out" ]' \
	'[[ $err == *"--output: $tmp/no/such/folder: cannot be written: "* ]]'
call "$tmp/tree/build/forklab" watch right
check "without --output the record goes to build/results" '[ $rc = 0 ]' \
	'grep -q "\"name\":\"right\",\"exit\":0," "$tmp"/tree/build/results/*.jsonl'

# --- checks in CPython: bench/peers/check_NAME.py ---

# NAME BODY EXPECTED: a check that is a script of its own.
make_check() {
	mkdir -p "$tmp/tree/bench/peers"
	printf '"""\ncheck_%s.py - a check for a test\n\nexpect:\n    %s\n"""\n%s\n' "$1" "$3" "$2" \
		>"$tmp/tree/bench/peers/check_$1.py"
}
make_check right 'print("one 1")' 'one <n>'
make_check wrong 'print("two 1")' 'one <n>'
make_check failing 'import sys; print("one 1"); sys.exit(1)' 'one <n>'
if command -v python3 >/dev/null; then
	for source in bench/peers/check_*.py; do
		name=$(basename "$source")
		call "$build/forklab" watch --output "$tmp/$name.jsonl" "$name"
		check "$name: shows what it should, and its record names the Python" '[ $rc = 0 ]' \
			'[[ $out == *"$name: seen as expected" ]]' \
			'grep -q "\"name\":\"$name\",\"exit\":0,.*\"python\":\"Python 3" "$tmp/$name.jsonl"'
	done
	watch check_right.py
	check "a check in CPython is compared as a demo is" '[ $rc = 0 ]' '[[ $out == *"check_right.py: seen as expected" ]]'
	watch check_wrong.py
	check "a check that shows something else is told with its line" '[ $rc = 1 ]' \
		'[[ $out == *"not as expected: line 1: \"two 1\" instead of \"one <n>\"" ]]'
	watch check_failing.py
	check "a check that fails has shown nothing" '[ $rc = 1 ]' '[[ $out == *"not shown: it ended with status 1" ]]'
else
	skip "checks in CPython show what they should" "no python3"
fi
call env PATH=/none "$tmp/tree/build/forklab" watch --output "$tmp/none" check_right.py
check "without python3 a check cannot be shown, and its record says why" '[ $rc = 77 ]' \
	'grep -q "\"exit\":77,\"reason\":\"cannot be shown here: python3 is not there\"" "$tmp/none"'
watch
check "checks are listed behind the demos" '[ $rc = 0 ]' 'grep -q "^check_right.py  *a check for a test" "$tmp/out"'
rm "$tmp/tree/bench/peers/"check_*.py

# What a demo decides is said on both sides: in its header, and in the claim.
for file in demos/*.c bench/peers/check_*.py; do
	read -ra ids < <(sed -n 's/^\( \* \)\?claims: //p' "$file")
	for id in "${ids[@]}"; do
		[ "$id" != none ] || continue
		check "$file names the claim $id, which is there" 'grep -q "\"id\": \"$id\"" bench/claims/*.json'
	done
done
decided=0
while read -r id demo; do
	decided=$((decided + 1))
	source=demos/$demo.c
	[[ $demo != *.py ]] || source=bench/peers/$demo
	check "$demo decides $id and says so" 'sed -n "s/^\( \* \)\?claims: //p" "$source" | grep -qw -- "$id"'
done < <(awk -F'"' '/"id": "[^"]*",$/ { id = $4 }
	/"demo": "/ { sub(/.*"demo": "/, ""); sub(/".*/, ""); print id, $0 }' bench/claims/*.json)
check "there are claims that a demo decides" '[ $decided -ge 6 ]'

# The listings: those of the headers, and no other. How many a tutorial has: 7, 38, 4, 10, 8.
call "$build/forklab" list --listings
# shellcheck disable=SC2034 # both stand in conditions
rows=$(grep -E "^ *[0-9]{3}-L[0-9]{2} " "$tmp/out" | sed -E 's/^ *([^ ]+) +([^ ]+) .*/\1 \2/')
# shellcheck disable=SC2034
named=$(grep -oE "^ \* listings: .*" demos/*.c | sed -nE 's,^demos/(.*)\.c: \* listings: ,\1 ,p' |
	while read -r demo ids; do
		for id in $ids; do [[ $id != [0-9][0-9][0-9]-L[0-9][0-9] ]] || echo "$id $demo"; done
	done | LC_ALL=C sort)
check "each listing that a demo names is listed with it, in order" '[ $rc = 0 ]' '[ -z "$err" ]' '[ -n "$rows" ]' \
	'[ "$rows" = "$named" ]' 'grep -q "001-L16 .*lost_update .*nine additions vanish" "$tmp/out"'
check "each of them is one that there is" \
	'! cut -d" " -f1 <<<"$rows" | grep -vE "^(000-L0[1-7]|001-L(0[1-9]|[12][0-9]|3[0-8])|002-L0[1-4]|003-L(0[1-9]|10)|004-L0[1-8])$"'
check "the tutorials behind the ids are named" 'grep -q "^001: .*, by ." "$tmp/out"'
call "$build/forklab" list --listings --format json
check "the same for programs" '[ $rc = 0 ]' '[ "$(grep -c "\"listing\": \"" "$tmp/out")" = "$(wc -l <<<"$rows")" ]'
make_demo idle 'true' 'one <n>'
sed -i 's/^ \* expect:/ * listings: none, it is idle\n&/' "$tmp/tree/demos/idle.c"
call "$tmp/tree/build/forklab" list --listings
check "a demo without listings has no row" '! grep -q "idle" "$tmp/out"' 'grep -q "none here" "$tmp/out"'

# The pid lies in a file; the demo is told to end by a signal to forklab.
make_demo waiting "echo \$\$ >$tmp/pid; sleep 1000 & wait" 'one <n>'
for signal in INT TERM; do
	rm -f "$tmp/pid"
	env --default-signal=INT "$tmp/tree/build/forklab" watch --output "$tmp/records" waiting >/dev/null 2>&1 &
	pid=$!
	for _ in {1..100}; do
		[ ! -s "$tmp/pid" ] || break
		sleep 0.05
	done
	kill -$signal $pid
	wait $pid
	rc=$? out='' err=''
	check "SIG$signal ends the demo, then forklab, which dies of it" '[ $rc = $((128 + $(kill -l $signal))) ]' \
		'! kill -0 "$(cat "$tmp/pid")" 2>/dev/null'
done

echo "1..$n"
