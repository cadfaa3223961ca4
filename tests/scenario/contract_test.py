"""The command line as scripts of others use it: help, exit codes, JSON and CSV shapes, and what the numbers mean."""
import collections, functools, itertools, os, re, shutil

from tap import *

COMMANDS = ("init", "copy", "demo", "verify", "rebuild", "digest", "version", "import", "compare", "differences", "links", "decide", "undo",
            "corrections", "lock", "register", "remove", "status", "flags", "history")
DIFFERENCE_HEADER = "id,class,list,file,sheet,row,household,person,field,value,other_list,other_file,other_row,other_value,proposed,reason,owner"
LINK_HEADER = "list,file,sheet,row,household,person,state,bits"
CLASSES = {c["code"] for c in json.load(open(os.path.join(HERE, "../../campaign/longsheng-2020/campaign.json"), encoding="utf-8"))["classes"]}


@functools.cache
def small():
    county = new_county("small")
    anju("import", county, *lists_of(SMALL))
    anju("compare", county, code=3)
    return county


@functools.cache
def made():
    path = demo("made-lists", 150, seed=11)
    county = new_county("made")
    anju("import", county, *lists_of(path))
    anju("compare", county, code=3)
    return county, path


def one_sentence(text):
    lines = text.strip().splitlines()
    equal(len(lines), 1, "lines on stderr")
    check(len(lines[0]) > 4 and lines[0][-1] in "。；.！", f"not a sentence: {lines[0]}")


# ---- help, usage, exit codes ----
@test("every command has --help with its usage, and the whole list is shown by --help")
def helps():
    whole = anju("--help").out
    for name in COMMANDS:
        run = anju(name, "--help")
        has(run.out, f"anju {name}")
        equal(run.err, "", "stderr")
        check(re.search(rf"^\s+{name}\s", whole, re.M), f"{name} is not in --help")
        equal(anju(name, "x", "y", "--help").out, run.out, f"{name} x y --help")


@test("an unknown command, an unknown option, a missing or a superfluous word: exit 2 and one sentence on stderr")
def usage():
    for name in COMMANDS:
        run = anju(name, small(), "--no-such-option", code=2)
        one_sentence(run.err)
        has(run.err, "--no-such-option")
        equal(run.out, "", "stdout")
    for words in (["compar"], ["version", "x"], ["compare"], ["decide", small()], ["decide", small(), "--class", "id_typo"], ["import", small()],
                  ["compare", small(), "b"], ["corrections", small(), "--list", "civil"], ["demo", folder("x"), "--households", "many"],
                  ["lock", small(), "third"], ["import", small(), "x.csv", "--list"], ["compare", small(), "--json", "--json"]):
        run = anju(*words, code=2)
        one_sentence(run.err)
    equal(anju(code=2).out, "", "stdout without a command")


@test("exit codes 0, 1, 2, 3, 4 and 5 are each reached by what they stand for")
def exits():
    county = copy_county(small(), "exits")
    anju("version", code=0)
    for words in (["compare", folder("not-there")], ["decide", county, "000000000000", "exception"], ["import", county, os.path.join(SCRATCH, "none.csv")],
                  ["history", county, "H-none"], ["undo", county, "00000000-0000-7000-8000-000000000000"]):
        one_sentence(anju(*words, code=1).err) if words[0] != "import" else anju(*words, code=1)
    anju("import", county, os.path.join(SMALL, "civil.csv"), "--list", "taxes", code=2)
    one_sentence(anju("compare", county, code=3).err)
    one_sentence(anju("lock", county, "agreed", code=3).err)
    anju("lock", county, "baseline", "--force", "--reason", "测试县")
    one_sentence(anju("lock", county, "baseline", "--force", "--reason", "再锁一次", code=5).err)
    for name in sorted(os.listdir(os.path.join(county, "store"))):
        for file in os.listdir(os.path.join(county, "store", name)):
            path = os.path.join(county, "store", name, file)
    os.chmod(path, 0o644)
    with open(path, "r+b") as file:
        byte = file.read(1)
        file.seek(0)
        file.write(bytes([byte[0] ^ 1]))
    anju("verify", county, code=4)


