#!/usr/bin/env python3
"""with_postgresql.py COMMAND...: runs COMMAND with a throw-away PostgreSQL cluster, ANJU_TEST_DB being the address of its
database `anju`, and ends with the command's exit status.

The cluster lies in a temporary folder and listens on a unix socket there and nowhere else. It runs under an account
without privileges (PostgreSQL refuses root), and ends with this process in every case: by its number when we end, by the
kernel's signal if we are killed. Nothing is synced to disk: what is tested is the program, not the disk."""
import glob, os, secrets, shutil, signal, subprocess, sys, tempfile, time

OPTIONS = {"listen_addresses": "", "unix_socket_permissions": "0777", "fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB",
           "max_connections": "60", "jit": "off", "logging_collector": "off", "lc_messages": "C"}


def stop(sentence):
    """no cluster: a status that no command's own end is taken for"""
    print(sentence, file=sys.stderr)
    sys.exit(3)


def programs():
    versions = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"), key=lambda path: int(path.split("/")[4]))
    if not versions:
        stop("没有 PostgreSQL 服务器程序：请安装软件包 postgresql。")
    return os.path.dirname(versions[-1])


def as_other(*words):
    """the command under an account that PostgreSQL accepts, ended by the kernel when we end"""
    account = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    return ["setpriv", *account, "--pdeathsig=INT", *words]


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, cwd="/")
    if done.returncode:
        stop(f"{words[0]} …: {done.stdout[-600:]}{done.stderr[-600:]}")
    return done.stdout


def begin(folder, binaries):
    """starts the server in `folder`; returns its process and the address of database `anju`"""
    data, secret, log = os.path.join(folder, "data"), os.path.join(folder, "secret"), os.path.join(folder, "log")
    password = secrets.token_hex(8)
    with open(secret, "w") as file:
        file.write(password + "\n")
    if os.getuid() == 0:
        for path in (folder, secret):
            shutil.chown(path, "postgres", "postgres")
    run(*as_other(f"{binaries}/initdb", "-D", data, "-U", "anju", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8",
                  "--locale=C", "--no-sync", "--no-instructions"))
    settings = [word for name, value in {**OPTIONS, "unix_socket_directories": folder}.items() for word in ("-c", f"{name}={value}")]
    with open(log, "w") as out:
        server = subprocess.Popen(as_other(f"{binaries}/postgres", "-D", data, *settings), stdout=out, stderr=out, cwd="/")
    address = f"postgresql://anju:{password}@/{{}}?host={folder}"
    deadline = time.monotonic() + 60
    while subprocess.run([f"{binaries}/psql", "-qXc", "create database anju", address.format("postgres")], capture_output=True, cwd="/").returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            end(server)
            stop(f"PostgreSQL 没有启动：{open(log).read()[-1500:]}")
        time.sleep(0.05)
    return server, address.format("anju")


def end(server):
    if server.poll() is None:
        server.send_signal(signal.SIGINT)  # a fast shutdown
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait()


def main():
    binaries = programs()
    folder, server = tempfile.mkdtemp(prefix="anju-pg-"), None
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(3))
    try:
        server, address = begin(folder, binaries)
        return subprocess.run(sys.argv[1:], env={**os.environ, "ANJU_TEST_DB": address}).returncode
    finally:
        if server:
            end(server)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main())
