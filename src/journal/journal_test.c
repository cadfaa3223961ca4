#include "journal/internal.h"
#include "journal/test_module.h"

TEST_COUNTY(init_makes_a_county_whose_first_entry_names_the_campaign) {
  const char *folder = test_folder(cx), *county = county_make(cx, folder);
  Journal *journal = county_open(cx, county, JOURNAL_READ);
  Entry entry;
  CHECK_OK(journal_get(cx, journal, STR("1"), &entry));
  CHECK_STR(entry.kind, STR("county_created"));
  CHECK_STR(json_text(entry.body, "campaign"), STR("plan"));
  CHECK_INT(json_text(entry.body, "campaign_hash").size, 64);
  const Json *files = json_get(entry.body, "files");
  CHECK(files && files->count == 2);
  CHECK_STR(json_text(files->first, "path"), STR("forms/visit.json"));
  Str bytes;
  CHECK_OK(file_read(cx, path_join(cx->arena, county, "campaign/places.csv"), 100, &bytes));
  CHECK_STR(bytes, STR("code,name\n"));
  journal_close(journal);
  CHECK_FAILS(EXISTS, journal_init(cx, county, path_join(cx->arena, folder, "plan"), TEST_MODULES, 1));
  CHECK_FAILS(NOT_FOUND, journal_init(cx, path_join(cx->arena, folder, "b"), path_join(cx->arena, folder, "no plan"),
                                      TEST_MODULES, 1));
  CHECK(!file_exists(path_join(cx->arena, folder, "b")));
  test_folder_remove(cx, folder);
}

TEST_COUNTY(every_statement_of_the_journal_prepares_after_migrating) {
  const char *folder = test_folder(cx);
  Journal *journal = county_open(cx, county_make(cx, folder), JOURNAL_READ);
  CHECK_OK(journal_check_statements(cx, journal));
  journal_close(journal);
  test_folder_remove(cx, folder);
}

TEST_COUNTY(an_entry_is_appended_applied_and_read_back) {
  const char *folder = test_folder(cx);
  Journal *journal = county_open(cx, county_make(cx, folder), JOURNAL_WRITE);
  Receipt receipt = append(cx, journal, thing_added(cx, 1));
  CHECK_INT(receipt.seq, 2);
  CHECK(!receipt.repeated && uuid_valid(receipt.id));
  CHECK_INT(thing_count(cx, journal), 1);
  Entry by_seq, by_id, by_prefix;
  CHECK_OK(journal_get(cx, journal, STR("2"), &by_seq));
  CHECK_OK(journal_get(cx, journal, receipt.id, &by_id));
  CHECK_OK(journal_get(cx, journal, str_sub(receipt.id, 0, 30), &by_prefix));
  CHECK(by_id.seq == 2 && by_prefix.seq == 2);
  CHECK_STR(by_seq.id, receipt.id);
  CHECK_STR(by_seq.body_text, STR("{\"name\":\"水井\",\"secret\":\"450399199001010012\",\"thing\":\"t000001\"}"));
  CHECK(by_seq.made_at == by_seq.received_at && by_seq.made_at > 0);
  Digest leaf = entry_leaf(cx->arena, &by_seq);
  CHECK(digest_equal(&leaf, &receipt.leaf) && digest_equal(&leaf, &by_seq.leaf));
  CHECK_FAILS(NOT_FOUND, journal_get(cx, journal, STR("3"), &by_id));
  CHECK_FAILS(BAD_VALUE, journal_get(cx, journal, STR("0190"), &by_id));
  CHECK_FAILS(NOT_FOUND, journal_get(cx, journal, STR("00000000-"), &by_id));
  journal_close(journal);
  test_folder_remove(cx, folder);
}

TEST(the_header_is_canonical_json_and_the_leaf_follows_the_definition) {
  Entry entry = {.kind = STR("k"), .author = STR("a\"b"), .id = STR("i"), .made_at = 5, .body_text = STR("{}")};
  entry.household = entry.division = entry.device = entry.supersedes = STR_EMPTY;
  entry.salt = STR("0123456789abcdef0123456789abcdef");
  Str header = entry_header(cx->arena, &entry);
  CHECK_STR(header, STR("{\"author\":\"a\\\"b\",\"device\":\"\",\"division\":\"\",\"household\":\"\",\"id\":\"i\","
                        "\"kind\":\"k\",\"made_at\":5,\"supersedes\":\"\"}"));
  Json *json;
  Buf buf = buf_new(cx->arena);
  CHECK_OK(json_parse(cx, header, &json));
  CHECK_OK(json_write_canonical(cx, json, &buf));
  CHECK_STR(buf_str(&buf), header);
  Digest body = digest_of(STR("0123456789abcdef0123456789abcdef{}"));
  Digest expected = digest_of(str_format(cx->arena, "%c" STR_FMT STR_FMT, 0, STR_ARG(header), 32, (char *)body.bytes));
  Digest leaf = entry_leaf(cx->arena, &entry);
  CHECK(digest_equal(&leaf, &expected));
}

