"""What is really sent: files that are not what they say, lists with every habit of a spreadsheet, and headers of all sorts.
A file is refused with one sentence or read whole; a bad row never refuses a file; a bad file never keeps out the others."""
import csv, functools, io, os, re, struct, zipfile
from datetime import date, datetime

import openpyxl

from tap import *

CIVIL = ["低保证号", "姓名", "身份证号", "乡镇", "村(社区)", "低保类别"]
NAMES = "石新花 盘小连 唐忠庆 潘通华 粟正卫 蒙业军 侯燕艳 廖玉军 吴亮荣 杨礼亮 韦珍翠 陈利民".split()


def number(birth, order):
    digits = "450399" + birth + f"{order:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights)) % 11]


def person(i):
    return NAMES[i % len(NAMES)], number(f"{1950 + i % 50}{1 + i % 12:02}{1 + i % 28:02}", 123 + i)


def civil_rows(count, start=0):
    rows = []
    for i in range(start, start + count):
        name, id_no = person(i)
        rows.append([f"DB{10000000 + i}", name, id_no, "三门镇", "花坪村", "A类"])
    return rows


def path_of(name):
    return os.path.join(SCRATCH, name)


def write(name, data):
    with open(path_of(name), "wb") as file:
        file.write(data)
    return path_of(name)


def csv_bytes(rows, encoding="utf-8", newline="\r\n"):
    out = io.StringIO()
    csv.writer(out, lineterminator=newline).writerows(rows)
    return out.getvalue().encode(encoding)


def xlsx(name, *sheets):
    """sheets: rows, or (title, rows)"""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for at, sheet in enumerate(sheets):
        title, rows = sheet if isinstance(sheet, tuple) else (f"Sheet{at + 1}", sheet)
        made = book.create_sheet(title)
        for row in rows:
            made.append(row)
    book.save(path_of(name))
    return path_of(name)


def edit(path, change):
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


@functools.cache
def empty_county():
    return new_county("bad-empty")


def county():
    return copy_county(empty_county(), "bad")


def imported(file, *options, into=None):
    """the import's report, and the rows as links shows them"""
    place = into or county()
    result = anju("import", place, file, *options, "--json").json()["imported"]
    return place, result


def one_list(file, kind, rows, *options):
    place, result = imported(file, *options)
    equal([(r["list"], r["rows"]) for r in result], [(kind, rows)], f"lists of {os.path.basename(file)} ({result[0]['notes']})")
    return place, result[0]


def flags(place):
    return anju("flags", place, "--csv").rows()


def row_numbers(place, sheet=None):
    anju("compare", place, code=None)
    return [int(l["row"]) for l in links(place) if sheet is None or l["sheet"] == sheet]


# ---- files that are not what they say ----
def zip_bomb():
    path = path_of("炸弹.xlsx")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            block = b"<row><c><v>1</v></c></row>" * 40000
            for _ in range(1100):
                part.write(block)
    return path


def broken_zip():
    with open(os.path.join(SMALL, "register.xlsx"), "rb") as file:
        return write("没传完.xlsx", file.read()[:30000])


def flipped_zip():
    with open(os.path.join(SMALL, "register.xlsx"), "rb") as file:
        data = bytearray(file.read())
    for at in range(20000, 21000):
        data[at] ^= 0x55
    return write("坏字节.xlsx", bytes(data))


def html():
    return write("系统导出.xls", "<html><head><meta charset=utf-8></head><body><table><tr><td>姓名</td></tr></table></body></html>".encode())


