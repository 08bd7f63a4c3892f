#!/usr/bin/env bash
# cli.sh - the command lines of forklab and of every benchmark: bad input, bad output, signals
# deadline: 240
#
# Prints TAP. FORKLAB_BUILD is the folder with the built programs (tests/run sets it).
# shellcheck disable=SC2016 # conditions are in single quotes because check evaluates them
set -u
. tests/tap.bash

# The form of every complaint: one line `prog: what ...` on stderr, nothing on stdout.
one_line() {
	[ "$(wc -l <"$tmp/err")" -eq 1 ] && [ -z "$out" ] && [ "${err#"${prog##*/}: "}" != "$err" ]
}
says() { case $err in *"$1"*) return 0 ;; *) return 1 ;; esac }

# OPTION VALUE...: each value is a usage error that names the option and what is allowed.
refuses() {
	local option=$1 value
	for value in "${@:2}"; do
		call "$prog" "$option" "$value"
		check "$name: $option '$value' is a usage error" '[ $rc -eq 2 ]' one_line "says '$option: '" 'says allowed'
	done
}

bad_values() {
	local value
	refuses --workers 0 -1 1e3 4x '' 99999999999999999999 ' 4' +4 0x10 nan 1,,2 4- ,
	refuses --budget 0 nan -1 inf '' 1e3 10x ' 1' 99999999999999999999
	refuses --precision 0 nan -1 200% '' 2%% 1e-2
	refuses --launches 0 -1 1e3 '' 4x 99999999999999999999
	refuses --seed -1 x '' 1.5 99999999999999999999
	refuses --places sockets '' core
	refuses --proc-bind clsoe '' close,spread
	refuses --pair same ''
	refuses --format xml ''
	refuses --sweep nosuchaxis=1
	# A list: the message says what is wrong with which part of it, there is no range to name.
	for value in 0- 3-1 0,,1 0-99999999 a '' - ',' ' 0' 0x0 core: core:x; do
		call "$prog" --cpus "$value"
		check "$name: --cpus '$value' is a usage error" '[ $rc -eq 2 ]' one_line 'says "--cpus: "'
	done
	for value in x = '' =1 x=; do
		call "$prog" --sweep "$value"
		check "$name: --sweep '$value' is a usage error" '[ $rc -eq 2 ]' one_line 'says "--sweep: "'
	done
	call "$prog" --cpus 4095
	check "$name: --cpus 4095, a CPU that is not there, is 3" '[ $rc -eq 3 ]' one_line 'says --cpus' 'says 4095'
	call "$prog" --wrokers 2
	check "$name: --wrokers gets a near miss" '[ $rc -eq 2 ]' one_line 'says "did you mean --workers?"'
	call "$prog" --quick=1
	check "$name: a flag takes no value" '[ $rc -eq 2 ]' one_line 'says --quick'
	call "$prog" --budget
	check "$name: --budget at the end needs a value" '[ $rc -eq 2 ]' one_line 'says --budget' 'says allowed'
	call "$prog" operand
	check "$name: an operand is a usage error" '[ $rc -eq 2 ]' one_line 'says operand'
	call env FORKLAB_BUDGET=x "$prog"
	check "$name: a bad value in the environment is named" '[ $rc -eq 2 ]' one_line 'says FORKLAB_BUDGET'
}

answers() { # LINE...: more command lines on which --help must win
	local line
	for line in --help -h '--no-such --help' "$@"; do
		# shellcheck disable=SC2086 # the words of a line
		call "$prog" $line
		check "$name: $line prints the help and ends with 0" '[ $rc -eq 0 ]' '[ -z "$err" ]' '[ "${out#Usage: }" != "$out" ]'
	done
	call "$prog" --version
	check "$name: --version prints one line" '[ $rc -eq 0 ]' '[ -z "$err" ]' '[ "$(wc -l <"$tmp/out")" -eq 1 ]'
	call stdout=/dev/full "$prog" --help
	check "$name: --help to a full disk is no success" '[ $rc -eq 1 ] || [ $rc -eq 3 ]' one_line
}

is_json_lines() { # FILE: whole lines, each a JSON object
	[ -s "$1" ] && [ -z "$(tail -c 1 "$1")" ] || return 1
	if command -v python3 >/dev/null; then
		python3 -c 'import json, sys; [json.loads(line)["type"] for line in open(sys.argv[1])]' "$1"
	else
		! grep -qv '^{.*}$' "$1"
	fi
}

describes() {
	call "$prog" --describe
	sed 's/^{/{"type":"describe",/' "$tmp/out" >"$tmp/describe"
	check "$name: --describe prints one line of JSON" '[ $rc -eq 0 ]' '[ -z "$err" ]' \
		'[ "$(wc -l <"$tmp/out")" -eq 1 ]' 'is_json_lines "$tmp/describe"'
}

