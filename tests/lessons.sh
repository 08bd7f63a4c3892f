#!/usr/bin/env bash
# lessons.sh - runs all that the lessons show, and tries the lesson command with good and bad input
# deadline: 420
#
# Prints TAP. FORKLAB_BUILD is the folder with the built programs (tests/run sets it).
# shellcheck disable=SC2016 # conditions are in single quotes because check evaluates them
set -u
cd "$(dirname "$0")/.." || exit 1
root=$PWD
call_s=60
. tests/tap.bash
build=$(cd "$build" && pwd) || exit 1

# --- the lessons themselves: their own TAP goes on below, without its plan ---

FORKLAB_ROOT=$root "$build/forklab" lesson --test >"$tmp/tap"
rc=$?
plan=$(sed -n 's/^1\.\.//p' "$tmp/tap")
grep -v '^1\.\.' "$tmp/tap"
n=${plan:-0} out=$(tail -n 5 "$tmp/tap")
check "the lessons were tested to their end" '[ "${plan:-0}" -gt 0 ]' '[ $rc -le 1 ]' \
	'[ "$(grep -cE "^(not )?ok " "$tmp/tap")" = "$plan" ]'

# --- the command: a build folder of our own, so that no prediction of a reader is touched ---

mkdir -p "$tmp/tree/build"
cp "$build/forklab" "$tmp/tree/build/"
for entry in demos bench lessons; do ln -s "$root/$entry" "$tmp/tree/$entry"; done
lesson() { call "$tmp/tree/build/forklab" lesson "$@"; }

lesson
check "without a name the lessons are listed" '[ $rc = 0 ]' '[[ $out == *"01-start-cost "*"forty times"* ]]'
lesson 01
check "before a prediction the text ends with the questions" '[ $rc = 0 ]' '[[ $out == *"## 1. "*"- A) "* ]]' \
	'[[ $out != *"## Run"* ]]' '[[ $out == *"--predict ANSWER"* ]]' '[[ $out != *misconception* ]]'
lesson 01 --no-predict
check "who wants to, reads on without" '[ $rc = 0 ]' '[[ $out == *"## Run"*"## Verdict"*"## Do not conclude"* ]]' \
	'[[ $out != *"<details>"* ]]' '[[ $out != *"<!--"* ]]' '[[ $out != *"<time>"* ]]' '[[ $out == *" all  thread  ...  ..."* ]]' \
	'[[ $out != *"](predict.md)"* ]]' '[[ $out == *"questions of predict.md down now"* ]]'
for bad in '' B 'B,D' 'B,D,90,1' 'X,D,90' 'BB,D,90' 'B,D,many' 'B,D,-1' 'B,D,1e3' 'B,D,nan' '90,B,D' 'B,D,' ',,'; do
	lesson 01 --predict "$bad"
	check "the prediction \"$bad\" is refused" '[ $rc = 2 ]' '[[ $err == "forklab: --predict: "* ]]' \
		'[ ! -e "$tmp/tree/build/results" ]'
done
lesson 01 --predict b,D,90.5
check "a prediction is kept with its time" '[ $rc = 0 ]' '[[ $out == Kept.* ]]' \
	'grep -q "\"type\":\"prediction\".*\"lesson\":\"01-start-cost\",\"started\":\"2.*Z\",\"answers\":\[\"B\",\"D\",90.5\]" \
		"$tmp/tree/build/results/predictions.jsonl"'
lesson 1
check "after it the whole text is shown, and the prediction" '[ $rc = 0 ]' '[[ $out == *"## Run"* ]]' \
	'[[ $out == *"Your prediction: B, D, 90.5 (written down 2"* ]]'
check "without records it says what to measure first" '[[ $out == *"1.  B, 5 times as long."*"not to be compared yet: "*"forklab run start_cost"* ]]' \
	'[[ $out == *"2.  D: it is C. "*"the kernel knows what is new"* ]]' '[[ $out == *"3.  90.5 µs."* ]]'

# Twenty rounds in which a fork takes 160 µs and a thread 32 µs, but for a last digit.
record() { # VARIANT NS
	local i t=''
	for i in {0..19}; do t+=,$(($2 + i % 3)); done
	printf '{"type":"result","run_id":"R1","bench":"start_cost","topic":"t","variant":"%s","params":{"cpus":"all"},' "$1"
	printf '"iters":1,"launches":2,"n":20,"check_ok":true,"median":%d,"ci95":[%d,%d],"stop_reason":"budget","flags":[],' \
		"$2" $(($2 - 1000)) $(($2 + 1000))
	printf '"raw":{"launch":[0%s,1%s],"round":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19],"t_ns":[%s],"tags":[0%s]}}\n' \
		"$(printf ',0%.0s' {1..9})" "$(printf ',1%.0s' {1..9})" "${t#,}" "$(printf ',0%.0s' {1..19})"
}
{
	echo '{"type":"run","schema":"forklab/1.0","run_id":"R1","program":"start_cost","quick":false,"machine":{"effective":2}}'
	record fork 160000
	record thread 32000
} >"$tmp/tree/build/results/R1.jsonl"
lesson 1
check "with records each answer stands beside what was measured" \
	'[[ $out == *"1.  B, 5 times as long. Here fork / thread is 5 [5, 5]: right"* ]]' \
	'[[ $out == *"3.  90.5 µs. Here it is 160 µs [159, 161]: you said 1.768 times too little."* ]]'
