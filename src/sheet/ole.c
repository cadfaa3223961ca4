/* OLE compound files: sector chains and the root storage's streams. Reads nothing outside `bytes`;
 * every chain is bounded by the number of sectors. */
#include "sheet/xls_internal.h"

enum { HEADER_SIZE = 512, HEADER_FAT_ENTRIES = 109, ENTRY_SIZE = 128, LAST_SECTOR = 0xFFFFFFFA - 1 };
static const uint32_t NO_ENTRY = 0xFFFFFFFF;

/* What of the sector lies in the file; the last one may be cut. */
static Str sector(const Ole *ole, uint32_t number) {
  uint64_t from = ((uint64_t)number + 1) << ole->sector_shift;
  if (from >= ole->bytes.size) return STR_EMPTY;
  return str_sub(ole->bytes, (size_t)from, (size_t)from + ((size_t)1 << ole->sector_shift));
}

/* The chain's bytes, at most `limit`. */
static Str read_chain(const Ole *ole, uint32_t start, uint64_t limit) {
  Buf buf = buf_new(ole->arena);
  uint32_t steps = 0;
  for (uint32_t at = start; at < ole->fat_count && buf.size < limit && steps < ole->fat_count;
       at = ole->fat[at], steps++) {
    Str data = sector(ole, at);
    buf_add(&buf, str_sub(data, 0, (size_t)(limit - buf.size)));
    if (data.size >> ole->sector_shift == 0) break;
  }
  return buf_str(&buf);
}

static Str read_mini_chain(const Ole *ole, uint32_t start, uint64_t limit) {
  Buf buf = buf_new(ole->arena);
  uint32_t steps = 0;
  for (uint32_t at = start; at < ole->mini_fat_count && buf.size < limit && steps < ole->mini_fat_count;
       at = ole->mini_fat[at], steps++) {
    size_t from = (size_t)at << ole->mini_shift;
    if (from >= ole->mini_stream.size) break;
    Str data = str_sub(ole->mini_stream, from, from + ((size_t)1 << ole->mini_shift));
    buf_add(&buf, str_sub(data, 0, (size_t)(limit - buf.size)));
  }
  return buf_str(&buf);
}

static void add_fat_sector(Ole *ole, uint32_t number, uint32_t capacity) {
  Str data = sector(ole, number);
  for (size_t at = 0; at + 4 <= data.size && ole->fat_count < capacity; at += 4)
    ole->fat[ole->fat_count++] = le32(data.data + at);
}

/* The FAT from the header's list and the chain of further lists. */
static void read_fat(Ole *ole) {
  const char *header = ole->bytes.data;
  uint32_t sectors = (uint32_t)(ole->bytes.size >> ole->sector_shift) + 1;
  uint32_t per_sector = (1u << ole->sector_shift) / 4;
  ole->fat = arena_array(ole->arena, sectors, uint32_t);
  for (uint32_t i = 0; i < HEADER_FAT_ENTRIES; i++) {
    uint32_t number = le32(header + 76 + i * 4);
    if (number <= LAST_SECTOR) add_fat_sector(ole, number, sectors);
  }
  uint32_t list = le32(header + 68);
  for (uint32_t steps = 0; list <= LAST_SECTOR && steps < sectors && ole->fat_count < sectors; steps++) {
    Str data = sector(ole, list);
    if (data.size < per_sector * 4) break;
    for (uint32_t i = 0; i + 1 < per_sector; i++) {
      uint32_t number = le32(data.data + i * 4);
      if (number <= LAST_SECTOR) add_fat_sector(ole, number, sectors);
    }
    list = le32(data.data + (per_sector - 1) * 4);
  }
}

bool ole_open(Arena *arena, Str bytes, Ole *ret_ole) {
  if (bytes.size < HEADER_SIZE || !str_starts(bytes, OLE_MAGIC)) return false;
  Ole ole = {.arena = arena, .bytes = bytes};
  ole.sector_shift = le16(bytes.data + 30);
  ole.mini_shift = le16(bytes.data + 32);
  ole.mini_cutoff = le32(bytes.data + 56);
  if ((ole.sector_shift != 9 && ole.sector_shift != 12) || ole.mini_shift < 2 || ole.mini_shift > 9) return false;
  read_fat(&ole);
  ole.directory = read_chain(&ole, le32(bytes.data + 48), bytes.size);
  if (ole.directory.size < ENTRY_SIZE) return false;
  Str mini_fat = read_chain(&ole, le32(bytes.data + 60), bytes.size);
  ole.mini_fat_count = (uint32_t)(mini_fat.size / 4);
  ole.mini_fat = arena_array(arena, ole.mini_fat_count, uint32_t);
  if (ole.mini_fat_count) memcpy(ole.mini_fat, mini_fat.data, (size_t)ole.mini_fat_count * 4);
  ole.mini_stream = read_chain(&ole, le32(ole.directory.data + 116), le32(ole.directory.data + 120));
  *ret_ole = ole;
  return true;
}

static bool entry_is(const char *entry, const char *name) {
  size_t size = strlen(name);
  if (entry[66] != 2 || le16(entry + 64) != (size + 1) * 2 || size > 31) return false;
  for (size_t i = 0; i < size; i++) {
    uint16_t a = le16(entry + i * 2), b = (unsigned char)name[i];
    if (a >= 'A' && a <= 'Z') a |= 0x20;
    if (b >= 'A' && b <= 'Z') b |= 0x20;
    if (a != b) return false;
  }
  return true;
}

/* The root storage's children form a tree; embedded objects' streams (a Word text in a workbook) lie elsewhere. */
bool ole_find(const Ole *ole, const char *name, Str *ret_stream) {
  uint32_t count = (uint32_t)(ole->directory.size / ENTRY_SIZE), waiting = 0, steps = 0;
  uint32_t *stack = arena_array(ole->arena, count * 2 + 2, uint32_t);
  stack[waiting++] = le32(ole->directory.data + 76);
  while (waiting > 0 && steps++ < count) {
    uint32_t id = stack[--waiting];
    if (id >= count) {
      steps--;
      continue;
    }
    const char *entry = ole->directory.data + (size_t)id * ENTRY_SIZE;
    if (entry_is(entry, name)) {
      uint32_t start = le32(entry + 116), size = le32(entry + 120);
      *ret_stream = size < ole->mini_cutoff ? read_mini_chain(ole, start, size) : read_chain(ole, start, size);
      return true;
    }
    for (int side = 68; side <= 72; side += 4)
      if (le32(entry + side) != NO_ENTRY) stack[waiting++] = le32(entry + side);
  }
  return false;
}
