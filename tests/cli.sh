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
	check "$name: --help to a full disk is no success" '[ $rc -eq 3 ]' one_line
	call bash -c 'exec "$@" >&-' - "$prog" --version
	check "$name: --version to a closed stdout is no success" '[ $rc -eq 3 ]' one_line
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
		check "$name: --output '${file/"$tmp"/TMP}' is found before measuring" '[ "$rc" -eq $((${#file} ? 3 : 2)) ]' \
			one_line 'says "--output: "' 'says "$file"' '[ $took -lt 5000 ]'
	done
	rm -f "$tmp/refused"
	call bash -c 'exec "$@" >&-' - "$prog" --budget 60 --output "$tmp/refused"
	check "$name: a closed stdout is found before measuring, and before a file is made" '[ $rc -eq 3 ]' one_line \
		'[ $took -lt 5000 ]' '[ ! -e "$tmp/refused" ]'
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
	check "$name: a full disk behind stdout is no success" '[ $rc -eq 3 ]' 'says "standard output"'
	call bash -c '"$@" | true; exit "${PIPESTATUS[0]}"' - "$prog" --budget 1 --quick --progress none
	check "$name: a reader that goes away is no news on stderr" '[ -z "$err" ]' '[ $rc -ne 0 ]'
	call bash -c 'ulimit -n 6; exec "$@"' - "$prog" --budget 1 --quick --progress none
	check "$name: too few descriptors for a launch are 3, with the limit's name" '[ $rc -eq 3 ]' one_line \
		'says "launch: "' 'says "RLIMIT_NOFILE is 6"'
}

# The lock is taken by hand: whoever holds it is another measurement.
two_at_once() {
	local folder=${prog%/*}
	command -v flock >/dev/null || { skip "$name: two at once" "needs flock"; return; }
	call flock "$folder" "$prog" --budget 1 --quick --progress none
	check "$name: another measurement at the same time is told in one line, and waited for by nobody" '[ $rc -eq 0 ]' \
		'[ "$(wc -l <"$tmp/err")" -eq 1 ]' 'says "$name: another measurement is running here: both are disturbed"' '[ -n "$out" ]'
	call "$prog" --budget 1 --quick --progress none
	check "$name: alone it says nothing of that, and launches do not hold the lock" '[ $rc -eq 0 ]' '[ -z "$err" ]'
	call "$build/forklab" selftest --quick --output "$tmp/selftest"
	check "forklab selftest: does not warn of itself" '[ $rc -eq 0 ]' '[ -z "$err" ]'
	call flock -n "$folder" true
	check "$name: afterwards nobody holds the lock" '[ $rc -eq 0 ]'
}

# A limit that some variants meet: 3, its name and how many fitted, each with its reason.
limits() {
	local group='' most sentence='threads_vs_processes: pids.max is 5: 3, its name and how many fitted'
	prog=$build/bench/start_cost
	call bash -c 'for fd in /proc/self/fd/*; do fd=${fd##*/}; [ $fd -le 2 ] || eval "exec $fd>&-"; done
		ulimit -n 10; exec "$@"' - "$prog" --budget 2 --quick --progress none --sweep cpus=one
	check "start_cost: ulimit -n 10 is 3, its name and how many fitted" '[ $rc -eq 3 ]' \
		'says "limit: RLIMIT_NOFILE is 10: "' 'says "measurements fitted"' \
		'grep -q "thread  .*\[" "$tmp/out"' '! grep -q "ended by itself" "$tmp/out"'
	prog=$build/bench/threads_vs_processes
	# As another user: no limit of processes binds root. LeakSanitizer looks at exit from a task of its own, for which
	# there is no room here: it is the one run in which it does not look.
	if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
		call env ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" bash -c 'ulimit -u 1; exec setpriv --reuid 65534 --clear-groups "$@"' - "$prog" --budget 1 --quick --progress none
		check "threads_vs_processes: ulimit -u 1 is 3, with the limit's name" '[ $rc -eq 3 ]' 'says "RLIMIT_NPROC is 1"'
	else
		skip "threads_vs_processes: ulimit -u 1 is 3, with the limit's name" "needs root and setpriv, to be another user"
	fi
	for most in /sys/fs/cgroup/pids /sys/fs/cgroup; do
		if [ -z "$group" ] && [ -e "$most/cgroup.procs" ] && mkdir "$most/forklab-test.$$" 2>/dev/null; then
			group=$most/forklab-test.$$
			(echo 5 >"$group/pids.max") 2>/dev/null || { rmdir "$group"; group=''; }
		fi
	done
	[ -n "$group" ] || { skip "$sentence" "may not make a cgroup with the controller pids"; return; }
	# Without a python3 that is a script: each shell in it counts.
	call env PATH=/usr/bin:/bin bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$prog" --budget 8 --quick --progress none \
		--workers 4 --sweep 'work=10ms;cpus=all'
	rmdir "$group"
	check "$sentence" '[ $rc -eq 3 ]' 'says "limit: pids.max is 5: 1 of 4 measurements fitted"' \
		'grep -q "[0-3] of 4 fitted: Resource temporarily unavailable (pids.max is 5)" "$tmp/out"'
}

