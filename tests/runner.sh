#!/usr/bin/env bash
# runner.sh - tests/run finds hangs, crashes, left-overs: it runs small tests that misbehave on purpose
set -u
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/forklab-runner.XXXXXX") || exit 1
trap 'rm -rf "$tmp"; rm -f /dev/shm/forklab-runner-$$' EXIT
mkdir "$tmp/tests" "$tmp/build"
cp "$here/run" "$tmp/tests/"
n=0

# One inner test NAME with the body from standard input.
inner() {
	rm -f "$tmp"/tests/*.sh
	cat >"$tmp/tests/$1.sh"
}

run_inner() {
	out=$("$tmp/tests/run" --build "$tmp/build" "$@" 2>&1)
	rc=$?
	last=${out##*$'\n'}
}

# SENTENCE LAST-LINE STATUS WORDS...: the inner run ended so, and its output holds all WORDS.
check() {
	local sentence=$1 word why=''
	n=$((n + 1))
	[ "$last" = "$2" ] || why="last line is \"$last\", not \"$2\""
	[ "$rc" = "$3" ] || why="$why; exit status $rc, not $3"
	for word in "${@:4}"; do
		case $out in *"$word"*) ;; *) why="$why; no \"$word\"" ;; esac
	done
	if [ -z "$why" ]; then
		echo "ok $n - $sentence"
	else
		printf 'not ok %d - %s: %s\n%s\n' "$n" "$sentence" "$why" "$out"
	fi
}

inner good <<'END'
echo "ok 1 - a thing works"; echo "ok 2 - another # SKIP no moon here"; echo 1..2
END
run_inner
check 'counts and skips are added up' '1 passed, 0 failed, 1 skipped' 0 'SKIP good.sh: another - no moon here'

inner bad <<'END'
echo "ok 1 - a thing works"; echo "not ok 2 - it is round: it is flat"; echo "seen from above"; echo 1..2; exit 1
END
run_inner
check 'a failure is shown with its message' '1 passed, 1 failed, 0 skipped' 1 \
	'FAILED bad.sh: it is round: it is flat' 'seen from above'

inner crash <<'END'
echo "ok 1 - a thing works"; kill -SEGV $$
END
run_inner
check 'a crash before the plan fails' '1 passed, 1 failed, 0 skipped' 1 'no plan (1..N)'

inner short <<'END'
echo 1..3; echo "ok 1 - a thing works"
END
run_inner
check 'a test that runs less than planned fails' '1 passed, 1 failed, 0 skipped' 1 'planned 3 tests, ran 1'

inner status <<'END'
echo 1..1; echo "ok 1 - a thing works"; exit 5
END
run_inner
check 'an exit status that no failure explains fails' '1 passed, 1 failed, 0 skipped' 1 'status 5'

inner hang <<'END'
# deadline: 1
echo 1..1
sleep 1000 &
setsid sleep 1001 &
wait
END
run_inner
check 'a hang fails and says who waited where' '0 passed, 1 failed, 0 skipped' 1 \
	'not done after 1 s' 'sleep 1000' 'sleep 1001' 'State:' 'wchan'

inner orphan <<'END'
echo 1..1; echo "ok 1 - a thing works"
setsid sleep 1002 >/dev/null 2>&1 &
END
run_inner
check 'a process left behind fails the file' '1 passed, 1 failed, 0 skipped' 1 'left processes behind' 'sleep 1002'

n=$((n + 1))
if grep -aslx -z -e 'sleep' /proc/[0-9]*/cmdline | while read -r f; do tr '\0' ' ' <"$f"; done 2>/dev/null |
	grep -E 'sleep (1000|1001|1002) '; then
	echo "not ok $n - nothing of a hung or leaving test is alive afterwards"
else
	echo "ok $n - nothing of a hung or leaving test is alive afterwards"
fi

inner names <<END
echo 1..1; echo "ok 1 - a thing works"; : >/dev/shm/forklab-runner-$$
END
if (: >/dev/shm/forklab-runner-$$) 2>/dev/null; then
	rm /dev/shm/forklab-runner-$$
	run_inner
	check 'a new name in /dev/shm fails the file' '1 passed, 1 failed, 0 skipped' 1 "/dev/shm/forklab-runner-$$"
else
	n=$((n + 1))
	echo "ok $n - a new name in /dev/shm fails the file # SKIP cannot write there"
fi

inner thread <<'END'
# sanitize: thread
echo 1..1; echo "ok 1 - it runs under $FORKLAB_SANITIZE"
END
cat >"$tmp/tests/other.sh" <<'END'
echo 1..1; echo "ok 1 - a thing works"
END
run_inner --sanitize thread
check 'under thread only the files run that say so' '1 passed, 0 failed, 0 skipped' 0 'thread.sh'
run_inner --only other
check '--only runs the one file' '1 passed, 0 failed, 0 skipped' 0 'other.sh'
run_inner --only othre
check 'if nothing runs it fails' '0 passed, 0 failed, 0 skipped' 1 'no test is named othre'

out=$(FORKLAB_COUNTS=$tmp/counts "$tmp/tests/run" --build "$tmp/build" 2>&1 && cat "$tmp/counts")
rc=$? last=${out##*$'\n'}
check 'FORKLAB_COUNTS gets the counts' '2 0 0' 0
echo "1..$n"
