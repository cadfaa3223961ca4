"""What the scenario tests share: TAP output, running the program, and reading lists without the program's help.

A test file declares functions with @test("a sentence") and ends with main(). Called as
  x_test.py BUILD/anju [NAME-PART]
each function runs in order and prints "ok N - sentence", or "not ok N - sentence" and a line "# reason". Only the command
line is used: what these tests hold true holds for scripts of others, too."""
import csv, io, json, os, re, shutil, subprocess, sys, tempfile, traceback

HERE = os.path.dirname(os.path.abspath(__file__))
SMALL = os.path.join(os.path.dirname(HERE), "data", "lists-small")
ANSWERS = ("truth.csv", "errors.csv", "README.md")
KINDS = ("register", "relocated", "renovated", "appraised", "civil", "disabled", "town_feedback", "feedback")
PERSON_KINDS = ("register", "civil", "disabled")
ANJU = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
SCRATCH = tempfile.mkdtemp(prefix="anju-scenario-")
_tests = []


def test(sentence):
    def add(function):
        _tests.append((sentence, function))
        return function

    return add


def main():
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    failed = number = 0
    try:
        for sentence, function in _tests:
            if only not in sentence and only not in function.__name__:
                continue
            number += 1
            try:
                function()
                print(f"ok {number} - {sentence}", flush=True)
            except Exception as error:
                failed += 1
                at = traceback.extract_tb(error.__traceback__)
                lines = [f"{os.path.basename(f.filename)}:{f.lineno}" for f in at]
                reason = " ".join(f"{type(error).__name__}: {error}".split())[:1500]
                print(f"not ok {number} - {sentence}\n# {' < '.join(reversed(lines))}: {reason}", flush=True)
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)
    print(f"1..{number}")
    sys.exit(1 if failed else 0)


# ---- assertions ----
def check(condition, reason="the condition does not hold"):
    if not condition:
        raise AssertionError(reason)


def equal(have, want, what="value"):
    if have != want:
        raise AssertionError(f"{what}: {have!r:.600} instead of {want!r:.600}")


def has(text, *words):
    for word in words:
        if word not in text:
            raise AssertionError(f"“{word}” is missing in: {text:.600}")


# ---- the program ----
class Run:
    def __init__(self, code, out, err, args):
        self.code, self.out, self.err, self.args = code, out, err, args

    def json(self):
        return json.loads(self.out)

    def rows(self):
        return list(csv.DictReader(io.StringIO(self.out)))


def complaint(text):
    """what a sanitizer wrote, if it did"""
    found = re.search(r"(runtime error:|AddressSanitizer|LeakSanitizer).{0,300}", text, re.S)
    return found.group(0) if found else ""


def anju(*args, code=0, env=None, timeout=300):
    """runs the program and holds it to its exit code (None: any of 0–5); a crash or a sanitizer's word always fails"""
    done = subprocess.run([ANJU, *map(str, args)], capture_output=True, timeout=timeout, env={**os.environ, **(env or {})})
    out, err = done.stdout.decode("utf-8", "strict"), done.stderr.decode("utf-8", "replace")
    run = Run(done.returncode, out, err, args)
    if complaint(err) or done.returncode not in (0, 1, 2, 3, 4, 5):
        raise AssertionError(f"anju {' '.join(map(str, args))[:300]} ended with {done.returncode}: {complaint(err) or err[-600:]}")
    if code is not None and done.returncode != code:
        raise AssertionError(f"anju {' '.join(map(str, args))[:300]} ended with {done.returncode} instead of {code}: {err[-600:]} {out[-200:]}")
    return run


def folder(name):
    path = os.path.join(SCRATCH, name)
    shutil.rmtree(path, ignore_errors=True)
    return path


def new_county(name):
    path = folder(name)
    anju("init", path)
    return path


def lists_of(path):
    return [os.path.join(path, name) for name in sorted(os.listdir(path)) if name not in ANSWERS]


def copy_county(county, name):
    path = folder(name)
    shutil.copytree(county, path)
    return path


def demo(name, households, seed=3, errors=None):
    path = folder(name)
    anju("demo", path, "--households", households, "--seed", seed, *(["--errors", errors] if errors is not None else []))
    return path


def differences(county, *options):
    return anju("differences", county, "--csv", *options).rows()


def links(county):
    return anju("links", county, "--csv").rows()


def digest(county):
    return anju("digest", county).out


def clusters(rows, column="person"):
    """which rows belong together, whatever the ids are called"""
    groups = {}
    for row in rows:
        groups.setdefault(row[column], set()).add((row["list"], row["file"], row["sheet"], int(row["row"])))
    return {frozenset(group) for group in groups.values()}


# ---- the lists, read without the program ----
def read_csv(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def truth(path):
    """(list, file or "", row) -> (household, person)"""
    return {(r["list"], r.get("file") or "", int(r["row"])): (r["household"], r["person"]) for r in read_csv(os.path.join(path, "truth.csv"))}


def decoded(data):
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("neither UTF-8 nor GB18030")


def grid(path):
    """[(sheet, [(row number, [texts])])] as a spreadsheet program shows it"""
    text = lambda value: "" if value is None else str(value).strip()
    if path.endswith(".csv"):
        with open(path, "rb") as file:
            lines = csv.reader(io.StringIO(decoded(file.read()), newline=""))
            return [("", [(number, [text(c) for c in line]) for number, line in enumerate(lines, 1)])]
    if path.endswith(".xls"):
        import xlrd

        book = xlrd.open_workbook(path)
        return [(s.name, [(r + 1, [text(c) for c in s.row_values(r)]) for r in range(s.nrows)]) for s in book.sheets()]
    import openpyxl

    book = openpyxl.load_workbook(path)
    return [(s.title, [(r, [text(c) for c in line]) for r, line in enumerate(s.iter_rows(values_only=True), 1)]) for s in book]


def data_rows(path):
    """[(sheet, row number, {header: text})] by a plain rule: the header is the row that names persons, its second level the
    row below it without digits, totals and notes are known by their first word"""
    found = []
    for sheet, rows in grid(path):
        header = None
        for number, cells in rows:
            filled = [c for c in cells if c]
            if not filled:
                continue
            if header is None:
                if len(filled) >= 3 and any(word in cell for cell in filled for word in ("姓名", "户主", "产权人", "申请人", "HOUSEHOLDER")):
                    header = list(cells)
                continue
            if not any(ch.isdigit() for cell in cells for ch in cell) and not found:
                header = [f"{a}/{b}" if b and a else a or b for a, b in zip(header, cells)]
                continue
            if filled[0].startswith(("合计", "总计", "小计", "注", "填表", "制表", "审核")):
                continue
            found.append((sheet, number, dict(zip(header, cells))))
    return found
