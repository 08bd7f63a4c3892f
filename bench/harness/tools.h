/* tools.h - small things of the operating system that several parts need */
#ifndef FORKLAB_TOOLS_H
#define FORKLAB_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Whether an executable of this name is in PATH; its path goes to buf where buf is not NULL. */
bool tools_find(const char *name, char *buf, size_t len);

/* Folder of the running executable, without the last slash. Errors: readlink(2)'s, -ENAMETOOLONG. */
int tools_exe_dir(char *buf, size_t len);

/* Whole-buffer write(2) and read(2), EINTR handled. tools_read: bytes read, less only at end of file.
 * Errors: -errno. */
int tools_write(int fd, const void *buf, size_t len);
ssize_t tools_read(int fd, void *buf, size_t len);

/* waitpid(2) with EINTR handled: 0, or -errno. */
int tools_wait(pid_t pid, int *status);

#endif
