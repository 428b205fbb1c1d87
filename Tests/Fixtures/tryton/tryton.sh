#!/bin/bash
# A real Tryton for the tests, on loopback.
#
#   tryton.sh prepare              installs it and makes the database that every test copies (once, in a cache folder)
#   tryton.sh serve FOLDER PORT    serves FOLDER/erp.sqlite on 127.0.0.1:PORT until it is ended (a copy is made if
#                                  there is none); it takes the place of this script, so the pid is the server's
#
# Needs Python 3.9 with venv, and PyPI for the first time. Nothing outside the cache folder and FOLDER is touched.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/millwright-tests/tryton-8.0
export LC_ALL=C.UTF-8

# In FOLDER, a configuration for the database there.
configure() {
  printf '[database]\nuri = sqlite://\npath = %s\n[web]\nlisten = 127.0.0.1:%s\n' "$1" "$2" >"$1/trytond.conf"
}

install() {
  python3 -m venv "$cache/venv"
  "$cache/venv/bin/pip" install --quiet --no-input --disable-pip-version-check -r "$here/requirements.txt"
}

# A seeded database and what the tests must know of it. It takes its name when it is whole.
seed() {
  local new=$cache/new
  rm -rf "$new" "$cache/template"
  mkdir -p "$new"
  configure "$new" 8000
  head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$new/password"
  touch "$new/erp.sqlite" # SQLite databases are listed by their files
  TRYTONPASSFILE=$new/password "$cache/venv/bin/trytond-admin" -c "$new/trytond.conf" -d erp \
    -u production_work --activate-dependencies --email admin@example.invalid
  "$cache/venv/bin/python" "$here/seed.py" "$new"
  rm "$new/password"
  mv "$new" "$cache/template"
}

prepare() {
  mkdir -p "$cache"
  chmod 700 "$cache" # the template holds application keys, if only of a Tryton on loopback
  exec 9>"$cache/lock"
  flock 9 # two test runs may begin together
  local want
  want=$(cat "$here/requirements.txt" "$here/seed.py" "$here/tryton.sh" | sha256sum)
  if [ "$(cat "$cache/made-from" 2>/dev/null)" != "$want" ]; then
    rm -f "$cache/made-from"
    install
    seed >"$cache/seed.log" 2>&1 || { tail -n 20 "$cache/seed.log" >&2; exit 1; }
    printf '%s\n' "$want" >"$cache/made-from"
  fi
  flock -u 9
}

case ${1:-} in
prepare)
  prepare
  echo "$cache/template"
  ;;
serve)
  folder=$2
  mkdir -p "$folder"
  if [ ! -s "$folder/erp.sqlite" ]; then
    prepare
    cp "$cache/template/erp.sqlite" "$cache/template/seed.json" "$folder/"
  fi
  configure "$folder" "$3"
  # Without -d the first request finds no models.
  exec "$cache/venv/bin/trytond" -c "$folder/trytond.conf" -d erp
  ;;
*)
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2
  exit 2
  ;;
esac