@test("version --json and digest --json are JSON, init into a full folder is refused")
def versions():
    equal(anju("version", "--json").json()["name"], "anju")
    tables = anju("digest", small(), "--json").json()["tables"]
    check(len(tables) >= 5 and all(re.fullmatch("[0-9a-f]{64}", t["sha256"]) for t in tables), "tables of digest")
    lines = dict(reversed(line.split()) for line in digest(small()).splitlines())
    equal({t["table"]: t["sha256"] for t in tables}, lines, "digest with and without --json")
    one_sentence(anju("init", small(), code=1).err)
    check(anju("init", folder("other"), "--campaign", "no-such", code=None).code in (1, 2), "an unknown campaign")


# ---- compare ----
LISTS_KEYS, PAIR_KEYS = ["list", "files", "rows"], ["left", "right", "unit", "town", "agreed", "differing", "expected_missing", "left_only", "right_only"]


@test("compare --json has the shape of the contract")
def shape():
    for county in (small(), made()[0]):
        result = anju("compare", county, "--json", code=3).json()
        for key in ("lists", "pairs", "open", "engine_ms"):
            check(key in result, f"{key} is missing")
        check(isinstance(result["open"], int) and isinstance(result["engine_ms"], int), "open and engine_ms are whole numbers")
        codes = [entry["list"] for entry in result["lists"]]
        equal(codes, [kind for kind in KINDS if kind in codes], "lists in their order")
        for entry in result["lists"]:
            equal(list(entry)[:3], LISTS_KEYS, "keys of a list")
        towns = {place["town_code9"] for place in read_csv(os.path.join(HERE, "../../campaign/longsheng-2020/places.csv"))}
        for pair in result["pairs"]:
            equal(list(pair), PAIR_KEYS, "keys of a pair")
            check(codes.index(pair["left"]) < codes.index(pair["right"]), f"order of {pair['left']} and {pair['right']}")
            equal(pair["unit"], "person" if pair["left"] in PERSON_KINDS and pair["right"] in PERSON_KINDS else "household", "unit")
            check(pair["town"] == "unknown" or pair["town"] in towns, f"town {pair['town']}")
            check(all(isinstance(pair[key], int) and pair[key] >= 0 for key in PAIR_KEYS[4:]), "counts")
            check(any(pair[key] for key in PAIR_KEYS[4:]), "a pair without any household")
        equal({(p["left"], p["right"]) for p in result["pairs"]}, set(itertools.combinations(codes, 2)), "pairs of lists")
        keys = [(p["left"], p["right"], p["town"]) for p in result["pairs"]]
        equal(len(keys), len(set(keys)), "one line for each pair and town")


def presence(county, unit):
    present = collections.defaultdict(set)
    for link in links(county):
        present[link[unit]].add(link["list"])
    return present


@test("the numbers of every pair of lists agree with a count of links --csv and differences --csv")
def sums():
    for county in (small(), made()[0]):
        result = anju("compare", county, "--json", code=3).json()
        rows = links(county)
        found = differences(county)
        equal(result["open"], len(found), "open")
        per_list = collections.Counter(link["list"] for link in rows)
        files = {kind: len({link["file"] for link in rows if link["list"] == kind}) for kind in per_list}
        equal({e["list"]: (e["rows"], e["files"]) for e in result["lists"]}, {k: (n, files[k]) for k, n in per_list.items()}, "rows and files of lists")
        present = {unit: presence(county, unit) for unit in ("household", "person")}
        sums = collections.defaultdict(collections.Counter)
        for pair in result["pairs"]:
            for key in PAIR_KEYS[4:]:
                sums[pair["left"], pair["right"]][key] += pair[key]
        for left, right in itertools.combinations([e["list"] for e in result["lists"]], 2):
            unit = "person" if left in PERSON_KINDS and right in PERSON_KINDS else "household"
            both = {u for u, lists in present[unit].items() if left in lists and right in lists}
            either = {u: (left in lists) for u, lists in present[unit].items() if (left in lists) != (right in lists)}
            have = sums[left, right]
            where = f"{left}–{right}"
            equal(have["agreed"] + have["differing"], len(both), f"{where}: in both")
            equal(have["expected_missing"] + have["left_only"] + have["right_only"], len(either), f"{where}: in one")
            mine = [d for d in found if {d["list"], d["other_list"]} == {left, right}]
            missing = {d[unit] for d in mine if d["field"] == "row" and d[unit] in either}
            equal(have["expected_missing"], len(missing), f"{where}: expected and missing")
            equal(have["left_only"], sum(1 for u, in_left in either.items() if in_left and u not in missing), f"{where}: only left")
            if left == "register":
                differing = {d[unit] for d in mine if d["field"] != "row"} & both
                equal(have["differing"], len(differing), f"{where}: differing")


