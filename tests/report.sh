#!/usr/bin/env bash
# report.sh - forklab report, plot and selftest with made-up benchmarks: budgets, signals, trouble
# deadline: 180
#
# Prints TAP. FORKLAB_BUILD is the folder with the built programs (tests/run sets it). A copy of forklab in
# a tree of its own finds the stubs below as its benchmarks. Nothing is measured but a_vs_a, for a second.
# shellcheck disable=SC2016 # conditions are in single quotes because check evaluates them
set -u
call_s=30
. tests/tap.bash
tree=$tmp/tree log=$tmp/log
export STUB_LOG=$log

mkdir -p "$tree/build/bench" "$tree/bench"
cp "$build/forklab" "$tree/build/forklab" || exit 1
ln -s "$PWD/plots" "$tree/plots"
ln -s "$PWD/bench/claims" "$tree/bench/claims"
prog=$tree/build/forklab

says() { case $err in *"$1"*) return 0 ;; *) return 1 ;; esac }
prints() { case $out in *"$1"*) return 0 ;; *) return 1 ;; esac }
last() { [ "$(tail -n 1 <<<"$out")" = "$1" ]; }

# NAME TOPIC SHARE END [QUICK_SHARE]: a benchmark that logs how it was called, writes one result and then does END.
stub() {
	cat >"$tree/build/bench/$1" <<EOF
#!/bin/bash
if [ "\$1" = --describe ]; then
	echo '{"kind":"bench","name":"$1","question":"what of $1?","topic":"$2","op":"op","share":$3,"quick_share":${5:-$3},"variants":[],"axes":[]}'
	exit 0
fi
echo "$1 \$*" >>"\$STUB_LOG"
while [ \$# -gt 0 ]; do
	case \$1 in --output) file=\$2 ;; --run-id) id=\$2 ;; esac
	shift
done
cat >>"\$file" <<RECORDS
{"type":"run","run_id":"\$id","program":"$1","question":"what of $1?"}
{"type":"result","run_id":"\$id","bench":"$1","topic":"$2","variant":"v","params":{},"check_ok":true,"median":100,"n":20,"launches":2}
{"type":"end","run_id":"\$id","program":"$1","complete":true}
RECORDS
$4
EOF
	chmod +x "$tree/build/bench/$1"
}

fresh() {
	rm -rf "$tree/build/bench" "$tree/build/results" "$tree/build/report"
	mkdir -p "$tree/build/bench"
	: >"$log"
}

# The number behind an option in the stub's log: OPTION NAME.
given() { sed -n "s/^$2 .*$1 \\([^ ]*\\).*/\\1/p" "$log"; }
within() { awk -v x="$1" -v lo="$2" -v hi="$3" 'BEGIN { exit !(x >= lo && x <= hi) }'; }

budgets() {
	local quick=$1 all=$2 passed=0
	[ -z "$quick" ] || passed=2
	fresh
	stub one topic-a 0.3 'exit 0'
	stub two topic-b 0.1 'exit 0'
	stub none topic-b 0 'exit 0'
	call "$prog" report ${quick:+--quick}
	check "report${quick:+ --quick}: runs those with a share, shares the time, and ends with the page" \
		'[ $rc -eq 0 ]' 'last "Report: $tree/build/report/index.html"' \
		'[ "$(cut -d " " -f 1 "$log" | tr "\n" " ")" = "one two " ]' \
		'within "$(given --budget one)" "$(awk -v a='"$all"' "BEGIN{print a*0.5}")" "$(awk -v a='"$all"' "BEGIN{print a*0.7}")"' \
		'within "$(given --budget two)" "$(awk -v a='"$all"' "BEGIN{print a*0.1}")" '"$all" \
		'[ "$(given --run-id one)" = "$(given --run-id two)" ]' \
		'[ "$(grep -c -- --quick "$log")" = '"$passed"' ]' \
		'[ -s "$tree/build/report/index.html" ]' '[ ! -e "$tree/build/report/.index.html.part" ]'
}

left_out() {
	fresh
	stub one topic-a 0.3 'exit 0'
	stub slow topic-a 0.3 'exit 0' 0
	call "$prog" report --quick
	check "report --quick: what is left out of it is named, and not run" '[ $rc -eq 0 ]' \
		'prints "left out of a quick report: slow
"' '[ "$(cut -d " " -f 1 "$log" | tr "\n" " ")" = "one " ]'
	call "$prog" report
	check "report: a whole one runs it" '[ $rc -eq 0 ]' 'grep -q "^slow " "$log"' '! prints "left out"'
}

only() {
	fresh
	stub one topic-a 0.3 'exit 0'
	stub two topic-b 0.1 'exit 0'
	stub none topic-b 0 'exit 0'
	call "$prog" report --quick --only topic-b
	check "report --only: one topic gets all the time, with those that are in no whole report" '[ $rc -eq 0 ]' \
		'[ "$(cut -d " " -f 1 "$log" | tr "\n" " ")" = "none two " ]' \
		'within "$(given --budget none)" 18 30' 'within "$(given --budget two)" 50 90' \
		'grep -q "What of two" "$tree/build/report/index.html"' \
		'! grep -q "What of one" "$tree/build/report/index.html"'
	call "$prog" report --only nothing
	check "report --only: an unknown topic is a usage error that names the topics" '[ $rc -eq 2 ]' \
		'says "--only: nothing"' 'says topic-a' 'says topic-b'
}

