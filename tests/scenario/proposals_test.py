"""What is proposed for a difference: by a small county written by hand, and by the share of true values in a made one."""
import collections, functools, os

import openpyxl

from tap import *

HEAD = "户编号,乡(镇),行政村,姓名,证件号码,与户主关系,性别,家庭人口数"


def write(path, header, *rows):
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join([header, *rows]) + "\n")


def with_check(seventeen):
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return seventeen + "10X98765432"[sum(int(d) * w for d, w in zip(seventeen, weights)) % 11]


def number(day, order):
    return with_check(f"4503991970{day:04d}{order:03d}")


@functools.cache
def county():
    """the register, civil affairs, the disabled and a township on the same people"""
    path = folder("proposals-lists")
    os.makedirs(path)
    filler = [f"1000300{i:04d},龙胜镇,城南社区,{s}建国,{number(601 + i, 111)},户主,男,1" for i, s in enumerate("潘吴黄蒋石廖韦谭杨李王陈刘周蒙罗莫梁覃秦")]
    people = [
        f"10002000001,龙胜镇,城南社区,潘庆国,{number(101, 111)},户主,男,2",
        f"10002000001,龙胜镇,城南社区,潘建军,{number(102, 111)},之子,男,2",
        f"10002000002,龙胜镇,城南社区,蒋建囯,{number(103, 111)},户主,男,1",
        f"10002000003,龙胜镇,城南社区,石小□,{number(104, 111)},户主,男,1",
        f"10002000004,龙胜镇,城南社区,廖建国,{with_check('45039919700401001')[:16]}9{with_check('45039919700401001')[17]},户主,男,1",
        "10002000006,龙胜镇,城南社区,谭无号,,户主,男,1",
        f"10002000005,龙胜镇,城南社区,韦建军,{number(105, 111)[:-1] + '　' + number(105, 111)[-1]},户主,男,1",
    ]
    write(os.path.join(path, "register.csv"), HEAD, *people, *filler)
    write(os.path.join(path, "civil.csv"), "乡镇,村(社区),姓名,身份证号,低保类别",
          f"龙胜镇,城南社区,番建军,{number(102, 111)},A类",  # the family's name is 潘
          f"龙胜镇,城南社区,石小*,{number(104, 111)},A类",  # nobody knows the character
          f"龙胜镇,城南社区,韦建军,{number(105, 111)[:16] + '9' + number(105, 111)[17]},B类")
    write(os.path.join(path, "disabled.csv"), "姓名,残疾人证号,残疾类别,家庭住址",
          f"廖建国,{with_check('45039919700401001')}42,肢体,龙胜镇城南社区",
          f"潘建军,{number(102, 111)[:9] + '1' + number(102, 111)[10:]}13,肢体,龙胜镇城南社区")
    place = new_county("proposals")
    anju("import", place, *[os.path.join(path, f) for f in ("register.csv", "civil.csv", "disabled.csv")])
    anju("compare", place, code=None)
    return place


def found(class_code, **cells):
    rows = [d for d in anju("differences", county(), "--csv").rows() if d["class"] == class_code and all(cells[k] in d[k] for k in cells)]
    equal(len(rows), 1, f"{class_code} {cells}: {[(d['class'], d['list'], d['value'], d['other_value'], d['proposed']) for d in anju('differences', county(), '--csv').rows()]}")
    return rows[0]


@test("two writings of a surname: the one that the family has is proposed, with the reason")
def family():
    d = found("name_variant", value="番建军")
    equal(d["proposed"], "take:register")
    has(d["reason"], "建档立卡贫困人口名册")


@test("a name that is incomplete everywhere is sent back, not taken")
def lost_everywhere():
    d = found("name_variant", value="石小")
    equal(d["proposed"], "return")
    has(d["reason"], "缺字")


@test("numbers are proposed as 18 characters, also from full width or blanks and from a certificate")
def whole_numbers():
    for d in anju("differences", county(), "--csv").rows():
        if d["field"] == "id_no" and d["proposed"].startswith("value:"):
            equal(len(d["proposed"]), len("value:") + 18, d["proposed"])
        if d["field"] == "id_no" and d["proposed"].startswith("take:"):
            equal(len(d["other_value"]), 18, f"what {d['proposed']} takes")
    equal(found("id_typo", list="civil")["proposed"], "value:" + number(105, 111))
    equal(found("id_typo", list="register")["proposed"], "value:" + with_check("45039919700401001"))


