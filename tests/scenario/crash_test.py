"""kill -9, two hundred times: a county is whole after each, says which files are missing, and importing again completes it."""
import os, random, re, subprocess, time

from tap import *

KILLS, PER_ROUND = 200, 3
FILES = lists_of(SMALL)
KIND_OF = {os.path.basename(f): os.path.basename(f).split(".")[0] for f in FILES}
RESULT_TABLES = ("row_link", "household", "difference")


def start(county, *words):
    return subprocess.Popen([ANJU, *map(str, words[:1]), county, *map(str, words[1:])], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def seconds(action, county):
    """the shortest of three runs, each on a copy"""
    taken = []
    for _ in range(3):
        copy = copy_county(county, "crash-timed")
        began = time.monotonic()
        action(copy)
        taken.append(time.monotonic() - began)
    return min(taken)


def killed_after(process, seconds):
    """True if the process was still at work when it was killed"""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    err = process.stderr.read().decode("utf-8", "replace")
    process.stderr.close()
    process.wait()
    check(not complaint(err), complaint(err))
    check(process.returncode in (0, 3, -9), f"ended with {process.returncode}: {err[-400:]}")
    return process.returncode == -9


def result_of(county):
    anju("compare", county, code=3)
    tables = dict(reversed(line.split()) for line in digest(county).splitlines())
    return {table: tables[table] for table in RESULT_TABLES}, sorted(anju("links", county, "--csv").out.splitlines()), sorted(anju("differences", county, "--csv").out.splitlines())


def whole(county):
    """the county opens; what is not in is named, or nothing was begun"""
    status = anju("status", county)
    missing = {kind for kind in KIND_OF.values() if re.search(rf"^{kind} .*还没有导入", status.out, re.M)}
    named = {KIND_OF[name] for name in re.findall("《([^》]+)》", status.out)}
    if named:
        check(missing <= named, f"missing {missing}, named {named}")
        has(status.out, "没有做完", "重新导入")
    else:
        check(len(missing) in (0, len(KIND_OF)), f"{missing} are missing, but nobody says so")
    return len(missing)


@test("killed in the middle of an import 200 times: the county opens, verify is clean, importing again completes it")
def imports():
    empty = new_county("crash-empty")
    undisturbed = copy_county(empty, "crash-undisturbed")
    full = seconds(lambda county: anju("import", county, *FILES), empty)
    anju("import", undisturbed, *FILES)
    want = result_of(undisturbed)
    chance = random.Random(20200224)
    kills = rounds = partial = 0
    while kills < KILLS:
        county = copy_county(empty, "crash")
        rounds += 1
        check(rounds < 2 * KILLS, f"only {kills} kills in {rounds} rounds")
        for _ in range(PER_ROUND):
            if not killed_after(start(county, "import", *FILES), chance.uniform(0, full * 0.9)):
                break
            kills += 1
            partial += 0 < whole(county) < len(FILES)
            if kills % 20 == 0:
                anju("verify", county)
        if rounds % 10 == 0 or kills >= KILLS:
            anju("import", county, *FILES)
            equal(whole(county), 0, "files missing after importing again")
            equal(anju("status", county, "--json").json()["pending"], "", "pending after importing again")
            anju("verify", county)
            equal(result_of(county), want, "links and differences of a county that was killed again and again")
            anju("rebuild", county)
            anju("verify", county)
    print(f"# {kills} kills in {rounds} rounds, {partial} between two files")
    check(partial >= KILLS // 20, f"only {partial} of {kills} kills came between two files")


@test("killed while comparing and while rebuilding: the county is whole and comparing again gives the same result")
def compares():
    base = new_county("crash-compare-base")
    anju("import", base, *FILES)
    done = copy_county(base, "crash-compare-done")
    want = result_of(done)
    full = seconds(lambda county: anju("compare", county, code=3), base)
    chance = random.Random(7)
    for number in range(12):
        county = copy_county(done if number % 3 == 0 else base, "crash-compare")
        for _ in range(3):
            killed_after(start(county, "rebuild" if number % 3 == 0 else "compare"), chance.uniform(0, full))
            anju("status", county)
        if number % 3 == 0:
            anju("rebuild", county)
        anju("verify", county)
        equal(result_of(county), want, "result")


@test("killed while deciding a class: all of its decisions are there, or none")
def decides():
    base = new_county("crash-decide-base")
    anju("import", base, *FILES)
    anju("compare", base, code=3)
    mine = len(differences(base, "--class", "id_typo"))
    decide = lambda county: anju("decide", county, "--class", "id_typo", "--accept-proposed")
    full = seconds(decide, base)
    decide(copy_county(base, "crash-decide"))
    after = len(differences(os.path.join(SCRATCH, "crash-decide"), "--class", "id_typo"))
    check(after < mine, "the class has something to take")
    chance = random.Random(8)
    for _ in range(20):
        county = copy_county(base, "crash-decide")
        killed_after(start(county, "decide", "--class", "id_typo", "--accept-proposed"), chance.uniform(0, full * 1.1))
        check(len(differences(county, "--class", "id_typo")) in (mine, after), "a part of the decisions")
    anju("verify", county)


main()