TEST_COUNTY(an_entry_sent_twice_is_kept_once) {
  const char *folder = test_folder(cx);
  Journal *journal = county_open(cx, county_make(cx, folder), JOURNAL_WRITE);
  Entry draft = thing_added(cx, 1);
  draft.id = STR("01900000-0000-7000-8000-000000000001");
  Receipt first = append(cx, journal, draft), second = append(cx, journal, draft);
  CHECK(!first.repeated && second.repeated && second.seq == first.seq && digest_equal(&first.leaf, &second.leaf));
  Entry stored;
  CHECK_OK(journal_get(cx, journal, draft.id, &stored));
  stored.body = NULL; /* as another node would bring it: bytes, salt, everything */
  CHECK(append(cx, journal, stored).repeated);
  CHECK_INT(thing_count(cx, journal), 1);
  draft.body = thing_added(cx, 2).body;
  Receipt receipt;
  CHECK_FAILS(CONFLICT, journal_append(cx, journal, &draft, &receipt));
  CHECK_FAILS(CONFLICT, journal_append(cx, journal, &draft, &receipt));
  int64_t kept;
  CHECK_OK(db_int_of(cx, journal_db(journal), &kept, 0, &JOURNAL_CONFLICT_COUNT, DB_T(draft.id)));
  CHECK_INT(kept, 1);
  draft = thing_added(cx, 1);
  draft.id = stored.id;
  draft.author = STR("someone else");
  CHECK_OK(journal_begin(cx, journal));
  CHECK_FAILS(CONFLICT, journal_append(cx, journal, &draft, &receipt));
  journal_rollback(journal);
  CHECK_OK(db_int_of(cx, journal_db(journal), &kept, 0, &JOURNAL_CONFLICT_COUNT, DB_T(draft.id)));
  CHECK_INT(kept, 2); /* although the caller rolled back */
  CHECK_INT(thing_count(cx, journal), 1);
  journal_close(journal);
  test_folder_remove(cx, folder);
}

TEST_COUNTY(an_entry_that_cannot_be_applied_leaves_nothing) {
  const char *folder = test_folder(cx);
  Journal *journal = county_open(cx, county_make(cx, folder), JOURNAL_WRITE);
  Receipt receipt = {.seq = 77};
  Entry draft = thing_added(cx, 1);
  draft.kind = STR("thing_broken");
  CHECK_FAILS(BAD_VALUE, journal_append(cx, journal, &draft, &receipt));
  CHECK_STR(cx->error.sentence, STR("这一条故意失败。"));
  CHECK_INT(receipt.seq, 77);
  CHECK_INT(thing_count(cx, journal), 0);
  draft.kind = STR("thing_recursive");
  CHECK_FAILS(FAILED, journal_append(cx, journal, &draft, &receipt));
  draft.kind = STR("thing_unheard_of");
  CHECK_FAILS(BAD_VALUE, journal_append(cx, journal, &draft, &receipt));
  CHECK_INT(append(cx, journal, thing_added(cx, 1)).seq, 2);
  CHECK_FAILS(CONFLICT,
              journal_append(cx, journal,
                             &(Entry){.kind = STR("thing_added"), .author = STR("t"), .body = thing_added(cx, 1).body},
                             &receipt));
  CHECK_INT(append(cx, journal, thing_added(cx, 2)).seq, 3); /* a constraint is no id conflict: undone as well */
  int64_t size;
  Digest root;
  CHECK_OK(journal_head(cx, journal, &size, &root));
  CHECK_INT(size, 3);
  journal_close(journal);
  test_folder_remove(cx, folder);
}

