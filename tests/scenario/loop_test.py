"""The main job to its end: a made county's lists, compared, decided and corrected until they agree, then locked.

What is true is known here: `demo --errors 0` with the same seed writes the same county without clerks' errors, and truth.csv
names the household and person of each row of both."""
import collections, csv, functools, os, re, shutil

import openpyxl

from tap import *

SEED, HOUSEHOLDS = 21, 150
LOOPS = 6  # rounds of deciding: deciding who is who brings new differences to light, but each round fewer


class World:
    """the damaged lists, the true ones, and what is true about a row"""

    def __init__(self):
        self.lists = demo("loop-lists", HOUSEHOLDS, SEED)
        self.clean = demo("loop-clean", HOUSEHOLDS, SEED, errors=0)
        self.known = truth(self.lists)
        self.persons, self.households = {}, {}
        clean = truth(self.clean)
        for _, row, cells in data_rows(os.path.join(self.clean, "register.xlsx")):
            household, person = clean["register", "register.xlsx", row]
            record = {"name": cells["姓名"], "id_no": cells["证件号码"], "size": cells["家庭人口数"], "hh_no": cells["户编号"], "village": cells["行政村"],
                      "relation": cells["与户主关系"]}
            self.persons[person] = record
            if record["relation"] == "户主":
                self.households[household] = record

    def of(self, kind, file, row):
        return self.known.get((kind, file, int(row)), (None, None)) if row else (None, None)

    def value(self, household, person, field):
        if field in ("name", "id_no"):
            return self.persons.get(person, {}).get(field, "")
        return self.households.get(household, {}).get({"head_name": "name"}.get(field, field), "")


@functools.cache
def world():
    return World()


@functools.cache
def fresh():
    county = new_county("loop-fresh")
    anju("import", county, *lists_of(world().lists))
    anju("compare", county, code=3)
    return county


def action_for(d):
    """what a person who knows the truth would decide about one difference"""
    w = world()
    household, person = w.of(d["list"], d["file"], d["row"])
    other_household, other_person = w.of(d["other_list"], d["other_file"], d["other_row"])
    if d["field"] == "link":
        return "link" if person == other_person else "nolink"
    if d["field"] in ("row", "household", "mode"):
        return "exception"
    want = w.value(household or other_household, person or other_person, d["field"])
    if want and d["value"] == want:
        return "take:" + d["list"]
    if want and d["other_value"] == want and d["other_list"]:
        return "take:" + d["other_list"]
    if want and d["field"] in ("name", "id_no", "size", "hh_no"):
        return "value:" + want
    return d["proposed"] if d["proposed"].startswith(("take:", "value:")) else "exception"


def decide_all(county):
    """one round: decides every open difference once; the number of decisions"""
    settled = 0
    for d in differences(county):
        state = action_for(d)
        anju("decide", county, d["id"], state, "--reason", "按真实情况", "--as", "专班")
        settled += 1
    return settled


@functools.cache
def agreed():
    """the county after every difference was decided by the truth, before its locks"""
    county = copy_county(fresh(), "loop-agreed")
    for _ in range(LOOPS):
        if decide_all(county) == 0:
            break
    return county


@test("deciding each difference by the truth drives the county to open = 0 and exit 0")
def to_zero():
    before = anju("compare", fresh(), "--json", code=3).json()
    check(before["open"] > 50, f"only {before['open']} differences: the test shows little")
    result = anju("compare", agreed(), "--json", code=0).json()
    equal(result["open"], 0, "open")
    equal(differences(agreed()), [], "differences --csv")
    check(len(differences(agreed(), "--all")) > 50, "differences --all still shows those decided")
    equal([p for p in result["pairs"] if p["differing"] or p["expected_missing"]], [], "pairs that differ")


