/* text_file.c - a whole file in memory */
#include "forklab/text_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int text_file_read(const char *path, char **text, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *at = NULL;
	size_t room = 0;
	ssize_t n;
	int err = 0;

	*text = NULL;
	if (f == NULL)
		return -errno;
	errno = 0;
	n = getdelim(&at, &room, '\0', f);
	if (n < 0 && ferror(f))
		err = errno != 0 ? -errno : -EIO;
	else if (at == NULL)
		err = -ENOMEM;
	fclose(f);
	if (err < 0) {
		free(at);
		return err;
	}
	/* An empty file is no error, though getdelim says -1; it made room for the 0. */
	if (n < 0)
		at[0] = '\0';
	*text = at;
	*len = strlen(at);
	return 0;
}
