#include "crypto/crypto.h"
#include "folder.h"
#include <sys/stat.h>

static Str hex_of(Context *cx, Digest digest) { return digest_hex(cx->arena, &digest); }

TEST(sha256_gives_the_published_values) {
  CHECK_STR(hex_of(cx, digest_of(STR("abc"))), STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  CHECK_STR(hex_of(cx, digest_of(STR_EMPTY)), STR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  CHECK_STR(hex_of(cx, digest_of(STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            STR("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
  DigestState *state = digest_begin(cx->arena);
  Str part = str_format(cx->arena, "%0100d", 0);
  for (int i = 0; i < 1000; i++) digest_add(state, part);
  Digest streamed = digest_end(state);
  Buf buf = buf_new(cx->arena);
  for (int i = 0; i < 1000; i++) buf_add(&buf, part);
  Digest whole = digest_of(buf_str(&buf));
  CHECK(digest_equal(&streamed, &whole));
}

TEST(digest_of_a_pair_has_its_tag_in_front) {
  Digest pair = digest_pair('a', STR("b"), STR("c")), whole = digest_of(STR("abc"));
  CHECK(digest_equal(&pair, &whole));
  Digest empty = digest_pair(0, STR_EMPTY, STR_EMPTY); /* RFC 6962: the leaf of an empty entry */
  CHECK_STR(hex_of(cx, empty), STR("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"));
}

TEST(digests_are_read_from_lower_case_hex_only) {
  Digest a = digest_of(STR("x")), b = {{0}};
  Str hex = digest_hex(cx->arena, &a);
  CHECK(digest_from_hex(hex, &b) && digest_equal(&a, &b));
  CHECK(!digest_from_hex(str_sub(hex, 0, 63), &b));
  CHECK(!digest_from_hex(STR("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"), &b));
  CHECK(!digest_from_hex(STR_EMPTY, &b));
  CHECK(digest_equal(&a, &b));
}

TEST(uuids_carry_their_time_and_differ) {
  Str a = uuid_v7(cx->arena, 0x0190ab12cd34 * 1000LL + 500), b = uuid_v7(cx->arena, 0x0190ab12cd34 * 1000LL + 500);
  CHECK_INT(a.size, 36);
  CHECK_STR(str_sub(a, 0, 18), STR("0190ab12-cd34-7800"));
  CHECK(strchr("89ab", a.data[19]) != NULL);
  CHECK(!str_equal(a, b));
}

static Keys keys_for_test(void) {
  Keys keys;
  for (int i = 0; i < KEY_SIZE; i++) keys.field[i] = (uint8_t)i, keys.index[i] = (uint8_t)(100 + i);
  keys_derive(&keys);
  return keys;
}

TEST(sealed_text_opens_only_with_its_key_its_place_and_unchanged) {
  Keys keys = keys_for_test(), other = keys;
  other.field[31] ^= 1;
  keys_derive(&other);
  Str aad = STR("person|id_number|7"), text = STR("450399199001010012"), back;
  Str sealed = seal(cx->arena, &keys, aad, text);
  CHECK_INT(sealed.size, 1 + 24 + text.size + 16);
  CHECK_INT(sealed.data[0], 1);
  CHECK_STR(seal(cx->arena, &keys, aad, text), sealed);
  CHECK(!str_equal(seal(cx->arena, &keys, STR("person|id_number|8"), text), sealed));
  CHECK_OK(unseal(cx, &keys, aad, sealed, &back));
  CHECK_STR(back, text);
  CHECK_FAILS(TAMPERED, unseal(cx, &other, aad, sealed, &back));
  CHECK_FAILS(TAMPERED, unseal(cx, &keys, STR("person|id_number|8"), sealed, &back));
  CHECK_FAILS(TAMPERED, unseal(cx, &keys, aad, str_sub(sealed, 0, 40), &back));
  CHECK_FAILS(TAMPERED, unseal(cx, &keys, aad, str_sub(sealed, 0, sealed.size - 1), &back));
  CHECK_FAILS(TAMPERED, unseal(cx, &keys, aad, STR_EMPTY, &back));
  size_t opened = 0;
  for (size_t bit = 0; bit < sealed.size * 8; bit++) {
    Str copy = str_copy(cx->arena, sealed);
    ((char *)(uintptr_t)copy.data)[bit / 8] ^= (char)(1 << bit % 8);
    opened += unseal(cx, &keys, aad, copy, &back) != TAMPERED;
  }
  CHECK_INT(opened, 0);
  CHECK_OK(unseal(cx, &keys, STR_EMPTY, seal(cx->arena, &keys, STR_EMPTY, STR_EMPTY), &back));
  CHECK_INT(back.size, 0);
}

TEST(blind_indexes_depend_on_key_purpose_and_text) {
  Keys keys = keys_for_test(), other = keys;
  other.index[0] ^= 1;
  Str index = blind_index(cx->arena, &keys, STR("id_number"), STR("450399199001010012"));
  CHECK_INT(index.size, 32);
  CHECK_STR(blind_index(cx->arena, &keys, STR("id_number"), STR("450399199001010012")), index);
  CHECK(!str_equal(blind_index(cx->arena, &other, STR("id_number"), STR("450399199001010012")), index));
  CHECK(!str_equal(blind_index(cx->arena, &keys, STR("id_number4"), STR("50399199001010012")), index));
  other = keys;
  other.field[0] ^= 1;
  keys_derive(&other); /* the other key has no part in it */
  CHECK_STR(blind_index(cx->arena, &other, STR("id_number"), STR("450399199001010012")), index);
}

TEST(keys_are_made_once_and_kept_private) {
  const char *folder = test_folder(cx), *keys_folder = path_join(cx->arena, folder, "keys");
  Keys a, b;
  CHECK_FAILS(NOT_FOUND, keys_load(cx, keys_folder, &a));
  CHECK_OK(keys_create(cx, keys_folder));
  CHECK_OK(keys_load(cx, keys_folder, &a));
  CHECK_OK(keys_create(cx, keys_folder));
  CHECK_OK(keys_load(cx, keys_folder, &b));
  CHECK(memcmp(&a, &b, sizeof a) == 0 && memcmp(a.field, a.index, KEY_SIZE) != 0);
  struct stat info;
  CHECK_INT(stat(path_join(cx->arena, keys_folder, "field.key"), &info), 0);
  CHECK_INT(info.st_mode & 0777, 0600);
  CHECK_OK(file_write(cx, path_join(cx->arena, keys_folder, "index.key"), STR("short"), FILE_DURABLE));
  CHECK_FAILS(BAD_FILE, keys_load(cx, keys_folder, &a));
  CHECK_FAILS(BAD_FILE, keys_create(cx, keys_folder));
  test_folder_remove(cx, folder);
}
