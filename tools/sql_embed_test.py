#!/usr/bin/env python3
"""What sql_embed.py refuses, and what it makes of quotes and comments."""

import os
import subprocess
import sys
import tempfile

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sql_embed.py")
BAD = {
    "a parameter is not used": "-- name: a  in: x i64, y i64\nselect $1;\n",
    "a parameter is not named": "-- name: a  in: x i64\nselect $1, $2;\n",
    "an unknown type": "-- name: a  in: x int\nselect $1;\n",
    "two statements": "-- name: a\nselect 1; select 2;\n",
    "a name twice": "-- name: a\nselect 1;\n-- name: a\nselect 2;\n",
    "text before the first name": "select 1;\n",
    "a bad name": "-- name: A\nselect 1;\n",
    "no text": "-- name: a\n-- name: b\nselect 1;\n",
    "only one engine": "-- name: a\n-- sqlite:\nselect 1;\n",
    "nothing": "",
}
GOOD = """-- name: a  in: x i64, y text?  out: z i64
select $2, $10 - $1 -- not $3
from "t$4" where note <> 'it''s ;  $5';
""".replace("$10 - ", "")


def run(text):
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "thing.sql"), os.path.join(folder, "thing_sql.h")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([sys.executable, TOOL, source, target], capture_output=True, text=True)
        made = open(target, encoding="utf-8").read() if os.path.exists(target) else ""
        return done.returncode, done.stderr, made


failed = 0
for name, text in BAD.items():
    code, error, made = run(text)
    if code == 0 or "thing.sql:" not in error or made:
        failed, _ = failed + 1, print(f"accepted: {name}")
code, error, made = run(GOOD)
for wanted in ("""select ?2, ?1 from \\"t$4\\" where note <> 'it''s ;  $5'""", "THING_A", "THING_STATEMENT_COUNT = 1"):
    if wanted not in made:
        failed, _ = failed + 1, print(f"missing: {wanted}\n{error}{made}")
sys.exit(1 if failed else 0)
