/* han: what one character sounds and looks like. Private to the room; identity.h has the public part. */
#pragma once
#include "base/base.h"

enum { HAN_SOUNDS_MAX = 8 };
typedef struct HanSounds {
  uint16_t id[HAN_SOUNDS_MAX]; /* most usual first */
  uint8_t count;
} HanSounds;

HanSounds han_sounds(uint32_t rune);        /* all common readings, a surname's own reading included */
uint16_t han_sound_usual(uint32_t rune);    /* 0 unknown */
uint16_t han_sound_surname(uint32_t rune);  /* of a character at the head of a name */
uint16_t han_syllable_number(Str syllable); /* "zhang" -> id, 0 unknown */
bool han_is_wildcard(uint32_t rune);        /* stands for a lost character */
bool han_is_han(uint32_t rune);