@test("each township's numbers are those of its registered households")
def towns():
    county = made()[0]
    town_of = {r["household"]: r["town_code"] or "unknown" for r in anju("register", county, "--csv").rows()}
    result = anju("compare", county, "--json", code=3).json()
    present = presence(county, "household")
    for other in ("feedback", "town_feedback", "appraised"):
        want = collections.Counter(town_of[h] for h, lists in present.items() if "register" in lists)
        have = collections.Counter()
        for pair in result["pairs"]:
            if (pair["left"], pair["right"]) == ("register", other):
                registered = pair["agreed"] + pair["differing"] + pair["expected_missing"] + pair["left_only"]
                extra = sum(1 for d in differences(county, "--class", "extra_here") if d["list"] == other)
                have[pair["town"]] += registered
        check(sum(have.values()) - sum(want.values()) in range(0, extra + 1), f"{other}: {have} against {want}")
        check(all(abs(have[t] - want[t]) <= extra for t in set(have) | set(want)), f"{other}: {have} against {want}")


# ---- differences ----
@test("differences --csv has the contract's header and every line names a row, a class, a proposal and an owner")
def difference_lines():
    for county in (small(), made()[0]):
        run = anju("differences", county, "--csv")
        equal(run.out.split("\n")[0], DIFFERENCE_HEADER, "header")
        rows = run.rows()
        equal(len({d["id"] for d in rows}), len(rows), "ids are unique")
        known = {(l["list"], l["file"], l["sheet"], l["row"]): l for l in links(county)}
        for d in rows:
            check(d["class"] in CLASSES, d["class"])
            check(d["list"] in KINDS and (d["other_list"] in KINDS or d["other_list"] == ""), f"lists of {d['id']}")
            check(d["household"] and d["person"], f"{d['id']} has no household or person")
            check(d["reason"] and d["owner"] and d["proposed"], f"{d['id']} has no reason, owner or proposal")
            check(re.fullmatch(r"take:[a-z_]+|value:.+|link|nolink|return|exception", d["proposed"]), d["proposed"])
            if d["row"]:
                key = (d["list"], d["file"], d["sheet"], d["row"])
                check(key in known, f"{key} is no row")
                equal(known[key]["household"], d["household"], f"household of {key}") if d["class"] not in ("possible_match", "same_id_two_names") else None
            else:
                equal(d["class"], "missing_here", "a difference without a row")
            if d["other_row"]:
                check(any(k[0] == d["other_list"] and k[1] == d["other_file"] and k[3] == d["other_row"] for k in known), f"other row of {d['id']}")


@test("differences can be asked for by class and by list, and the parts add up")
def filters():
    county = made()[0]
    rows = differences(county)
    by_class = collections.Counter(d["class"] for d in rows)
    for name, count in by_class.items():
        equal(len(differences(county, "--class", name)), count, name)
    classes = {c["class"]: c["open"] for c in anju("compare", county, "--json", code=3).json().get("classes", [])}
    equal({k: v for k, v in classes.items() if v}, dict(by_class), "classes of compare --json")
    equal(len(anju("differences", county, "--json").json()["differences"]), len(rows), "--json")


# ---- links ----
def expected_rows(path):
    """(list, file, sheet, row) of every data row, read with other libraries and named by truth.csv where that knows it"""
    kinds = {}
    for (kind, file, row) in truth(path):
        if file:
            kinds[file] = kind
    for file in lists_of(path):
        name = os.path.basename(file)
        kinds.setdefault(name, name.split(".")[0])
        for sheet, row, _ in data_rows(file):
            yield kinds[name], name, sheet, row


@test("links --csv has exactly one line for each data row of each list, and no line for titles, headers, totals and notes")
def link_lines():
    for county, path in ((small(), SMALL), made()):
        run = anju("links", county, "--csv")
        equal(run.out.split("\n")[0], LINK_HEADER, "header")
        have = [(l["list"], l["file"], l["sheet"], int(l["row"])) for l in run.rows()]
        equal(len(have), len(set(have)), "a row has two lines")
        want = set(expected_rows(path))
        equal(sorted(want - set(have))[:5], [], "rows without a line")
        equal(sorted(set(have) - want)[:5], [], "lines without a row")
        known = truth(path)
        with_file = any(key[1] for key in known)
        equal({(k, f if with_file else "", r) for k, f, _, r in have}, set(known), "rows of truth.csv")


