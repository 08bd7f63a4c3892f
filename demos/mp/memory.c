/* memory.c - a memfd, filled by fallocate, sealed, and mapped shared */
#include "mp/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* With these no process can change the size any more: none gets SIGBUS from another's ftruncate. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

struct mp_memory {
	void *base;
	size_t nbytes;
	int fd;
	atomic_uint users; /* threads of this process that have attached it, and its maker */
};

static int round_up(size_t nbytes, size_t *out)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = nbytes / page + (nbytes % page != 0);

	if (nbytes == 0)
		return -EINVAL;
	/* fallocate would take all that is free, and others with it, before it found out. */
	if (pages > (size_t)sysconf(_SC_PHYS_PAGES))
		return -ENOMEM;
	*out = pages * page;
	return 0;
}

static int map(int fd, size_t nbytes, struct mp_memory **out)
{
	struct mp_memory *m = malloc(sizeof(*m));
	int err;

	if (!m)
		return -ENOMEM;
	m->base = mmap(NULL, nbytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (m->base == MAP_FAILED) {
		err = -errno;
		free(m);
		return err;
	}
	m->nbytes = nbytes;
	m->fd = fd;
	atomic_init(&m->users, 1);
	*out = m;
	return 0;
}

static int fill(int fd, size_t nbytes)
{
	int rc;

	do
		rc = fallocate(fd, 0, 0, (off_t)nbytes);
	while (rc < 0 && errno == EINTR);
	return rc < 0 || fcntl(fd, F_ADD_SEALS, SEALS) < 0 ? -errno : 0;
}

int mp_memory_create(size_t nbytes, struct mp_memory **out)
{
	int fd, err = round_up(nbytes, &nbytes);

	if (err)
		return err;
	fd = memfd_create("mp_memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	err = fill(fd, nbytes);
	if (!err)
		err = map(fd, nbytes, out);
	if (err)
		close(fd);
	return err;
}

int mp_memory_attach(struct mp_handle *h, struct mp_memory **out)
{
	if (!h || h->kind != MP_HANDLE_MEMORY)
		return -EINVAL;
	return mp_memory_open(h, out);
}

int mp_memory_open(struct mp_handle *h, struct mp_memory **out)
{
	struct stat st;
	int err, seals;

	if (h->fd < 0)
		return -EBADF;
	if (h->memory) {
		*out = h->memory;
		atomic_fetch_add(&(*out)->users, 1);
		h->fd = -1;
		return 0;
	}
	seals = fcntl(h->fd, F_GET_SEALS);
	if (seals < 0 || (seals & SEALS) != SEALS)
		return -EACCES;
	if (fstat(h->fd, &st) < 0)
		return -errno;
	err = map(h->fd, (size_t)st.st_size, out);
	if (!err)
		h->fd = -1; /* it is the memory's now */
	return err;
}

struct mp_handle mp_memory_handle(const struct mp_memory *m)
{
	/* The handle carries no const: an attach counts itself in the memory. */
	return (struct mp_handle){
		.kind = MP_HANDLE_MEMORY, .fd = m->fd, .memory = (struct mp_memory *)(uintptr_t)m};
}

void *mp_memory_base(const struct mp_memory *m)
{
	return m->base;
}

size_t mp_memory_size(const struct mp_memory *m)
{
	return m->nbytes;
}

void mp_memory_destroy(struct mp_memory *m)
{
	if (!m || atomic_fetch_sub(&m->users, 1) > 1)
		return;
	munmap(m->base, m->nbytes);
	close(m->fd);
	free(m);
}
