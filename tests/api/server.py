"""What the API tests share: a county with accounts, a server on a port that the kernel chooses, a client with a cookie.

The server is ended by its process id; its output is held to be free of sanitizers' words."""
import http.client, json, os, signal, socket, subprocess, sys, time, urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scenario"))
import tap  # noqa: E402

PASSWORD = "county-task-force-1"
PERMISSIONS = "overview_read list_read list_import compare_run difference_read difference_decide corrections_read register_read id_unmask lock_write removal_write changes_read journal_verify account_manage".split()
# an independent copy of the table in src/account/permission.c: C county, O own lists, T township, - nothing
ROLES = {
    "taskforce": "CCCCCCCCCCCCC-", "taskforce_office": "CCCCCCCCC--CC-", "leading_group": "CC--C--C---C--", "poverty": "CCOCCOOCC--C--",
    "housing": "OOOCOOOOO--O--", "relocation": "OOOCOOOOO--O--", "civil": "OOOCOOOOO--O--", "disabled": "OOOCOOOOO--O--",
    "land": "C----------C--", "township": "TTTCTT-TT--T--", "entry": "T------T---T--", "audit": "CC--C--C---C--", "spotcheck": "C----------C--",
    "inspector": "CC--C--C---CC-", "city": "CC--C--C---CC-", "system_admin": "------------C-", "security_admin": "-------------C",
    "audit_admin": "------------C-",
}
OWNERS = {"housing": ("renovated", "appraised"), "relocation": ("relocated",), "civil": ("civil",), "disabled": ("disabled",), "poverty": ("register",)}


def add_user(county, name, role, division=None, code=0, expires=None):
    args = [tap.ANJU, "user", "add", county, name, "--role", role, "--password-stdin"]
    args += ["--division", division] if division else []
    args += ["--expires", expires] if expires else []
    done = subprocess.run(args, input=PASSWORD.encode(), capture_output=True, timeout=120)
    tap.equal(done.returncode, code, done.stderr.decode())
    return done.stderr.decode()


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def code(self):
        return self.json()["code"]


class Client:
    """one browser: keeps its cookie, sends what the page would send"""

    def __init__(self, port, name=None, password=PASSWORD):
        self.port, self.cookie = port, None
        if name:
            tap.equal(self.login(name, password).status, 200, f"login of {name}")

    def ask(self, method, path, body=None, raw=None, headers=None, query=None, csrf=True, timeout=120):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        out = {"Cookie": self.cookie} if self.cookie else {}
        if method != "GET" and csrf:
            out["X-Anju"] = "1"
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
            out["Content-Type"] = "application/json"
        out.update(headers or {})
        if query:
            path += "?" + urllib.parse.urlencode(query)
        try:
            connection.request(method, path, data, out)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        cookie = answer.headers.get("Set-Cookie")
        if cookie:
            self.cookie = cookie.split(";")[0]
        return answer

    def get(self, path, **query):
        return self.ask("GET", path, query=query)

    def post(self, path, body=None, **more):
        return self.ask("POST", path, body=body, **more)

    def login(self, name, password=PASSWORD):
        return self.post("/api/session", {"name": name, "password": password})


class Server:
    def __init__(self, county, *options):
        self.process = subprocess.Popen([tap.ANJU, "serve", county, "--listen", "127.0.0.1:0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "ANJU_WEB": ""})
        line = self.process.stdout.readline().decode()
        tap.has(line, "http://127.0.0.1:")
        self.port = int(line.split("127.0.0.1:")[1].split("/")[0])

    def client(self, name=None, password=PASSWORD):
        return Client(self.port, name, password)

    def socket(self, timeout=30):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=60)
        tap.check(not tap.complaint(err.decode("utf-8", "replace")), err.decode("utf-8", "replace")[:3000])
        tap.equal(self.process.returncode, 0, "exit status of the server")
        return out.decode()


def county(name, households=150, users=(("boss", "taskforce", None),)):
    lists, path = tap.demo(name + "-lists", households), tap.new_county(name)
    tap.anju("import", path, *tap.lists_of(lists), code=None)
    tap.anju("compare", path, code=None)
    for user in users:
        add_user(path, *user)
    return path, lists


def all_of(client, path, key, **query):
    """every page"""
    found = []
    while True:
        answer = client.get(path, offset=len(found), limit=500, **query)
        tap.equal(answer.status, 200, path)
        page = answer.json()
        found += page[key]
        if not page[key] or len(found) >= page["total"]:
            return found
