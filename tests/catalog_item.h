/* catalog_item.h - an item of the catalog's lists, by its name */
#ifndef FORKLAB_CATALOG_ITEM_H
#define FORKLAB_CATALOG_ITEM_H

#include <jansson.h>
#include <string.h>

/* NULL: no item of the list has this name. */
static inline const json_t *named(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		const char *is = json_string_value(json_object_get(item, "name"));

		if (is && !strcmp(is, name))
			return item;
	}
	return NULL;
}

#endif
