"""Every route × role × division, walked from openapi.json; forged ids of other townships and other departments' lists."""
import csv, io
from server import *
from tap import test, check, equal, has, main

TOWNS = ("450328101", "450328102")
USERS = [(role.replace("_", "-"), role, TOWNS[0] if "T" in letters else None) for role, letters in ROLES.items()] + [("township-b", "township", TOWNS[1])]
COUNTY, LISTS = county("permissions", 150, USERS)
SERVER = Server(COUNTY)
CLIENTS = {}
API = json.loads(SERVER.client().get("/api/openapi.json").body)


def client(name):
    if name not in CLIENTS:
        CLIENTS[name] = SERVER.client(name)
    return CLIENTS[name]


def operations():
    for path, methods in API["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def sample(schema):
    if "enum" in schema:
        return schema["enum"][0]
    return {"string": "x" * max(1, schema.get("minLength", 1)), "integer": schema.get("minimum", 0), "boolean": True}[schema["type"]]


def call(who, method, path, operation):
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            path = path.replace("{%s}" % parameter["name"], "nothing-of-that-name")
    query = {p["name"]: sample(p["schema"]) for p in operation.get("parameters", []) if p["in"] == "query" and p["required"]}
    body = raw = None
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        schema = content["application/json"]["schema"]
        body = {name: sample(field) for name, field in schema["properties"].items() if name in schema.get("required", [])}
    elif content:
        raw = b"not a spreadsheet at all"
    return who.ask(method, path, body=body, raw=raw, query=query)


@test("the server's table of roles and permissions is the one written down here")
def table():
    letters = {"county": "C", "own_list": "O", "town": "T"}
    for name, role, _ in USERS:
        mine = dict(p.split(":") for p in client(name).get("/api/session").json()["permissions"])
        equal("".join(letters[mine[p]] if p in mine else "-" for p in PERMISSIONS), ROLES[role], role)
    for _, path, operation in operations():
        check(operation["x-permission"] in PERMISSIONS + ["public", "login"], path)
        check(operation["summary"], path)


@test("every route refuses every role that has no permission, and answers every other")
def walk():
    walked = 0
    for method, path, operation in operations():
        permission = operation["x-permission"]
        if operation["operationId"] in ("logout", "login", "password_change"):
            continue
        answer = call(SERVER.client(), method, path, operation)
        equal(answer.status in (401, 403), permission != "public", f"nobody {method} {path} {answer.status}")
        for name, role, _ in USERS:
            answer = call(client(name), method, path, operation)
            allowed = permission in ("public", "login") or ROLES[role][PERMISSIONS.index(permission)] != "-"
            where = f"{role} {method} {path}: {answer.status} {answer.body[:200]!r}"
            if allowed:
                check(answer.status in (200, 204, 404, 409, 422, 400) or (answer.status == 403 and operation["operationId"] == "import_file"), where)
            else:
                equal((answer.status, answer.code()), (403, "forbidden"), where)
            walked += 1
    check(walked > 500, f"{walked} walked")


@test("a township sees its own households, differences and files, and nothing of the other's by any id")
def townships():
    a, b, boss = client("township"), client("township-b"), client("taskforce")
    for who, town in ((a, TOWNS[0]), (b, TOWNS[1])):
        mine = all_of(who, "/api/differences", "differences", state="all")
        check(mine and all(d["town"] == town for d in mine), "differences")
        equal(len(mine), len(all_of(boss, "/api/differences", "differences", state="all", town=town)), "all of them")
        members = all_of(who, "/api/register", "members")
        check(members and all(m["town_code"] == town for m in members), "register")
        check(all(f["sender"] == town for f in who.get("/api/lists").json()["files"]), "files")
        check(all(p["town"] == town for p in who.get("/api/overview").json()["pairs"]), "matrix")
        rows = list(csv.reader(io.StringIO(who.get("/api/exports/register", format="csv").body.decode("utf-8-sig"))))
        equal(len(rows) - 1, len(members), "export of the register")
        rows = list(csv.reader(io.StringIO(who.get("/api/exports/differences", format="csv", state="all").body.decode("utf-8-sig"))))
        equal(len(rows) - 1, len(mine), "export of the differences")
    for d in all_of(b, "/api/differences", "differences", state="all")[:40]:
        equal(a.get(f"/api/differences/{d['id']}").status, 404)
        equal(a.post(f"/api/differences/{d['id']}/unmask", {"purpose": "looking"}).status, 404)
        equal(a.post(f"/api/differences/{d['id']}/decision", {"action": "proposed", "seen": 0}).status, 404)
    for household in {m["household"] for m in all_of(b, "/api/register", "members")}:
        equal(a.get(f"/api/households/{household}").status, 404)
        equal(a.post(f"/api/households/{household}/unmask", {"purpose": "looking"}).status, 404)
        equal(b.get(f"/api/households/{household}").status, 200)
    equal(a.get("/api/differences", town=TOWNS[1]).json()["total"], 0, "asking for the other township")
    equal(a.get("/api/register", town=TOWNS[1]).json()["total"], 0)


@test("a department sees what concerns its lists, and decides what is its own")
def departments():
    boss = client("taskforce")
    everything = all_of(boss, "/api/differences", "differences", state="all")
    for role in ("housing", "civil", "relocation", "disabled"):
        who, own = client(role), OWNERS[role]
        concerns = lambda d: d["owner"] == role or any(d[k] in own for k in ("list", "other_list", "left", "right"))
        mine = all_of(who, "/api/differences", "differences", state="all")
        equal({d["id"] for d in mine}, {d["id"] for d in everything if concerns(d)}, role)
        for d in mine:
            equal(d["may_decide"], d["owner"] == role, f"{role} {d['id']}")
        for d in [d for d in everything if not concerns(d)][:10]:
            equal(who.get(f"/api/differences/{d['id']}").status, 404)
        for d in [d for d in mine if d["owner"] != role][:5]:
            equal(who.post(f"/api/differences/{d['id']}/decision", {"action": "return", "seen": 0}).status, 403)
        check(all(f["list"] in own for f in who.get("/api/lists").json()["files"]))
        for other in {"register", "civil", "renovated"} - set(own):
            equal(who.get(f"/api/lists/{other}/flags").status, 404)
            equal(who.get(f"/api/lists/{other}/corrections").status, 404)
        equal(who.get(f"/api/lists/{own[0]}/corrections").status, 200)
        check(all(p["left"] in own or p["right"] in own for p in who.get("/api/overview").json()["pairs"]))
        for household in [m["household"] for m in who.get("/api/register", limit=5).json()["members"]]:
            page = who.get(f"/api/households/{household}").json()
            check(page["rows"] and all(r["list"] in own for r in page["rows"]), "rows of own lists only")


@test("a list that is another's to send is not taken in")
def import_scope():
    files = lambda: client("taskforce").get("/api/lists").json()["files"]
    register = next(f["file"] for f in files() if f["list"] == "register")
    before = len(files())
    for folder in (LISTS, tap.demo("other-lists", 60, seed=9)):  # one that is in already, one that is new
        path = next((p for p in tap.lists_of(folder) if os.path.basename(p) == register), tap.lists_of(folder)[0])
        data = open(path, "rb").read()
        for query in ({}, {"list": "register"}, {"list": "register", "sender": "poverty"}):
            answer = client("housing").ask("POST", "/api/imports", raw=data, query={"name": register, **query})
            check(answer.status in (403, 404), f"housing {query}: {answer.status} {answer.body[:200]}")
    data = open(next(p for p in tap.lists_of(LISTS) if os.path.basename(p) == register), "rb").read()
    client("township").ask("POST", "/api/imports", raw=data, query={"name": register, "list": "register", "sender": TOWNS[1]})
    equal([f for f in files()[before:] if f["list"] != "town_feedback" or f["sender"] != TOWNS[0]], [], "what a township sends is its own feedback")


@test("a class is decided only as far as the caller decides")
def bulk():
    who, boss = client("civil"), client("taskforce")
    todo = [d for d in all_of(boss, "/api/differences", "differences") if d["owner"] == "civil"]
    classes = {d["class"] for d in todo}
    check(classes, "the civil department has something to decide")
    for name in sorted(classes)[:2]:
        answer = who.post("/api/decisions", {"class": name, "dry_run": True})
        equal(answer.status, 200)
        answer2 = who.post("/api/decisions", {"class": name, "expected": answer.json()["decided"] + 1})
        equal(answer2.code(), "stale")
        equal(who.post("/api/decisions", {"class": name, "expected": answer.json()["decided"]}).status, 200)
    for d in all_of(boss, "/api/differences", "differences", state="all"):
        if d["decision_author"] == "civil":
            equal(d["owner"], "civil")


@test("only who decided, or who decides for the county, takes a decision back")
def undo():
    boss = client("taskforce")
    d = next(d for d in all_of(boss, "/api/differences", "differences", state="all") if d["decision_author"] == "civil")
    entry = d["decision_entry"]
    for name in ("housing", "city", "township", "security-admin"):
        equal(client(name).post(f"/api/entries/{entry}/undo", {}).status, 403, name)
    equal(client("civil").post(f"/api/entries/{entry}/undo", {}).status, 200)
    equal(client("civil").post(f"/api/entries/{entry}/undo", {}).status, 409, "twice")


@test("what changed is told to each as far as they see it, and no account's affairs")
def changes():
    boss, town = client("taskforce"), client("township")
    everything, seq = [], 0
    while True:
        page = boss.get("/api/changes", since=seq).json()
        everything += page["changes"]
        seq = page["seq"]
        if not page["more"]:
            break
    check(any(c["kind"] == "decision" and c["differences"] for c in everything))
    check(not any(c["kind"].startswith(("account", "password", "unmasked")) for c in everything))
    seen = {d["id"] for d in all_of(town, "/api/differences", "differences", state="all")}
    for change in town.get("/api/changes", since=0).json()["changes"]:
        check(change["kind"] in ("compare_run", "register_lock", "decision"), change["kind"])
        check(set(change["differences"]) <= seen)
    equal(boss.get("/api/changes", since=seq).json()["changes"], [])
    SERVER.stop()
    tap.anju("verify", COUNTY)


main()