@test("the agreed register is the true one: numbers, names, who stands in which household")
def true_register():
    w, rows = world(), anju("register", agreed(), "--csv").rows()
    person_of = {l["person"]: w.of(l["list"], l["file"], l["row"]) for l in links(agreed()) if l["list"] == "register"}
    equal(len(rows), len(w.persons), "registered persons")
    equal({person_of[r["person"]][1] for r in rows}, set(w.persons), "who is registered")
    wrong = []
    for r in rows:
        real = w.persons[person_of[r["person"]][1]]
        for field in ("name", "id_no"):
            if r[field].replace("\u3000", "").replace(" ", "").replace("x", "X").lstrip("'") != real[field]:
                wrong.append((field, r[field], real[field]))
    check(len(wrong) <= len(rows) // 100, f"{len(wrong)} of {2 * len(rows)} cells are not true: {wrong[:8]}")
    equal(len({r["household"] for r in rows}), len(w.households), "households")
    equal({r["state"] for r in rows}, {"agreed"}, "states")


@test("after deciding who is who, rows of the same person stand together and no others")
def true_links():
    w, rows = world(), links(agreed())
    said = collections.defaultdict(set)
    for l in rows:
        said[l["person"]].add(w.of(l["list"], l["file"], l["row"])[1])
    mixed = {p: real for p, real in said.items() if len(real) > 1}
    equal(mixed, {}, "persons made of several")
    equal([l for l in rows if l["state"] == "review"], [], "rows in review")
    check(any(l["state"] == "decided" for l in rows), "no link was decided")


@test("the county can be locked only when nothing is open; then changes need a reason (exit 5)")
def locks():
    county = copy_county(agreed(), "loop-locks")
    has(anju("lock", fresh(), "agreed", code=3).err, "差异", "没有处理")
    run = anju("lock", county, "baseline", code=1)
    has(run.err, f"{len(world().households)} 户", f"{len(world().persons)} 人", "11502 户", "45148 人")
    equal(len(run.err.strip().splitlines()), 1, "sentences")
    anju("lock", county, "baseline", "--force", code=2)
    locked = anju("lock", county, "baseline", "--force", "--reason", "示范县只有一百五十户", "--json").json()
    equal((locked["households"], locked["persons"]), (len(world().households), len(world().persons)), "the baseline")
    has(anju("lock", county, "baseline", "--force", "--reason", "x", code=5).err, "已经锁定")
    anju("lock", county, "agreed")
    has(anju("lock", county, "agreed", code=5).err, "已经锁定")
    done = differences(county, "--all")[0]
    before = digest(county)
    for words in (["decide", county, done["id"], "exception"], ["decide", county, "--class", done["class"], "--accept-proposed"],
                  ["import", county, os.path.join(world().clean, "civil.csv")]):
        run = anju(*words, code=5)
        has(run.err, "锁定", "--reason")
    equal(digest(county), before, "digest after refused changes")
    anju("decide", county, done["id"], "exception", "--reason", "复核后改")
    anju("import", county, os.path.join(world().clean, "civil.csv"), "--reason", "民政更新名单")
    anju("compare", county, code=None)
    anju("verify", county)


@test("baseline = verified + not verified + removed, for households and persons, after every removal and its undoing")
def arithmetic():
    county = copy_county(agreed(), "loop-remove")
    rows = anju("register", county, "--csv").rows()
    members = collections.Counter(r["household"] for r in rows)
    anju("remove", county, rows[0]["household"], "--reason", "过早", code=1)
    anju("lock", county, "baseline", "--force", "--reason", "示范县")

    def numbers(removed_households, removed_persons):
        status = anju("status", county, "--json").json()
        for unit, total, removed in (("households", len(members), removed_households), ("persons", len(rows), removed_persons)):
            have = status[unit]
            equal(have["baseline"], total, f"baseline of {unit}")
            equal(have["removed"], removed, f"removed {unit}")
            equal(have["baseline"], have["verified"] + have["unverified"] + have["removed"], unit)
        has(anju("status", county).out, f"基数 {len(members)} = ", f"有理由核减 {removed_households}")

    numbers(0, 0)
    anju("remove", county, rows[0]["household"], code=2)
    whole, part = [h for h, n in members.items() if n >= 3][:2]
    person = next(r["person"] for r in rows if r["household"] == part and r["relation"] != "户主")
    anju("remove", county, part, "--person", person, "--reason", "已去世")
    numbers(0, 1)
    anju("remove", county, part, "--person", person, "--reason", "又一次", code=1)
    out = anju("remove", county, whole, "--reason", "整户注销").out
    numbers(1, 1 + members[whole])
    anju("remove", county, whole, "--reason", "又一次", code=1)
    anju("remove", county, part, "--reason", "整户注销")  # the person who was removed before counts once
    numbers(2, members[part] + members[whole])
    anju("undo", county, re.search(r"记录号 ([0-9a-f-]{36})", out).group(1), "--reason", "误操作")
    numbers(1, members[part])
    anju("remove", county, "H-none", "--reason", "无此户", code=1)
    anju("verify", county)


# ---- bulk decisions ----
@test("a class is decided as proposed; the dry run says the same numbers and changes nothing")
def bulk():
    county = copy_county(fresh(), "loop-bulk")
    by_class = collections.Counter(d["class"] for d in differences(county))
    for name in [c for c, n in by_class.items() if n >= 3]:
        before, open_before = digest(county), differences(county)
        mine = [d for d in open_before if d["class"] == name]
        dry = anju("decide", county, "--class", name, "--accept-proposed", "--dry-run", "--json").json()
        equal(digest(county), before, f"digest after the dry run of {name}")
        equal(dry["dry_run"], True)
        done = anju("decide", county, "--class", name, "--accept-proposed", "--json").json()
        for key in ("decided", "also", "actions"):
            equal(done[key], dry[key], f"{key} of {name}")
        check(0 < done["decided"] <= len(mine) or not mine, f"{done['decided']} decided of {len(mine)}")
        all_of = {d["id"]: d for d in anju("differences", county, "--json", "--all").json()["differences"]}
        for d in mine:
            if d["id"] not in all_of:
                continue  # links that were decided make some of them pointless
            state = all_of[d["id"]]["state"]
            equal(state, "returned" if all_of[d["id"]]["decision"] == "return" else "decided", f"state of {d['id']} ({d['proposed']})")
    left = differences(county)
    check(all(d["proposed"] == "return" or d["class"] not in by_class or by_class[d["class"]] < 3 or d["id"] not in {x["id"] for x in open_before} for d in left),
          "what is left open was sent back")
    has(anju("decide", county, "--class", "no_such_class", "--accept-proposed", code=2).err, "no_such_class")
    anju("verify", county)


@test("undo re-opens exactly what it undid, once")
def undo():
    county = copy_county(fresh(), "loop-undo")
    ids = lambda: {d["id"] for d in differences(county)}
    clusters_before = clusters(links(county))
    start = ids()
    one = next(d for d in differences(county) if d["class"] == "name_variant")
    single = anju("decide", county, one["id"], "value:" + (one["other_value"] or "某某"), "--json").json()["entry"]
    after_one = ids()
    check(one["id"] in start - after_one, "the decision closes its difference")
    entry = anju("decide", county, "--class", "id_typo", "--accept-proposed", "--json").json()["entry"]
    check(ids() < after_one, "the bulk decision closes differences")
    anju("undo", county, entry)
    equal(ids(), after_one, "open after undoing the second")
    anju("undo", county, entry, code=1)
    anju("undo", county, single[:18])  # a prefix names an entry
    equal(ids(), start, "open after undoing the first")
    linking = [d for d in differences(county) if d["field"] == "link"]
    check(linking, "no question of identity in this county")
    entries = [anju("decide", county, d["id"], action_for(d), "--json").json()["entry"] for d in linking]
    anju("compare", county, code=3)
    for entry in reversed(entries):
        anju("undo", county, entry)
    anju("compare", county, code=3)
    equal(ids(), start, "open after undoing decisions about identity")
    equal(clusters(links(county)), clusters_before, "clusters")
    anju("verify", county)


@test("wrong decisions are refused with a sentence: link for a value, a value for a link, a list that is not concerned, an impossible number")
def refused():
    county = copy_county(fresh(), "loop-refused")
    rows = differences(county)
    value = next(d for d in rows if d["field"] == "id_no" and d["other_list"])
    link = next(d for d in rows if d["field"] == "link")
    before = digest(county)
    for d, action, code in ((value, "link", 2), (link, "take:" + link["list"], 2), (value, "take:" + next(k for k in KINDS if k not in (value["list"], value["other_list"])), 2),
                            (value, "value:450399199001010000", 1), (value, "maybe", 2), (value, "value:", 2)):
        run = anju("decide", county, d["id"], action, code=code)
        equal(len(run.err.strip().splitlines()), 1, f"sentences about {action}")
    anju("decide", county, value["id"][:2], "exception", code=2)
    anju("decide", county, "ffffffffffff", "exception", code=1)
    equal(digest(county), before, "digest")


# ---- corrections and new versions ----
def header_rows(path, sheet=0):
    """titles and headers of a list: everything above the first data row"""
    name, rows = grid(path)[sheet]
    first = data_rows(path)[0][1]
    return [(number, cells) for number, cells in rows if number < first]


@test("corrections have the sender's titles, headers, merged cells and columns, and only the rows to correct")
def corrections():
    county = copy_county(fresh(), "loop-corrections")
    for d in differences(county):
        if d["proposed"].startswith("take:"):
            anju("decide", county, d["id"], d["proposed"])
    for kind, file in (("relocated", "relocated.xlsx"), ("register", "register.xlsx"), ("civil", "civil.csv"), ("appraised", "appraised.xlsx")):
        out = os.path.join(SCRATCH, f"{kind} 更正.xlsx")
        run = anju("corrections", county, "--list", kind, "--out", out)
        source = os.path.join(world().lists, file)
        book = openpyxl.load_workbook(out)
        sheet = book.worksheets[0]
        above = header_rows(source)
        width = max(len(cells) for _, cells in above)
        for number, cells in above:
            have = [c.value or "" for c in sheet[number]][:len(cells)]
            equal([str(v) for v in have], cells, f"{file} row {number}")
        if file.endswith(".xlsx"):
            merged = {str(r) for r in openpyxl.load_workbook(source).active.merged_cells.ranges if r.max_row <= above[-1][0]}
            equal({str(r) for r in sheet.merged_cells.ranges}, merged, f"merged cells of {file}")
        rows = [[c.value for c in row] for row in sheet.iter_rows(min_row=above[-1][0] + 1)]
        check(rows, f"{kind}: nothing to correct, the test shows nothing")
        check(f"{len(rows)} 行" in run.out, f"{run.out} for {len(rows)} rows")
        originals = {number: list(cells.values()) for _, number, cells in data_rows(source)}
        changed = 0
        named = {int(re.search(r"原表第 (\d+) 行", str(row[width + 1])).group(1)): row for row in rows if "原表第" in str(row[width + 1] or "")}
        check(len(named) + sum(1 for row in rows if str(row[width] or "new-").startswith("new-")) == len(rows), f"{kind}: every row says where it stands, or is one that is missing")
        concerned = set()
        for d in differences(county, "--all"):
            concerned |= {int(d["row"])} if d["list"] == kind and d["row"] and d["file"] == file else set()
            concerned |= {int(d["other_row"])} if d["other_list"] == kind and d["other_row"] and d["other_file"] == file else set()
        household_of = {int(l["row"]): l["household"] for l in links(county) if l["list"] == kind and l["file"] == file}
        settled = {d["household"] for d in differences(county, "--all") if d["field"] in ("village", "size", "hh_no")}
        strangers = {r for r in set(named) - concerned if household_of[r] not in settled or [str(v or "") for v in named[r][:width]] == originals[r][:width]}
        equal(strangers, set(), f"{kind}: rows that nobody asked about")
        open_rows = {int(d["row"]) for d in differences(county) if d["list"] == kind and d["row"] and d["file"] == file}
        equal(open_rows - set(named), set(), f"{kind}: rows with an open difference that are not sent back")
        for number, row in named.items():
            have = ["" if v is None else str(v) for v in row[:width]]
            changed += have != originals[number][:width]
            check(row[width + 1] and row[width + 2], f"{kind} row {number}: problem and advice")
        check(changed or kind in ("appraised",), f"{kind}: no cell was changed to what was agreed")


def correct_register(target, skip=()):
    """the register as the poverty office would correct it: every row of a registered person rewritten by the truth, repeated
    rows removed; `skip`: persons that stay as they are"""
    w = world()
    source = os.path.join(w.lists, "register.xlsx")
    book = openpyxl.load_workbook(source)
    sheet = book.active
    header = next(r for r in sheet.iter_rows(max_row=10) if any(c.value == "证件号码" for c in r))
    column = {c.value: c.column for c in header}
    seen, remove = set(), []
    for _, row, _ in data_rows(source):
        household, person = w.of("register", "register.xlsx", row)
        if person in seen:
            remove.append(row)
        seen.add(person)
        if person in skip or person not in w.persons:
            continue
        record = w.persons[person]
        for head, field in (("姓名", "name"), ("证件号码", "id_no"), ("家庭人口数", "size"), ("行政村", "village"), ("户编号", "hh_no")):
            sheet.cell(row, column[head]).value = record[field]
    for row in reversed(remove):
        sheet.delete_rows(row)
    book.save(target)


@test("a corrected list comes in as a new version: what it corrected is gone, decisions stay, nothing else is re-opened")
def new_version():
    w = world()
    county = copy_county(fresh(), "loop-version")
    start = {d["id"]: d for d in differences(county)}
    kept = [d for d in start.values() if d["list"] not in ("register", "") and d["field"] in ("mode", "grade")][:8]
    check(len(kept) >= 3, "too few decisions to keep")
    for d in kept:
        anju("decide", county, d["id"], "exception", "--reason", "已入户核实")
    before = {d["id"] for d in differences(county)}
    target = os.path.join(SCRATCH, "register.xlsx")
    correct_register(target)
    run = anju("import", county, target, "--json").json()["imported"][0]
    equal(run["replaces"], "register.xlsx", "the version before")
    check(0 < run["changed_rows"] < run["rows"] // 4, f"{run['changed_rows']} rows changed")
    result = anju("compare", county, "--json", code=3).json()
    equal([e["files"] for e in result["lists"] if e["list"] == "register"], [1], "files of the register")
    after = {d["id"]: d for d in differences(county)}
    check(not {d["id"] for d in kept} & set(after), "decided differences are open again")
    check(len(after) < len(before), "corrections closed nothing")
    equal([d["id"] for d in after.values() if d["list"] == "register" and d["field"] == "id_no" and not d["other_list"]], [], "own errors of the register's numbers")
    touched = set()
    for d in start.values():
        touched |= {(d["list"], d["file"], d["row"]), (d["other_list"], d["other_file"], d["other_row"]), d["household"]}
    strangers = [d for i, d in after.items() if i not in start and not touched & {d["household"], (d["list"], d["file"], d["row"])}]
    equal(strangers, [], "differences of households that the new version did not change")
    anju("verify", county)


@test("a filled-in corrections workbook comes back: only its rows change, what it settled is gone, nothing is doubled")
def corrections_return():
    for kind in ("relocated", "civil", "town_feedback", "register"):
        county = copy_county(fresh(), "loop-return")
        for d in differences(county, "--list", kind):
            if action_for(d).startswith(("take:", "value:")):
                anju("decide", county, d["id"], action_for(d))
        entry = lambda: next(e for e in anju("compare", county, "--json", code=3).json()["lists"] if e["list"] == kind)
        before, ids_before = entry(), {d["id"] for d in differences(county)}
        places_before = {(d["class"], d["list"], d["file"], d["row"]) for d in differences(county)}
        fixed = {d["id"]: d for d in differences(county, "--all") if d["list"] == kind and d["row"] and d["id"] not in ids_before and d["field"] in ("name", "id_no", "size", "village", "hh_no")}
        check(fixed, f"{kind}: nothing was decided")
        out = os.path.join(SCRATCH, f"{kind}更正.xlsx")
        anju("corrections", county, "--list", kind, "--out", out)
        added = sum(1 for d in differences(county, "--class", "missing_here") if d["list"] == kind)
        anju("import", county, out)
        after = entry()
        equal((after["files"], after["rows"]), (before["files"], before["rows"] + added), f"{kind}: files and rows")
        still = [d for d in differences(county, "--all") if d["id"] in fixed and d["value"] == fixed[d["id"]]["value"] and d["list"] == kind and d["field"] != "village"]
        equal([(d["class"], d["row"], d["value"], d["other_value"]) for d in still], [], f"{kind}: corrected, and different still")
        # only one list is corrected, so others may differ from it now; but no row stands twice
        place = lambda d: (d["class"], d["list"], d["file"], d["row"])
        doubled = [d for d in differences(county) if place(d) not in places_before and d["class"] in ("duplicate_in_list", "extra_here", "missing_here", "same_id_two_names")]
        equal([(d["class"], d["list"], d["row"], d["value"]) for d in doubled], [], f"{kind}: rows that stand twice")
        entries = anju("verify", county, "--json").json()["entries"]
        anju("import", county, out)
        equal(anju("verify", county, "--json").json()["entries"], entries, f"{kind}: the same corrections again")


@test("a new version that changes one decided cell re-opens that difference and no other")
def reopened():
    w = world()
    county = copy_county(agreed(), "loop-reopen")
    equal(differences(county), [], "open before")
    source = os.path.join(w.lists, "feedback.csv")
    with open(source, "rb") as file:
        data = file.read()
    decided = [d for d in differences(county, "--all") if d["list"] == "feedback" and d["field"] == "size" and d["class"] == "member_count"]
    check(decided, "no decided number of members in feedback")
    d = decided[0]
    encoding = "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8" if decoded(data) == data.decode("utf-8", "replace") else "gb18030"
    lines = decoded(data).splitlines()
    cells = next(csv.reader([lines[int(d["row"]) - 1]]))
    at = next(csv.reader([lines[0]])).index(next(h for h in next(csv.reader([lines[0]])) if "人" in h and ("数" in h or "口" in h)))
    equal(cells[at], d["value"], "the cell")
    cells[at] = str(int(d["value"]) + 5)
    lines[int(d["row"]) - 1] = ",".join(cells)
    lines[1:] = reversed(lines[1:])  # sorted another way: rows are known by what they hold
    target = os.path.join(SCRATCH, "feedback.csv")
    with open(target, "w", encoding=encoding, newline="") as file:
        file.write("\n".join(lines) + "\n")
    run = anju("import", county, target, "--json").json()["imported"][0]
    equal((run["replaces"], run["changed_rows"]), ("feedback.csv", 1), "the new version")
    anju("compare", county, code=3)
    again = differences(county)
    equal([(x["class"], x["household"], x["list"], x["value"]) for x in again], [("member_count", d["household"], "feedback", cells[at])], "open after the new version")
    anju("undo", county, run["entry"])
    anju("compare", county, code=0)
    equal(differences(county), [], "open after undoing the import")
    anju("verify", county)


@test("a true value in every list leaves nothing to compare: the clean county has no identity differences")
def clean_county():
    county = new_county("loop-clean-county")
    anju("import", county, *lists_of(world().clean))
    result = anju("compare", county, "--json", code=None).json()
    found = collections.Counter(d["class"] for d in differences(county))
    for name in ("id_typo", "id_rounded", "id_15", "id_missing", "name_variant", "same_person_two_ids", "village_renamed"):
        equal(found[name], 0, name)
    equal(result["open"], sum(found.values()), "open")


main()
