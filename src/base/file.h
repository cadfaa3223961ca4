/* file: whole files and folders, written so that they survive a power cut. Native only (not in WebAssembly).
 * Every failure is a sentence that names the path. Nothing follows a symbolic link in the last component. */
#pragma once
#include "base/base.h"

/* Status and sentence for an errno value: NO_SPACE, NOT_FOUND, FORBIDDEN, EXISTS or INPUT_OUTPUT.
 * `doing` is what was tried, e.g. "写入". */
Status file_fail(Context *cx, int error, const char *doing, const char *path);
const char *path_join(Arena *arena, const char *folder, const char *name);
Str path_name(const char *path); /* the last component, trailing slashes ignored */
bool file_exists(const char *path);
MUST_CHECK Status file_read(Context *cx, const char *path, size_t limit, Str *ret_bytes); /* TOO_LARGE above limit */

typedef enum FileWrite {
  FILE_DURABLE, /* fsync of the file before and of its folder after the rename */
  FILE_ADVISORY /* atomic for readers, but may be lost with the power */
} FileWrite;
/* Writes a temporary file beside `path` (a name starting with ".tmp-"), mode 0600, and renames it over `path`. */
MUST_CHECK Status file_write(Context *cx, const char *path, Str bytes, FileWrite how);

MUST_CHECK Status folder_make(Context *cx, const char *path); /* mode 0700; fine if it is there; parents must exist */
MUST_CHECK Status folder_sync(Context *cx, const char *path);
typedef struct FolderItem {
  const char *name; /* relative to the folder asked for */
  bool is_folder;   /* else a regular file */
  int64_t size;
} FolderItem;
/* Regular files and folders directly in `path`, sorted bytewise. Anything else (links, sockets) is left out and
 * counted in *ret_others, which may be NULL. */
MUST_CHECK Status folder_list(Context *cx, const char *path, FolderItem **ret_items, size_t *ret_count,
                              size_t *ret_others);
/* The same for everything below `path`: files only, names like "forms/visit.json". BAD_FILE if there is a link or a
 * device among them, or if the folders are nested deeper than 16. */
MUST_CHECK Status folder_tree(Context *cx, const char *path, FolderItem **ret_items, size_t *ret_count);
MUST_CHECK Status folder_remove(Context *cx, const char *path); /* with all that is in it; fine if it is not there */