lesson 1 --predict D,C,160
lesson 1
check "a wrong ratio is told with the belief behind it, a right fact and a right time as such" \
	'[[ $out == *"1.  D, 1000 times as long. Here fork / thread is 5 [5, 5]: B is nearer."*"\"fork copies all memory\""* ]]' \
	'[[ $out == *"2.  C: right. "* ]]' '[[ $out == *"inside the interval"* ]]'
lesson 02-nothing
check "a lesson that is not there is refused" '[ $rc = 2 ]' '[[ $err == *"02-nothing: no such lesson"* ]]'
lesson 01-start-cots
check "a near miss is suggested" '[ $rc = 2 ]' '[[ $err == *"did you mean 01-start-cost?"* ]]'
lesson --check x.c
check "a check without a lesson is refused" '[ $rc = 2 ]'
lesson 01 --check "$tmp/none.c"
check "a file that is not there is refused" '[ $rc = 2 ]' '[[ $err == *"--check: $tmp/none.c: cannot be read: "* ]]'

# --- the checker, with what students hand in ---

echo 'int main(void) { return x; }' >"$tmp/broken.c"
lesson 01 --check "$tmp/broken.c"
check "a file that could be one exercise or another is refused, and told how to say which" '[ $rc = 2 ]' \
	'[[ $err == *"--exercise: $tmp/broken.c: which exercise of 01-start-cost is it? (allowed spawn_fifty, start_fifty)"* ]]'
lesson 01 --exercise start_fifty --check "$tmp/broken.c"
check "a file that does not compile gets the compiler's words" '[ $rc = 1 ]' '[[ $out == *"does not compile"* ]]' '[ -n "$err" ]'
echo 'int main(void) { return 0; }' >"$tmp/empty.c"
lesson 01 --exercise start_fifty --check "$tmp/empty.c"
check "a program that does nothing does not pass" '[ $rc = 1 ]' '[[ $out == *" of 12 points" ]]'
printf '#include <unistd.h>\nint main(void) { for (;;) pause(); }\n' >"$tmp/hang.c"
lesson 01 --exercise start_fifty --check "$tmp/hang.c"
check "a program that hangs is stopped, and told so" '[ $rc = 1 ]' '[[ $out == *"hint hangs: "* ]]'
printf '#include <unistd.h>\nint main(void) { close(1); for (;;) pause(); }\n' >"$tmp/start_fifty-silent.c"
lesson 01 --check "$tmp/start_fifty-silent.c"
check "so is one that has closed its output first" '[ $rc = 1 ]' '[[ $out == *"hint hangs: "* ]]'
sed 's/exit(job(i, fail));/job(i, fail);/' lessons/01-start-cost/starter/start_fifty.c >"$tmp/start_fifty-bomb.c"
lesson 01 --check "$tmp/start_fifty-bomb.c"
check "children that go on forking are stopped, and told so" '[ $rc = 1 ]' '[[ $out == *"hint child_runs_on: "* ]]'
lesson 01 --check lessons/01-start-cost/solution/start_fifty.c
check "who has passed is shown where a solution lies" '[ $rc = 0 ]' '[[ $out == *"12 of 12 points"*"solution/start_fifty.c" ]]'
lesson 01 --check lessons/01-start-cost/starter/start_fifty.c
check "who has not, is not" '[ $rc = 1 ]' '[[ $out != *solution* ]]'

# --- the test of lessons finds what is wrong with one: a lesson with a fault of each kind ---

rm "$tmp/tree/lessons" && mkdir -p "$tmp/tree/lessons/09-faults"
cat >"$tmp/tree/lessons/09-faults/lesson.md" <<'END'
---
title: Faults
---
```console
$ echo right
right
$ echo wrong
left
$ exit 3
[exit 3]
$ exit 4
```
<!-- lab: timeout=0.3 -->
```console
$ sleep 1000
```
<!-- lab: skip="" -->
```console
$ true
```
<!-- lab: file=demos/what_fork_copies.c part=count-faults -->
```c
int other;
```
```c
int without_origin;
```
<!-- lab: tiemout=3 -->
```console
$ true
```
<!-- lab: needs="cpus>=60000" -->
```console
$ false
```
[gone](nowhere.md)
END
cp "$tmp/tree/lessons/09-faults/lesson.md" "$tmp/tree/lessons/09-faults/predict.md"
echo fine >"$tmp/tree/lessons/09-faults/instructor.md"
lesson 09 --test
check "a lesson with faults fails" '[ $rc = 1 ]' 'grep -q "^1\.\.14$" "$tmp/out"' \
	'[ "$(grep -c "^not ok " "$tmp/out")" = 10 ]'
check "each fault is found" 'grep -q "^ok .*echo right" "$tmp/out"' 'grep -q "^not ok .*echo wrong" "$tmp/out"' \
	'grep -q "^ok .*exit 3" "$tmp/out"' 'grep -q "^not ok .*exit 4" "$tmp/out"' \
	'grep -A1 "^not ok .*sleep 1000" "$tmp/out" | grep -q "did not end within 0.3 s"' \
	'grep -q "^# skip needs a reason" "$tmp/out"' 'grep -q "^# it differs from the part" "$tmp/out"' \
	'grep -q "^# quoted code needs file=" "$tmp/out"' 'grep -q "^# tiemout" "$tmp/out"' \
	'grep -q "SKIP needs cpus>=60000" "$tmp/out"' 'grep -q "^# nowhere.md is not there" "$tmp/out"' \
	'grep -q "the front matter allows 0" "$tmp/out"'

echo "1..$n"
