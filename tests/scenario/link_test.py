#!/usr/bin/env python3
"""anju link and anju dedupe from the command line: the contract of the specification and of the output, and bad input.
usage: link_test.py ANJU [NAME-PART]      prints TAP"""
import csv, json, os, random, subprocess, sys, tempfile, time

ANJU = os.path.abspath(sys.argv[1])
ONLY = sys.argv[2] if len(sys.argv) > 2 else ""
SPEC = {"id": "id", "fields": [{"name": "given", "kind": "name", "tf": True}, {"name": {"left": "family", "right": "surname"}, "kind": "name", "tf": True},
                               {"name": "birth", "kind": "date", "format": "DD/MM/YYYY"}, {"name": "town", "kind": "text"}]}
PARTS = "an bel cor dan el fra gus hen il jo ka lo mar ni or pe".split()


def people(count, seed):
    r = random.Random(seed)
    word = lambda n: "".join(r.choice(PARTS) for _ in range(n))
    return [[str(i), word(2), word(3), f"{r.randint(1, 28):02d}/{r.randint(1, 12):02d}/{r.randint(1930, 2010)}", word(2)] for i in range(count)]


def damaged(rows, seed):
    r = random.Random(seed)
    out = []
    for row in rows:
        row = ["r" + row[0]] + row[1:]
        i = r.randint(1, 4)
        row[i] = "" if r.random() < 0.3 else row[i][:1] + row[i][2:]
        out.append(row)
    return out


