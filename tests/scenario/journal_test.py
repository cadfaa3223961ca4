"""The journal: everything can be rebuilt from it, and what was changed behind its back is found and named."""
import functools, os, re, shutil, sqlite3

from tap import *


@functools.cache
def story():
    """a county with a bit of everything: imports, a new version, decisions of each kind, undoing, locks, a removal"""
    lists = demo("story-lists", 80, seed=9)
    county = new_county("story")
    anju("import", county, *lists_of(lists))
    anju("compare", county, code=3)
    by_action = {}
    for d in differences(county):
        by_action.setdefault(d["proposed"].split(":")[0], []).append(d)
    for d in by_action.get("take", [])[:4] + by_action.get("link", [])[:1] + by_action.get("nolink", [])[:1]:
        anju("decide", county, d["id"], d["proposed"], "--reason", "已核对")
    for d in by_action.get("return", [])[:3]:
        anju("decide", county, d["id"], "return")
    anju("decide", county, by_action["return"][-1]["id"], "exception", "--reason", "情况特殊", "--as", "专班办公室")
    anju("compare", county, code=3)
    entry = anju("decide", county, "--class", differences(county)[0]["class"], "--accept-proposed", "--json").json()["entry"]
    anju("undo", county, entry) if entry else None
    clean = demo("story-clean", 80, seed=9, errors=0)
    anju("import", county, os.path.join(clean, "civil.csv"), "--from", "民政局")
    anju("import", county, os.path.join(clean, "register.xlsx"))
    anju("compare", county, code=3)
    anju("lock", county, "baseline", "--force", "--reason", "示范县")
    rows = anju("register", county, "--csv").rows()
    anju("remove", county, rows[0]["household"], "--reason", "整户迁出")
    anju("lock", county, "agreed", "--force", "--reason", "先行锁定")
    return county


def change(county, *statements):
    """something else than the program writes to the database; how many rows each statement changed"""
    if SERVER:
        return [int(psql(database_of(county), statement)[-1].split()[-1]) for statement in statements]
    with sqlite3.connect(os.path.join(county, "anju.db")) as db:
        return [db.execute(statement).rowcount for statement in statements]


def select(county, statement):
    """the rows, every value as text, bytes in hex"""
    if SERVER:
        return [line.removeprefix("\\x").split("|") for line in psql(database_of(county), statement)]
    with sqlite3.connect(os.path.join(county, "anju.db")) as db:
        return [[value.hex() if isinstance(value, bytes) else str(value) for value in row] for row in db.execute(statement)]


@test("after a full story verify is clean, and rebuilding from the journal gives the same digest and the same tables")
def rebuild():
    county = copy_county(story(), "rebuild")
    before, shown = digest(county), [anju(*words, code=None).out for words in (["links", county, "--csv"], ["differences", county, "--csv", "--all"],
                                                                              ["register", county, "--csv"], ["status", county, "--json"], ["flags", county, "--csv"])]
    anju("verify", county)
    anju("rebuild", county)
    equal(digest(county), before, "digest")
    after = [anju(*words, code=None).out for words in (["links", county, "--csv"], ["differences", county, "--csv", "--all"],
                                                      ["register", county, "--csv"], ["status", county, "--json"], ["flags", county, "--csv"])]
    equal(after, shown, "tables")
    anju("verify", county)
    check(anju("verify", county, "--json").json()["ok"], "ok in verify --json")


@test("rebuilding repairs a derived table that was damaged; the journal itself needs none of them")
def repairs():
    county = copy_county(story(), "repairs")
    before = digest(county)
    change(county, *(f"delete from {table}" for table in ("row_link", "difference", "household", "decision", "list_row", "list_file", "removal")))
    anju("verify", county, code=4)
    anju("rebuild", county)
    equal(digest(county), before, "digest")
    anju("verify", county)


