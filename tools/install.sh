# Sourced by ./run and ./test. install_missing PACKAGE...: apt-get only what is not there, quietly.
install_missing() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  echo "安装：${missing[*]}" >&2
  local log
  log=$(mktemp)
  if ! { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "安装失败，请检查软件源和网络后重试。" >&2
    return 1
  fi
  rm -f "$log"
}
BUILD_PACKAGES=(gcc libc6-dev meson ninja-build pkg-config python3 libzip-dev libexpat1-dev libxlsxwriter-dev
  libsodium-dev libssl-dev libsqlite3-dev libpq-dev libseccomp-dev libmicrohttpd-dev unicode-data)
TEST_PACKAGES=(python3-openpyxl python3-xlrd clang-format postgresql chromium fonts-noto-cjk)
