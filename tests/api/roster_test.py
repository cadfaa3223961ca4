"""The compare loop through the API: masked numbers, stale decisions, imports, exports, locks."""
import csv, io, threading, time
from server import *
from tap import test, check, equal, has, main, anju
import re

COUNTY, LISTS = county("loop", 120, [("boss", "taskforce", None), ("office", "taskforce_office", None), ("city", "city", None)])
SERVER = Server(COUNTY)
BOSS, OFFICE = SERVER.client("boss"), SERVER.client("office")
NUMBER = re.compile(r"\d{14,}[\dXx]")


@test("no answer shows a whole identity number unless a purpose was given, and that is journaled")
def masked():
    for path, query in (("/api/differences", {"limit": 500, "state": "all"}), ("/api/register", {"limit": 500}), ("/api/lists/civil/flags", {"limit": 500}),
                        ("/api/lists/register/flags", {"limit": 500}), ("/api/exports/register", {"format": "csv"}), ("/api/exports/differences", {"format": "csv", "state": "all"})):
        answer = BOSS.get(path, **query)
        equal(answer.status, 200, path)
        check(not NUMBER.search(answer.body.decode()), f"{path}: {NUMBER.search(answer.body.decode())}")
    household = BOSS.get("/api/register", limit=1).json()["members"][0]["household"]
    check(not NUMBER.search(BOSS.get(f"/api/households/{household}").body.decode()), "household")
    for d in BOSS.get("/api/differences", limit=30).json()["differences"]:
        check(not NUMBER.search(BOSS.get(f"/api/differences/{d['id']}").body.decode()), "difference")
    seq = BOSS.get("/api/changes").json()["seq"]
    equal(BOSS.post(f"/api/households/{household}/unmask", {}).status, 422, "no purpose")
    equal(BOSS.post(f"/api/households/{household}/unmask", {"purpose": "   "}).status, 422, "an empty purpose")
    equal(SERVER.client("city").post(f"/api/households/{household}/unmask", {"purpose": "检查"}).status, 403)
    equal(BOSS.get("/api/changes").json()["seq"], seq, "nothing was written")
    whole = BOSS.post(f"/api/households/{household}/unmask", {"purpose": "核对身份证原件"})
    check(NUMBER.search(whole.body.decode()), "whole numbers")
    equal(BOSS.get("/api/changes").json()["seq"], seq + 1, "one entry")
    number = whole.json()["members"][0]["id_no"]
    equal(BOSS.get("/api/register", text=number).json()["members"][0]["person"], whole.json()["members"][0]["person"], "found by the whole number")
    for part in (number[:17], number[:6], number[6:14], number[-4:]):
        found = BOSS.get("/api/register", text=part).json()["members"]
        check(not any(m["person"] == whole.json()["members"][0]["person"] for m in found), f"found by {part}")


@test("two people at one difference: the second is told what changed, and nothing of theirs is done")
def stale():
    d = BOSS.get("/api/differences", limit=1).json()["differences"][0]
    equal(OFFICE.post(f"/api/differences/{d['id']}/decision", {"action": "return", "seen": d["decision_seq"], "reason": "请核对"}).status, 200)
    answer = BOSS.post(f"/api/differences/{d['id']}/decision", {"action": "exception", "seen": d["decision_seq"]})
    equal((answer.status, answer.code()), (409, "stale"))
    equal(answer.json()["more"]["decision_author"], "office")
    equal(answer.json()["more"]["decision"], "return")
    now = BOSS.get(f"/api/differences/{d['id']}").json()
    equal((now["difference"]["decision"], len(now["decisions"])), ("return", 1))
    equal(BOSS.post(f"/api/differences/{d['id']}/decision", {"action": "exception", "seen": now["difference"]["decision_seq"]}).status, 200)
    entry = BOSS.get(f"/api/differences/{d['id']}").json()["difference"]["decision_entry"]
    equal(OFFICE.post(f"/api/entries/{entry}/undo", {}).status, 200)
    again = BOSS.get(f"/api/differences/{d['id']}").json()["difference"]
    equal((again["decision"], again["decision_seq"]), ("return", now["difference"]["decision_seq"]), "what held before")


