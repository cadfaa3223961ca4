#!/usr/bin/env python3
"""Writes src/identity's character tables (C) from Unihan, as Debian's package unicode-data ships it.

  unihan_gen.py [--list] /usr/share/unicode OUTPUT.c

Standard library only. What is taken, and why:
  readings  kMandarin first (the customary one), then kHanyuPinlu and kTGHZ2013 (kXHC1983 where that is
            silent): the common readings of modern dictionaries, not the rare ones of kHanyuPinyin.
  folding   A character of the national standard list (kTGH, 8,105 characters) is never folded, so two
            standard characters (昇 and 升) stay two. Others go to: the compatibility ideograph's or radical's
            original; kSimplifiedVariant; kZVariant; kSemanticVariant if exactly one of these is standard.
            Chains are followed to their end.
  twins     Pairs of standard characters that Unihan calls variants of each other (昇/升): RUNE_VARIANT,
            never folded.
  shape     kCangjie (first code) and kFourCornerCode (first four digits).
--list prints the folds and twins for people to look over.
"""
import bz2
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

FIRST, LAST = 0x4E00, 0x9FFF  # direct index; everything else by binary search
READINGS_MAX = 6
NO_CORNER = 0xFFFF
# Forms met in names and on old printed lists about which Unihan says nothing usable.
EXTRA_FOLDS = ("産产 尙尚 淸清 徳德 勲勋 逹达 蘓苏 㐂喜 荘庄 楽乐 恵惠 歩步 毎每 黒黑 緑绿 録录 暁晓 栄荣 広广 関关 竜龙 沢泽 実实 "
               "対对 齢龄 斉齐 覚觉 観观 鉄铁 銭钱 頼赖 頴颖 顕显 翆翠 歳岁 歴历 済济 焼烧 発发 県县 穂穗 総总 聡聪 薫薰 譲让 "
               "豊丰 転转 辺边 郷乡 隠隐 隣邻 霊灵 鶏鸡 晧皓 戦战 桜樱 槙槇 気气 渓溪 満满 亀龟 仏佛 伝传 価价 児儿 円圆 剣剑 勧劝 厳严 "
               "単单 圧压 塩盐 増增 壊坏 変变 奨奖 姫姬 専专 巌岩 帯带 帰归 弾弹 従从 恒恒 悪恶 応应 懐怀 拡扩 択择 拝拜 捜搜 挙举")

EXTRA_TWINS = "哲喆 升昇 钟锺 宁甯"  # likewise for pairs of standard characters


def lines(folder, name):
    path = Path(folder) / name
    packed = path.with_name(name + ".bz2")
    if packed.exists():
        data = bz2.decompress(packed.read_bytes())
    elif path.exists():
        data = path.read_bytes()
    else:
        sys.exit(f"{path}[.bz2] is missing: install the package unicode-data")
    return (line for line in data.decode("utf-8").split("\n") if line and line[0] != "#")


def unihan(folder):
    """field -> {code point: text} of the fields we use."""
    wanted = {
        "Readings": {"kMandarin", "kHanyuPinlu", "kTGHZ2013", "kXHC1983"},
        "Variants": {"kSimplifiedVariant", "kTraditionalVariant", "kSemanticVariant", "kZVariant"},
        "DictionaryLikeData": {"kCangjie", "kFourCornerCode"},
        "OtherMappings": {"kTGH"},
        "IRGSources": {"kCompatibilityVariant"},
    }
    table = defaultdict(dict)
    for name, fields in wanted.items():
        for line in lines(folder, f"Unihan_{name}.txt"):
            code, field, text = line.split("\t", 2)
            if field in fields:
                table[field][int(code[2:], 16)] = text
    return table


def toneless(syllable):
    """zhāng -> zhang, lǚ -> lv."""
    out = []
    for c in unicodedata.normalize("NFD", syllable.lower()):
        if c == "\u0308" and out and out[-1] == "u":
            out[-1] = "v"
        elif "a" <= c <= "z":
            out.append(c)
    return "".join(out)