@test("a certificate's number is corrected in its first 18 digits and keeps kind and grade")
def certificate():
    place = copy_county(county(), "proposals-corrections")
    anju("decide", place, "--class", "id_typo", "--accept-proposed")
    out = os.path.join(folder("proposals-out") + ".xlsx")
    anju("corrections", place, "--list", "disabled", "--out", out)
    cells = [str(c.value) for row in openpyxl.load_workbook(out).active.iter_rows() for c in row]
    check(number(102, 111) + "13" in cells, f"{number(102, 111)}13 is not among {cells}")


@test("a corrected list whose village is written only where it changes comes back with every row in its village")
def sparse_villages():
    path, villages = folder("proposals-sparse"), ("城南社区", "城北社区", "都坪村")
    os.makedirs(path)
    names = [a + b for a in "潘吴黄蒋石廖韦谭杨李" for b in ("建国", "建军", "庆国")]
    numbers = [number(101 + i, 111) for i in range(30)]
    typed = [n[:16] + str((int(n[16]) + 2) % 10) + n[17] if i in (0, 12, 25) else n for i, n in enumerate(numbers)]
    write(os.path.join(path, "register.csv"), HEAD, *[f"{10002000000 + i},龙胜镇,{villages[i // 10]},{names[i]},{numbers[i]},户主,男,1" for i in range(30)])
    write(os.path.join(path, "civil.csv"), "乡镇,村(社区),姓名,身份证号,低保类别",
          *[f"{'' if i else '龙胜镇'},{'' if i % 10 else villages[i // 10]},{names[i]},{typed[i]},A类" for i in range(30)])
    place, out = new_county("proposals-sparse-county"), os.path.join(path, "back.xlsx")
    anju("import", place, os.path.join(path, "register.csv"), os.path.join(path, "civil.csv"))
    anju("compare", place, code=3)
    anju("decide", place, "--class", "id_typo", "--accept-proposed")
    anju("corrections", place, "--list", "civil", "--out", out)
    result = anju("import", place, out, "--json").json()["imported"][0]
    equal(result["changed_rows"], 3, "changed rows")
    anju("compare", place, code=0)


@test("missing households are added to their own township's file, and stay when a second correction comes")
def missing_by_town():
    path, place = folder("proposals-towns"), new_county("proposals-towns-county")
    os.makedirs(path)
    towns, names = ("龙胜镇,城南社区", "三门镇,大地村"), [a + b for a in "潘吴黄蒋石廖韦谭杨李" for b in ("建国", "建军")]
    line = "{},{},{},{},1,鉴定安全"
    write(os.path.join(path, "register.csv"), HEAD, *[f"{10002000000 + i},{towns[i // 10]},{n},{number(101 + i, 111)},户主,男,1" for i, n in enumerate(names)])
    for t in (0, 1):  # each leaves its last household out, and each has one number wrong
        rows = [line.format(10002000000 + i, towns[t], names[i], number(101 + i, 111)[:16] + ("9" if i % 10 == 3 else number(101 + i, 111)[16]) + number(101 + i, 111)[17])
                for i in range(t * 10, t * 10 + 9)]
        write(os.path.join(path, f"town{t}.csv"), "户编号,乡镇,行政村,户主姓名,身份证号码,家庭人数,住房保障方式", *rows)
    anju("import", place, *[os.path.join(path, f) for f in ("register.csv", "town0.csv", "town1.csv")])
    anju("compare", place, code=3)
    for turn in (1, 2):
        out = os.path.join(path, f"back{turn}.xlsx")
        anju("corrections", place, "--list", "town_feedback", "--out", out)
        anju("import", place, out)
        anju("compare", place, code=None)
        rows = collections.Counter(l["file"] for l in links(place) if l["list"] == "town_feedback")
        equal(sorted(rows.values()), [10, 10], f"rows after correction {turn}")
        if turn == 1:
            anju("decide", place, "--class", "id_typo", "--accept-proposed")
    equal([d for d in differences(place) if d["class"] == "missing_here" and d["list"] == "town_feedback"], [], "missing households")
    anju("verify", place)