@test("of many who decide the same difference at once exactly one succeeds")
def race():
    d = next(x for x in all_of(BOSS, "/api/differences", "differences", state="open"))
    statuses, clients = [], [SERVER.client("boss" if i % 2 else "office") for i in range(8)]

    def go(client):
        statuses.append(client.post(f"/api/differences/{d['id']}/decision", {"action": "return", "seen": 0}).status)

    threads = [threading.Thread(target=go, args=(c,)) for c in clients]
    [t.start() for t in threads], [t.join() for t in threads]
    equal(sorted(statuses), [200] + [409] * 7)
    equal(len(BOSS.get(f"/api/differences/{d['id']}").json()["decisions"]), 1)


@test("decisions that say nonsense are refused in a sentence")
def nonsense():
    d = BOSS.get("/api/differences", limit=1, state="open").json()["differences"][0]
    for action in ("delete", "take:", "take:nowhere", "value:", "link;drop", "<script>"):
        answer = BOSS.post(f"/api/differences/{d['id']}/decision", {"action": action, "seen": 0})
        check(answer.status in (400, 422), f"{action}: {answer.status}")
        check(answer.json()["detail"], action)
    equal(BOSS.post("/api/differences/zzzz/decision", {"action": "return", "seen": 0}).status, 404)
    equal(BOSS.post(f"/api/differences/{d['id']}/decision", {"action": "return"}).status, 422, "without seen")
    equal(BOSS.get("/api/differences", limit=501).status, 422)
    equal(BOSS.get("/api/differences", offset=-1).status, 422)
    equal(BOSS.get("/api/differences", state="odd").status, 422)
    equal(BOSS.get("/api/differences", colour="red").status, 422)
    equal(BOSS.ask("GET", "/api/differences?class=id_15&class=split").status, 422, "twice")


@test("every number of the overview opens a list with as many differences")
def overview():
    o = BOSS.get("/api/overview").json()
    equal(BOSS.get("/api/differences").json()["total"], o["open"])
    equal(BOSS.get("/api/differences", state="decided").json()["total"], o["decided"])
    for c in o["classes"]:
        equal(BOSS.get("/api/differences", **{"class": c["code"]}).json()["total"], c["open"], c["code"])
    for c in o["town_classes"]:
        equal(BOSS.get("/api/differences", **{"class": c["code"]}, town=c["town"], state="all").json()["total"], c["total"], c["code"])
    has(anju("status", COUNTY).out, f"未处理 {o['open']}")


@test("a file comes in with its own name, once; names with markup and formulas come back as data")
def imports():
    name = "<script>alert(1)<script>名单.csv"
    text = "姓名,身份证号码,乡镇,村,救助类别\n<img src=x onerror=alert(1)>,450399199001010019,三门镇,花坪村委会,低保\n=1+1,450399199001010027,三门镇,花坪村委会,低保\n+cmd,450399199001010035,三门镇,花坪村委会,低保\n"
    answer = BOSS.ask("POST", "/api/imports", raw=text.encode(), query={"name": name, "list": "civil", "sender": "三门镇民政办"})
    equal(answer.status, 200, answer.body.decode())
    report = answer.json()["imported"][0]
    equal((report["file"], report["list"], report["rows"]), (name, "civil", 3))
    has(answer.headers["Content-Type"], "application/json")
    equal(answer.headers["X-Content-Type-Options"], "nosniff")
    again = BOSS.ask("POST", "/api/imports", raw=text.encode(), query={"name": name, "list": "civil", "sender": "三门镇民政办"}).json()
    check(again["imported"][0]["repeated"])
    equal(BOSS.get("/api/overview").json()["compared"], False)
    equal(BOSS.post("/api/compare").status, 200)
    equal(BOSS.get("/api/overview").json()["compared"], True)
    found = [d for d in all_of(BOSS, "/api/differences", "differences", state="all") if "onerror" in d["value"] + d["other_value"]]
    check(found, "the name is there as text")
    export = list(csv.reader(io.StringIO(BOSS.get("/api/exports/differences", format="csv", state="all").body.decode("utf-8-sig"))))
    check(not any(cell[:1] in ("=", "+", "@", "\t") for row in export for cell in row), "formulas are escaped")
    check(any(cell.startswith("'=1+1") for row in export for cell in row), "and still readable")
    import openpyxl
    sheet = openpyxl.load_workbook(io.BytesIO(BOSS.get("/api/exports/differences", format="xlsx", state="all").body)).active
    check(all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row), "no formulas in the workbook")
    equal(sheet.max_row, len(export))
    for bad in ("../../etc/passwd", "a\nb.csv", "", "x" * 201):
        check(BOSS.ask("POST", "/api/imports", raw=b"a,b\n1,2\n", query={"name": bad}).status == 422, bad[:20])
    equal(BOSS.ask("POST", "/api/imports", raw=b"", query={"name": "leer.csv"}).status, 422)
    equal(BOSS.ask("POST", "/api/imports", raw=os.urandom(5000), query={"name": "zufall.xlsx"}).status, 422)
    undone = BOSS.post(f"/api/entries/{report['entry']}/undo", {"reason": "试"})
    equal(undone.status, 200, undone.body.decode())
    equal(BOSS.post("/api/compare").status, 200)