@test("household and person are never empty; states are auto, decided, review, alone; alone means alone")
def link_states():
    for county in (small(), made()[0]):
        rows = links(county)
        count = collections.Counter(l["person"] for l in rows)
        for l in rows:
            check(l["household"] and l["person"], f"{l} is not linked")
            check(l["state"] in ("auto", "decided", "review", "alone"), l["state"])
            check(re.fullmatch(r"-?[0-9]+(\.[0-9]+)?|", l["bits"]), f"bits {l['bits']}")
            if l["state"] == "alone":
                equal(count[l["person"]], 1, f"rows of {l['person']}, which stands alone")
        houses = collections.defaultdict(set)
        for l in rows:
            houses[l["person"]].add(l["household"])
        equal([p for p, h in houses.items() if len(h) > 1], [], "persons in two households")


@test("a row in review shares its ids with its best candidate, which is in review, too, and both are a possible_match")
def reviews():
    asked = 0
    for county in (small(), made()[0]):
        rows = links(county)
        where = {(l["list"], l["file"], l["row"]): l for l in rows}
        pairs = differences(county, "--class", "possible_match")
        ends = set()
        for d in pairs:
            row, other = (d["list"], d["file"], d["row"]), (d["other_list"], d["other_file"], d["other_row"])
            ends |= {row, other}
            equal((where[row]["state"], where[other]["state"]), ("review", "review"), f"states of {row} and {other}")
            asked += 1
        for key, l in where.items():
            if l["state"] == "review":
                check(key in ends, f"{key} is in review, but nobody is asked about it")
                check(any(o["person"] == l["person"] and o is not l and o["state"] == "review" for o in rows), f"{key} has no candidate")
    check(asked >= 1, "no question at all: the test shows nothing")


def quality(county, path):
    known = truth(path)
    with_file = any(key[1] for key in known)
    rows = [(l, known[(l["list"], l["file"] if with_file else "", int(l["row"]))]) for l in links(county)]
    said = collections.defaultdict(list)
    true = collections.defaultdict(list)
    for l, real in rows:
        said[l["person"]].append((l, real))
        true[real[1]].append((l, real))
    right = wrong = 0
    for group in said.values():
        for (a, x), (b, y) in itertools.combinations(group, 2):
            if a["list"] != b["list"] and "review" not in (a["state"], b["state"]):
                right, wrong = (right + 1, wrong) if x[1] == y[1] else (right, wrong + 1)
    found = pairs = 0
    for group in true.values():
        for (a, _), (b, _) in itertools.combinations(group, 2):
            if a["list"] != b["list"]:
                pairs += 1
                found += a["person"] == b["person"]
    return right / (right + wrong), found / pairs, sum(l["state"] == "review" for l, _ in rows) / len(rows), pairs


@test("against the truth: automatic pairs are right (0.999), true pairs are found or asked about (0.995), few are asked about (0.03)")
def against_truth():
    precision, recall, review, pairs = quality(small(), SMALL)
    check(pairs > 1000, f"only {pairs} pairs")
    check(precision >= 0.999, f"precision {precision:.5f}")
    check(recall >= 0.995, f"recall with review {recall:.5f}")
    check(review <= 0.03, f"review {review:.5f}")


# ---- importing ----
@test("the same files again: nothing happens, exit 0, the digest stays")
def again():
    county = copy_county(small(), "again")
    before = digest(county)
    run = anju("import", county, *lists_of(SMALL))
    equal(run.out.count("已经导入过"), len(lists_of(SMALL)), "files that are already in")
    equal(digest(county), before, "digest")
    renamed = os.path.join(SCRATCH, "民政 副本.csv")
    shutil.copy(os.path.join(SMALL, "civil.csv"), renamed)
    has(anju("import", county, renamed).out, "已经导入过")
    equal(digest(county), before, "digest after the same content under another name")
    entries = anju("verify", county, "--json").json()["entries"]
    anju("compare", county, code=3)
    equal(anju("verify", county, "--json").json()["entries"], entries, "entries after an unchanged comparison")


