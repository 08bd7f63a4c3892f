/* alone.c - an advisory lock on the folder where the running program lies */
#include "harness/alone.h"
#include "harness/tools.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <unistd.h>

/* The folder of the programs and not of the results: it is there, whoever may write to it. Close-on-exec, so that no
 * launch holds the lock longer than we do; forklab report, which starts us, takes none. */
bool alone_here(void)
{
	char dir[PATH_MAX];
	int fd = tools_exe_dir(dir, sizeof(dir)) ? -1
						 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || !flock(fd, LOCK_EX | LOCK_NB))
		return true; /* fd stays open: closing it would give the lock back */
	close(fd);
	return errno != EWOULDBLOCK;
}
