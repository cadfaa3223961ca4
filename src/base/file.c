#include "base/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* rename */
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TREE_DEPTH = 16 };

static const struct {
  int error;
  Status status;
  const char *words;
} ERRORS[] = {{ENOSPC, NO_SPACE, "磁盘空间不足，请先腾出空间"},
              {EDQUOT, NO_SPACE, "超出磁盘配额，请先腾出空间"},
              {EFBIG, NO_SPACE, "文件超出允许的大小"},
              {ENOENT, NOT_FOUND, "没有这个文件或文件夹"},
              {ENOTDIR, NOT_FOUND, "路径中有一段不是文件夹"},
              {EACCES, FORBIDDEN, "没有权限，请检查文件夹的属主和权限"},
              {EPERM, FORBIDDEN, "没有权限，请检查文件夹的属主和权限"},
              {EROFS, FORBIDDEN, "磁盘是只读的"},
              {EEXIST, EXISTS, "同名的文件已经存在"},
              {EISDIR, BAD_FILE, "这是文件夹，不是文件"},
              {ELOOP, BAD_FILE, "这是符号链接，不能使用"},
              {EMFILE, BUSY, "打开的文件太多，请稍后再试"},
              {EIO, INPUT_OUTPUT, "磁盘读写出错，请检查磁盘"}};

Status file_fail(Context *cx, int error, const char *doing, const char *path) {
  for (size_t i = 0; i < COUNT_OF(ERRORS); i++)
    if (ERRORS[i].error == error) return fail(cx, ERRORS[i].status, "%s“%s”失败：%s。", doing, path, ERRORS[i].words);
  return fail(cx, INPUT_OUTPUT, "%s“%s”失败（系统错误号 %d）。", doing, path, error);
}

const char *path_join(Arena *arena, const char *folder, const char *name) {
  return str_c(arena, str_format(arena, "%s/%s", folder, name));
}

Str path_name(const char *path) {
  Str s = str_from(path);
  while (s.size > 1 && s.data[s.size - 1] == '/') s.size--;
  size_t start = s.size;
  while (start > 0 && s.data[start - 1] != '/') start--;
  return str_sub(s, start, s.size);
}

bool file_exists(const char *path) {
  struct stat info;
  return lstat(path, &info) == 0;
}

static void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
}

Status file_read(Context *cx, const char *path, size_t limit, Str *ret_bytes) {
  CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0) return file_fail(cx, errno, "读取", path);
  if (S_ISDIR(info.st_mode)) return fail(cx, BAD_FILE, "“%s”是文件夹，不是文件；请写出其中的文件。", path);
  if (!S_ISREG(info.st_mode)) return fail(cx, BAD_FILE, "“%s”不是普通文件。", path);
  if ((uint64_t)info.st_size > limit)
    return fail(cx, TOO_LARGE, "文件“%s”有 %lld 字节，超过上限 %zu 字节。", path, (long long)info.st_size, limit);
  size_t size = (size_t)info.st_size, done = 0;
  char *bytes = arena_alloc(cx->arena, size + 1);
  while (done < size) {
    ssize_t got = read(fd, bytes + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_fail(cx, errno, "读取", path);
    if (got == 0) return fail(cx, INPUT_OUTPUT, "文件“%s”在读取时变短了，请重试。", path);
    done += (size_t)got;
  }
  *ret_bytes = (Str){bytes, size};
  return OK;
}

static int write_all(int fd, Str bytes) {
  for (size_t done = 0; done < bytes.size;) {
    ssize_t got = write(fd, bytes.data + done, bytes.size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    done += (size_t)got;
  }
  return 0;
}

static const char *folder_of(Arena *arena, const char *path) {
  Str s = str_from(path), name = path_name(path);
  size_t start = (size_t)(name.data - s.data);
  if (start == 0) return ".";
  return start == 1 ? "/" : str_c(arena, str_sub(s, 0, start - 1));
}

Status file_write(Context *cx, const char *path, Str bytes, FileWrite how) {
  uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random) random = (uint64_t)stamp_monotonic();
  const char *folder = folder_of(cx->arena, path);
  const char *temporary =
      str_c(cx->arena, str_format(cx->arena, "%s/.tmp-%d-%llx", folder, (int)getpid(), (unsigned long long)random));
  int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return file_fail(cx, errno, "写入", path);
  int error = write_all(fd, bytes);
  if (!error && how == FILE_DURABLE && fsync(fd) != 0) error = errno;
  if (close(fd) != 0 && !error) error = errno;
  if (!error && rename(temporary, path) != 0) error = errno;
  if (error) {
    unlink(temporary);
    return file_fail(cx, error, "写入", path);
  }
  return how == FILE_DURABLE ? folder_sync(cx, folder) : OK;
}

