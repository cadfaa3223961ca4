/* Names of people: what lists hold turned into folded characters with their sounds. */
#include "identity/han.h"
#include "identity/identity.h"

enum { DOT = 0xB7 }; /* the one middle dot kept, of all that lists use between the parts of a name */

typedef enum RuneClass {
  CLASS_KEEP,
  CLASS_BLANK,
  CLASS_INVISIBLE,
  CLASS_DOT,
  CLASS_OPEN,
  CLASS_CLOSE,
  CLASS_WILDCARD,
  CLASS_QUOTE
} RuneClass;

static const struct {
  uint32_t first, last;
  RuneClass class;
} CLASSES[] = {{0x01, 0x20, CLASS_BLANK},
               {0x7F, 0xA0, CLASS_BLANK},
               {0x1680, 0x1680, CLASS_BLANK},
               {0x2000, 0x200A, CLASS_BLANK},
               {0x2028, 0x2029, CLASS_BLANK},
               {0x202F, 0x202F, CLASS_BLANK},
               {0x205F, 0x205F, CLASS_BLANK},
               {0x3000, 0x3000, CLASS_BLANK},
               {0xAD, 0xAD, CLASS_INVISIBLE},
               {0x180B, 0x180E, CLASS_INVISIBLE},
               {0x200B, 0x200F, CLASS_INVISIBLE},
               {0x202A, 0x202E, CLASS_INVISIBLE},
               {0x2060, 0x206F, CLASS_INVISIBLE},
               {0xFE00, 0xFE0F, CLASS_INVISIBLE},
               {0xFEFF, 0xFEFF, CLASS_INVISIBLE},
               {0xE0100, 0xE01EF, CLASS_INVISIBLE},
               {'.', '.', CLASS_DOT},
               {0xB7, 0xB7, CLASS_DOT},
               {0x387, 0x387, CLASS_DOT},
               {0x2022, 0x2022, CLASS_DOT},
               {0x2024, 0x2024, CLASS_DOT},
               {0x2027, 0x2027, CLASS_DOT},
               {0x2219, 0x2219, CLASS_DOT},
               {0x22C5, 0x22C5, CLASS_DOT},
               {0x2E31, 0x2E31, CLASS_DOT},
               {0x3002, 0x3002, CLASS_DOT},
               {0x30FB, 0x30FB, CLASS_DOT},
               {0xFF61, 0xFF61, CLASS_DOT},
               {0xFF65, 0xFF65, CLASS_DOT},
               {'(', '(', CLASS_OPEN},
               {'[', '[', CLASS_OPEN},
               {'{', '{', CLASS_OPEN},
               {'<', '<', CLASS_OPEN},
               {0x3008, 0x3008, CLASS_OPEN},
               {0x300A, 0x300A, CLASS_OPEN},
               {0x3010, 0x3010, CLASS_OPEN},
               {0x3014, 0x3014, CLASS_OPEN},
               {0x3016, 0x3016, CLASS_OPEN},
               {')', ')', CLASS_CLOSE},
               {']', ']', CLASS_CLOSE},
               {'}', '}', CLASS_CLOSE},
               {'>', '>', CLASS_CLOSE},
               {0x3009, 0x3009, CLASS_CLOSE},
               {0x300B, 0x300B, CLASS_CLOSE},
               {0x3011, 0x3011, CLASS_CLOSE},
               {0x3015, 0x3015, CLASS_CLOSE},
               {0x3017, 0x3017, CLASS_CLOSE},
               {'\'', '\'', CLASS_QUOTE},
               {'"', '"', CLASS_QUOTE},
               {'`', '`', CLASS_QUOTE},
               {0x2018, 0x201F, CLASS_QUOTE},
               {'_', '_', CLASS_QUOTE},
               {'-', '-', CLASS_QUOTE}};

static RuneClass class_of(uint32_t rune) {
  if (rune >= 0x4E00 && rune <= 0x9FFF) return CLASS_KEEP; /* nearly all */
  if (han_is_wildcard(rune)) return CLASS_WILDCARD;
  for (size_t i = 0; i < COUNT_OF(CLASSES); i++)
    if (rune >= CLASSES[i].first && rune <= CLASSES[i].last) return CLASSES[i].class;
  return CLASS_KEEP;
}