@test("corrections download as a workbook named in Chinese")
def corrections():
    answer = BOSS.get("/api/lists/civil/corrections")
    equal(answer.status, 200)
    has(answer.headers["Content-Disposition"], "attachment", "filename*=UTF-8''%e6%9b%b4%e6%ad%a3")
    import openpyxl
    check(openpyxl.load_workbook(io.BytesIO(answer.body)).active.max_row > 1)
    with_numbers = [e for e in BOSS.get("/api/changes", since=0).json()["changes"] if e["kind"] == "unmasked"]
    equal(with_numbers, [], "who looked at numbers is not told around")
    equal(BOSS.get("/api/lists/nowhere/corrections").status, 404)
    equal([n for n in os.listdir(os.path.join(COUNTY, "uploads"))], [], "nothing is left behind")


@test("a household's page has its members, its rows and its history")
def household():
    member = next(m for m in all_of(BOSS, "/api/register", "members") if m["head"])
    page = BOSS.get(f"/api/households/{member['household']}").json()
    check(page["members"][0]["head"] and page["rows"] and page["history"])
    equal(BOSS.get("/api/households/H0").status, 404)
    equal(BOSS.get("/api/register", text=member["name"]).json()["members"][0]["name"], member["name"])


@test("locks are refused while numbers or differences do not fit, and forced only with a reason")
def locks():
    equal(BOSS.post("/api/locks/baseline", {}).code(), "conflict")
    equal(BOSS.post("/api/locks/agreed", {}).code(), "open_differences")
    equal(BOSS.post("/api/locks/elsewhere", {}).status, 400)
    equal(BOSS.post("/api/locks/baseline", {"force": True}).status, 400, "no reason")
    equal(OFFICE.post("/api/locks/baseline", {"force": True, "reason": "示范"}).status, 403)
    equal(BOSS.post("/api/locks/baseline", {"force": True, "reason": "示范县"}).status, 200)
    equal(BOSS.post("/api/locks/baseline", {"force": True, "reason": "示范县"}).code(), "locked")
    household = BOSS.get("/api/register", limit=1).json()["members"][0]["household"]
    equal(BOSS.post("/api/removals", {"household": household, "reason": "全户死亡"}).status, 200)
    sums = BOSS.get("/api/locks").json()
    for unit in ("households", "persons"):
        n = sums[unit]
        equal(n["baseline"], n["verified"] + n["unverified"] + n["removed"])
        check(n["removed"] > 0)


@test("the journal verifies through the API and from the command line after the server has stopped")
def verify():
    equal(BOSS.get("/api/journal/verification").json()["ok"], True)
    SERVER.stop()
    anju("verify", COUNTY)
    before = tap.digest(COUNTY)
    anju("rebuild", COUNTY)
    equal(tap.digest(COUNTY), before)


main()