Status folder_make(Context *cx, const char *path) {
  struct stat info;
  if (mkdir(path, 0700) == 0) return folder_sync(cx, folder_of(cx->arena, path));
  if (errno != EEXIST) return file_fail(cx, errno, "建立文件夹", path);
  if (stat(path, &info) != 0) return file_fail(cx, errno, "打开文件夹", path);
  return S_ISDIR(info.st_mode) ? OK : fail(cx, EXISTS, "“%s”已存在，但不是文件夹。", path);
}

Status folder_sync(Context *cx, const char *path) {
  CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || fsync(fd) != 0) return file_fail(cx, errno, "保存文件夹", path);
  return OK;
}

static int item_order(const void *a, const void *b) {
  return strcmp(((const FolderItem *)a)->name, ((const FolderItem *)b)->name);
}

typedef struct ItemList {
  FolderItem *items;
  size_t count, capacity;
} ItemList;

static void item_add(Arena *arena, ItemList *list, FolderItem item) {
  if (list->count == list->capacity) {
    size_t capacity = list->capacity ? list->capacity * 2 : 32;
    list->items = arena_grow(arena, list->items, list->capacity * sizeof *list->items, capacity * sizeof *list->items);
    list->capacity = capacity;
  }
  list->items[list->count++] = item;
}

static void close_dir(DIR **dir) {
  if (*dir) closedir(*dir);
}

Status folder_list(Context *cx, const char *path, FolderItem **ret_items, size_t *ret_count, size_t *ret_others) {
  CLEANUP(close_dir) DIR *dir = opendir(path);
  if (!dir) return file_fail(cx, errno, "打开文件夹", path);
  ItemList list = {0};
  size_t others = 0;
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir(dir);
    if (!entry && errno) return file_fail(cx, errno, "读取文件夹", path);
    if (!entry) break;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    struct stat info;
    if (fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue; /* removed in the meantime */
      return file_fail(cx, errno, "读取文件夹", path);
    }
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
      others++;
      continue;
    }
    const char *name = str_c(cx->arena, str_from(entry->d_name));
    item_add(cx->arena, &list, (FolderItem){name, S_ISDIR(info.st_mode), info.st_size});
  }
  if (list.count) qsort(list.items, list.count, sizeof *list.items, item_order);
  *ret_items = list.items;
  *ret_count = list.count;
  if (ret_others) *ret_others = others;
  return OK;
}

static Status tree_below(Context *cx, const char *root, const char *below, int depth, ItemList *list) {
  const char *path = *below ? path_join(cx->arena, root, below) : root;
  if (depth > TREE_DEPTH) return fail(cx, BAD_FILE, "文件夹“%s”嵌套太深。", path);
  FolderItem *items;
  size_t count, others;
  TRY(folder_list(cx, path, &items, &count, &others));
  if (others) return fail(cx, BAD_FILE, "文件夹“%s”里有符号链接或特殊文件，请换成普通文件。", path);
  for (size_t i = 0; i < count; i++) {
    const char *name = *below ? path_join(cx->arena, below, items[i].name) : items[i].name;
    if (items[i].is_folder)
      TRY(tree_below(cx, root, name, depth + 1, list));
    else
      item_add(cx->arena, list, (FolderItem){name, false, items[i].size});
  }
  return OK;
}

Status folder_tree(Context *cx, const char *path, FolderItem **ret_items, size_t *ret_count) {
  ItemList list = {0};
  TRY(tree_below(cx, path, "", 1, &list));
  if (list.count) qsort(list.items, list.count, sizeof *list.items, item_order);
  *ret_items = list.items;
  *ret_count = list.count;
  return OK;
}

static int remove_at(int parent, const char *name, int depth) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return errno;
  if (depth > 64) return ELOOP;
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *dir = fd < 0 ? NULL : fdopendir(fd);
  if (!dir) return errno;
  int error = 0;
  for (struct dirent *entry; !error && (entry = readdir(dir)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      error = remove_at(dirfd(dir), entry->d_name, depth + 1);
  closedir(dir);
  return error ? error : unlinkat(parent, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

Status folder_remove(Context *cx, const char *path) {
  int error = remove_at(AT_FDCWD, path, 0);
  return error ? file_fail(cx, error, "删除", path) : OK;
}
