/* stop.c - SIGINT, SIGTERM and SIGHUP while another program runs for us; see stop.h */
#include "forklab/stop.h"

#include "harness/ensure.h"

static const int watched[STOP_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
static volatile sig_atomic_t asked;

static void on_signal(int signo)
{
	asked = signo;
}

int stop_asked(void)
{
	return asked;
}

void stop_take(struct stop *s)
{
	const struct sigaction ours = {.sa_handler = on_signal};
	sigset_t block;

	asked = 0;
	sigemptyset(&block);
	for (size_t i = 0; i < ARRAY_LEN(watched); i++)
		sigaddset(&block, watched[i]);
	sigprocmask(SIG_BLOCK, &block, &s->mask);
	for (size_t i = 0; i < ARRAY_LEN(watched); i++) {
		sigaction(watched[i], NULL, &s->before[i]);
		if (s->before[i].sa_handler != SIG_IGN)
			sigaction(watched[i], &ours, NULL);
	}
}

void stop_give_back(const struct stop *s)
{
	for (size_t i = 0; i < ARRAY_LEN(watched); i++)
		sigaction(watched[i], &s->before[i], NULL);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

int stop_attributes(const struct stop *s, posix_spawnattr_t *attr)
{
	sigset_t defaults;
	int err = posix_spawnattr_init(attr);

	if (err)
		return -err;
	sigemptyset(&defaults);
	for (size_t i = 0; i < ARRAY_LEN(watched); i++)
		if (s->before[i].sa_handler != SIG_IGN)
			sigaddset(&defaults, watched[i]);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigdefault(attr, &defaults);
	posix_spawnattr_setsigmask(attr, &s->mask);
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setflags(
		attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	return 0;
}
