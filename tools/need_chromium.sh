#!/bin/sh
# Chromium for the browser tests: Debian's, by apt, where none is found (ADR: two test commands).
# BROWSER=0 does without; CI never sets it.
set -eu

if [ "${BROWSER:-}" = 0 ]; then
    echo "BROWSER=0: no Chromium is looked for, and the browser tests do not run"
    exit 0
fi
if command -v chromium >/dev/null 2>&1; then
    exit 0
fi
# With a Chinese font, or the pictures show boxes.
packages="chromium fonts-wqy-microhei"

line="apt-get update && apt-get install -y --no-install-recommends $packages"
if ! command -v apt-get >/dev/null 2>&1; then
    root="false"
elif [ "$(id -u)" = 0 ]; then
    root="env"
elif sudo -n true 2>/dev/null; then
    root="sudo -n env"
else
    root="false"
fi

if [ "$root" != false ]; then
    echo "No chromium found: installing Debian's"
    $root DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null &&
        $root DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages </dev/null >/dev/null &&
        command -v chromium >/dev/null 2>&1 && exit 0
fi
echo "The browser tests need Chromium. As root: $line" >&2
echo "Or leave them out: make BROWSER=0 test" >&2
exit 1