def readings_of(table):
    found = {}
    for code in set().union(*(table[f] for f in ("kMandarin", "kHanyuPinlu", "kTGHZ2013", "kXHC1983"))):
        raw = table["kMandarin"].get(code, "").split()[:1]
        raw += [item.split("(")[0] for item in table["kHanyuPinlu"].get(code, "").split()]
        dictionary = table["kTGHZ2013"].get(code) or table["kXHC1983"].get(code, "")
        for item in dictionary.split():
            raw += item.split(":")[1].split(",")
        unique = []
        for syllable in map(toneless, raw):
            if syllable and syllable not in unique:
                unique.append(syllable)
        if unique:
            found[code] = tuple(unique[:READINGS_MAX])
    return found


def variants(text):
    return [int(item.split("<")[0][2:], 16) for item in text.split()]


def radicals(folder):
    """Kangxi and supplement radicals, which copies out of PDF files contain instead of characters."""
    found = {}
    for line in lines(folder, "EquivalentUnifiedIdeograph.txt"):
        span, target = line.split("#")[0].split(";")
        first, _, last = span.strip().partition("..")
        for code in range(int(first, 16), int(last or first, 16) + 1):
            found[code] = int(target.strip(), 16)
    return found


def folds_of(table, folder):
    standard = set(table["kTGH"])
    step = {}
    candidates = set().union(*(table[f] for f in ("kSimplifiedVariant", "kZVariant", "kSemanticVariant")))
    for code in candidates - standard:
        def known(field):
            return [v for v in variants(table[field].get(code, "")) if v != code]
        simplified = known("kSimplifiedVariant")
        z_standard = [v for v in known("kZVariant") if v in standard]
        semantic = [v for v in known("kSemanticVariant") if v in standard]
        if simplified:
            step[code] = next((v for v in simplified if v in standard), simplified[0])
        elif z_standard:
            step[code] = z_standard[0]
        elif len(set(semantic)) == 1:
            step[code] = semantic[0]
    # A rare form of a traditional character: 産 -> 產 -> 产.
    for code in candidates - standard - set(step):
        ends = {step[v] for f in ("kZVariant", "kSemanticVariant") for v in variants(table[f].get(code, ""))
                if step.get(v) in standard}
        if len(ends) == 1:
            step[code] = ends.pop()
    for rare, usual in EXTRA_FOLDS.split():
        if ord(rare) not in standard:
            step.setdefault(ord(rare), ord(usual))
    for code, text in table["kCompatibilityVariant"].items():
        step[code] = variants(text)[0]
    step.update(radicals(folder))
    folds = {}
    for code in step:
        seen, at = {code}, code
        while at in step and step[at] not in seen:
            at = step[at]
            seen.add(at)
        if at != code:
            folds[code] = at
    return {code: to for code, to in folds.items() if to not in folds}


def twins_of(table):
    standard = set(table["kTGH"])
    pairs = {tuple(sorted(map(ord, pair))) for pair in EXTRA_TWINS.split()}
    for field in ("kSimplifiedVariant", "kTraditionalVariant", "kSemanticVariant", "kZVariant"):
        for code, text in table[field].items():
            for item in text.split():
                other = variants(item)[0]
                if field == "kSemanticVariant" and "," not in item:
                    continue  # one dictionary alone calls 巍 and 魏 the same
                if code in standard and other in standard and code != other:
                    pairs.add((min(code, other), max(code, other)))
    return sorted(pairs)


def fuzzy(syllable):
    """What people who do not tell zh/z, n/l, in/ing apart write alike."""
    out = syllable
    if len(out) > 2 and out[:2] in ("zh", "ch", "sh"):
        out = out[0] + out[2:]
    if len(out) > 1 and out[0] == "n" and out[1] in "aeiouv":
        out = "l" + out[1:]
    if len(out) > 2 and out.endswith("ng"):
        out = out[:-1]
    return out


def cangjie(text):
    code = 0
    for letter in text.split()[0][:5]:
        code = code << 5 | (ord(letter) - 64)
    return code


def write_array(out, kind, name, values, per_line=16):
    out.append(f"const {kind} {name}[{len(values)}] = {{")
    out += [", ".join(map(str, values[i:i + per_line])) + "," for i in range(0, len(values), per_line)]
    out.append("};")