/* Surnames of two characters, folded. */
static const uint16_t COMPOUND[][2] = {
    {u'欧', u'阳'}, {u'上', u'官'}, {u'司', u'马'}, {u'诸', u'葛'}, {u'皇', u'甫'}, {u'尉', u'迟'}, {u'公', u'孙'},
    {u'慕', u'容'}, {u'司', u'徒'}, {u'司', u'空'}, {u'令', u'狐'}, {u'长', u'孙'}, {u'宇', u'文'}, {u'东', u'方'},
    {u'夏', u'侯'}, {u'万', u'俟'}, {u'闻', u'人'}, {u'赫', u'连'}, {u'澹', u'台'}, {u'公', u'冶'}, {u'宗', u'政'},
    {u'濮', u'阳'}, {u'淳', u'于'}, {u'单', u'于'}, {u'太', u'叔'}, {u'申', u'屠'}, {u'仲', u'孙'}, {u'轩', u'辕'},
    {u'钟', u'离'}, {u'鲜', u'于'}, {u'闾', u'丘'}, {u'亓', u'官'}, {u'司', u'寇'}, {u'子', u'车'}, {u'端', u'木'},
    {u'百', u'里'}, {u'东', u'郭'}, {u'南', u'门'}, {u'西', u'门'}, {u'南', u'宫'}, {u'呼', u'延'}, {u'左', u'丘'},
    {u'第', u'五'}, {u'拓', u'跋'}, {u'独', u'孤'}, {u'完', u'颜'}, {u'纳', u'兰'}, {u'叶', u'赫'}, {u'梁', u'丘'},
    {u'谷', u'梁'}, {u'公', u'羊'}, {u'公', u'良'}, {u'乐', u'正'}, {u'漆', u'雕'}, {u'壤', u'驷'}, {u'夹', u'谷'},
    {u'宰', u'父'}, {u'段', u'干'}, {u'微', u'生'}, {u'东', u'门'}, {u'颛', u'孙'}, {u'巫', u'马'}, {u'公', u'西'}};

/* Compound surnames that sound otherwise than their characters do. */
static const struct {
  uint16_t rune[2];
  char sound[2][6];
} COMPOUND_SOUNDS[] = {
    {{u'尉', u'迟'}, {"yu", "chi"}},  {{u'万', u'俟'}, {"mo", "qi"}},   {{u'长', u'孙'}, {"zhang", "sun"}},
    {{u'澹', u'台'}, {"tan", "tai"}}, {{u'单', u'于'}, {"chan", "yu"}}, {{u'乐', u'正'}, {"yue", "zheng"}},
    {{u'宰', u'父'}, {"zai", "fu"}},  {{u'叶', u'赫'}, {"ye", "he"}},   {{u'南', u'宫'}, {"nan", "gong"}},
    {{u'令', u'狐'}, {"ling", "hu"}}, {{u'拓', u'跋'}, {"tuo", "ba"}},  {{u'夹', u'谷'}, {"jia", "gu"}},
    {{u'百', u'里'}, {"bai", "li"}}};

static uint8_t surname_size(const Name *name) {
  if (name->size < 3) return name->size ? 1 : 0; /* 欧阳 alone may be Mr 欧 as well */
  for (size_t i = 0; i < COUNT_OF(COMPOUND); i++)
    if (name->rune[0] == COMPOUND[i][0] && name->rune[1] == COMPOUND[i][1]) return 2;
  return 1;
}

static void add_sounds(Name *name) {
  for (uint8_t i = 0; i < name->size; i++)
    name->sound[i] =
        i == 0 && name->surname_size == 1 ? han_sound_surname(name->rune[0]) : han_sound_usual(name->rune[i]);
  if (name->surname_size != 2) return;
  for (size_t i = 0; i < COUNT_OF(COMPOUND_SOUNDS); i++) {
    if (name->rune[0] != COMPOUND_SOUNDS[i].rune[0] || name->rune[1] != COMPOUND_SOUNDS[i].rune[1]) continue;
    for (int k = 0; k < 2; k++) name->sound[k] = han_syllable_number(str_from(COMPOUND_SOUNDS[i].sound[k]));
  }
}

static void add_rune(Name *name, uint32_t rune, uint32_t raw_rune) {
  if (name->size == NAME_LIMIT) return;
  name->rune[name->size] = rune;
  name->raw_rune[name->size++] = raw_rune;
}

