"""Logging in and staying logged in: passwords, lock-out, sessions, cross-site requests, accounts."""
import json, os, signal, time
from server import *
from tap import test, check, equal, has, main, anju

COUNTY, _ = county("accounts", 40, [("boss", "taskforce", None), ("safe", "security_admin", None), ("clerk", "taskforce_office", None), ("gone", "inspector", None), ("slow", "civil", None)])
SERVER = Server(COUNTY)


@test("whoever logs in gets a strict cookie, a new one each time, and sees who they are")
def login():
    client = SERVER.client()
    answer = client.login("boss")
    equal(answer.status, 200)
    first = client.cookie
    for word in ("HttpOnly", "SameSite=Strict", "Path=/"):
        has(answer.headers["Set-Cookie"], word)
    equal(len(first.split("=")[1]), 64, "token in hex")
    equal(client.get("/api/session").json()["role"], "taskforce")
    client.login("boss")
    check(client.cookie != first, "the token is rotated")
    old = SERVER.client()
    old.cookie = first
    equal(old.get("/api/session").status, 401, "the rotated token")
    equal(client.ask("DELETE", "/api/session").status, 204)
    client.cookie = first
    equal(client.get("/api/session").code(), "login_needed")


@test("wrong passwords and unknown names get one and the same answer")
def wrong():
    a, b = SERVER.client().login("clerk", "wrong password"), SERVER.client().login("nobody-here", "wrong password")
    equal((a.status, a.json()["detail"]), (b.status, b.json()["detail"]))
    equal(a.status, 401)
    for body in ({"name": "clerk"}, {"name": 1, "password": "x"}, {"name": "clerk", "password": "x", "more": 1}, []):
        equal(SERVER.client().post("/api/session", body).status, 422, str(body))
    equal(SERVER.client().post("/api/session", raw=b"{", headers={"Content-Type": "application/json"}).status, 400)
    equal(SERVER.client().post("/api/session", raw=b'{"name":"a","password":"b"}', headers={"Content-Type": "text/plain"}).status, 415)


@test("after five failures the account waits, longer each time, even with the right password; others do not")
def lockout():
    for _ in range(5):
        equal(SERVER.client().login("slow", "wrong password").status, 401)
    answer = SERVER.client().login("slow")
    equal(answer.status, 429)
    check(int(answer.headers["Retry-After"]) >= 1)
    equal(SERVER.client().login("boss").status, 200, "another account")
    time.sleep(int(answer.headers["Retry-After"]) + 0.2)
    equal(SERVER.client().login("slow").status, 200, "after the wait")
    with open(os.path.join(COUNTY, "audit.log")) as file:
        events = [json.loads(line) for line in file]
    check(any(e["event"] == "login_failed" and e["account"] == "slow" for e in events))
    check(not any("nobody-here" in json.dumps(e) for e in events), "what is no account is not logged")


@test("forged and mangled session tokens are nobody's")
def forged():
    client = SERVER.client("boss")
    name, token = client.cookie.split("=")
    for value in ("", "0" * 64, token[:-1], token + "0", token.upper() if token.upper() != token else "x", token[::-1], "' OR 1=1 --", "%00", "a" * 4000):
        client.cookie = f"{name}={value}"
        equal(client.ask("GET", "/api/overview").status, 401, value[:40])
    client.cookie = f"other={token}"
    equal(client.ask("GET", "/api/overview").status, 401)


@test("requests that another site makes are refused")
def cross_site():
    client = SERVER.client("boss")
    own = f"http://127.0.0.1:{SERVER.port}"
    equal(client.post("/api/compare", csrf=False).status, 403, "without the header")
    equal(client.post("/api/compare", headers={"Origin": "https://evil.example"}).status, 403)
    equal(client.post("/api/compare", headers={"Origin": own, "Sec-Fetch-Site": "cross-site"}).status, 403)
    equal(client.post("/api/compare", headers={"Origin": own, "X-Anju": "2"}).status, 403)
    equal(client.post("/api/compare", headers={"Origin": "null"}).status, 403)
    equal(client.post("/api/compare", headers={"Origin": own, "Sec-Fetch-Site": "same-origin"}).status, 200)
    equal(client.ask("GET", "/api/overview", headers={"Host": "evil.example"}).status, 403, "a name that points at us")
    equal(SERVER.client().post("/api/session", {"name": "boss", "password": PASSWORD}, csrf=False).status, 403, "logging in, too")


