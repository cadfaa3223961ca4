"""One writer at a time: others wait their turn or say who holds the county; readers are never kept out."""
import fcntl, functools, os, signal, subprocess, threading, time

from tap import *


@functools.cache
def base():
    county = new_county("writers-base")
    anju("import", county, os.path.join(SMALL, "register.xlsx"), os.path.join(SMALL, "civil.csv"))
    anju("compare", county, code=3)
    return county


class Holder:
    """this process holds the county's lock, as a writer would, and signs it the same way"""

    def __init__(self, county, words="4711 anju import 大名单.xlsx"):
        self.path, self.words = os.path.join(county, "lock"), words

    def __enter__(self):
        self.file = open(self.path, "r+b")
        fcntl.flock(self.file, fcntl.LOCK_EX)
        self.file.truncate(0)
        self.file.write(self.words.encode())
        self.file.flush()
        return self

    def __exit__(self, *_):
        self.file.close()


def together(*commands):
    """starts all at once; [(exit code, stdout, stderr)]"""
    running = [subprocess.Popen([ANJU, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) for words in commands]
    results = []
    for process in running:
        out, err = (text.decode("utf-8", "replace") for text in process.communicate(timeout=300))
        check(not complaint(err), complaint(err))
        results.append((process.returncode, out, err))
    return results


@test("two imports at once: the second waits, both succeed, nothing is lost")
def two():
    county = copy_county(base(), "writers-two")
    files = [os.path.join(SMALL, name) for name in ("feedback.csv", "appraised.xlsx", "disabled.xlsx", "renovated.csv", "relocated.xls")]
    for code, out, err in together(*[["import", county, file] for file in files]):
        equal((code, err), (0, ""), "an import beside others")
    result = anju("compare", county, "--json", code=3).json()
    equal(len(result["lists"]), 7, "lists")
    anju("verify", county)
    one = new_county("writers-one")
    anju("import", one, *lists_of(SMALL))
    anju("compare", one, code=3)
    equal(sorted(anju("links", county, "--csv").out.splitlines()), sorted(anju("links", one, "--csv").out.splitlines()), "links")


@test("the same file imported by four processes at once is in once")
def same():
    county = copy_county(base(), "writers-same")
    file = os.path.join(SMALL, "feedback.csv")
    results = together(*[["import", county, file]] * 4)
    equal([code for code, _, _ in results], [0] * 4, "exit codes")
    equal(sum("已经导入过" in out for _, out, _ in results), 3, "of four, three found it already there")
    entries = anju("verify", county, "--json").json()["entries"]
    equal(entries, anju("verify", base(), "--json").json()["entries"] + 1, "entries")


@test("decisions, comparisons and imports at once all succeed, and the journal is whole")
def mixed():
    county = copy_county(base(), "writers-mixed")
    ids = [d["id"] for d in differences(county)][:6]
    results = together(*[["decide", county, i, "exception", "--reason", "测试"] for i in ids[:4]], ["compare", county], ["import", county, os.path.join(SMALL, "disabled.xlsx")],
                       ["differences", county, "--csv"], ["links", county, "--csv"], ["status", county])
    equal([(code, err) for code, _, err in results[:4]], [(0, "")] * 4, "decisions")
    check(all(code in (0, 3) for code, _, _ in results), [(code, err[-200:]) for code, _, err in results])
    left = {d["id"] for d in differences(county)}
    equal(left & set(ids[:4]), set(), "decided differences that are open")
    anju("verify", county)


@test("while another process holds the county, a writer gives up after its patience with exit 5 and names the holder")
def busy():
    county = copy_county(base(), "writers-busy")
    before = digest(county)
    ids = [d["id"] for d in differences(county)]
    entry = "00000000-0000-7000-8000-000000000000"
    with Holder(county):
        for words in (["import", county, os.path.join(SMALL, "feedback.csv")], ["compare", county], ["decide", county, ids[0], "exception"], ["undo", county, entry],
                      ["lock", county, "baseline"], ["remove", county, "H1", "--reason", "x"], ["rebuild", county]):
            run = anju(*words, code=5, env={"ANJU_WAIT_MS": "50"})
            has(run.err, "4711", "anju import 大名单.xlsx", "写入")
            equal(len(run.err.strip().splitlines()), 1, f"sentences of {words[0]}")
            equal(run.out, "", f"output of {words[0]}")
    equal(digest(county), before, "digest")
    with Holder(county, ""):
        has(anju("compare", county, code=5, env={"ANJU_WAIT_MS": "50"}).err, "写入")
    anju("compare", county, code=3)


@test("a real writer is named with its number and command")
def real_holder():
    for _ in range(30):  # until a process is stopped while it holds the lock
        county = copy_county(base(), "writers-real")
        process = subprocess.Popen([ANJU, "import", county, os.path.join(SMALL, "appraised.xlsx")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        lock = os.path.join(county, "lock")
        while process.poll() is None and not open(lock, "rb").read().startswith(f"{process.pid} ".encode()):
            pass
        os.kill(process.pid, signal.SIGSTOP)
        run = anju("compare", county, code=None, env={"ANJU_WAIT_MS": "0"})
        os.kill(process.pid, signal.SIGCONT)
        err = process.communicate(timeout=300)[1]
        equal((process.returncode, err), (0, b""), "the stopped import, continued")
        if run.code == 5:
            has(run.err, str(process.pid), "import", "appraised.xlsx")
            return
    check(False, "no process could be caught with the lock")


@test("a writer that waits goes on as soon as the county is free")
def waits():
    county = copy_county(base(), "writers-waits")
    results = []
    with Holder(county):
        thread = threading.Thread(target=lambda: results.extend(together(["import", county, os.path.join(SMALL, "feedback.csv")])))
        thread.start()
        time.sleep(0.5)
        equal(results, [], "the import while the county is held")
    thread.join()
    equal([(code, err) for code, _, err in results], [(0, "")], "the import after that")


@test("readers work while a writer holds the county")
def readers():
    county = copy_county(base(), "writers-readers")
    words = (["links", county, "--csv"], ["differences", county, "--csv"], ["register", county, "--csv"], ["status", county], ["flags", county, "--csv"], ["digest", county],
             ["verify", county], ["history", county, links(county)[0]["household"]], ["corrections", county, "--list", "civil", "--out", os.path.join(SCRATCH, "c.xlsx")],
             ["decide", county, "--class", "id_typo", "--accept-proposed", "--dry-run"])
    free = [anju(*w).out for w in words]
    with Holder(county):
        held = [anju(*w, env={"ANJU_WAIT_MS": "50"}).out for w in words]
    equal(held, free, "what readers see")


@test("readers beside a running import see the county before it or after it, never half of a file")
def consistent():
    county = copy_county(base(), "writers-consistent")
    count = lambda: sum(1 for line in anju("flags", county, "--csv").out.splitlines() if line.startswith("appraised"))
    process = subprocess.Popen([ANJU, "import", county, os.path.join(SMALL, "appraised.xlsx")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seen = {count()}
    while process.poll() is None:
        seen.add(count())
    equal(process.returncode, 0, "the import")
    final = count()
    check(final > 3 and seen <= {0, final}, f"{seen} flags seen, {final} at the end")


main()