trouble() {
	fresh
	stub bad topic-a 0.3 'exit 3'
	stub good topic-a 0.3 'exit 0'
	stub dead topic-a 0.3 'kill -SEGV $$'
	call "$prog" report --quick
	check "report: a benchmark that fails is named, and the page shows the others" '[ $rc -eq 1 ]' \
		'says "bad: ended with status 3"' 'says "dead: was killed by SIGSEGV"' \
		'grep -q "What of good" "$tree/build/report/index.html"' \
		'last "Report: $tree/build/report/index.html"'
	fresh
	call "$prog" report
	check "report: without benchmarks it says what to do" '[ $rc -eq 3 ]' 'says make'
	stub one topic-a 0.3 'exit 0'
	call "$prog" report --output /proc/nothing
	check "report: a folder that cannot be written is found before measuring" '[ $rc -eq 3 ]' \
		'says /proc/nothing' '[ ! -s "$log" ]'
	call "$prog" report one
	check "report: an operand is a usage error" '[ $rc -eq 2 ]'
}

# The stub answers SIGINT by writing that down, as often as it gets one.
signals() {
	local pid signal=$1 status=$2 how=$3 from
	fresh
	case $how in
	ends) stub slow topic-a 0.3 'trap "echo got $? >>\$STUB_LOG; exit 130" INT TERM
	echo ready >>$STUB_LOG; while :; do read -r -t 0.05 <> <(:); done' ;;
	hangs) stub slow topic-a 0.3 'trap "" INT TERM
	echo ready >>$STUB_LOG; while :; do read -r -t 0.05 <> <(:); done' ;;
	esac
	# A background job of a script ignores SIGINT from birth: setsid -f would too, so env resets it.
	env --default-signal=INT "$prog" report --quick </dev/null >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	for _ in {1..100}; do grep -q ready "$log" && break; sleep 0.05; done
	from=${EPOCHREALTIME/[.,]/}
	kill "-$signal" "$pid"
	wait "$pid"
	rc=$?
	took=$(((${EPOCHREALTIME/[.,]/} - from) / 1000))
	out=$(cat "$tmp/out") err=$(cat "$tmp/err")
	check "report: SIG$signal while a benchmark $how: it ends within 2 s, keeps the records, leaves nothing" \
		'[ $rc -eq '"$status"' ]' '[ $took -lt 2000 ]' 'says interrupted' \
		'[ '"$how"' = hangs ] || [ "$(grep -c got "$log")" -eq 1 ]' \
		'! pgrep -f "$tree/build/bench/slow" >/dev/null' \
		'[ "$(cat "$tree"/build/results/*.jsonl | wc -l)" -eq 3 ]' '[ ! -e "$tree/build/report/index.html" ]'
}