@test("a workbook that holds two lists is corrected in one of them only")
def two_lists_in_a_workbook():
    path, place = folder("proposals-two"), new_county("proposals-two-county")
    os.makedirs(path)
    names = [a + b for a in "潘吴黄蒋石" for b in ("建国", "建军")]
    write(os.path.join(path, "register.csv"), HEAD, *[f"{10002000000 + i},龙胜镇,城南社区,{n},{number(101 + i, 111)},户主,男,1" for i, n in enumerate(names)])
    book = openpyxl.Workbook()
    civil, disabled = book.active, book.create_sheet("残疾人")
    civil.title = "低保"
    civil.append(["乡镇", "村(社区)", "姓名", "身份证号", "低保类别"])
    disabled.append(["姓名", "残疾人证号", "残疾类别", "家庭住址"])
    for i, name in enumerate(names):
        right = number(101 + i, 111)
        civil.append(["龙胜镇", "城南社区", name, right[:16] + "9" + right[17] if i == 3 else right, "A类"])
        disabled.append([name, right + "42", "肢体", "龙胜镇城南社区"])
    book.save(os.path.join(path, "both.xlsx"))
    anju("import", place, os.path.join(path, "register.csv"), os.path.join(path, "both.xlsx"))
    anju("compare", place, code=3)
    anju("decide", place, "--class", "id_typo", "--accept-proposed")
    anju("corrections", place, "--list", "civil", "--out", os.path.join(path, "back.xlsx"))
    anju("import", place, os.path.join(path, "back.xlsx"))
    anju("compare", place, code=0)
    rows = collections.Counter(l["list"] for l in links(place))
    equal((rows["civil"], rows["disabled"]), (10, 10), "rows")


@test("the dry run of a class counts by word and shows nobody's number")
def dry_run():
    run = anju("decide", county(), "--class", "id_typo", "--accept-proposed", "--dry-run")
    check("450399" not in run.out, run.out)
    result = anju("decide", county(), "--class", "id_typo", "--accept-proposed", "--dry-run", "--json").json()
    equal(sum(result["actions"].values()), result["decided"], "actions add up")


@test("nothing cannot be taken: the side without a number is refused with exit 2")
def nothing_taken():
    d = found("id_missing", list="register")
    has(anju("decide", copy_county(county(), "proposals-nothing"), d["id"], "take:register", code=2).err, d["id"], "没有内容可取")


@test("a decision about a row that a new version has removed is refused until the lists are compared")
def gone():
    place, d = copy_county(county(), "proposals-gone"), found("id_typo", list="civil")
    path = folder("proposals-new")
    os.makedirs(path)
    write(os.path.join(path, "civil.csv"), "乡镇,村(社区),姓名,身份证号,低保类别", f"龙胜镇,城南社区,番建军,{number(102, 111)},A类",
          f"龙胜镇,城南社区,石小*,{number(104, 111)},A类")
    anju("import", place, os.path.join(path, "civil.csv"))
    has(anju("decide", place, d["id"], "return", code=1).err, "anju compare")


@test("of the values proposed in a made county at least 98 in 100 are the true ones")
def share_of_true_values():
    lists, clean = demo("proposals-made", 800, 17), demo("proposals-clean", 800, 17, errors=0)
    persons, villages = {}, {}
    known = truth(clean)
    for _, row, cells in data_rows(os.path.join(clean, "register.xlsx")):
        household, person = known["register", "register.xlsx", row]
        persons[person] = {"name": cells["姓名"], "id_no": cells["证件号码"]}
        villages[household] = cells["行政村"]
    known, place, share = truth(lists), new_county("proposals-made-county"), collections.Counter()
    anju("import", place, *lists_of(lists))
    anju("compare", place, code=3)
    for d in anju("differences", place, "--csv").rows():
        kind = d["proposed"].split(":")[0]
        if d["field"] not in ("name", "id_no", "village") or kind not in ("take", "value"):
            continue
        household, person = known[d["list"], d["file"], int(d["row"])]
        if d["field"] != "village" and person not in persons or household not in villages:
            continue
        want = villages[household] if d["field"] == "village" else persons[person][d["field"]]
        value = d["proposed"][6:] if kind == "value" else d["other_value"]
        share[d["field"], want in value if d["field"] == "village" else want == value] += 1
    for field in ("name", "id_no", "village"):
        right, wrong = share[field, True], share[field, False]
        check(right + wrong > 20, f"{field}: only {right + wrong} proposals")
        check(right * 100 >= (right + wrong) * 98, f"{field}: {right} right, {wrong} wrong")


main()
