/*
 * life.h - a process that ends when its parent does, however the parent dies
 *
 * PR_SET_PDEATHSIG would fire when the starting thread ends; a pipe's end of file comes when the last
 * writer is gone, and the kernel can turn it into a SIGKILL by itself (F_SETSIG, O_ASYNC).
 */
#ifndef FORKLAB_LIFE_H
#define FORKLAB_LIFE_H

/*
 * fd: the read end of a pipe whose only writer is the parent, and on which nothing is ever written. From now
 * on the parent's end is this process's SIGKILL; if the parent is gone already, the process is killed here.
 * Source: fcntl(2), F_SETSIG. Errors: fcntl(2)'s.
 */
int life_bind(int fd);

#endif