def tampered(name, spoil, *words):
    county = copy_county(story(), "tampered")
    anju("verify", county)
    spoil(county)
    run = anju("verify", county, code=4)
    for word in words:
        check(re.search(word, run.out), f"{name}: “{word}” is not in {run.out[:400]}")
    check(len(run.err.strip().splitlines()) == 1, f"{name}: {run.err}")
    result = anju("verify", county, "--json", code=4).json()
    check(result["ok"] is False and result["findings"], f"{name}: verify --json")
    check(all(f["what"] and f["which"] and f["sentence"] for f in result["findings"]), f"{name}: findings {result['findings']}")
    return result["findings"]


def stored_files(county):
    return sorted(os.path.join(root, name) for root, _, names in os.walk(os.path.join(county, "store")) for name in names)


@test("one flipped byte in any of the stored files: exit 4, and the file is named")
def flipped():
    files = stored_files(story())
    check(len(files) > 10, "too few stored files")
    for number in range(0, len(files), max(1, len(files) // 6)):
        digest_of_file = "".join(files[number].split(os.sep)[-2:])[-64:]

        def change(county, number=number):
            path = stored_files(county)[number]
            os.chmod(path, 0o644)
            with open(path, "r+b") as file:
                file.seek(os.path.getsize(path) // 2)
                byte = file.read(1)
                file.seek(-1, 1)
                file.write(bytes([byte[0] ^ 0x20]))

        tampered(f"file {number}", change, digest_of_file[-40:])


@test("a stored file that is gone or cut short: exit 4, and the file is named")
def gone():
    name = os.path.basename(stored_files(story())[0])[-40:]
    tampered("gone", lambda county: os.remove(stored_files(county)[0]), name)

    def cut(county):
        path = stored_files(county)[0]
        os.chmod(path, 0o644)
        os.truncate(path, os.path.getsize(path) // 2)

    tampered("cut", cut, name)


@test("a changed body, author, time, salt or leaf of an entry: exit 4, and the entry is named")
def entries():
    def sql(statement):
        return lambda county: equal(change(county, statement), [1], statement)

    seq, entry = select(story(), "select seq, id from entry where kind = 'decision' order by seq limit 1")[0]
    zeros = "decode(repeat('00', 32), 'hex')" if SERVER else "zeroblob(32)"
    named = rf"({entry}|第 ?{seq} ?条|：{seq}：| {seq}：)"
    tampered("body", sql(f"update entry set body = replace(body, 'take:', 'Take:') where seq = {seq}"), named)
    tampered("author", sql(f"update entry set author = 'someone' where seq = {seq}"), named)
    tampered("time", sql(f"update entry set made_at = made_at + 1 where seq = {seq}"), named)
    tampered("salt", sql(f"update entry set salt = {zeros} where seq = {seq}"), named)
    tampered("leaf", sql(f"update entry set leaf = {zeros} where seq = {seq}"), named)
    tampered("kind", sql(f"update entry set kind = 'removal' where seq = {seq}"), named)


@test("an entry that is gone, the last one, too: exit 4")
def missing_entries():
    def remove(which):
        return lambda county: equal(change(county, f"delete from entry where seq = ({which})"), [1])

    tampered("middle", remove("select max(seq) / 2 from entry"))
    tampered("last", remove("select max(seq) from entry"))


@test("a changed row of each derived table: exit 4, and the table is named")
def tables():
    changes = {"row_link": "update row_link set household = 'H-elsewhere' where key = (select min(key) from row_link)",
               "difference": "update difference set class = 'id_typo' where id = (select min(id) from difference where class <> 'id_typo')",
               "decision": "update decision set action = 'exception' where action <> 'exception' and entry = (select min(entry) from decision where action <> 'exception')",
               "list_row": "update list_row set number = number + 1 where key = (select min(key) from list_row)",
               "list_file": "update list_file set sender = 'x' where seq = (select min(seq) from list_file)",
               "household": "delete from household where household = (select min(household) from household)",
               "register_lock": "update register_lock set persons = persons + 1 where name = 'baseline'",
               "removal": "delete from removal",
               "compare_run": "update compare_run set engine = 'x'"}
    for table, statement in changes.items():
        findings = tampered(table, lambda county: check(change(county, statement)[0] >= 1, statement), table)
        check(any(f["what"] == "table" and table in f["which"] for f in findings), f"{table}: {findings}")


@test("a changed file of the frozen campaign is found and named")
def campaign():
    def change(county):
        path = os.path.join(county, "campaign", "campaign.json")
        os.chmod(path, 0o644)
        text = open(path, encoding="utf-8").read()
        open(path, "w", encoding="utf-8").write(text.replace("11502", "11503"))

    tampered("campaign", change, "campaign.json")


@test("sealed cells of personal data that were exchanged between two rows are found")
def exchanged():
    def exchange(county):
        two = "select key from list_row order by key limit 2"
        equal(change(county, f"update list_row set content = o.content from (select key, content from list_row order by key limit 2) o"
                             f" where list_row.key in ({two}) and o.key <> list_row.key"), [2])

    tampered("exchanged", exchange, "list_row")


@test("no number or name of a person can be read in the database's derived tables")
def sealed():
    county = copy_county(story(), "sealed")
    rows = anju("register", county, "--csv").rows()
    for table in ("list_row", "difference", "decision"):
        blobs = "".join(row[0] for row in select(county, f"select content from {table}"))
        for row in rows[:40]:
            check(row["id_no"].encode().hex() not in blobs and row["name"].encode().hex() not in blobs, f"{table} shows a person")


@test("history tells a household's story in the order of the journal: its lists, its decisions, who took them")
def history():
    county = copy_county(story(), "history")
    done = [d for d in anju("differences", county, "--json", "--all").json()["differences"] if d["decision"] == "exception"]
    removed = anju("register", county, "--csv").rows()[0]["household"]
    events = anju("history", county, removed, "--json").json()["history"]
    check(len(events) >= 2, f"history of {removed}: {events}")
    equal([e["seq"] for e in events], sorted(e["seq"] for e in events), "order")
    check({"list_imported", "removal"} <= {e["kind"] for e in events}, f"kinds: {events}")
    has(anju("history", county, removed).out, "名单 register", "核减")
    for d in done[:1]:
        has(anju("history", county, d["household"]).out, "专班办公室")
    anju("history", county, "H-none", code=1)


@test("a copy has the same head and digest, verifies and prints the same: from PostgreSQL to a file and back, where there is a server")
def copies():
    county = copy_county(story(), "both")
    before, head = digest(county), anju("digest", county, "--json").json()
    here, there = ([], ["--db", new_database()]) if SERVER else ([], [])
    second, third = folder("both-second"), folder("both-third")
    anju("copy", county, second, *here)  # with PostgreSQL under it: back to a file
    equal(digest(second), before, "digest of the copy")
    check(os.path.exists(os.path.join(second, "anju.db")), "the copy has a file of its own")
    anju("copy", second, third, *there)
    for copy in (second, third):
        equal(anju("digest", copy, "--json").json(), head, "head and digests")
        anju("verify", copy)
        anju("rebuild", copy)
        equal(digest(copy), before, "digest after rebuilding")
    words = (("status", "--json"), ("differences", "--csv", "--all"), ("links", "--csv"), ("register", "--csv"), ("flags", "--csv"))
    shown = [[anju(command, copy, *options, code=None).out for command, *options in words] for copy in (county, second, third)]
    equal(shown[1], shown[0], "what the commands print")
    equal(shown[2], shown[0], "what the commands print")
    if SERVER:
        settings = os.path.join(third, "anju.toml")
        equal(os.stat(settings).st_mode & 0o777, 0o600, "mode of anju.toml")
        check(not os.path.exists(os.path.join(third, "anju.db")), "no file beside the database")
        has(anju("copy", second, folder("both-fourth"), "--db", database_of(third), code=1).err, "已有县数据")


main()
