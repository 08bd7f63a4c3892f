"""two_locks.py - what the checks about deadlocks share: two processes that meet between two locks

A meeting makes certain what else is luck: each process comes as far as it can with its first lock
(it has it, or stands before it) before either asks for its second.
"""
import multiprocessing

TIMEOUT_S = 5  # nothing here takes so long; a check never hangs
CONTEXT = multiprocessing.get_context()


class Meeting:
    def __init__(self):
        self.locks = CONTEXT.Lock(), CONTEXT.Lock()
        self.came = CONTEXT.Event(), CONTEXT.Event()
        self.gave_up = CONTEXT.Event(), CONTEXT.Event()

    def acquire_first(self, me, lock):
        if not lock.acquire(block=False):
            self.came[me].set()
            lock.acquire()
        self.came[me].set()
        if not self.came[1 - me].wait(TIMEOUT_S):
            raise TimeoutError("the other one did not come")

    def both_give_up(self, me):
        """With this lock in hand, so that neither can profit from the other's end: True if both stand."""
        self.gave_up[me].set()
        return self.gave_up[1 - me].wait(TIMEOUT_S)


def run(target, *args, timeout_s=TIMEOUT_S):
    """Two processes target(0, ...) and target(1, ...): their exit codes; None: it had to be killed."""
    processes = [CONTEXT.Process(target=target, args=(me, *args), daemon=True) for me in (0, 1)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout_s)
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
        process.join()
    return codes