def main():
    arguments = [a for a in sys.argv[1:] if a != "--list"]
    if len(arguments) != 2:
        sys.exit(__doc__)
    folder, output = arguments
    table = unihan(folder)
    readings, folds, twins = readings_of(table), folds_of(table, folder), twins_of(table)
    for rare, usual in folds.items():  # simplified by analogy and without a reading of its own
        if rare in readings:
            readings.setdefault(usual, readings[rare])
    if "--list" in sys.argv:
        standard = set(table["kTGH"])
        print("twins", " ".join(chr(a) + chr(b) for a, b in twins))
        print("folds", " ".join(chr(a) + chr(b) for a, b in sorted(folds.items()) if b in standard))
        print("folds to characters that are not standard", sum(1 for b in folds.values() if b not in standard))
    syllables = sorted({s for r in readings.values() for s in r})
    number = {s: i + 1 for i, s in enumerate(syllables)}

    pool, pool_at = [0], {(): 0}  # count, ids...
    def pooled(code):
        ids = tuple(number[s] for s in readings.get(code, ()))
        if ids not in pool_at:
            pool_at[ids] = len(pool)
            pool.extend((len(ids),) + ids)
        return pool_at[ids]

    def corner(code):
        text = table["kFourCornerCode"].get(code)
        return int(text.split()[0][:4]) if text else NO_CORNER

    def letters(code):
        text = table["kCangjie"].get(code)
        return cangjie(text) if text else 0

    direct = range(FIRST, LAST + 1)
    def outside(codes):
        return sorted(c for c in codes if not FIRST <= c <= LAST)
    sound_outside = outside(readings)
    fold_outside = outside(folds)
    shape_outside = outside(set(table["kCangjie"]) | set(table["kFourCornerCode"]))

    out = ["/* Made by tools/unihan_gen.py from Unihan (Unicode licence); do not edit. */",
           '#include "identity/han_tables.h"']
    names = ['""'] + [f'"{s}"' for s in syllables]
    out.append(f"const uint32_t han_syllables = {len(names)};")
    out.append(f"const char han_syllable[{len(names)}][8] = {{")
    out += [", ".join(names[i:i + 12]) + "," for i in range(0, len(names), 12)]
    out.append("};")
    groups = {f: i + 1 for i, f in enumerate(sorted({fuzzy(s) for s in syllables}))}
    write_array(out, "uint16_t", "han_fuzzy", [0] + [groups[fuzzy(s)] for s in syllables])
    write_array(out, "uint16_t", "han_sound", [pooled(c) for c in direct])
    outside_pool = [pooled(c) for c in sound_outside]
    out.append(f"const uint32_t han_sound_outside_count = {len(sound_outside)};")
    write_array(out, "uint32_t", "han_sound_outside_rune", sound_outside)
    write_array(out, "uint16_t", "han_sound_outside", outside_pool)
    assert len(pool) < 0x10000
    write_array(out, "uint16_t", "han_pool", pool)
    write_array(out, "uint16_t", "han_fold", [t if (t := folds.get(c, 0)) < 0x10000 else 0 for c in direct])
    far = [c for c in folds if FIRST <= c <= LAST and folds[c] >= 0x10000]
    fold_outside = sorted(fold_outside + far)
    out.append(f"const uint32_t han_fold_outside_count = {len(fold_outside)};")
    write_array(out, "uint32_t", "han_fold_outside_rune", fold_outside)
    write_array(out, "uint32_t", "han_fold_outside", [folds[c] for c in fold_outside])
    write_array(out, "uint32_t", "han_cangjie", [letters(c) for c in direct])
    write_array(out, "uint16_t", "han_corner", [corner(c) for c in direct])
    out.append(f"const uint32_t han_shape_outside_count = {len(shape_outside)};")
    write_array(out, "uint32_t", "han_shape_outside_rune", shape_outside)
    write_array(out, "uint32_t", "han_cangjie_outside", [letters(c) for c in shape_outside])
    write_array(out, "uint16_t", "han_corner_outside", [corner(c) for c in shape_outside])
    out.append(f"const uint32_t han_twin_count = {len(twins)};")
    write_array(out, "uint64_t", "han_twin", [f"{a << 32 | b}u" for a, b in twins], 8)
    Path(output).write_text("\n".join(out) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
