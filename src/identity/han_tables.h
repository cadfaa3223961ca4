/* The generated tables (tools/unihan_gen.py); only han.c reads them. Arrays named _outside belong to code
 * points outside U+4E00..U+9FFF and are sorted by the matching ..._rune array. */
#pragma once
#include <stdint.h>

enum { HAN_FIRST = 0x4E00, HAN_LAST = 0x9FFF, HAN_NO_CORNER = 0xFFFF };

extern const uint32_t han_syllables; /* toneless syllables, number 0 is "" */
extern const char han_syllable[][8];
extern const uint16_t han_fuzzy[]; /* syllable -> class of syllables that people confuse */
extern const uint16_t han_pool[];  /* reading lists: count, syllables, most usual first; 0 is the empty list */
extern const uint16_t han_sound[]; /* character -> place in the pool */
extern const uint32_t han_sound_outside_count, han_sound_outside_rune[];
extern const uint16_t han_sound_outside[];
extern const uint16_t han_fold[]; /* character -> simplified or usual form, 0 itself */
extern const uint32_t han_fold_outside_count, han_fold_outside_rune[], han_fold_outside[];
extern const uint32_t han_cangjie[]; /* up to five letters of five bits, 0 unknown */
extern const uint16_t han_corner[];  /* four-corner code 0..9999 */
extern const uint32_t han_shape_outside_count, han_shape_outside_rune[], han_cangjie_outside[];
extern const uint16_t han_corner_outside[];
extern const uint32_t han_twin_count; /* standard characters that are variants of each other: a << 32 | b, a < b */
extern const uint64_t han_twin[];
