#!/bin/sh
# Installs what the demo and the tests need from the system, if it is missing:
#   victoria-metrics  the database that the data goes into
#   chromium          opens the HTML report in the tests
#   redis-server      the job queue of many machines in the tests, which start one of their own
#   ffmpeg            makes the clips of the tests, and decodes where node-av is not installed
#   python3-aiortc    watches and publishes over WebRTC in the tests
#   python3-opencv    watches MJPEG in the tests
#   gir1.2-gst-rtsp-server-1.0 and plugins of GStreamer: cameras that speak RTSP, in the tests
#   coturn            carries WebRTC between those who cannot reach each other, in the tests
# Usage: setup.sh [package...]   (default: all)
# MILLRACE_SETUP=never forbids it. Where it may not or cannot install, it says what to type and goes on:
# the demo then writes the report alone, and the tests that need a program are skipped by name.
set -eu

[ $# -gt 0 ] || set -- victoria-metrics chromium redis-server ffmpeg \
  python3-aiortc python3-opencv coturn \
  python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad

missing=""
for package in "$@"; do
  # A library of Python has no command of its own.
  command -v "$package" >/dev/null 2>&1 ||
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
    missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "${MILLRACE_SETUP:-}" = "never" ]; then
  echo "setup: not installed:$missing (MILLRACE_SETUP=never)"
elif [ -r /etc/debian_version ] && [ "$(id -u)" = 0 ]; then
  echo "setup: installing from Debian:$missing (MILLRACE_SETUP=never forbids it)"
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  # Some packages bring a service, which is to run for a test and not from now on.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  # shellcheck disable=SC2086 # one word a package
  if apt-get update >"$log" 2>&1 && apt-get install -y --no-install-recommends $missing >>"$log" 2>&1; then
    rm -f "$log"
    for service in coturn redis-server victoria-metrics; do
      case "$missing " in *" $service "*) systemctl disable "$service" >/dev/null 2>&1 || true ;; esac
    done
  else
    tail -n 5 "$log"
    echo "setup: that failed; the whole output is in $log. Going on without$missing."
  fi
else
  echo "setup: not installed:$missing. On Debian or Ubuntu, type: sudo apt-get install$missing"
fi