@test("every list is recognised by itself, also under a name that says nothing")
def recognised():
    path = demo("recognise-lists", 60, seed=5)
    known = {}
    for (kind, file, _) in truth(path):
        known[file] = kind
    for plain in (False, True):
        county = new_county("recognise")
        files = []
        for number, file in enumerate(lists_of(path)):
            name = os.path.basename(file)
            target = os.path.join(SCRATCH, f"附件{number}{os.path.splitext(name)[1]}") if plain else file
            if plain:
                shutil.copy(file, target)
            files.append((target, known[name]))
        result = anju("import", county, *[f for f, _ in files], "--json").json()["imported"]
        have = {r["file"]: r["list"] for r in result}
        equal(have, {os.path.basename(f): kind for f, kind in files}, "kinds")


@test("--list makes a list what the person says, --from is kept as its sender")
def told():
    county = new_county("told")
    result = anju("import", county, os.path.join(SMALL, "feedback.csv"), "--list", "town_feedback", "--from", "龙胜镇", "--json").json()["imported"]
    equal([(r["list"], r["sender"], r["rows"]) for r in result], [("town_feedback", "龙胜镇", 298)], "the import")
    one_sentence(anju("import", county, os.path.join(SMALL, "feedback.csv"), "--list", "nonsense", code=2).err.splitlines()[-1])


@test("several files make up one list; a newer file replaces only its own predecessor")
def parts():
    county = new_county("parts")
    civil = open(os.path.join(SMALL, "civil.csv"), encoding="utf-8-sig").read().splitlines()
    files = []
    for number, rows in enumerate((civil[1:60], civil[60:])):
        path = os.path.join(SCRATCH, f"civil-{number}.csv")
        open(path, "w", encoding="utf-8").write("\n".join([civil[0]] + rows) + "\n")
        files.append(path)
    anju("import", county, os.path.join(SMALL, "register.xlsx"), *files)
    result = anju("compare", county, "--json", code=3).json()
    equal([(e["files"], e["rows"]) for e in result["lists"] if e["list"] == "civil"], [(2, 143)], "two files, one list")
    whole = new_county("parts-whole")
    anju("import", whole, os.path.join(SMALL, "register.xlsx"), os.path.join(SMALL, "civil.csv"))
    anju("compare", whole, code=3)
    in_whole = {(l["list"], l["file"], l["row"]): l["person"] for l in links(whole)}
    in_parts = {(l["list"], l["file"], l["row"]): l["person"] for l in links(county)}
    for (kind, file, row), person in in_parts.items():
        place = (kind, "civil.csv", row if file == "civil-0.csv" else str(int(row) + 59)) if kind == "civil" else (kind, file, row)
        equal(person, in_whole[place], f"person of {file} row {row}")
    open(files[0], "a", encoding="utf-8").write("DB99999999,石新妹,450399198911221946,三门镇,大地村,A类\n")
    has(anju("import", county, files[0]).out, "取代《civil-0.csv》", "1 行")
    result = anju("compare", county, "--json", code=3).json()
    equal([(e["files"], e["rows"]) for e in result["lists"] if e["list"] == "civil"], [(2, 144)], "after the new version")


@test("the order of importing does not change which rows belong together, nor the differences")
def order():
    for name, forward, path in (("small", small(), SMALL), ("made", *made())):
        backward = new_county("backward")
        for file in reversed(lists_of(path)):
            anju("import", backward, file)
        anju("compare", backward, code=3)
        for unit in ("person", "household"):
            equal(len(clusters(links(forward), unit) ^ clusters(links(backward), unit)), 0, f"{name}: clusters of {unit}s that differ")
        equal({d["id"]: d for d in differences(forward)}, {d["id"]: d for d in differences(backward)}, f"{name}: differences")


@test("comparing everything afresh changes nothing")
def full():
    before = digest(small())
    result = anju("compare", small(), "--json", "--full", code=3).json()
    check(result["open"] == len(differences(small())), "open")
    equal(digest(small()), before, "digest")


@test("register --csv has every registered person once, with the codes of the places")
def registered():
    county, path = made()
    rows = anju("register", county, "--csv").rows()
    persons = {l["person"] for l in links(county) if l["list"] == "register"}
    equal({r["person"] for r in rows}, persons, "persons")
    equal(len(rows), len(persons), "lines")
    check(all(re.fullmatch("450328[0-9]{3}", r["town_code"]) for r in rows), "town codes")
    equal(len(anju("register", county, "--json").json()["register"]), len(rows), "--json")


main()
