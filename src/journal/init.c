/* Making a county directory. Every step can be repeated, and the last one, entry 1, makes the county valid: a process
 * killed before leaves no county, and the next init goes on from there. */
#include "journal/internal.h"
#include <errno.h>
#include <stdio.h> /* rename */
#include <stdlib.h>
#include <unistd.h>

enum { CAMPAIGN_FILE_LIMIT = 64 * 1024 * 1024 };

/* Hash over the files: SHA-256 of their JSON list, which names each one's path, size and hash. */
Status campaign_body(Context *cx, const char *folder, Str name, Json **ret_body) {
  FolderItem *items;
  size_t count;
  TRY(folder_tree(cx, folder, &items, &count));
  Json *files = json_new_array(cx->arena), *body = json_new_object(cx->arena);
  for (size_t i = 0; i < count; i++) {
    Str bytes;
    if (!str_utf8_valid(str_from(items[i].name))) return fail(cx, BAD_FILE, "“%s”里有文件名不是 UTF-8。", folder);
    TRY(file_read(cx, path_join(cx->arena, folder, items[i].name), CAMPAIGN_FILE_LIMIT, &bytes));
    Digest digest = digest_of(bytes);
    Json *file = json_new_object(cx->arena);
    json_set_text(cx->arena, file, "hash", digest_hex(cx->arena, &digest));
    json_set_text(cx->arena, file, "path", str_from(items[i].name));
    json_set_int(cx->arena, file, "size", (int64_t)bytes.size);
    json_add(files, file);
  }
  Buf buf = buf_new(cx->arena);
  TRY(json_write_canonical(cx, files, &buf));
  Digest all = digest_of(buf_str(&buf));
  json_set_text(cx->arena, body, "campaign", name);
  json_set_text(cx->arena, body, "campaign_hash", digest_hex(cx->arena, &all));
  json_set(cx->arena, body, "files", files);
  *ret_body = body;
  return OK;
}

static Status copy_file(Context *cx, const char *from, const char *to_folder, const char *name) {
  Str bytes;
  TRY(file_read(cx, path_join(cx->arena, from, name), CAMPAIGN_FILE_LIMIT, &bytes));
  for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
    Str part = {name, (size_t)(slash - name)};
    TRY(folder_make(cx, path_join(cx->arena, to_folder, str_c(cx->arena, part))));
  }
  return file_write(cx, path_join(cx->arena, to_folder, name), bytes, FILE_DURABLE);
}

/* Copies into campaign.part, then renames: campaign/ is there completely or not at all. One that an interrupted init
 * left is replaced, because this time another campaign may be meant. */
Status copy_campaign(Context *cx, const char *folder, const char *campaign_folder) {
  const char *part = path_join(cx->arena, folder, "campaign.part");
  const char *final = path_join(cx->arena, folder, "campaign");
  FolderItem *items;
  size_t count;
  TRY(folder_tree(cx, campaign_folder, &items, &count));
  if (count == 0) return fail(cx, BAD_USAGE, "工作方案文件夹“%s”是空的。", campaign_folder);
  TRY(folder_remove(cx, part));
  TRY(folder_make(cx, part));
  for (size_t i = 0; i < count; i++) TRY(copy_file(cx, campaign_folder, part, items[i].name));
  TRY(folder_remove(cx, final));
  if (rename(part, final) != 0) return file_fail(cx, errno, "写入", final);
  return folder_sync(cx, folder);
}

/* What we would write over must not be somebody else's. */
Status check_foreign(Context *cx, const char *folder) {
  static const char *const OURS[] = {"anju.db", "anju.toml", "campaign", "campaign.part", "keys", "store"};
  if (file_exists(path_join(cx->arena, folder, "lock"))) return OK; /* ours: complete, or interrupted */
  for (size_t i = 0; i < COUNT_OF(OURS); i++)
    if (file_exists(path_join(cx->arena, folder, OURS[i])))
      return fail(cx, EXISTS, "“%s”里已有“%s”，但不是县数据；请换一个空文件夹。", folder, OURS[i]);
  return OK;
}

static Status create_entry(Context *cx, Journal *journal, const char *campaign_folder) {
  char *real = realpath(campaign_folder, NULL); /* so that "." has a name */
  Str name = str_copy(cx->arena, path_name(real ? real : campaign_folder));
  free(real);
  Json *body;
  Receipt receipt;
  TRY(campaign_body(cx, path_join(cx->arena, journal->folder, "campaign"), name, &body));
  return journal_append(cx, journal, &(Entry){.kind = STR("county_created"), .author = STR("init"), .body = body},
                        &receipt);
}

static Status init_locked(Context *cx, const char *folder, const char *campaign_folder, int *lock,
                          const JournalModule *const *modules, size_t module_count) {
  CLEANUP(journal_closep) Journal *journal = NULL;
  int taken = *lock;
  int64_t size;
  TRY(keys_create(cx, path_join(cx->arena, folder, "keys")));
  *lock = -1; /* now the journal's */
  TRY(journal_make(cx, folder, JOURNAL_WRITE, taken, 0, modules, module_count, &journal));
  TRY(db_int_of(cx, journal->db, &size, 0, &JOURNAL_SIZE));
  if (size > 0 || journal->head_disputed)
    return fail(cx, EXISTS, "“%s”%s里已有县数据，没有改动它；要另建请换一个。", folder,
                db_is_postgresql(journal->target) ? "所指的数据库" : "");
  TRY(copy_campaign(cx, folder, campaign_folder));
  TRY(create_entry(cx, journal, campaign_folder));
  return folder_sync(cx, folder);
}

Status journal_init_on(Context *cx, const char *folder, const char *campaign_folder, const char *database,
                       const JournalModule *const *modules, size_t module_count) {
  FolderItem *items;
  size_t count;
  int lock = -1;
  if (database) TRY(settings_check(cx, database));
  TRY(folder_tree(cx, campaign_folder, &items, &count)); /* before anything is made */
  TRY(folder_make(cx, folder));
  TRY(check_foreign(cx, folder));
  TRY(lock_take(cx, folder, 0, &lock));
  bool written = false;
  Status status = database ? settings_write(cx, folder, database, &written) : OK;
  if (status == OK) status = init_locked(cx, folder, campaign_folder, &lock, modules, module_count);
  if (status != OK && written) settings_remove(cx->arena, folder);
  if (lock >= 0) close(lock);
  return status;
}

Status journal_init(Context *cx, const char *folder, const char *campaign_folder, const JournalModule *const *modules,
                    size_t module_count) {
  return journal_init_on(cx, folder, campaign_folder, NULL, modules, module_count);
}
