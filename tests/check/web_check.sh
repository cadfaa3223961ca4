#!/usr/bin/env bash
# The page: its types, its lock file, who may import whom, and that the API client is the one the program generates.
cd "$(dirname "$0")/../.."
. tools/install.sh
. tools/web.sh
web_packages "$PWD" || { echo "not ok 1 - the page's packages can be installed"; exit 0; }

say() { [ -z "$2" ] && echo "ok $1" || { echo "$2" | head -20 | sed 's/^/# /'; echo "not ok $1"; }; }
say "1 - the page's types are right" "$(cd web && "$NODE" node_modules/vue-tsc/bin/vue-tsc.js --noEmit 2>&1)"
say "2 - package-lock.json names no registry" "$(grep -nE '"resolved"|https?://[^"]*registry' web/package-lock.json)"
say "3 - every version in package.json is exact" "$(grep -nE '": "[\^~>*]' web/package.json | grep -v '"node"')"
say "4 - core imports no shell and no kit, and the shells do not import each other" "$(
  grep -nE "from '(element-plus|vant|echarts)|from '\.\./(o|m)/" web/src/core/*.ts
  grep -rnE "from '[./]*/m/" web/src/o 2>/dev/null
  grep -rnE "from '[./]*/o/" web/src/m 2>/dev/null
)"
say "5 - no page asks for anything from elsewhere" "$(grep -rnoE "https?://[a-z0-9.-]+" web/src web/index.html web/public | grep -vE 'http://www\.w3\.org$|127\.0\.0\.1')"
[ -x build-test/anju ] && say "6 - the API client is what anju generates" "$(build-test/anju openapi --typescript 2>&1 | diff - web/src/core/client.ts | head -10)"