# What is too big for this machine is left out with both figures; where that is all, it is 77.
memory() {
	prog=$build/bench/parent_memory
	call "$prog" --budget 1 --sweep 'parent_mib=33554432;memory=touched' --progress none
	check "parent_memory: too big a parent is 77, and the reason has both sizes" '[ $rc -eq 77 ]' '[ -z "$err" ]' \
		'grep -Eq "needs 64 TiB.*has [0-9.]+ [MG]iB" "$tmp/out"' '! grep -q "^ *parent_mib " "$tmp/out"' '! grep -q Medians "$tmp/out"'
	call "$prog" --budget 1 --sweep 'parent_mib=0;memory=touched' --progress none
	check "parent_memory: a point that does not exist is 77, and says so" '[ $rc -eq 77 ]' \
		'grep -q "nothing to measure" "$tmp/out"'
	call "$prog" --budget 1 --sweep parent_mib=99999999
	check "parent_memory: more than any machine can have is a usage error" '[ $rc -eq 2 ]' \
		'says "--sweep: parent_mib: 99999999: "' 'says "allowed: "' 'says 67108864'
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

# Whatever prints ends with 3 where nobody can read it.
closed() {
	local line
	for line in list claims doctor 'plan --topology pu:4' watch "watch --output $tmp/demo hello_processes" \
		"report --from $tmp/one.jsonl --output $tmp/page" "plot empty --from $tmp/one.jsonl --output $tmp/page" 'run --list' lesson; do
		# shellcheck disable=SC2086 # the words of a line
		call bash -c 'exec "$@" >&-' - "$prog" $line
		check "forklab ${line/"$tmp"/TMP}: a closed stdout is 3, in one line" '[ $rc -eq 3 ]' 'says "standard output"'
		# shellcheck disable=SC2086
		call stdout=/dev/full "$prog" $line
		check "forklab ${line/"$tmp"/TMP}: a full disk behind stdout is 3" '[ $rc -eq 3 ]' 'says "standard output"'
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
# A variable that some program has an option for is for that program: no other minds it.
variables() {
	local program variable
	for program in "$build"/bench/* $("$build/forklab" --help | sed -n '/^Commands/,$s/^  \([a-z]*\) .*/\1/p'); do
		[ -x "$program" ] || program="$build/forklab $program"
		for variable in $($program --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' | tr a-z- A-Z_); do
			echo "FORKLAB_$variable"
		done
	done | grep -vx 'FORKLAB_\(HELP\|VERSION\)' | sort -u >"$tmp/variables"
	check "there are variables" '[ "$(wc -l <"$tmp/variables")" -gt 20 ]'
	for variable in $(<"$tmp/variables"); do
		call env "$variable=1" "$build/forklab" run --list
		check "$variable is known to all programs" '[[ $rc = 0 || $variable = FORKLAB_LIST ]]' '[ -z "$err" ]'
	done
	call env FORKLAB_WORKERS=2 FORKLAB_SWEEP='parent_mib=0;nosuch=1' "$build/bench/empty" --budget 1 --quick --progress none
	check "empty: what is exported for programs with other axes is ignored" '[ $rc -eq 0 ]' '[ -z "$err" ]'
	call env FORKLAB_WORKERS=1,2 "$build/forklab" plan --topology pu:4
	check "forklab plan: a list that is exported for benchmarks is ignored" '[ $rc -eq 0 ]' '[ -z "$err" ]'
	call env FORKLAB_WORKERS=x "$build/bench/threads_vs_processes"
	check "threads_vs_processes: a bad list in the environment bears the variable's name" '[ $rc -eq 2 ]' \
		'says "threads_vs_processes: FORKLAB_WORKERS: x: "'
	call env FORKLAB_CPUS=x "$build/bench/empty"
	check "empty: a bad CPU list in the environment bears the variable's name" '[ $rc -eq 2 ]' 'says "empty: FORKLAB_CPUS: x"'
	call env FORKLAB_BUGDET=1 "$build/forklab" report --from "$tmp/one.jsonl" --output "$tmp/page"
	check "forklab report: a mistyped variable is told once, with its near miss" '[ $rc -eq 0 ]' \
		'[ "$(grep -c FORKLAB_BUGDET "$tmp/err")" -eq 1 ]' 'says "did you mean FORKLAB_BUDGET?"'
	call "$build/bench/threads_vs_processes" --workers 1,,2
	check "threads_vs_processes: an empty entry of a list is shown" '[ $rc -eq 2 ]' 'says "--workers: \"\": "'
	cpu=$(first_cpu)
	call "$build/bench/empty" --cpus "$cpu,$cpu" --print-binding
	check "empty: a CPU that is named twice counts once, and that is said" '[ $rc -eq 0 ]' \
		'says "--cpus: cpu $cpu is named more than once and counts once"' '[ "$(wc -l <"$tmp/out")" -eq 2 ]'
}

# What measures is tried with one benchmark: all share their main.
prog=$build/bench/empty name=empty
if [ -x "$prog" ]; then runs; two_at_once; else skip "empty: short runs" "$prog is not built"; fi
prog=$build/forklab name=forklab
if [ -x "$prog" ]; then
	answers
	front
	"$build/bench/empty" --budget 1 --quick --output "$tmp/one.jsonl" >"$tmp/out" 2>&1
	closed
	variables
	limits
	memory
	prog=$build/forklab
	run_ids
	claims
else
	skip "forklab: the front command" "$prog is not built"
fi
echo "1..$n"
