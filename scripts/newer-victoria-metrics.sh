#!/bin/sh
# Fetches a later VictoriaMetrics than the installed one, for the campaigns: the package of a later Debian
# release, unpacked into .cache/ and not installed. Package lists and downloads lie in .cache/apt; the
# system's own sources, lists and packages stay as they are.
# Usage: newer-victoria-metrics.sh [release]   (default: sid, which had 1.145.0 when this was written)
# Prints the path of the program. Where it cannot, it says why and ends with 1.
set -eu

release=${1:-sid}
root=$(cd "$(dirname "$0")/.." && pwd)
apt=$root/.cache/apt/$release

fail() {
  echo "newer-victoria-metrics: $1" >&2
  exit 1
}

for program in apt-get dpkg-deb; do
  command -v $program >/dev/null 2>&1 || fail "this needs Debian's $program. Elsewhere, unpack a VictoriaMetrics by hand and name it with --binary."
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r $keyring ] || fail "there is no $keyring; install debian-archive-keyring."
# The mirror that the system takes its own packages from.
mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 2>/dev/null |
  awk '$1 == "Debian" && $2 !~ /security/ { print $2; exit }')
[ -n "$mirror" ] || fail "apt knows no Debian mirror; run apt-get update first."

mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
echo "deb [signed-by=$keyring] $mirror $release main" >"$apt/sources.list"
# As whoever runs this, since the folder need not be open to the user _apt.
own_apt() {
  apt-get -q -o APT::Sandbox::User=root \
    -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
    -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" "$@"
}
log=$apt/log
own_apt update >"$log" 2>&1 || fail "the list of $release cannot be fetched; $log says why."
rm -f "$apt"/*.deb
(cd "$apt" && own_apt download victoria-metrics >>"$log" 2>&1) ||
  fail "$release has no victoria-metrics that can be fetched; $log says why."
set -- "$apt"/*.deb
[ -f "$1" ] || fail "apt fetched nothing; $log says what it did."

version=$(dpkg-deb -f "$1" Version | sed 's/[+~-].*//')
target=$root/.cache/victoria-metrics-$version
dpkg-deb --fsys-tarfile "$1" | tar -xO ./usr/bin/victoria-metrics >"$target.new"
chmod +x "$target.new"
"$target.new" --version >/dev/null 2>&1 ||
  fail "the program of $release does not run here: $("$target.new" --version 2>&1 | head -n 1)"
mv "$target.new" "$target"
rm -f "$apt"/*.deb
echo "$target"
