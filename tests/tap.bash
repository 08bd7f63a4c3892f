# tap.bash - what the shell tests share: call a command, check conditions, count, skip. Sourced, not run.
#
# call sets out, err, rc and took (ms); check prints a line of TAP. A test ends with tap_end.
# shellcheck shell=bash disable=SC2034 # the variables stand in conditions of the tests
build=${FORKLAB_BUILD:-build}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/forklab-test.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
[ -x "$build/forklab" ] || exit 1
n=0 out='' err='' rc=0 took=0
call_s=${call_s:-20} # after so many seconds a command hangs

# Runs a command with nothing on stdin. A word such as stdout=/dev/full in front sends its output elsewhere.
call() {
	local to=$tmp/out from=${EPOCHREALTIME/[.,]/}
	case $1 in stdout=*) to=${1#stdout=} && shift ;; esac
	: >"$tmp/out"
	timeout -k 1 "$call_s" "$@" </dev/null >"$to" 2>"$tmp/err"
	rc=$?
	took=$(((${EPOCHREALTIME/[.,]/} - from) / 1000))
	out=$(cat "$tmp/out") err=$(cat "$tmp/err")
}

# SENTENCE CONDITION...: each condition is a command; the first that fails is named.
check() {
	local sentence=$1 condition
	n=$((n + 1))
	for condition in "${@:2}"; do
		eval "$condition" && continue
		echo "not ok $n - $sentence"
		printf '  failed: %s\n  status %s after %s ms\n' "$condition" "$rc" "$took"
		[ -z "$out" ] || tail -n 12 <<<"$out" | sed 's/^/  stdout: /'
		[ -z "$err" ] || head -n 5 <<<"$err" | sed 's/^/  stderr: /'
		return
	done
	echo "ok $n - $sentence"
}

skip() { # SENTENCE REASON
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}