class Place:
    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def table(self, name, header, rows, encoding="utf-8"):
        with open(self.path(name), "w", newline="", encoding=encoding) as file:
            csv.writer(file).writerows([header] + rows)
        return self.path(name)

    def raw(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def spec(self, spec=SPEC):
        with open(self.path("spec.json"), "w") as file:
            json.dump(spec, file)
        return self.path("spec.json")

    def run(self, *words, expect=0, seconds=60):
        done = subprocess.run([ANJU, *words], capture_output=True, text=True, timeout=seconds)
        assert done.returncode == expect, (words, done.returncode, done.stderr)
        return done

    def pairs(self, name="out.csv"):
        with open(self.path(name), newline="") as file:
            return list(csv.DictReader(file))

    def two(self, count=400):
        rows = people(count, 1)
        left = self.table("left.csv", ["id", "given", "family", "birth", "town"], rows)
        right = self.table("right.csv", ["town", "birth", "id", "surname", "given"], [[r[4], r[3], r[0], r[2], r[1]] for r in damaged(rows, 2)])
        return left, right


def test_links_two_files_with_other_column_names(p):
    left, right = p.two()
    done = p.run("link", left, right, "--spec", p.spec(), "--out", p.path("out.csv"), "--one-to-one")
    pairs = p.pairs()
    assert list(pairs[0]) == ["left_id", "right_id", "probability", "bits"]
    assert sum("r" + x["left_id"] == x["right_id"] for x in pairs) >= 398 and len(pairs) <= 400
    assert all(0.5 <= float(x["probability"]) <= 1 for x in pairs)
    assert "400" in done.stdout


def test_explain_adds_one_column_of_bits_for_each_field(p):
    left, right = p.two()
    p.run("link", left, right, "--spec", p.spec(), "--out", p.path("out.csv"), "--explain")
    pairs = p.pairs()
    assert list(pairs[0]) == ["left_id", "right_id", "probability", "bits", "given", "family", "birth", "town"]
    priors = {round(float(x["bits"]) - sum(float(x[f]) for f in ("given", "family", "birth", "town")), 3) for x in pairs}
    assert len(priors) == 1


def test_truth_prints_the_measures(p):
    left, right = p.two()
    truth = p.table("truth.csv", ["left_id", "right_id"], [[str(i), f"r{i}"] for i in range(400)])
    text = p.run("link", left, right, "--spec", p.spec(), "--out", p.path("out.csv"), "--truth", truth).stdout
    for word in ("precision", "recall", "F1", "calibration error", "B-cubed"):
        assert word in text, text
    j = json.loads(p.run("link", left, right, "--spec", p.spec(), "--out", p.path("out.csv"), "--truth", truth, "--json").stdout)
    assert j["f1"] > 0.99 and j["true_pairs"] == 400 and j["bcubed_f1"] > 0.99


def test_any_number_of_threads_writes_the_same_file(p):
    left, right = p.two(1500)
    written = set()
    for threads in ("1", "2", "5"):
        p.run("link", left, right, "--spec", p.spec(), "--out", p.path("out.csv"), "--explain", "--threads", threads)
        written.add(open(p.path("out.csv"), "rb").read())
    assert len(written) == 1


def test_dedupe_finds_copies_and_counts_clusters(p):
    rows = people(300, 5)
    both = [r + [r[0]] for r in rows] + [d + [d[0][1:]] for d in damaged(rows, 6)]
    file = p.table("all.csv", ["id", "given", "family", "birth", "town", "who"], both)
    spec = p.spec({"id": "id", "fields": [dict(f, name="family") if isinstance(f["name"], dict) else f for f in SPEC["fields"]],
                   "blocks": [["family:soundex", "birth:year"], ["given", "town"], ["birth"], ["town:first3", "birth:month-day"]]})
    j = json.loads(p.run("dedupe", file, "--spec", spec, "--out", p.path("out.csv"), "--truth", "who", "--json").stdout)
    assert j["f1"] > 0.98 and j["precision"] > 0.99, j


def test_threshold_keeps_the_sure_pairs_only(p):
    left, right = p.two()
    p.run("link", left, right, "--spec", p.spec(), "--out", p.path("out.csv"), "--threshold", "0.999")
    assert all(float(x["probability"]) >= 0.999 for x in p.pairs())
    for bad in ("2", "x", "-1", "0..5"):
        p.run("link", left, right, "--spec", p.spec(), "--out", p.path("out.csv"), "--threshold", bad, expect=2)


def test_files_in_gbk_and_utf16_are_read(p):
    rows = [[str(i), f"龙{a}{b}", f"195{i % 10}-0{1 + i % 9}-11"] for i, (a, b) in enumerate((a, b) for a in "胜玉秀建" for b in "才莲英国")]
    left = p.table("left.csv", ["编号", "姓名", "出生"], rows, "gb18030")
    right = p.table("right.csv", ["编号", "姓名", "出生"], rows, "utf-16")
    spec = p.spec({"id": "编号", "fields": [{"name": "姓名", "kind": "cn_name"}, {"name": "出生", "kind": "date"}]})
    p.run("link", left, right, "--spec", spec, "--out", p.path("out.csv"), "--one-to-one")
    assert sum(x["left_id"] == x["right_id"] for x in p.pairs()) == 16


def test_odd_rows_are_told_and_kept(p):
    left = p.raw("left.csv", b"id,given,family,birth,town\n1,anna,lee,01/02/1990\n2,bob,stone,01/02/1991,x,more\n,carl,wu,03/04/1992,y\n2,dora,low,03/04/1993,z\n")
    done = p.run("dedupe", left, "--spec", p.spec({"id": "id", "fields": [{"name": "given", "kind": "name"}]}), "--out", p.path("out.csv"))
    for word in ("第 2 行", "第 3 行", "没有编号", "重复"):
        assert word in done.stderr, done.stderr
    assert done.stdout.startswith("4 行")


def test_empty_files_and_single_rows_are_a_sentence_or_a_result(p):
    header = p.raw("header.csv", b"id,given,family,birth,town\n")
    one = p.raw("one.csv", b"id,given,family,birth,town\n1,anna,lee,01/02/1990,x\n")
    empty = p.raw("empty.csv", b"")
    spec = p.spec({"id": "id", "fields": [{"name": "given", "kind": "name"}, {"name": "birth", "kind": "date"}]})
    for a, b in ((header, one), (one, header), (header, header), (one, one)):
        p.run("link", a, b, "--spec", spec, "--out", p.path("out.csv"))
    p.run("dedupe", one, "--spec", spec, "--out", p.path("out.csv"))
    assert "空文件" in p.run("dedupe", empty, "--spec", spec, "--out", p.path("out.csv"), expect=1).stderr


def test_a_column_missing_from_one_side_is_told(p):
    left, _ = p.two()
    rows = damaged(people(400, 1), 2)
    right = p.table("right.csv", ["id", "given", "surname", "birth"], [r[:4] for r in rows])
    done = p.run("link", left, right, "--spec", p.spec(), "--out", p.path("out.csv"))
    assert "town" in done.stderr and len(p.pairs()) >= 380
    right = p.table("right.csv", ["given", "surname"], [r[1:3] for r in rows])
    assert "编号列" in p.run("link", left, right, "--spec", p.spec(), "--out", p.path("out.csv"), expect=1).stderr


def test_cells_of_ten_megabytes_nul_bytes_and_cut_characters(p):
    big = b"x" * (10 << 20)
    left = p.raw("left.csv", b"id,given\n1," + big + b"\n2,a\x00b\n3,\xe4\xbd\n4,anna\n")
    right = p.raw("right.csv", b"id,given\n1,\"" + big + b"\"\n2,a\x00b\n3,\xe4\n4,anna\n")
    p.run("link", left, right, "--spec", p.spec({"id": "id", "fields": [{"name": "given", "kind": "text"}]}), "--out", p.path("out.csv"))


def test_a_block_with_very_many_equal_keys_stays_bounded(p):
    r = random.Random(3)
    file = p.raw("same.csv", b"id,given,family\n" + "".join(f"{i},{r.choice(PARTS)}{r.choice(PARTS)}{r.choice(PARTS)},smith\n" for i in range(200000)).encode())
    spec = p.spec({"id": "id", "fields": [{"name": "given", "kind": "name"}, {"name": "family", "kind": "name"}], "blocks": [["family"]]})
    start = time.monotonic()
    done = p.run("dedupe", file, "--spec", spec, "--out", p.path("out.csv"), "--threshold", "1", seconds=300)
    assert "分块" in done.stderr, done.stderr


def test_a_wrong_specification_is_a_sentence(p):
    left, right = p.two(10)
    for spec, word in (({"fields": []}, "id"), ({"id": "id"}, "fields"), ({"id": "id", "fields": [{"name": "given", "kind": "color"}]}, "color"),
                       ({"id": "id", "fields": [{"name": "given", "kind": "name"}], "blocks": [["given:nonsense"]]}, "nonsense"),
                       ({"id": "id", "fields": [{"name": "given", "kind": "name"}], "blocks": [[]]}, "blocks"), ([], "JSON")):
        done = p.run("link", left, right, "--spec", p.spec(spec), "--out", p.path("out.csv"), expect=2)
        assert word in done.stderr, done.stderr
    p.run("link", left, right, "--spec", p.raw("bad.json", b"{"), "--out", p.path("out.csv"), expect=1)
    p.run("link", left, right, "--out", p.path("out.csv"), expect=2)


def main():
    failed = number = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_") or ONLY not in name:
            continue
        number += 1
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(Place(folder))
                print(f"ok {number} - link: {name[5:]}", flush=True)
            except Exception as error:
                failed += 1
                print(f"not ok {number} - link: {name[5:]}\n# {type(error).__name__}: {str(error)[:2000]}", flush=True)
    print(f"1..{number}")
    return 1 if failed else 0


sys.exit(main())