static void keep_rune(Name *name, uint32_t rune) {
  if ((rune >= 'a' && rune <= 'z') || (rune >= 0xE0 && rune <= 0xFE && rune != 0xF7)) rune -= 0x20;
  if ((rune >= 'A' && rune <= 'Z') || (rune >= 0xC0 && rune <= 0x24F)) name->flags |= NAME_HAS_LATIN;
  uint32_t folded = rune_fold(rune);
  if (folded != rune) name->flags |= NAME_WAS_FOLDED;
  add_rune(name, folded, rune);
}

/* One pass over the cell. `notes`: whether what stands in brackets is a note and dropped. */
static void read_runes(Name *name, Str raw, bool notes) {
  int depth = 0;
  bool broken = false; /* ill-formed bytes in a row are one lost character */
  for (size_t at = 0; at < raw.size;) {
    size_t start = at;
    uint32_t rune = str_next_rune(raw, &at);
    bool ill_formed = rune == 0xFFFD && at - start == 1, repeated = ill_formed && broken;
    broken = ill_formed;
    if (repeated || rune == 0) continue;
    if (rune >= 0xFF01 && rune <= 0xFF5E) rune -= 0xFEE0;
    RuneClass class = class_of(rune);
    if (class == CLASS_OPEN || class == CLASS_CLOSE) {
      name->flags |= NAME_HAD_NOTE;
      if (class == CLASS_OPEN) depth++;
      if (class == CLASS_CLOSE && depth > 0) depth--;
    } else if (notes && depth > 0) {
      continue;
    } else if (class == CLASS_BLANK) {
      name->flags |= NAME_HAD_BLANKS;
    } else if (class == CLASS_WILDCARD) {
      name->flags |= NAME_HAS_WILDCARD;
      add_rune(name, '?', rune);
    } else if (class == CLASS_DOT) {
      bool doubled = name->size == 0 || name->rune[name->size - 1] == DOT;
      if (!doubled) add_rune(name, DOT, rune);
    } else if (class == CLASS_KEEP) {
      keep_rune(name, rune);
    }
  }
}

/* A dot at the end says nothing; digits behind a Chinese name (张三2) tell namesakes apart: a note. */
static void drop_tail(Name *name) {
  uint8_t size = name->size;
  while (size && name->rune[size - 1] >= '0' && name->rune[size - 1] <= '9') size--;
  if (size < name->size && size && han_is_han(name->rune[size - 1])) {
    name->size = size;
    name->flags |= NAME_HAD_NOTE;
  }
  if (name->size && name->rune[name->size - 1] == DOT) name->size--;
}

Name name_read(Str raw) {
  Name name = {.size = 0};
  read_runes(&name, raw, true);
  if (name.size == 0 && (name.flags & NAME_HAD_NOTE)) { /* （张三）: nothing outside the brackets */
    name = (Name){.flags = NAME_HAD_NOTE};
    read_runes(&name, raw, false);
  }
  drop_tail(&name);
  for (uint8_t i = name.size; i < NAME_LIMIT; i++) name.rune[i] = name.raw_rune[i] = 0;
  if (name.size == 0) name.flags |= NAME_IS_EMPTY;
  name.surname_size = surname_size(&name);
  add_sounds(&name);
  return name;
}

Str name_text(Arena *arena, const Name *name) {
  Buf buf = buf_new(arena);
  for (uint8_t i = 0; i < name->size; i++) buf_add_rune(&buf, name->rune[i]);
  return buf_str(&buf);
}

/* One letter per character; Latin as it is, '?' for what has no sound, dots left out. */
Str name_initials(Arena *arena, const Name *name) {
  Buf buf = buf_new(arena);
  for (uint8_t i = 0; i < name->size; i++) {
    uint32_t rune = name->rune[i];
    Str sound = pinyin_text(name->sound[i]);
    if (rune == DOT) continue;
    if (sound.size)
      buf_add_byte(&buf, sound.data[0]);
    else if (rune >= 'A' && rune <= 'Z')
      buf_add_byte(&buf, (char)(rune + 0x20));
    else if (rune >= '0' && rune <= '9')
      buf_add_byte(&buf, (char)rune);
    else
      buf_add_byte(&buf, '?');
  }
  return buf_str(&buf);
}
