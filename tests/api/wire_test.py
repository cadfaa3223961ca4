"""What comes over the wire from clients that mean no good or have a bad line."""
import select, signal, threading, time
from server import *
from tap import test, check, equal, has, main, anju

COUNTY, LISTS = county("wire", 60, [("boss", "taskforce", None)])
SERVER = Server(COUNTY)
BOSS = SERVER.client("boss")


def raw(text, timeout=30, whole=True):
    """sends bytes, returns the status line's number (0: closed without an answer)"""
    with SERVER.socket(timeout) as s:
        s.sendall(text.encode() if isinstance(text, str) else text)
        data = b""
        while b"\r\n" not in data:
            got = s.recv(4096)
            if not got:
                break
            data += got
    return int(data.split()[1]) if data.startswith(b"HTTP/1.") else 0


HOST = f"Host: 127.0.0.1:{SERVER.port}\r\n"


@test("requests that two readers could read in two ways are refused")
def smuggling():
    head = f"POST /api/session HTTP/1.1\r\n{HOST}X-Anju: 1\r\nContent-Type: application/json\r\n"
    for extra in ("Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Content-Length: -5\r\n", "Content-Length: 5x\r\n", "Content-Length: +5\r\n"):
        check(raw(head + extra + "\r\nhello") in (400, 0), extra)
    equal(raw(head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), 411)
    equal(raw(head + "\r\n"), 411)
    equal(raw(f"GET /api/health HTTP/1.1\r\n{HOST}{HOST}\r\n"), 400)
    check(raw("GET /api/health HTTP/1.1\r\n\r\n") in (400, 403), "no host")
    check(raw(f"GET /api/health HTTP/1.1\r\n{HOST}X: {'a' * 70000}\r\n\r\n") in (431, 413, 400, 0), "huge header")
    check(raw(f"GET /{'a' * 70000} HTTP/1.1\r\n{HOST}\r\n") in (414, 431, 400, 0), "huge path")
    equal(BOSS.get("/api/health").status, 200)


@test("a body that is too large is refused before it is sent")
def huge():
    cookie = f"Cookie: {BOSS.cookie}\r\n"
    head = f"POST /api/decisions HTTP/1.1\r\n{HOST}{cookie}X-Anju: 1\r\nContent-Type: application/json\r\n"
    equal(raw(head + "Content-Length: 70000\r\n\r\n"), 413)
    equal(raw(head + "Content-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n"), 413)
    upload = f"POST /api/imports?name=a.csv HTTP/1.1\r\n{HOST}{cookie}X-Anju: 1\r\n"
    equal(raw(upload + f"Content-Length: {300 << 20}\r\n\r\n"), 413)
    equal(raw(f"POST /api/imports?name=a.csv HTTP/1.1\r\n{HOST}X-Anju: 1\r\nContent-Length: {100 << 20}\r\n\r\n"), 401)
    equal(raw(f"GET /api/overview HTTP/1.1\r\n{HOST}{cookie}Content-Length: 5\r\n\r\nhello"), 413)
    deep = b'{"class":' + b"[" * 30000
    equal(BOSS.ask("POST", "/api/decisions", raw=deep, headers={"Content-Type": "application/json"}).status, 400)


