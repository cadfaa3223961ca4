/* SHA-256 through OpenSSL 3. The algorithm is fetched once and each thread keeps one context, because fetching
 * and allocating cost more than hashing a short text does. */
#include "crypto/crypto.h"
#include <openssl/evp.h>
#include <sodium.h>
#include <threads.h>
#include <unistd.h>

static once_flag once = ONCE_FLAG_INIT;
static EVP_MD *sha256;
static tss_t thread_context;

/* No hash or no randomness: nothing sensible can go on. */
static _Noreturn void give_up(void) {
  static const char sentence[] = "加密库不能使用，程序无法继续；请检查 OpenSSL 和 libsodium 的安装。\n";
  ssize_t ignored = write(2, sentence, sizeof sentence - 1);
  (void)ignored;
  _exit(1);
}

static void free_context(void *context) { EVP_MD_CTX_free(context); }

static void set_up(void) {
  sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
  if (!sha256 || sodium_init() < 0 || tss_create(&thread_context, free_context) != thrd_success) give_up();
}

static EVP_MD_CTX *context_of_thread(void) {
  call_once(&once, set_up);
  EVP_MD_CTX *context = tss_get(thread_context);
  if (!context) {
    context = EVP_MD_CTX_new();
    if (!context || tss_set(thread_context, context) != thrd_success) give_up();
  }
  return context;
}

static void begin(EVP_MD_CTX *context) {
  if (EVP_DigestInit_ex2(context, sha256, NULL) != 1) give_up();
}

static void add(EVP_MD_CTX *context, Str bytes) {
  if (bytes.size && EVP_DigestUpdate(context, bytes.data, bytes.size) != 1) give_up();
}

static Digest end(EVP_MD_CTX *context) {
  Digest digest;
  if (EVP_DigestFinal_ex(context, digest.bytes, NULL) != 1) give_up();
  return digest;
}

struct DigestState {
  EVP_MD_CTX *context;
};

DigestState *digest_begin(Arena *arena) {
  call_once(&once, set_up);
  DigestState *state = arena_one(arena, DigestState);
  state->context = EVP_MD_CTX_new();
  if (!state->context) give_up();
  begin(state->context);
  return state;
}

void digest_add(DigestState *state, Str bytes) { add(state->context, bytes); }

Digest digest_end(DigestState *state) {
  Digest digest = end(state->context);
  EVP_MD_CTX_free(state->context);
  state->context = NULL;
  return digest;
}

Digest digest_of(Str bytes) {
  EVP_MD_CTX *context = context_of_thread();
  begin(context);
  add(context, bytes);
  return end(context);
}

Digest digest_pair(uint8_t tag, Str a, Str b) {
  EVP_MD_CTX *context = context_of_thread();
  begin(context);
  add(context, (Str){(const char *)&tag, 1});
  add(context, a);
  add(context, b);
  return end(context);
}

Str digest_hex(Arena *arena, const Digest *digest) {
  char *hex = arena_alloc(arena, DIGEST_HEX + 1);
  sodium_bin2hex(hex, DIGEST_HEX + 1, digest->bytes, DIGEST_SIZE);
  return (Str){hex, DIGEST_HEX};
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_from_hex(Str hex, Digest *ret_digest) {
  Digest digest;
  if (hex.size != DIGEST_HEX) return false;
  for (size_t i = 0; i < DIGEST_SIZE; i++) {
    int high = hex_value(hex.data[2 * i]), low = hex_value(hex.data[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    digest.bytes[i] = (uint8_t)(high << 4 | low);
  }
  *ret_digest = digest;
  return true;
}

bool digest_equal(const Digest *a, const Digest *b) { return sodium_memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0; }

void random_bytes(void *out, size_t size) {
  call_once(&once, set_up);
  randombytes_buf(out, size);
}

/* RFC 9562: 48 bits of milliseconds, then 12 bits of the millisecond's fraction, then 62 random bits. */
Str uuid_v7(Arena *arena, int64_t stamp) {
  uint64_t milliseconds = stamp > 0 ? (uint64_t)stamp / 1000 : 0;
  uint32_t fraction = stamp > 0 ? (uint32_t)(stamp % 1000) * 4096 / 1000 : 0;
  uint8_t b[16];
  random_bytes(b, sizeof b);
  for (int i = 0; i < 6; i++) b[i] = (uint8_t)(milliseconds >> (40 - 8 * i));
  b[6] = (uint8_t)(0x70 | fraction >> 8);
  b[7] = (uint8_t)fraction;
  b[8] = (uint8_t)(0x80 | (b[8] & 0x3F));
  char hex[33], *text = arena_alloc(arena, 37);
  sodium_bin2hex(hex, sizeof hex, b, sizeof b);
  size_t at = 0;
  for (size_t i = 0; i < 32; i++) {
    if (i == 8 || i == 12 || i == 16 || i == 20) text[at++] = '-';
    text[at++] = hex[i];
  }
  return (Str){text, at};
}
