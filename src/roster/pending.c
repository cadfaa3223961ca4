#include "roster/pending.h"
#include <iconv.h>
#include <unistd.h>
#include "base/file.h"

#define PENDING_NAME "import.pending" /* {"files":["civil.csv",...]} */

Str pending_name(Arena *arena, const char *path) {
  Str name = path_name(path);
  if (str_utf8_valid(name)) return name;
  size_t room = name.size * 4 + 1;
  char *out = arena_alloc(arena, room), *to = out, *from = (char *)(uintptr_t)name.data;
  size_t left = name.size, space = room;
  iconv_t decoder = iconv_open("UTF-8", "GB18030");
  bool decoded = decoder != (iconv_t)-1 && iconv(decoder, &from, &left, &to, &space) != (size_t)-1 && left == 0;
  if (decoder != (iconv_t)-1) iconv_close(decoder);
  if (decoded) return (Str){out, (size_t)(to - out)};
  Buf buf = buf_new(arena);
  for (size_t at = 0; at < name.size;) buf_add_rune(&buf, str_next_rune(name, &at));
  return buf_str(&buf);
}

static const char *pending_path(Context *cx, Journal *journal) {
  return path_join(cx->arena, journal_folder(journal), PENDING_NAME);
}

static Json *read_pending(Context *cx, Journal *journal) {
  Str bytes;
  Json *json;
  if (!file_exists(pending_path(cx, journal)) || file_read(cx, pending_path(cx, journal), 16 << 20, &bytes) != OK ||
      json_parse(cx, bytes, &json) != OK)
    return NULL;
  return json;
}

static Status write_pending(Context *cx, Journal *journal, Json *files) {
  if (files->count == 0) {
    unlink(pending_path(cx, journal));
    return OK;
  }
  Json *json = json_new_object(cx->arena);
  json_set(cx->arena, json, "files", files);
  Buf buf = buf_new(cx->arena);
  TRY(json_write_canonical(cx, json, &buf));
  return file_write(cx, pending_path(cx, journal), buf_str(&buf), FILE_DURABLE);
}

static void add_once(Context *cx, Json *files, Str name) {
  JSON_EACH(item, files)
  if (str_equal(item->text, name)) return;
  json_add(files, json_new_string(cx->arena, name));
}

Status pending_begin(Context *cx, Journal *journal, const char *const *paths, size_t count) {
  Json *files = json_new_array(cx->arena);
  JSON_EACH(item, json_get(read_pending(cx, journal), "files")) add_once(cx, files, item->text);
  for (size_t i = 0; i < count; i++) add_once(cx, files, pending_name(cx->arena, paths[i]));
  return write_pending(cx, journal, files);
}

Status pending_done(Context *cx, Journal *journal, const char *path) {
  Json *files = json_new_array(cx->arena);
  JSON_EACH(item, json_get(read_pending(cx, journal), "files"))
  if (!str_equal(item->text, pending_name(cx->arena, path))) add_once(cx, files, item->text);
  return write_pending(cx, journal, files);
}

Str roster_pending(Context *cx, Journal *journal) {
  Buf buf = buf_new(cx->arena);
  JSON_EACH(item, json_get(read_pending(cx, journal), "files")) {
    if (buf.size) buf_add(&buf, STR("、"));
    buf_addf(&buf, "《" STR_FMT "》", STR_ARG(item->text));
  }
  if (buf.size == 0) return STR_EMPTY;
  return str_format(cx->arena, "上一次导入没有做完，以下文件没有进来：" STR_FMT "；请重新导入（已导入的不会重复）。",
                    STR_ARG(buf_str(&buf)));
}
