"""
check_start_methods.py - contexts give several start methods side by side; set_start_method can be called once

listings: 001-L22
claims: 001-C070 001-C071 001-C072

Watch for: a forked child finds the variable as main has set it, a child begun anew does not.
set_start_method decides for what comes after it, and a second call fails. (The first fails too where
a context has started anything by spawn before: that settles the default.) A context starts its own
way, whatever was set, in any order.

expect:
    after set_start_method("spawn"): the child is begun anew
    set_start_method("fork") after that: RuntimeError
    context fork: the child is a copy
    context spawn: the child is begun anew
    context forkserver: the child is begun anew
    context fork: the child is a copy
"""
import multiprocessing
import sys

TIMEOUT_S = 4
CANNOT = 77
variable = 0


def child(connection):
    connection.send("a copy" if variable else "begun anew")


def ask(context):
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=child, args=(theirs,), daemon=True)
    process.start()
    answer = ours.recv() if ours.poll(TIMEOUT_S) else "silent"
    process.join(TIMEOUT_S)
    return answer


def main():
    global variable
    variable = 1
    for method in ("fork", "spawn", "forkserver"):
        if method not in multiprocessing.get_all_start_methods():
            print(f"check_start_methods.py: no {method} here", file=sys.stderr)
            return CANNOT
    multiprocessing.set_start_method("spawn")
    answers = [ask(multiprocessing)]
    print(f'after set_start_method("spawn"): the child is {answers[0]}', flush=True)
    try:
        multiprocessing.set_start_method("fork")
        second = "no error"
    except RuntimeError:
        second = "RuntimeError"
    print(f'set_start_method("fork") after that: {second}', flush=True)
    for method in ("fork", "spawn", "forkserver", "fork"):
        answers.append(ask(multiprocessing.get_context(method)))
        print(f"context {method}: the child is {answers[-1]}", flush=True)
    right = ["begun anew", "a copy", "begun anew", "begun anew", "a copy"]
    return 0 if answers == right and second == "RuntimeError" else 1


if __name__ == "__main__":
    sys.exit(main())
