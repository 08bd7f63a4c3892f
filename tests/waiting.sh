#!/usr/bin/env bash
# waiting.sh - what memory_per_unit and io_bound start ends with them, and the server answers as it should
# deadline: 60
#
# Prints TAP. FORKLAB_BUILD is the folder with the built programs (tests/run sets it).
# shellcheck disable=SC2016,SC2034 # conditions are in single quotes because check evaluates them
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tap.bash

# How many processes have this as their first argument, under a program whose pid is not ours to know.
count() {
	local file words found=0
	for file in /proc/[0-9]*/cmdline; do
		mapfile -d '' -t words 2>/dev/null <"$file" || continue
		[ "${words[1]:-}" = "$1" ] && [ "$(readlink "${file%cmdline}exe")" = "$program" ] && found=$((found + 1))
	done 2>/dev/null
	echo "$found"
}

# Until count ARG says N, at most 5 s.
await() {
	local until=$((SECONDS + 5))
	while [ "$(count "$1")" != "$2" ]; do
		[ $SECONDS -lt $until ] || return 1
	done
}

# --- memory_per_unit: the units end with the stage, however it ends ---

program=$(readlink -f "$build/bench/memory_per_unit")

# A stage of its own: its result to a file, its life tied to a pipe that we hold. Descriptor 5 is kept full, so
# that the stage cannot report, and stands there with all of its units.
stage() { # KIND
	local from
	mkfifo "$tmp/life" "$tmp/result"
	exec 5<>"$tmp/life" 6<>"$tmp/result"
	from=$(head -c 65536 /dev/zero | dd bs=65536 iflag=fullblock status=none >&6 && echo full)
	[ "$from" = full ] || return 1
	"$program" --memory-stage "$1" 40 $$ 3>&6 4<"$tmp/life" 5>&- 6>&- &
	pid=$!
	rm "$tmp/life" "$tmp/result"
}

stage s
await --idle-unit 40
there=$?
kill -KILL "$pid"
wait "$pid" 2>/dev/null
check "a stage that is killed leaves none of its spawned units" '[ $there = 0 ]' 'await --idle-unit 0'
exec 5>&- 6>&-

stage f
await --memory-stage 41
there=$?
kill -KILL "$pid"
wait "$pid" 2>/dev/null
check "a stage that is killed leaves none of its forked units" '[ $there = 0 ]' 'await --memory-stage 0'
exec 5>&- 6>&-

stage s
await --idle-unit 40
there=$?
exec 5>&- # who started the stage is gone
check "a stage whose starter is gone ends, and so do its units" '[ $there = 0 ]' 'await --memory-stage 0' \
	'await --idle-unit 0'
wait "$pid" 2>/dev/null
exec 6>&-

call "$program" --sweep units=3 --budget 3 --output "$tmp/units.jsonl"
check "units of 3 are counted, and measured in bytes" '[ $rc = 0 ]' \
	'[ "$(grep -c "\"unit\":\"B/op\"" "$tmp/units.jsonl")" -ge 3 ]' '! grep -q "check_ok\":false" "$tmp/units.jsonl"' \
	'[[ $out == *"bytes are per op"*"thread "*" KiB"*"page_tables"* ]]'
call "$program" --sweep units=3 --budget 3 --format csv
check "in CSV the columns of bytes say so" '[ $rc = 0 ]' '[[ $out == *",median_bytes,"*",ci95_hi_bytes,check_ok"* ]]' \
	'[[ $out != *_ns* ]]'

# --- io_bound's server ---

program=$(readlink -f "$build/bench/io_bound")
coproc server { exec "$program" --latency-server; }
server_pid=$!
echo PORT >&"${server[1]}"
read -r -t 5 none port <&"${server[0]}"
check "the server tells its port" '[ "$none" = 0 ]' '[ "$port" -gt 0 ]'

ask() { # REQUEST: its answer, in one line
	local answer
	exec 7<>"/dev/tcp/127.0.0.1/$port" || return 1
	# By one write, as the server expects it: printf would write line by line.
	printf '%s\r\n\r\n' "$1" | cat >&7
	answer=$(timeout 5 cat <&7)
	exec 7>&-
	printf '%s' "$answer" | tr -d '\r' | tr '\n' '|'
}
answer=$(ask 'GET /1000000/17 HTTP/1.0')
check "a request is answered with its own number" '[ "$answer" = "HTTP/1.0 200 OK||17" ]'
answer=$(ask 'GET /nonsense HTTP/1.0')
check "a request that it does not know ends without an answer" '[ -z "$answer" ]'
# One that waits a minute must not keep others waiting.
exec 8<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /60000000000/1 HTTP/1.0\r\n\r\n' | cat >&8
answer=$(ask 'GET /1000000/2 HTTP/1.0')
check "no request waits for another" '[ "$answer" = "HTTP/1.0 200 OK||2" ]'
exec 8>&-
eval "exec ${server[1]}>&-"
wait "$server_pid"
rc=$?
check "the server ends when nobody can ask it any more" '[ $rc = 0 ]'

call "$program" --sweep 'tasks=2;wait=5ms;kind=sleep' --budget 2 --output "$tmp/io.jsonl"
check "two tasks are done by every variant that there is" '[ $rc = 0 ]' \
	'! grep -q "check_ok\":false" "$tmp/io.jsonl"' '[[ $out == *threads*processes* ]]'

echo "1..$n"
