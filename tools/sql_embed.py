#!/usr/bin/env python3
"""Turns a module's named SQL statements into a C header.

    sql_embed.py member.sql member_sql.h

In member.sql each statement begins with its name, what it takes and what it gives:

    -- name: move  in: id i64, to text  out: rev i64
    update member set place = $2, rev = rev + 1 where id = $1 returning rev;

Types: i64 text blob, with '?' behind when it may be NULL. The parameters $1, $2 ... follow the order of `in`; each must
be used. For SQLite, which numbers $n by first appearance, $n becomes ?n. Where the two databases differ, a statement
holds both texts:

    -- name: add  in: id i64
    -- sqlite:
    insert or ignore into member(id) values ($1);
    -- postgresql:
    insert into member(id) values ($1) on conflict do nothing;

The header has `static const DbStatement MEMBER_MOVE` for each, and MEMBER_STATEMENTS[], MEMBER_STATEMENT_COUNT."""

import os
import re
import sys

NAME = re.compile(r"^--\s*name:\s*([a-z][a-z0-9_]*)\s*(?:in:\s*(.*?))?\s*(?:out:\s*(.*?))?\s*$")
VARIANT = re.compile(r"^--\s*(sqlite|postgresql):\s*$")
FIELD = re.compile(r"^[a-z][a-z0-9_]* (i64|text|blob)\??$")
TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|\$(\d+)")


def stop(path, line, sentence):
    sys.exit(f"{path}:{line}: {sentence}")


def fields(path, line, text):
    items = [item.strip() for item in (text or "").split(",") if item.strip()]
    for item in items:
        if not FIELD.match(item):
            stop(path, line, f"'{item}' is not 'name i64|text|blob'")
    return items


def read(path):
    statements, current, variant = [], None, "both"
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            name, switch = NAME.match(line), VARIANT.match(line)
            if line.startswith("-- name") and not name:
                stop(path, number, "not '-- name: x  in: a i64, b text  out: c i64'")
            if name:
                current = {"name": name[1], "line": number, "in": fields(path, number, name[2]),
                           "out": fields(path, number, name[3]), "both": "", "sqlite": "", "postgresql": ""}
                statements.append(current)
                variant = "both"
            elif switch and current:
                variant = switch[1]
            elif current:
                current[variant] += line
            elif line.strip() and not line.startswith("--"):
                stop(path, number, "text before the first '-- name:'")
    return statements


def clean(path, statement, text):
    """Without comments and the final semicolon, blanks joined outside of quotes; the set of parameters used."""
    used, parts, at = set(), [], 0

    def plain(piece):
        return re.sub(r"\s+", " ", piece)

    for token in TOKEN.finditer(text):
        parts.append(plain(text[at:token.start()]))
        if token[1]:
            used.add(int(token[1]))
        if token[0].startswith("--"):
            parts[-1] = parts[-1].rstrip()
        else:
            parts.append(token[0])
        at = token.end()
    parts.append(plain(text[at:]))
    result = "".join(parts).strip().rstrip(";").strip()
    if ";" in re.sub(r"'(?:[^']|'')*'", "", result):
        stop(path, statement["line"], f"{statement['name']}: one statement only")
    if used != set(range(1, len(statement["in"]) + 1)):
        stop(path, statement["line"], f"{statement['name']}: uses {sorted(used)} but takes {len(statement['in'])} parameters")
    return result


def for_sqlite(text):
    return TOKEN.sub(lambda token: "?" + token[1] if token[1] else token[0], text)


def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("??", '?""?') + '"'


def main(source, target):
    module = os.path.basename(source).removesuffix(".sql")
    names, out = [], [f"/* Made from {module}.sql by tools/sql_embed.py. */", "#pragma once", '#include "db/db.h"', ""]
    for statement in read(source):
        texts = {}
        for engine in ("sqlite", "postgresql"):
            text = statement[engine] if statement[engine].strip() else statement["both"]
            if not text.strip():
                stop(source, statement["line"], f"{statement['name']}: no text for {engine}")
            texts[engine] = clean(source, statement, text)
        name = f"{module}_{statement['name']}"
        if name.upper() in names:
            stop(source, statement["line"], f"{statement['name']}: the name is taken")
        names.append(name.upper())
        out += [f"/* in: {', '.join(statement['in']) or 'nothing'}; out: {', '.join(statement['out']) or 'nothing'} */",
                f"__attribute__((unused)) static const DbStatement {name.upper()} = {{",
                f"    {c_string(name)},", f"    {c_string(for_sqlite(texts['sqlite']))},",
                f"    {c_string(texts['postgresql'])}}};", ""]
    if not names:
        stop(source, 1, "no statements")
    upper = module.upper()
    out += [f"__attribute__((unused)) static const DbStatement *const {upper}_STATEMENTS[] = {{",
            "    " + ", ".join("&" + name for name in names) + "};", f"enum {{ {upper}_STATEMENT_COUNT = {len(names)} }};", ""]
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(out))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