from() {
	fresh
	stub one topic-a 0.3 'exit 0'
	call "$prog" report --from "$tmp/nothing.jsonl"
	check "report --from: a file that is not there" '[ $rc -eq 3 ]' 'says nothing.jsonl'
	: >"$tmp/empty.jsonl"
	call "$prog" report --from "$tmp/empty.jsonl"
	check "report --from: a file without results" '[ $rc -eq 1 ]' 'says "holds no result"'
	"$prog" report --quick >/dev/null 2>&1
	cat "$tree"/build/results/*.jsonl >"$tmp/cut.jsonl"
	printf '{"type":"result","bench":"one","vari' >>"$tmp/cut.jsonl"
	: >"$log"
	call "$prog" report --from "$tmp/cut.jsonl" --output "$tmp/page/deep"
	check "report --from: a file cut off by a kill is shown up to its last whole line, nothing is measured" \
		'[ $rc -eq 0 ]' 'says "middle of a line"' '[ ! -s "$log" ]' '[ -s "$tmp/page/deep/index.html" ]'
	call env LC_ALL=de_DE.UTF-8 PATH= "$prog" plot one --from "$tmp/cut.jsonl" --output "$tmp/page"
	check "plot: without gnuplot it leaves data and script, shows the figure as text, and says why" \
		'[ $rc -eq 0 ]' 'says gnuplot' 'prints "####"' 'prints "100 ns"' 'last "$tmp/page/charts/one-ladder.dat"' \
		'[ -s "$tmp/page/charts/one-ladder.gp" ]'
	call "$prog" plot oen --from "$tmp/cut.jsonl"
	check "plot: a mistyped name gets a near miss" '[ $rc -eq 2 ]' 'says "did you mean one?"'
	call "$prog" plot
	check "plot: without a name it says what is allowed" '[ $rc -eq 2 ]' \
		'says "plot: no benchmark is named (allowed: a name of forklab list)"'
	call "$prog" plot ""
	check "plot: an empty name is no name" '[ $rc -eq 2 ]' \
		'says "plot: \"\": no benchmark is named (allowed: a name of forklab list)"'
	call "$prog" plot one two
	check "plot: two names are one too many" '[ $rc -eq 2 ]' 'says "plot: two: only one benchmark at a time"'
	mkdir -p "$tmp/stub"
	printf '#!/bin/sh\necho "gnuplot: no libgd" >&2\nexit 1\n' >"$tmp/stub/gnuplot"
	chmod +x "$tmp/stub/gnuplot"
	call env PATH="$tmp/stub:$PATH" "$prog" plot one --from "$tmp/cut.jsonl" --output "$tmp/page"
	check "plot: a gnuplot that fails is told with what it says" '[ $rc -eq 0 ]' \
		'says "No charts: gnuplot failed: gnuplot: no libgd."' '[ -s "$tmp/page/charts/one-ladder.gp" ]'
	stub two topic-a 0.3 'exit 0'
	cat "$tree"/build/results/*.jsonl >"$tmp/two.jsonl"
	sed 's/"bench":"one"/"bench":"two"/; s/"program":"one"/"program":"two"/' "$tree"/build/results/*.jsonl >>"$tmp/two.jsonl"
	printf '#!/bin/sh\necho "$*" >>"$STUB_LOG"\n[ "$1" = --version ] && echo gnuplot 5.4 && exit\nsleep 60\n' >"$tmp/stub/gnuplot"
	: >"$log"
	call env PATH="$tmp/stub:$PATH" "$prog" report --from "$tmp/two.jsonl" --output "$tmp/page"
	check "report: a gnuplot that hangs is asked for one chart, not for each" '[ $rc -eq 0 ]' \
		'says "gnuplot did not answer: some charts are not drawn"' '[ "$(grep -c -- -c "$log")" -eq 1 ]' \
		'[ "$(grep -c "Not drawn: gnuplot did not answer" "$tmp/page/index.html")" -eq 2 ]' \
		'[ -s "$tmp/page/charts/one-ladder.gp" ]' '[ -s "$tmp/page/charts/two-ladder.gp" ]'
	command -v gnuplot >/dev/null || { skip "plot: draws" "needs gnuplot"; return; }
	call "$prog" plot one --from "$tmp/cut.jsonl" --output "$tmp/page"
	check "plot: draws, and prints the paths last" '[ $rc -eq 0 ]' 'last "$tmp/page/charts/one-ladder.svg"' \
		'[ -s "$tmp/page/charts/one-ladder.svg" ]'
}

selftest() {
	fresh
	call "$prog" selftest
	check "selftest: without its benchmark it says so, and leaves nothing" '[ $rc -eq 3 ]' 'says a_vs_a' \
		'[ -z "$(ls -A "$tree/build/results")" ]'
	stub a_vs_a instrument 0 'exit 0'
	: >"$log"
	call "$prog" selftest --output "$tmp/no/such/x.jsonl"
	check "selftest: an output that cannot be written is found before measuring" '[ $rc -eq 3 ]' \
		'says "--output: $tmp/no/such/x.jsonl"' '[ ! -s "$log" ]'
	call bash -c 'exec "$@" >&-' - "$prog" selftest
	check "selftest: a closed stdout is found before measuring" '[ $rc -eq 3 ]' 'says "standard output"' '[ ! -s "$log" ]'
	call "$prog" selftest --quick
	check "selftest: records without pairs are no selftest" '[ $rc -eq 1 ]' 'says pairs' \
		'[ -z "$(ls -A "$tree/build/results")" ]'
	[ -x "$build/bench/a_vs_a" ] || { skip "selftest: 20 verdicts" "a_vs_a is not built"; return; }
	cp "$build/bench/a_vs_a" "$tree/build/bench/a_vs_a"
	# A file where the folder of results should be: with --output it is not needed.
	rm -rf "$tree/build/results"
	: >"$tree/build/results"
	call "$prog" selftest --quick --run-id ID --output "$tmp/self.jsonl"
	check "selftest --quick: 20 verdicts, their rate with its interval, one record" '[ $rc -eq 0 ]' \
		'prints "20 verdicts"' 'prints "of 20:"' 'prints "smallest ratio"' \
		'[ "$(wc -l <"$tmp/self.jsonl")" -eq 1 ]' 'grep -q "\"verdicts\":20,\"false_alarms\"" "$tmp/self.jsonl"' \
		'grep -q "\"run_id\":\"ID\"" "$tmp/self.jsonl"'
	call "$prog" selftest --quick
	check "selftest: a folder that cannot be made is found before measuring" '[ $rc -eq 3 ]' 'says build/results' '[ -z "$out" ]'
}

budgets '' 300
budgets yes 90
left_out
only
trouble
signals INT 130 ends
signals TERM 143 ends
signals INT 130 hangs
from
selftest
echo "1..$n"