@test("aborted uploads leave nothing behind and disturb nobody")
def aborted():
    for cut in (0, 1, 1000, 60000):
        s = SERVER.socket()
        s.sendall(f"POST /api/imports?name=a.csv HTTP/1.1\r\n{HOST}Cookie: {BOSS.cookie}\r\nX-Anju: 1\r\nContent-Length: 100000\r\n\r\n".encode() + b"x" * cut)
        time.sleep(0.05)
        s.close()
    folder = os.path.join(COUNTY, "uploads")
    deadline = time.monotonic() + 30
    while os.listdir(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    equal(os.listdir(folder), [])
    equal(BOSS.get("/api/lists").status, 200)


@test("two hundred dribbling clients do not disturb the others, and are cut off")
def dribbling():
    started = time.monotonic()
    slow = [SERVER.socket() for _ in range(200)]
    for i, s in enumerate(slow):
        s.sendall(f"GET /api/health HTTP/1.1\r\n{HOST}"[: 5 + i % 20].encode())
    stop = threading.Event()

    def dribble():
        while not stop.is_set():
            for s in slow:
                try:
                    s.send(b"a")
                except OSError:
                    pass
            stop.wait(1)

    thread = threading.Thread(target=dribble)
    thread.start()
    for _ in range(100):
        equal(BOSS.get("/api/health").status, 200)
        equal(BOSS.get("/api/differences", limit=5).status, 200)
    ended = 0
    while ended < len(slow) and time.monotonic() - started < 90:
        time.sleep(1)
        ended = 0
        for s in slow:
            s.setblocking(False)
            try:
                while s.recv(1000):
                    pass
                ended += 1
            except BlockingIOError:
                pass
            except OSError:
                ended += 1
    stop.set()
    thread.join()
    [s.close() for s in slow]
    equal(ended, 200, "cut off, though each sent a byte a second")


@test("a body that never ends is cut off, too")
def slow_body():
    s = SERVER.socket(90)
    s.sendall(f"POST /api/decisions HTTP/1.1\r\n{HOST}Cookie: {BOSS.cookie}\r\nX-Anju: 1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{".encode())
    started = time.monotonic()
    while time.monotonic() - started < 80:
        try:
            s.send(b" ")
        except OSError:
            break
        if select.select([s], [], [], 1)[0]:
            break
    check(time.monotonic() - started < 80, "still open")
    s.close()


@test("pages carry the headers that keep them to themselves; problems are problem+json")
def headers():
    answer = BOSS.get("/")
    has(answer.headers["Content-Security-Policy"], "default-src 'self'", "frame-ancestors 'none'", "object-src 'none'")
    check("script-src 'self' 'wasm-unsafe-eval';" in answer.headers["Content-Security-Policy"], "no inline script")
    equal(answer.headers["X-Content-Type-Options"], "nosniff")
    equal(answer.headers["Strict-Transport-Security"], None, "no TLS, no HSTS")
    missing = BOSS.get("/api/nothing")
    equal((missing.status, missing.headers["Content-Type"], missing.code()), (404, "application/problem+json", "not_found"))
    equal(BOSS.ask("PUT", "/api/session").status, 405)
    equal(BOSS.ask("GET", "/../../etc/passwd").status, 404)
    equal(BOSS.ask("GET", "/%2e%2e/%2e%2e/etc/passwd.txt").status, 404)
    equal(BOSS.ask("POST", "/").status, 405)
    equal(BOSS.ask("GET", "/api/differences/%ff").status, 400)


@test("static files are served from a folder with type, ETag and compressed form, and nothing outside it")
def static():
    web = tap.folder("web")
    os.makedirs(os.path.join(web, "assets"))
    open(os.path.join(web, "index.html"), "w").write("<!doctype html><title>安居</title>")
    open(os.path.join(web, "assets", "app-1.js"), "w").write("export {}")
    open(os.path.join(web, "assets", "app-1.js.gz"), "wb").write(b"\x1f\x8bcompressed")
    path = tap.new_county("static")
    server = Server(path, "--web", web, "--origin", "https://anju.example")
    client = server.client()
    try:
        page = client.get("/o/differences/1")
        has(page.body.decode(), "安居")
        has(page.headers["Content-Type"], "text/html")
        equal(page.headers["Cache-Control"], "no-cache")
        has(page.headers["Strict-Transport-Security"], "max-age")
        same = client.ask("GET", "/", headers={"If-None-Match": page.headers["ETag"]})
        equal((same.status, same.body), (304, b""))
        script = client.get("/assets/app-1.js")
        has(script.headers["Content-Type"], "text/javascript")
        has(script.headers["Cache-Control"], "immutable")
        packed = client.ask("GET", "/assets/app-1.js", headers={"Accept-Encoding": "gzip"})
        equal((packed.headers["Content-Encoding"], packed.body), ("gzip", b"\x1f\x8bcompressed"))
        equal(client.get("/assets/none.js").status, 404)
        add = client.ask("POST", "/api/session", {"name": "x1", "password": "y"}, headers={"Host": "anju.example", "Origin": "https://anju.example"})
        equal(add.status, 401, "behind TLS its own origin is the one given")
        equal(client.ask("POST", "/api/session", {"name": "x1", "password": "y"}, headers={"Host": "anju.example", "Origin": "https://other.example"}).status, 403)
    finally:
        server.stop()


@test("addresses that are not this machine's need TLS in front")
def listening():
    has(anju("serve", COUNTY, "--listen", "0.0.0.0:0", code=2).err, "HTTPS")
    anju("serve", COUNTY, "--listen", "nonsense", code=2)
    anju("serve", COUNTY, "--listen", "127.0.0.1:99999", code=2)
    anju("serve", COUNTY, "--listen", "127.0.0.1:0", "--origin", "http://x", code=2)


@test("a stop lets requests under way get their answer")
def stopping():
    statuses = []

    def go():
        statuses.append(BOSS.get("/api/journal/verification").status)

    threads = [threading.Thread(target=go) for _ in range(3)]
    [t.start() for t in threads]
    time.sleep(0.3)
    has(SERVER.stop(signal.SIGINT), "服务器已停止")
    [t.join() for t in threads]
    equal(statuses, [200, 200, 200])
    anju("verify", COUNTY)


main()
