#include "base/base.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static Status cannot(Context *cx, const char *what, const char *path) {
  Status status = errno == ENOENT ? NOT_FOUND : errno == ENOSPC || errno == EDQUOT ? NO_SPACE : INPUT_OUTPUT;
  const char *why = errno == ENOENT   ? "不存在"
                    : errno == EACCES ? "没有权限"
                    : errno == ENOSPC ? "磁盘已满"
                    : errno == EISDIR ? "这是一个文件夹"
                                      : strerror(errno);
  return fail(cx, status, "%s“%s”失败：%s。", what, path, why);
}

static void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
}

Status file_read(Context *cx, const char *path, size_t limit, Str *ret_bytes) {
  CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0) return cannot(cx, "读取", path);
  if (S_ISDIR(info.st_mode)) {
    errno = EISDIR;
    return cannot(cx, "读取", path);
  }
  if ((uint64_t)info.st_size > limit)
    return fail(cx, TOO_LARGE, "文件“%s”有 %lld MB，超过上限 %zu MB；请拆开后再导入。", path,
                (long long)info.st_size / 1048576, limit / 1048576);
  size_t size = (size_t)info.st_size, at = 0;
  char *bytes = arena_alloc(cx->arena, size + 1);
  while (at < size) {
    ssize_t got = read(fd, bytes + at, size - at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot(cx, "读取", path);
    if (got == 0) break;
    at += (size_t)got;
  }
  *ret_bytes = (Str){bytes, at};
  return OK;
}

Status file_write(Context *cx, const char *path, Str bytes) {
  const char *temporary = str_format(cx->arena, "%s.%d.tmp%c", path, (int)getpid(), '\0').data;
  CLEANUP(close_fd) int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return cannot(cx, "写入", path);
  for (size_t at = 0; at < bytes.size;) {
    ssize_t put = write(fd, bytes.data + at, bytes.size - at);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      int kept = errno;
      unlink(temporary);
      errno = kept;
      return cannot(cx, "写入", path);
    }
    at += (size_t)put;
  }
  if (fsync(fd) != 0 || rename(temporary, path) != 0) {
    int kept = errno;
    unlink(temporary);
    errno = kept;
    return cannot(cx, "写入", path);
  }
  return OK;
}