# An output that cannot be written is found before anything is measured: that would take 20 s here.
bad_outputs() {
	local file
	for file in "$tmp/no/such/folder/x.jsonl" "$tmp" /dev/full ''; do
		call "$prog" --budget 60 --output "$file"
		check "$name: --output '${file/"$tmp"/TMP}' is found before measuring" '[ $rc -eq 1 ] || [ $rc -eq 3 ] || [ $rc -eq 2 ]' \
			one_line 'says --output' '[ $took -lt 5000 ]'
	done
	call bash -c 'exec "$@" >&-' - "$prog" --budget 60
	check "$name: a closed stdout is found before measuring" '[ $rc -eq 1 ] || [ $rc -eq 3 ]' one_line '[ $took -lt 5000 ]'
}

# Starts "$@" with --output FILE, sends it SIGNAL as soon as it measures, and prints how it ended: number of
# the signal that ended it (or "exit N"), ms until then, and how many processes of its session are left 1 s
# after the signal.
cat >"$tmp/interrupt.py" <<'END'
import os, signal, subprocess, sys, time

def left(session):
    found = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f:
                stat = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        found += stat[3] == str(session) and stat[0] not in "ZX"
    return found

sig, path, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
signal.signal(signal.SIGINT, signal.SIG_DFL)  # a background job starts with it ignored
child = subprocess.Popen(command + ["--output", path], start_new_session=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
end = time.monotonic() + 10
while time.monotonic() < end and child.poll() is None:
    if os.path.exists(path) and os.path.getsize(path) > 0 and left(child.pid) > 1:
        break
    time.sleep(0.01)
time.sleep(float(os.environ.get("DELAY", "0.3")))
begin = time.monotonic()
child.send_signal(sig)
try:
    code = child.wait(10)
except subprocess.TimeoutExpired:
    child.kill()
    code = 99
took = time.monotonic() - begin
while left(child.pid) and time.monotonic() < begin + 1:
    time.sleep(0.01)
print(f"signal {-code}" if code < 0 else f"exit {code}", int(took * 1000), left(child.pid))
END

signals() {
	local sig delay
	if ! command -v python3 >/dev/null; then
		skip "$name: signals" "needs python3"
		return
	fi
	for sig in 2 15 1 9; do
		for delay in 0 0.4; do
			rm -f "$tmp/records"
			call env DELAY=$delay python3 "$tmp/interrupt.py" $sig "$tmp/records" "$prog" --budget 60
			check "$name: signal $sig in the middle ends it by that signal, nothing is left, records are readable" \
				'[ "${out% * *}" = "signal '$sig'" ]' '[ "${out##* }" = 0 ]' 'is_json_lines "$tmp/records"'
			[ $sig -ne 9 ] || continue
			check "$name: after signal $sig the file ends with complete false" \
				'tail -n 1 "$tmp/records" | grep -q "\"complete\": *false"'
		done
	done
}

# First CPU this process may use.
first_cpu() { sed -n 's/^Cpus_allowed_list:[[:space:]]*\([0-9]*\).*/\1/p' /proc/self/status; }

# A locale with a decimal comma, and where the capital of i is not I. Installed or made here.
turkish() {
	local sentence="$name: a locale with a decimal comma changes no number and no option"
	local locale=(LC_ALL=tr_TR.UTF-8)
	if ! (LC_ALL=tr_TR.UTF-8 locale decimal_point | grep -q ,) 2>/dev/null; then
		locale+=("LOCPATH=$tmp")
		localedef -i tr_TR -f UTF-8 "$tmp/tr_TR.UTF-8" 2>/dev/null || {
			skip "$sentence" "there is no locale tr_TR, and localedef cannot make it"
			return
		}
	fi
	call env "${locale[@]}" FORKLAB_QUICK=1 "$prog" --budget 1 --format jsonl --output "$tmp/turkish"
	cp "$tmp/out" "$tmp/jsonl"
	check "$sentence" '[ $rc -eq 0 ]' 'is_json_lines "$tmp/turkish"' 'is_json_lines "$tmp/jsonl"' \
		'head -n 1 "$tmp/jsonl" | grep -q "\"quick\": *true"'
}

runs() {
	call "$prog" --budget 1 --quick --output "$tmp/records"
	check "$name: a short run ends with 0 and writes records" '[ $rc -eq 0 ]' 'is_json_lines "$tmp/records"' \
		'grep -q "\"type\": *\"result\"" "$tmp/records"' '[ -n "$out" ]'
	call taskset -c "$(first_cpu)" "$prog" --budget 1 --quick
	check "$name: it runs on one CPU" '[ $rc -eq 0 ]' '[ -n "$out" ]'
	turkish
	call stdout=/dev/full "$prog" --budget 1 --quick
	check "$name: a full disk behind stdout is no success" '[ $rc -eq 1 ] || [ $rc -eq 3 ]' 'says "standard output"'
	call bash -c '"$@" | true; exit "${PIPESTATUS[0]}"' - "$prog" --budget 1 --quick --progress none
	check "$name: a reader that goes away is no news on stderr" '[ -z "$err" ]' '[ $rc -ne 0 ]'
	call bash -c 'ulimit -n 6; exec "$@"' - "$prog" --budget 1 --quick --progress none
	check "$name: too few descriptors are an error, not a crash" '[ $rc -eq 1 ] || [ $rc -eq 3 ]' '[ -n "$err" ]'
}

front() {
	local command
	call "$prog"
	check "forklab: without a command it is a usage error" '[ $rc -eq 2 ]' one_line
	call "$prog" lsit
	check "forklab: a mistyped command gets a near miss" '[ $rc -eq 2 ]' one_line 'says "did you mean list?"'
	call "$prog" --hepl
	check "forklab: a mistyped option gets a near miss" '[ $rc -eq 2 ]' one_line 'says "did you mean --help?"'
	for command in $("$prog" --help | sed -n '/^Commands/,$s/^  \([a-z]*\) .*/\1/p'); do
		call "$prog" "$command" --help
		check "forklab $command: --help prints the help and ends with 0" '[ $rc -eq 0 ]' '[ -z "$err" ]' \
			'[ "${out#Usage: forklab '"$command"'}" != "$out" ]'
		call "$prog" "$command" --no-such-option-at-all
		check "forklab $command: an unknown option is a usage error" '[ $rc -eq 2 ]' one_line 'says --no-such-option'
	done
}

# The name of a run becomes the name of a file.
run_ids() {
	local id
	for id in '' . ../x 'a b' a/b .hidden "$(printf 'a%.0s' {1..65})"; do
		call "$build/bench/empty" --run-id "$id" --budget 60
		check "empty: --run-id '${id:0:20}' is refused" '[ $rc -eq 2 ]' '[ "$(wc -l <"$tmp/err")" -eq 1 ]' 'says --run-id' 'says allowed'
		call "$prog" selftest --quick --run-id "$id"
		check "forklab selftest: --run-id '${id:0:20}' is refused" '[ $rc -eq 2 ]' one_line 'says --run-id' 'says allowed'
	done
	call "$build/bench/empty" --quick --budget 1 --run-id A_b-1.2 --format jsonl
	check "empty: a run id of letters, digits, '.', '_' and '-' stands in the records" '[ $rc -eq 0 ]' \
		'grep -q "\"run_id\": *\"A_b-1.2\"" "$tmp/out"'
}

claims() {
	local id
	call "$prog" watch hello_processes extra
	check "forklab watch: an argument that a demo does not take is told in one line" '[ $rc -eq 2 ]' 'says extra' \
		'[ "$(wc -l <"$tmp/err")" -eq 1 ]' '[ -z "$out" ]'
	call "$prog" plan --topology 'pack:1 core:4 pu:1' --workers 99
	check "forklab plan: more workers than places are marked so" '[ $rc -eq 0 ]' \
		'grep -q "99 .*more workers than can run at once" "$tmp/out"' '[ "${out#described machine: 4 cores}" != "$out" ]'
	call "$prog" claims
	check "forklab claims: no line is longer than 100 columns, and no word is cut" '[ $rc -eq 0 ]' \
		'[ "$(wc -L <"$tmp/out")" -le 100 ]' '! grep -q "\.\.\.$" "$tmp/out"'
	for id in 001-C018 001-c018 C018 c018; do
		call "$prog" claims "$id"
		check "forklab claims $id: means 001-C018" '[ $rc -eq 0 ]' '[ "${out#001-C018: }" != "$out" ]' \
			'[ "$(wc -L <"$tmp/out")" -le 100 ]'
	done
	call "$prog" claims C003
	check "forklab claims C003: means two, which are named" '[ $rc -eq 2 ]' one_line 'says "000-C003, 001-C003"'
	call "$prog" claims 001-C0l8
	check "forklab claims: a mistyped id gets a near miss" '[ $rc -eq 2 ]' one_line 'says "did you mean 001-C018?"'
	call "$prog" claims --search ' '
	check "forklab claims: a search for nothing is a usage error" '[ $rc -eq 2 ]' one_line 'says --search'
	call "$prog" claims --search 'threads zebra'
	check "forklab claims: a search that finds nothing says so" '[ $rc -eq 0 ]' '[ -z "$out" ]' 'says "no claim has all these words"'
}

for prog in "$build"/bench/*; do
	[ -x "$prog" ] || continue
	name=${prog##*/}
	answers '--budget 0 --help'
	describes
	bad_values
	bad_outputs
	signals
done
# What measures is tried with one benchmark: all share their main.
prog=$build/bench/empty name=empty
if [ -x "$prog" ]; then runs; else skip "empty: short runs" "$prog is not built"; fi
prog=$build/forklab name=forklab
if [ -x "$prog" ]; then
	answers
	front
	run_ids
	claims
else
	skip "forklab: the front command" "$prog is not built"
fi
echo "1..$n"
