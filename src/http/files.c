#include "base/file.h"
#include "crypto/crypto.h"
#include "http/internal.h"

enum { FILE_MOST = 32 << 20 };

const char PLACEHOLDER_PAGE[] =
    "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>安居</title>"
    "<p>服务器在运行，但网页文件还没有装好。接口说明见 <a "
    "href=\"/api/openapi.json\">/api/openapi.json</a>。</p></html>\n";

const char *static_type(Str path) {
  static const struct {
    Str ending;
    const char *type;
  } types[] = {{STR(".html"), "text/html; charset=utf-8"},
               {STR(".js"), "text/javascript; charset=utf-8"},
               {STR(".mjs"), "text/javascript; charset=utf-8"},
               {STR(".css"), "text/css; charset=utf-8"},
               {STR(".json"), "application/json"},
               {STR(".webmanifest"), "application/manifest+json"},
               {STR(".svg"), "image/svg+xml"},
               {STR(".png"), "image/png"},
               {STR(".ico"), "image/x-icon"},
               {STR(".woff2"), "font/woff2"},
               {STR(".wasm"), "application/wasm"},
               {STR(".txt"), "text/plain; charset=utf-8"},
               {STR(".map"), "application/json"}};
  for (size_t i = 0; i < COUNT_OF(types); i++)
    if (str_ends(path, types[i].ending)) return types[i].type;
  return "application/octet-stream";
}

static StaticFile *find(const StaticFiles *files, Str path) {
  for (size_t i = 0; i < files->count; i++)
    if (str_equal(files->items[i].path, path)) return &files->items[i];
  return NULL;
}

static void attach_compressed(StaticFiles *files) {
  for (size_t i = 0; i < files->count; i++) {
    Str path = files->items[i].path;
    if (!str_ends(path, STR(".gz"))) continue;
    StaticFile *plain = find(files, str_sub(path, 0, path.size - 3));
    if (plain) plain->gzip = files->items[i].bytes;
  }
}

Status static_load(Context *cx, const char *folder, StaticFiles *ret_files) {
  FolderItem *items;
  size_t count;
  StaticFiles files = {0};
  if (folder) {
    TRY(folder_tree(cx, folder, &items, &count));
    files.items = arena_array(cx->arena, count + 1, StaticFile);
    for (size_t i = 0; i < count; i++) {
      StaticFile *file = &files.items[files.count++];
      file->path = str_format(cx->arena, "/%s", items[i].name);
      TRY(file_read(cx, path_join(cx->arena, folder, items[i].name), FILE_MOST, &file->bytes));
      Digest digest = digest_of(file->bytes);
      file->etag = str_format(cx->arena, "\"" STR_FMT "\"", STR_ARG(str_sub(digest_hex(cx->arena, &digest), 0, 32)));
      file->type = static_type(file->path);
      file->immutable = str_starts(file->path, STR("/assets/"));
    }
    attach_compressed(&files);
  }
  *ret_files = files;
  return OK;
}

static bool has_ending(Str path) {
  for (size_t i = path.size; i > 0 && path.data[i - 1] != '/'; i--)
    if (path.data[i - 1] == '.') return true;
  return false;
}

/* A deep link ("/o/differences/12ab") gets the nearest index.html above it. */
const StaticFile *static_find(const StaticFiles *files, Str path) {
  const StaticFile *file = find(files, path);
  if (file || has_ending(path) || str_find(path, STR("/..")) >= 0) return file;
  for (size_t end = path.size; end > 0; end--) {
    if (path.data[end - 1] != '/') continue;
    char name[512];
    if (end + sizeof "index.html" > sizeof name) continue;
    memcpy(name, path.data, end);
    memcpy(name + end, "index.html", sizeof "index.html");
    file = find(files, str_from(name));
    if (file) return file;
  }
  return NULL;
}