@test("an account that is disabled is out at once, and back only after logging in again")
def disabled():
    admin, victim = SERVER.client("safe"), SERVER.client("gone")
    equal(victim.get("/api/overview").status, 200)
    equal(admin.post("/api/accounts/gone/disable").status, 200)
    equal(victim.get("/api/overview").status, 401)
    equal(SERVER.client().login("gone").status, 401)
    equal(admin.post("/api/accounts/gone/disable").status, 409)
    equal(admin.post("/api/accounts/safe/disable").status, 409, "oneself")
    equal(admin.post("/api/accounts/nobody/disable").status, 404)
    equal(admin.post("/api/accounts/gone/enable").status, 200)
    equal(SERVER.client().login("gone").status, 200)
    other = SERVER.client("gone")
    equal(admin.ask("DELETE", "/api/accounts/gone/sessions").status, 200)
    equal(other.get("/api/overview").status, 401, "revoked")


@test("accounts are added with role and township checked, passwords changed with the old one")
def added():
    admin = SERVER.client("safe")
    new = {"name": "fresh", "role": "township", "division": "450328101", "password": "a-first-password"}
    equal(admin.post("/api/accounts", {**new, "division": ""}).status, 422)
    equal(admin.post("/api/accounts", {**new, "division": "450399001"}).status, 422)
    equal(admin.post("/api/accounts", {**new, "role": "emperor"}).status, 422)
    equal(admin.post("/api/accounts", {**new, "name": "Bad Name"}).status, 422)
    equal(admin.post("/api/accounts", {**new, "password": "short"}).status, 422)
    equal(admin.post("/api/accounts", new).status, 200)
    equal(admin.post("/api/accounts", new).status, 409)
    check(any(a["name"] == "fresh" and a["division"] == "450328101" for a in admin.get("/api/accounts").json()["accounts"]))
    check("password" not in admin.get("/api/accounts").body.decode(), "no hashes")
    client, second = SERVER.client("fresh", "a-first-password"), SERVER.client("fresh", "a-first-password")
    equal(client.post("/api/session/password", {"old": "not it at all", "new": "a-second-password"}).status, 422)
    equal(client.post("/api/session/password", {"old": "a-first-password", "new": "1234567890"}).status, 422)
    equal(client.post("/api/session/password", {"old": "a-first-password", "new": "a-second-password"}).status, 204)
    equal(client.get("/api/session").status, 200, "this session goes on")
    equal(second.get("/api/session").status, 401, "the others end")
    equal(SERVER.client().login("fresh", "a-first-password").status, 401)
    equal(SERVER.client().login("fresh", "a-second-password").status, 200)


@test("while the server runs, a command that writes says so at once, and one that reads works")
def command_line():
    started = time.monotonic()
    run = anju("user", "disable", COUNTY, "clerk", code=5)
    has(run.err, "服务器", "serve" if "serve" in run.err else "停止")
    check(time.monotonic() - started < 30, "it does not wait for the server")
    has(anju("user", "list", COUNTY).out, "boss", "taskforce")
    anju("status", COUNTY)


@test("expired accounts stay out")
def expired():
    path = tap.new_county("expired")
    add_user(path, "late", "inspector", expires="2019-12-31")
    add_user(path, "valid", "inspector", expires="2999-12-31")
    has(add_user(path, "odd", "inspector", expires="soon", code=1), "到期日")
    server = Server(path)
    try:
        equal(server.client().login("late").status, 401)
        equal(server.client().login("valid").status, 200)
    finally:
        server.stop()


@test("nothing of sessions enters the journal or the digest, and the journal verifies")
def journal():
    before = tap.digest(COUNTY)
    SERVER.client("boss").get("/api/session")
    equal(tap.digest(COUNTY), before)
    out = SERVER.stop()
    has(out, "服务器已停止")
    anju("verify", COUNTY)
    anju("rebuild", COUNTY)
    equal(tap.digest(COUNTY), before, "rebuilt")


main()