def encrypted():
    """a compound file with the streams of an encrypted workbook"""
    name = lambda text, kind, child, start, size: (text.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<HBBiii", len(text) * 2 + 2, kind, 1, -1, -1, child) + bytes(36)
                                                   + struct.pack("<IQ", start, size))
    entry = lambda text, kind, left, right, child, start, size: (text.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<HBBiii", len(text) * 2 + 2 if text else 0, kind, 1, left, right, child)
                                                                  + bytes(36) + struct.pack("<IQ", start, size))
    header = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6) + struct.pack("<IIIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0)
    header += b"\xff" * (512 - len(header))
    fat = [0xFFFFFFFD, 0xFFFFFFFE] + list(range(3, 10)) + [0xFFFFFFFE] + list(range(11, 18)) + [0xFFFFFFFE]
    sector0 = b"".join(struct.pack("<I", x) for x in fat).ljust(512, b"\xff")
    header = header[:76] + struct.pack("<I", 0) + header[80:]
    directory = entry("Root Entry", 5, -1, -1, 1, 0xFFFFFFFE, 0) + entry("EncryptedPackage", 2, -1, 2, -1, 2, 4096) + entry("EncryptionInfo", 2, -1, -1, -1, 10, 4096) + entry("", 0, -1, -1, -1, 0, 0)
    return write("加密.xlsx", header + sector0 + directory + bytes(range(256)) * 32)


def wide():
    path = xlsx("很宽.xlsx", [CIVIL, *civil_rows(3)])
    return edit(path, lambda book: book.active.cell(2, 16384, "多余"))


REFUSED = [("a zip bomb", zip_bomb, ["炸弹.xlsx", "压缩炸弹"]),
           ("half of a workbook", broken_zip, ["没传完.xlsx", "损坏"]),
           ("a workbook with spoilt bytes", flipped_zip, ["坏字节.xlsx"]),
           ("HTML named .xls", html, ["系统导出.xls", "网页"]),
           ("a workbook with a password", encrypted, ["加密.xlsx", "密码"]),
           ("an empty workbook", lambda: xlsx("空表.xlsx", []), ["空表.xlsx", "空"]),
           ("a workbook with something in column 16,384", wide, ["很宽.xlsx", "XFD", "列"]),
           ("an empty file", lambda: write("空.csv", b""), ["空.csv", "空"]),
           ("bytes that are nothing", lambda: write("乱码.xls", bytes((i * 7919 + i // 251) % 256 for i in range(20000))), ["乱码.xls"]),
           ("a picture", lambda: write("照片.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(2000)), ["照片.xlsx"]),
           ("a PDF", lambda: write("名单.pdf", b"%PDF-1.4\n" + b"1 0 obj << >> endobj\n" * 50), ["名单.pdf"]),
           ("a Word document", lambda: word(), ["说明.docx"]),
           ("a file without any list", lambda: write("通知.csv", "关于开展核实工作的通知\r\n各乡镇：\r\n请尽快报送。\r\n".encode()), ["通知.csv", "没有认出"]),
           ("a header without rows", lambda: write("只有表头.csv", csv_bytes([["序号", "甲", "乙"]])), ["只有表头.csv"])]


def word():
    path = path_of("说明.docx")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>')
        archive.writestr("word/document.xml", "<document/>")
    return path


def refusal(what, make, words):
    @test(f"{what}: refused with one sentence that names the file and the reason")
    def refused():
        place = county()
        before = digest(place)
        run = anju("import", place, make(), code=1)
        equal(len(run.err.strip().splitlines()), 1, f"sentences in {run.err}")
        check(run.err.strip().endswith("。"), run.err)
        has(run.err, *words)
        equal(digest(place), before, "digest")
        equal(anju("status", place, "--json").json()["pending"], "", "pending")


for case in REFUSED:
    refusal(*case)


@test("a folder or a missing file: exit 1 and one sentence")
def no_file():
    place = county()
    for path, word in ((SCRATCH, "文件夹"), (path_of("没有.xlsx"), "没有这个文件")):
        run = anju("import", place, path, code=1)
        equal(len(run.err.strip().splitlines()), 1, f"sentences in {run.err}")
        has(run.err, word)


@test("a file may be named through a link")
def link():
    os.symlink(os.path.join(SMALL, "civil.csv"), path_of("民政链接.csv"))
    one_list(path_of("民政链接.csv"), "civil", 143)


@test("a file name in GBK, as Chinese zip files leave them, and one in no encoding at all are read and shown as text")
def gbk_name():
    place = county()
    folder = os.fsencode(path_of("names"))
    os.makedirs(folder)
    for name, small in (("低保名单.csv".encode("gbk"), "civil.csv"), (b"x\xff\xfe.csv", "feedback.csv")):
        shutil.copy(os.path.join(SMALL, small), os.path.join(folder, name))
        anju("import", place, os.fsdecode(os.path.join(folder, name)))
    anju("compare", place, code=None)
    equal({l["file"] for l in links(place)}, {"低保名单.csv", "x\ufffd\ufffd.csv"}, "names of the files")
    anju("verify", place)


@test("bad files do not keep out good ones, and every bad one is named")
def together():
    place = county()
    bad = [html(), write("空.csv", b""), path_of("没有.xlsx"), broken_zip()]
    good = [os.path.join(SMALL, "civil.csv"), os.path.join(SMALL, "relocated.xls")]
    run = anju("import", place, bad[0], good[0], bad[1], bad[2], good[1], bad[3], code=1)
    has(run.err, *map(os.path.basename, bad))
    equal(len(run.err.strip().splitlines()), len(bad) + 1, f"sentences in {run.err}")
    equal(sorted(e["list"] for e in anju("compare", place, "--json", code=None).json()["lists"]), ["civil", "relocated"], "lists")
    anju("verify", place)


# ---- encodings and small shapes ----
@test("CSV in UTF-8 with and without BOM, GBK, GB18030 and UTF-16 is read alike, rare characters included")
def encodings():
    rows = [CIVIL, *civil_rows(8)]
    rows[3][1] = "镕㛃"  # the second is not in GBK
    for encoding, names in (("utf-8", True), ("utf-8-sig", True), ("gb18030", True), ("utf-16", True), ("gbk", False)):
        mine = [list(r) for r in rows]
        if not names:
            mine[3][1] = "朱镕"
        place, _ = one_list(write(f"民政-{encoding}.csv", csv_bytes(mine, encoding)), "civil", 8)
        equal([f for f in flags(place) if f["code"] in ("name_lost_char", "bytes_replaced", "place_unknown")], [], f"flags of {encoding}")
        equal(row_numbers(place), list(range(2, 10)), f"rows of {encoding}")


@test("a CSV with one data row is a list of one row")
def one_row():
    place, _ = one_list(write("一行.csv", csv_bytes([CIVIL, *civil_rows(1)])), "civil", 1)
    equal(row_numbers(place), [2], "rows")


@test("CSV with semicolons, tabs, quoted line breaks and empty lines keeps the numbers that a person sees")
def csv_shapes():
    for mark in (";", "\t"):
        text = "\n".join(mark.join(row) for row in [CIVIL, *civil_rows(5)])
        one_list(write("分隔.csv", text.encode()), "civil", 5)
    rows = [CIVIL, *civil_rows(2), ["", "", "", "", "", ""], *civil_rows(2, 2)]
    rows[1][4] = "花坪村\n（上寨）"
    place, _ = one_list(write("换行.csv", csv_bytes(rows)), "civil", 4)
    equal(row_numbers(place), [2, 3, 5, 6], "rows")


# ---- cells ----
@test("ID numbers stored as numbers: lost digits are noticed, with sheet, row, column, value and what to do")
def numbers():
    rows = civil_rows(6)
    for row in rows[1:4]:
        row[2] = float(row[2].replace("X", "0"))
    place, _ = one_list(xlsx("数字.xlsx", ("民政", [CIVIL, *rows])), "civil", 6)
    found = [f for f in flags(place) if f["code"] == "id_rounded"]
    equal([(f["sheet"], f["row"], f["column"], f["header"]) for f in found], [("民政", str(r), "C", "身份证号") for r in (3, 4, 5)], "places of lost digits")
    for f in found:
        has(f["sentence"], "数字.xlsx", "民政", f"第 {f['row']} 行", "C 列", "身份证号", "文本")
        check(f["value"].startswith(("450399", "4.50399")), f["value"])
    lost = csv_bytes([CIVIL, *[[r[0], r[1], "4.50399E+17", *r[3:]] for r in civil_rows(3)]])
    place, _ = one_list(write("科学计数.csv", lost), "civil", 3)
    equal([f["code"] for f in flags(place) if f["column"] == "C"], ["id_rounded"] * 3, "4.50399E+17")


@test("dates as serials, as dates and as words are one date: no row contradicts its number")
def dates():
    header = ["户编号", "乡(镇)", "行政村", "姓名", "证件号码", "与户主关系", "性别", "出生日期", "家庭人口数", "脱贫年度"]
    rows = []
    for i in range(8):
        name, id_no = person(i)
        birth = date(int(id_no[6:10]), int(id_no[10:12]), int(id_no[12:14]))
        ways = [datetime(birth.year, birth.month, birth.day), birth.isoformat(), f"{birth.year}年{birth.month}月{birth.day}日", birth.strftime("%Y%m%d"), f"{birth.year}.{birth.month}.{birth.day}",
                f"{birth.year}/{birth.month}/{birth.day}"]
        rows.append([f"1000{i:07}", "三门镇", "花坪村", name, id_no, "户主", "男" if int(id_no[16]) % 2 else "女", ways[i % len(ways)], 1, 2018])
    path = xlsx("日期.xlsx", [header, *rows])

    def serials(book):
        for line in book.active.iter_rows(min_row=2, min_col=8, max_col=8):
            if isinstance(line[0].value, datetime):
                line[0].number_format = "yyyy/m/d"

    place, _ = one_list(edit(path, serials), "register", 8)
    anju("compare", place, code=None)
    equal([(d["row"], d["value"], d["other_value"]) for d in differences(place) if d["class"] == "birth_or_sex_conflict"], [], "contradictions")


@test("merged cells below each other hold for every row they cover")
def merged():
    header = ["户编号", "乡(镇)", "行政村", "姓名", "证件号码", "与户主关系", "家庭人口数", "脱贫年度"]
    rows = [header]
    for h in range(3):
        for m in range(3):
            name, id_no = person(h * 3 + m)
            rows.append([f"1000000{h:04}" if m == 0 else None, "三门镇" if m == 0 else None, "花坪村" if m == 0 else None, name, id_no, ("户主", "配偶", "之子")[m], 3 if m == 0 else None, 2018])

    def merge(book):
        for h in range(3):
            for column in "ABCG":
                book.active.merge_cells(f"{column}{2 + h * 3}:{column}{4 + h * 3}")

    place, _ = one_list(edit(xlsx("合并.xlsx", rows), merge), "register", 9)
    anju("compare", place, code=None)
    members = [(l["household"], l["row"]) for l in links(place)]
    equal([len({h for h, r in members if int(r) in range(2 + k * 3, 5 + k * 3)}) for k in range(3)], [1, 1, 1], "households")
    equal(len({h for h, _ in members}), 3, "households in all")
    # and without merging: only the first row of a household has its number
    place, _ = one_list(xlsx("不合并.xlsx", rows), "register", 9)
    anju("compare", place, code=None)
    equal(len({l["household"] for l in links(place)}), 3, "households by blank cells")


@test("titles above, a two-row header, totals and notes in the middle and at the end, repeated headers, empty rows: only data rows count")
def shapes():
    people = [person(i) for i in range(9)]
    line = lambda i: [i + 1, "三门镇", "花坪村", people[i][0], people[i][1], 3, "集中安置", "都坪安置点", "是"]
    top = ["序号", "迁出地", None, "户主姓名", "户主身份证号", "家庭人数", "安置情况", None, "是否入住"]
    second = [None, "乡镇", "村", None, None, None, "安置方式", "安置点名称", None]
    rows = [["易地扶贫搬迁花名册"], ["填报单位：县搬迁办", None, None, None, None, "日期：2019年12月31日"], [], top, second]
    rows += [line(0), line(1), line(2), ["小计", None, None, "3户", None, 9], top, second, line(3), line(4), [], line(5), ["合计", None, None, "6户", None, 18]]
    rows += [["注：本表数据截至2019年12月31日"], ["填表人：张三", None, None, "审核人：李四", None, None, "联系电话：07737512345"], ["单位负责人（签字）：", None, None, None, "（盖章）"]]

    def merge(book):
        sheet = book.active
        sheet.merge_cells("A1:I1")
        for block in ("A4:A5", "B4:C4", "D4:D5", "E4:E5", "F4:F5", "G4:H4", "I4:I5"):
            sheet.merge_cells(block)

    place, report = one_list(edit(xlsx("搬迁.xlsx", rows), merge), "relocated", 6)
    equal(row_numbers(place), [6, 7, 8, 12, 13, 15], "data rows")
    equal([f["header"] for f in flags(place) if "/" in f["header"] and "花名册" in f["header"]], [], "titles in headers")


@test("a title of any kind stays a title: it is no part of a column's name")
def titles():
    for title in (["三门镇住房安全保障情况反馈表"], ["民政对象", "2019年"], ["填报单位（盖章）：三门镇人民政府", None, None, "填报时间：2019年12月"]):
        rows = [title, CIVIL, *civil_rows(4)]
        rows[3][2] = "123"
        place, _ = one_list(xlsx("标题.xlsx", rows), "civil", 4)
        equal({f["header"] for f in flags(place)}, {"身份证号"}, f"header under {title}")


@test("a wrong dimension in the sheet does not hide rows")
def dimension():
    path = xlsx("范围.xlsx", [CIVIL, *civil_rows(7)])
    data = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            data[name] = archive.read(name)
    sheet = "xl/worksheets/sheet1.xml"
    for wrong in (b'<dimension ref="A1"/>', b'<dimension ref="A1:XFD1048576"/>', b""):
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in data.items():
                archive.writestr(name, re.sub(rb'<dimension ref="[^"]*" ?/>', wrong, content) if name == sheet else content)
        one_list(path, "civil", 7)


@test("several sheets of one list are one list; of two kinds, two lists; hidden and empty sheets are named, not read")
def sheets():
    place, result = imported(xlsx("两村.xlsx", ("花坪村", [CIVIL, *civil_rows(4)]), ("大地村", [CIVIL, *civil_rows(3, 4)]), ("空", [])))
    equal([(r["list"], r["rows"]) for r in result], [("civil", 7)], "lists")
    equal((row_numbers(place, "花坪村"), row_numbers(place, "大地村")), ([2, 3, 4, 5], [2, 3, 4]), "rows")
    disabled = [["姓名", "残疾人证号", "残疾类别", "家庭住址"], *[[n, i + "42", "肢体", "三门镇花坪村"] for n, i in map(person, range(20, 24))]]
    place, result = imported(xlsx("民政和残联.xlsx", ("低保", [CIVIL, *civil_rows(4)]), ("残疾人", disabled)))
    equal(sorted((r["list"], r["rows"]) for r in result), [("civil", 4), ("disabled", 4)], "two lists of one file")

    def hide(book):
        book["旧名单"].sheet_state = "hidden"

    place, result = imported(edit(xlsx("隐藏.xlsx", ("低保", [CIVIL, *civil_rows(4)]), ("旧名单", [CIVIL, *civil_rows(9, 4)])), hide))
    equal([(r["list"], r["rows"]) for r in result], [("civil", 4)], "lists beside a hidden sheet")
    has(" ".join(result[0]["notes"]), "旧名单", "隐藏")


# ---- headers ----
VARIANTS = {"乡镇": ["乡", "乡(镇)", "镇", "乡镇名称", "镇（乡）", " 乡 镇 "], "村(社区)": ["村", "行政村", "村（居）委会", "村名", "村(社区)"],
            "身份证号": ["证件号码", "身份证号码", "公民身份号码", "身份证", "身份证\n号码", "2.身份证号"], "姓名": ["姓名", "姓 名", "保障对象姓名"],
            "低保类别": ["低保人员类别", "低保类别", "低保类别(A/B/C)"], "低保证号": ["低保证号", "特困证号"]}


@test("renamed headers are known: every variant of the specification gives the same rows and no more flags")
def variants():
    for turn in range(6):
        header = [VARIANTS[h][turn % len(VARIANTS[h])] for h in CIVIL]
        place, report = one_list(xlsx("变体.xlsx", [header, *civil_rows(6)]), "civil", 6)
        equal(flags(place), [], f"flags under {header}")


@test("variants of the register's headers are known, too")
def register_variants():
    heads = (["户编号", "乡", "行政村", "姓名", "证件号码", "与户主关系", "人数", "联系电话", "贫困户属性"],
             ["户口本号(户编号)", "乡(镇)", "村（居）委会", "成员姓名", "公民身份号码", "家庭关系", "家庭人口数", "户联系电话", "户类型"],
             ["贫困户编号", "乡镇名称", "村名", "姓名", "身份证号码", "称谓", "当前家庭人口数", "手机号", "检测对象类别"],
             ["家庭编号", "镇（乡）", "村(社区)", "姓 名", "身份证", "与户主关系", "家庭总人数", "人联系电话", "监测对象类别"])
    for header in heads:
        rows = []
        for h in range(4):
            for m in range(2):
                name, id_no = person(h * 2 + m)
                rows.append([f"1000000{h:04}", "三门镇", "花坪村", name, id_no, ("户主", "配偶")[m], 2, "18107730000", "一般脱贫户"])
        place, _ = one_list(xlsx("扶贫办.xlsx", [["三门镇扶贫对象"], header, *rows]), "register", 8)
        equal([f for f in flags(place) if f["code"] != "filled_down"], [], f"flags under {header}")
        anju("compare", place, code=None)
        equal(len({l["household"] for l in links(place)}), 4, f"households under {header}")


@test("a column without a known header is known by what it holds, and the import says so")
def by_content():
    header = list(CIVIL)
    header[2] = None
    place, report = one_list(xlsx("缺表头.xlsx", [header, *civil_rows(6)]), "civil", 6)
    has(" ".join(report["notes"]), "C 列", "证件号码")
    equal(flags(place), [], "flags")
    header = list(CIVIL)
    header[1], header[2] = header[2], header[1]  # headers exchanged: 姓名 above the numbers
    place, report = one_list(xlsx("表头写反.xlsx", [header, *civil_rows(6)]), "civil", 6)
    equal([f["code"] for f in flags(place) if f["code"].startswith(("id_", "name_", "no_"))], [], "flags under exchanged headers")


@test("a wrong guess is corrected with --mapping and remembered for that sender's next file, not for another form")
def mapping():
    header = ["编码", "甲", "乙", "丙", "丁"]
    rows = [[r[0], r[1], r[2], r[3] + r[4], r[5]] for r in civil_rows(6)]
    first = xlsx("怪表一.xlsx", [header, *rows])
    told = write("对应.json", '{"list":"civil","columns":{"甲":"name","C":"id_no","丙":"address","丁":"welfare_kind","编码":"welfare_no"}}'.encode())
    place = county()
    anju("import", place, first, code=None)
    place = county()
    _, result = imported(first, "--mapping", told, "--from", "民政局", into=place)
    equal([(r["list"], r["rows"], r["sender"], r["flags"]) for r in result], [("civil", 6, "民政局", 0)], "with the mapping")
    second = xlsx("怪表二.xlsx", [header, *[[r[0], r[1], r[2], r[3] + r[4], r[5]] for r in civil_rows(6, 40)]])
    _, result = imported(second, "--from", "民政局", into=place)
    equal([(r["list"], r["rows"], r["flags"]) for r in result], [("civil", 6, 0)], "the next file of that sender")
    has(" ".join(result[0]["notes"]), "沿用")
    other = xlsx("怪表三.xlsx", [["编码", "子", "丑", "寅", "卯"], *[[r[0], "x", "y", "z", r[5]] for r in civil_rows(6, 80)]])
    has(anju("import", place, other, "--from", "民政局", code=1).err, "没有认出")
    anju("verify", place)
    before = digest(place)
    anju("rebuild", place)
    equal(digest(place), before, "digest")


@test("a mapping that is wrong itself is refused with a sentence that names what is wrong")
def bad_mapping():
    file = xlsx("表.xlsx", [CIVIL, *civil_rows(3)])
    for text, words in (('{"columns":{"身份证号":"passport"}}', ["身份证号", "passport"]), ('{"columns":{"没有的列":"name"}}', ["没有的列"]), ("{", ["JSON"]),
                        ('{"list":"nonsense"}', ["nonsense"]), ('{"header_row":99}', ["99"]), ('{"header_row":1,"header_rows":7}', ["header_rows"])):
        run = anju("import", county(), file, "--mapping", write("错.json", text.encode()), code=None)
        check(run.code in (1, 2), f"exit {run.code} for {text}")
        equal(len(run.err.strip().splitlines()), 1, f"sentences in {run.err}")
        has(run.err, *words)
    anju("import", county(), file, "--mapping", path_of("没有.json"), code=1)


@test("told by --list and --mapping, a list without any header is read from its first row")
def headless():
    file = xlsx("无表头.xlsx", civil_rows(5))
    told = write("对应二.json", '{"columns":{"A":"welfare_no","B":"name","C":"id_no","D":"town","E":"village","F":"welfare_kind"}}'.encode())
    place, result = imported(file, "--list", "civil", "--mapping", told)
    equal([(r["list"], r["rows"]) for r in result], [("civil", 5)], "rows")
    equal(row_numbers(place), [1, 2, 3, 4, 5], "row numbers")


# ---- bad rows ----
@test("rows with every kind of error are all imported, each error flagged with sheet, row, column, value and what to do")
def bad_rows():
    rows = civil_rows(12)
    rows[0][2] = rows[0][2][:17] + ("0" if rows[0][2][17] != "0" else "1")  # check digit
    rows[1][2] = "450399199013011234"  # month 13
    rows[2][2] = rows[2][2][:15]  # digits are missing, or an old number with an impossible date
    rows[3][2] = "无"
    rows[4][2] = ""
    rows[5][1] = ""
    rows[6][1] = "石□花"
    rows[7][1], rows[7][2] = "", ""
    rows[8][4] = "没有的村"
    rows[9][2] = "450399" + rows[9][2][8:14] + "123"  # fifteen digits
    place, report = one_list(xlsx("错误.xlsx", ("低保", [["县民政局救助对象"], CIVIL, *rows])), "civil", 12)
    found = flags(place)
    by_row = {int(f["row"]): f for f in found}
    for row, column, code in ((3, "C", "id_bad_check"), (4, "C", "id_bad_date"), (5, "C", None), (6, "C", None), (7, "C", "id_missing"), (8, "B", "name_missing"), (9, "B", "name_lost_char"),
                              (10, "", "no_identity"), (11, "E", "place_unknown"), (12, "C", "id_15")):
        mine = [f for f in found if int(f["row"]) == row and f["column"] == column and (code is None or f["code"] == code)]
        check(mine, f"row {row}: no flag {code} in column {column}: {by_row.get(row)}")
        f = mine[0]
        has(f["sentence"], "错误.xlsx", "低保", f"第 {row} 行")
        check("；请" in f["sentence"] or "，请" in f["sentence"] or "；应" in f["sentence"] or "；" in f["sentence"], f"what to do: {f['sentence']}")
        if column:
            has(f["sentence"], f"{column} 列", f["header"])
        equal(f["value"], str(rows[row - 3]["ABCDEF".index(column)]) if column else "", f"value of row {row}")
    equal([f for f in found if int(f["row"]) in (13, 14)], [], "flags of good rows")
    equal(row_numbers(place), list(range(3, 15)), "rows")
    equal(report["flags"], len([f for f in found if f["code"] != "filled_down"]), "the number of flags in the report")
    equal(anju("flags", place, "--csv", "--list", "register").rows(), [], "flags of another list")


@test("formula errors, formulas without results, very long cells and control characters are flagged or noted, never refused")
def odd_cells():
    rows = civil_rows(5)
    rows[0][4] = "#REF!"
    rows[1][1] = "石" * 5
    rows[2][5] = "长" * 32000
    path = xlsx("怪格.xlsx", [CIVIL, *rows])

    def change(book):
        book.active["E3"].data_type = "e"
        book.active["E2"].value = "#N/A"
        book.active["E2"].data_type = "e"
        book.active["F4"].value = '=A1&"x"'

    place, report = one_list(edit(path, change), "civil", 5)
    check(any(f["code"] == "cell_error" and f["row"] == "2" and f["column"] == "E" for f in flags(place)), f"the formula error: {flags(place)}")
    has(" ".join(report["notes"]), "公式")
    data = csv_bytes([CIVIL, *civil_rows(4)]).replace("花坪村".encode(), "花\x01坪\x0b村".encode(), 1)
    one_list(write("控制符.csv", data), "civil", 4)


@test("a list with bytes that no encoding knows is read, and the places are flagged")
def wrong_bytes():
    data = csv_bytes([CIVIL, *civil_rows(30)], "gbk")
    name = civil_rows(30)[4][1].encode("gbk")
    at = data.index(name, data.index(b"DB10000004"))
    data = data[:at] + b"\xff\xff" + data[at + 2:]
    place, report = one_list(write("坏字.csv", data), "civil", 30)
    has(" ".join(report["notes"]), "字节")
    check(any(f["row"] == "6" and f["code"] in ("bytes_replaced", "name_lost_char") for f in flags(place)), f"{flags(place)}")


main()