TEST_COUNTY(a_batch_commits_at_once_and_a_failing_entry_undoes_itself_alone) {
  const char *folder = test_folder(cx), *county = county_make(cx, folder);
  Journal *journal = county_open(cx, county, JOURNAL_WRITE), *reader = county_open(cx, county, JOURNAL_READ);
  Receipt receipt;
  Entry broken = thing_added(cx, 2);
  broken.kind = STR("thing_broken");
  CHECK_OK(journal_begin(cx, journal));
  CHECK_FAILS(FAILED, journal_begin(cx, journal));
  append(cx, journal, thing_added(cx, 1));
  CHECK_FAILS(BAD_VALUE, journal_append(cx, journal, &broken, &receipt));
  CHECK_INT(append(cx, journal, thing_added(cx, 3)).seq, 3);
  CHECK_INT(thing_count(cx, reader), 0);
  CHECK_OK(journal_commit(cx, journal));
  CHECK_INT(thing_count(cx, reader), 2);
  CHECK_OK(journal_begin(cx, journal));
  append(cx, journal, thing_added(cx, 4));
  journal_rollback(journal);
  journal_rollback(journal);
  CHECK_FAILS(FAILED, journal_commit(cx, journal));
  CHECK_INT(thing_count(cx, journal), 2);
  Entry draft = thing_added(cx, 5);
  CHECK_FAILS(FAILED, journal_append(cx, reader, &draft, &receipt));
  CHECK_FAILS(FAILED, journal_begin(cx, reader));
  CHECK_FAILS(FAILED, journal_rebuild(cx, reader));
  journal_close(reader);
  journal_close(journal);
  test_folder_remove(cx, folder);
}

TEST_COUNTY(drafts_that_are_not_in_order_are_refused) {
  const char *folder = test_folder(cx);
  Journal *journal = county_open(cx, county_make(cx, folder), JOURNAL_WRITE);
  Receipt receipt;
  static const struct {
    const char *text;
    Status status;
  } bodies[] = {{"{\"b\":1,\"a\":2}", BAD_JSON},
                {"{ }", BAD_JSON},
                {"{\"a\":1.0}", BAD_JSON},
                {"{\"a\":null}", BAD_JSON},
                {"[]", BAD_JSON},
                {"", BAD_JSON},
                {"{\"a_file\":\"x\"}", BAD_VALUE},
                {"{\"a_files\":\"x\"}", BAD_VALUE},
                {"{\"a\":[{\"b_files\":[1]}]}", BAD_VALUE},
                {"{\"a_file\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}", NOT_FOUND}};
  Entry draft = {.kind = STR("thing_noted"), .author = STR("t")};
  for (size_t i = 0; i < COUNT_OF(bodies); i++) {
    draft.body_text = str_from(bodies[i].text);
    CHECK_FAILS(bodies[i].status, journal_append(cx, journal, &draft, &receipt));
  }
  Digest digest;
  CHECK_OK(store_put(cx, journal_store(journal), STR("abc"), &digest));
  CHECK_OK(journal_append(cx, journal, &draft, &receipt)); /* now the file is there */
  draft.body_text = STR("{\"a\":\"\\u0001é\"}");
  CHECK_OK(journal_append(cx, journal, &draft, &receipt));
  Entry bad[] = {draft, draft, draft, draft, draft, draft, draft};
  bad[0].kind = STR("Thing");
  bad[1].author = STR_EMPTY;
  bad[2].id = STR("01900000-0000-7000-8000-00000000000G");
  bad[3].supersedes = STR("2");
  bad[4].made_at = -1;
  bad[5].salt = STR("short");
  bad[6].household = STR("a\xff");
  for (size_t i = 0; i < COUNT_OF(bad); i++) CHECK_FAILS(BAD_VALUE, journal_append(cx, journal, &bad[i], &receipt));
  journal_close(journal);
  test_folder_remove(cx, folder);
}

TEST_COUNTY(a_rebuild_gives_the_same_tables) {
  const char *folder = test_folder(cx);
  Journal *journal = county_open(cx, county_make(cx, folder), JOURNAL_WRITE);
  Str empty = digests_text(cx, journal);
  for (int i = 0; i < 30; i++) append(cx, journal, thing_added(cx, i));
  Entry rename = {
      .kind = STR("thing_renamed"), .author = STR("t"), .body_text = STR("{\"name\":\"路\",\"thing\":\"t000003\"}")};
  append(cx, journal, rename);
  Str before = digests_text(cx, journal);
  CHECK(!str_equal(before, empty));
  CHECK_OK(db_script(cx, journal_db(journal), "update thing set name = '桥' where id = 't000004'; delete from mark"));
  CHECK(!str_equal(digests_text(cx, journal), before));
  CHECK_OK(journal_rebuild(cx, journal));
  CHECK_STR(digests_text(cx, journal), before);
  CHECK_OK(db_script(cx, journal_db(journal),
                     "update thing set secret = (select secret from thing where id = 't000005') where id = 't000004'"));
  TableDigest *digests;
  size_t count;
  CHECK_FAILS(TAMPERED, journal_digest(cx, journal, &digests, &count));
  CHECK(str_find(cx->error.sentence, STR("t000004")) >= 0);
  CHECK_OK(journal_rebuild(cx, journal));
  CHECK_STR(digests_text(cx, journal), before);
  journal_close(journal);
  test_folder_remove(cx, folder);
}

