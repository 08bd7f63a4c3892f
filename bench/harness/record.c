/* record.c - JSON Lines: one write a record, and a reader that survives whatever a kill has left */
#include "harness/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char bom[] = "\xef\xbb\xbf";

/*
 * A program that was killed by a full disk may have left half a line. What is appended next would
 * become part of it and be lost too, so it starts on a line of its own; readers skip the empty line
 * that comes of it where another writer has just finished its line.
 */
static bool ends_within_a_line(const char *path)
{
	struct stat st;
	char last = '\n';
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0) {
		if (pread(fd, &last, 1, st.st_size - 1) != 1)
			last = '\n';
	}
	close(fd);
	return last != '\n';
}

int record_open(const char *path, struct record_writer *out)
{
	struct stat st;
	int fd;

	out->fd = -1;
	out->torn = false;
	if (!strcmp(path, "-")) {
		/* A copy, so that record_close leaves standard output to its owner. */
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (fd < 0)
			return -errno;
		out->fd = fd;
		return 0;
	}
	do
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	out->fd = fd;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		out->torn = ends_within_a_line(path);
	return 0;
}

/* All of buf, also where the kernel takes it in pieces; *wrote says how far it came. */
static int write_all(int fd, const char *buf, size_t len, size_t *wrote)
{
	*wrote = 0;
	while (*wrote < len) {
		ssize_t n = write(fd, buf + *wrote, len - *wrote);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		*wrote += (size_t)n;
	}
	return 0;
}

/* "\n" if before, the object, "\n": in one buffer, because two writes could be separated by a kill
 * or by another writer. NULL: JSON cannot say it, or no memory. The caller frees it. */
static char *line_of(const json_t *obj, bool before, size_t *len)
{
	const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(17);
	size_t need = json_dumpb(obj, NULL, 0, flags), start = before ? 1 : 0;
	char *line;

	if (need == 0)
		return NULL;
	line = malloc(start + need + 1);
	if (!line)
		return NULL;
	if (before)
		line[0] = '\n';
	if (json_dumpb(obj, line + start, need, flags) != need) {
		free(line);
		return NULL;
	}
	line[start + need] = '\n';
	*len = start + need + 1;
	return line;
}

int record_write(struct record_writer *w, json_t *obj)
{
	size_t len = 0, wrote = 0;
	char *line = NULL;
	int err = 0;

	if (!json_is_object(obj))
		err = -EINVAL;
	else if (w->fd >= 0) {
		line = line_of(obj, w->torn, &len);
		err = line ? write_all(w->fd, line, len, &wrote) : -EINVAL;
		/* Not a byte written leaves the file as it was; anything less than all is half a
		 * line. */
		if (line && wrote > 0)
			w->torn = wrote < len;
	}
	free(line);
	json_decref(obj);
	return err;
}

int record_close(struct record_writer *w)
{
	int fd = w->fd;

	w->fd = -1;
	w->torn = false;
	if (fd < 0)
		return 0;
	/* On Linux the descriptor is gone also after EINTR: a second close could hit somebody
	 * else's. */
	return close(fd) && errno != EINTR ? -errno : 0;
}

/* stdio gives up on EINTR and loses the part of the line that it had: it gets a read that does not.
 */
static ssize_t patient_read(void *cookie, char *buf, size_t len)
{
	const int *fd = cookie;
	ssize_t n;

	do
		n = read(*fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n;
}

static bool is_blank(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r\n", line[i]) || line[i] == '\0')
			return false;
	return true;
}

struct line_reader {
	int (*each)(json_t *obj, void *arg);
	void *arg;
	struct record_read_info *info;
	size_t number; /* of the line, from 1 */
};

static int take_line(struct line_reader *r, const char *line, size_t len)
{
	json_error_t error;
	json_t *obj;
	int rc;

	r->number++;
	if (r->number == 1 && len >= 3 && !memcmp(line, bom, 3)) {
		line += 3;
		len -= 3;
	}
	if (is_blank(line, len))
		return 0;
	/* Without its newline a line is not known to be whole, even where it happens to parse: 1
	 * of 12. */
	if (line[len - 1] != '\n') {
		r->info->cut = true;
		return 0;
	}
	obj = json_loadb(line, len, 0, &error);
	if (!obj && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (!json_is_object(obj)) {
		json_decref(obj);
		r->info->bad++;
		if (r->info->first_bad == 0)
			r->info->first_bad = r->number;
		return 0;
	}
	r->info->records++;
	rc = r->each(obj, r->arg);
	json_decref(obj);
	return rc;
}

static int read_lines(FILE *f, struct line_reader *r)
{
	char *line = NULL;
	size_t room = 0;
	int rc = 0;

	while (!rc) {
		ssize_t len;

		errno = 0;
		len = getline(&line, &room, f);
		if (len < 0) {
			if (ferror(f) || errno == ENOMEM)
				rc = errno ? -errno : -EIO;
			break;
		}
		rc = take_line(r, line, (size_t)len);
		if (!rc && ferror(f))
			rc = errno ? -errno : -EIO;
	}
	free(line);
	return rc;
}

int record_read(const char *path, int (*each)(json_t *obj, void *arg), void *arg,
	struct record_read_info *info)
{
	static const cookie_io_functions_t io = {.read = patient_read};
	struct record_read_info unused = {0};
	struct line_reader reader = {.each = each, .arg = arg, .info = info ? info : &unused};
	FILE *f;
	int fd, rc;

	memset(reader.info, 0, sizeof(*reader.info));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	f = fopencookie(&fd, "r", io);
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	rc = read_lines(f, &reader);
	fclose(f);
	close(fd);
	return rc;
}

static struct tm utc_now(void)
{
	time_t now = time(NULL);
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	gmtime_r(&now, &tm);
	return tm;
}

/*
 * Six hexadecimal digits. Within a process they count up, so that its ids of one second differ and
 * stay in order; where they start is random, for programs that start in the same second.
 */
static unsigned next_suffix(void)
{
	static _Atomic uint32_t next;
	static _Atomic pid_t owner;

	/* A forked child has its parent's counter: it needs a start of its own. */
	if (atomic_load(&owner) != getpid()) {
		uint32_t seed = (uint32_t)getpid();

		if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
			seed *= 2654435761u;
		atomic_store(&next, seed & 0x7fffff);
		atomic_store(&owner, getpid());
	}
	return atomic_fetch_add(&next, 1) & 0xffffff;
}

void record_run_id(char *buf, size_t len)
{
	struct tm tm = utc_now();

	snprintf(buf, len, "%04d%02d%02dT%02d%02d%02dZ-%06x", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, next_suffix());
}

bool record_run_id_fits(const char *id)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = strlen(id);

	return n > 0 && n <= 64 && id[0] != '.' && strspn(id, allowed) == n;
}

void record_utc(char *buf, size_t len)
{
	struct tm tm = utc_now();

	snprintf(buf, len, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}