TEST_COUNTY(a_digest_follows_its_definition) {
  const char *folder = test_folder(cx);
  Journal *journal = county_open(cx, county_make(cx, folder), JOURNAL_WRITE);
  append(cx, journal, thing_added(cx, 1));
  static const char expected[] =
      "T\0\0\0\0\0\0\0\5thing"
      "T\0\0\0\0\0\0\0\51id, name, sealed:secret:thing.secret, rev"
      "T\0\0\0\0\0\0\0\7t000001"
      "T\0\0\0\0\0\0\0\6水井"
      "T\0\0\0\0\0\0\0\22"
      "450399199001010012"
      "I\0\0\0\0\0\0\0\1";
  TableDigest *digests;
  size_t count;
  CHECK_OK(journal_digest(cx, journal, &digests, &count));
  CHECK(count == 2 && digests[0].rows == 1 && digests[1].rows == 3);
  Digest digest = digest_of((Str){expected, sizeof expected - 1});
  CHECK(digest_equal(&digests[0].digest, &digest));
  journal_close(journal);
  test_folder_remove(cx, folder);
}

/* The head by the recursive definition of RFC 6962. */
static Digest naive_root(const Digest *leaves, int64_t count) {
  if (count == 0) return digest_of(STR_EMPTY);
  if (count == 1) return leaves[0];
  int64_t split = 1;
  while (split * 2 < count) split *= 2;
  Digest left = naive_root(leaves, split), right = naive_root(leaves + split, count - split);
  return tree_node(&left, &right);
}

TEST_COUNTY(the_tree_head_is_that_of_rfc_6962_at_every_size) {
  /* The published example (certificate-transparency's reference test): eight leaves. */
  static const Str inputs[] = {STR_EMPTY,
                               {"\x00", 1},
                               {"\x10", 1},
                               {"\x20\x21", 2},
                               {"\x30\x31", 2},
                               {"\x40\x41\x42\x43", 4},
                               {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
                               {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}};
  Digest leaves[8];
  for (size_t i = 0; i < 8; i++) leaves[i] = digest_pair(0, inputs[i], STR_EMPTY);
  Digest root = naive_root(leaves, 8);
  CHECK_STR(digest_hex(cx->arena, &root), STR("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"));
  const char *folder = test_folder(cx);
  Journal *journal = county_open(cx, county_make(cx, folder), JOURNAL_WRITE);
  Digest all[70], head;
  int64_t size;
  CHECK_OK(journal_head(cx, journal, &size, &head));
  all[0] = head;
  CHECK_OK(journal_begin(cx, journal));
  for (int i = 1; i < 70; i++) {
    all[i] = append(cx, journal, thing_added(cx, i)).leaf;
    CHECK_OK(journal_head(cx, journal, &size, &head));
    root = naive_root(all, i + 1);
    CHECK(size == i + 1 && digest_equal(&head, &root));
  }
  for (int i = 0; i <= 70; i++) {
    root = naive_root(all, i);
    CHECK_OK(tree_root(cx, journal_db(journal), i, &head));
    CHECK(digest_equal(&head, &root));
  }
  CHECK_OK(journal_commit(cx, journal));
  CHECK_OK(head_read(cx, journal_folder(journal), &size, &head));
  CHECK(size == 70 && digest_equal(&head, &root));
  journal_close(journal);
  test_folder_remove(cx, folder);
}

static Status sum_seq(Context *cx, void *user, const Entry *entry) {
  *(int64_t *)user += entry->seq;
  return entry->seq == 6 ? fail(cx, FAILED, "enough") : OK;
}

TEST_COUNTY(entries_are_visited_in_order_and_by_kind) {
  const char *folder = test_folder(cx);
  Journal *journal = county_open(cx, county_make(cx, folder), JOURNAL_WRITE);
  for (int i = 0; i < 3; i++) append(cx, journal, thing_added(cx, i));
  int64_t sum = 0;
  CHECK_OK(journal_each(cx, journal, STR_EMPTY, sum_seq, &sum));
  CHECK_INT(sum, 1 + 2 + 3 + 4);
  sum = 0;
  CHECK_OK(journal_each(cx, journal, STR("thing_added"), sum_seq, &sum));
  CHECK_INT(sum, 2 + 3 + 4);
  for (int i = 3; i < 6; i++) append(cx, journal, thing_added(cx, i));
  CHECK_FAILS(FAILED, journal_each(cx, journal, STR_EMPTY, sum_seq, &sum));
  CHECK_STR(cx->error.sentence, STR("enough"));
  journal_close(journal);
  test_folder_remove(cx, folder);
}
