#!/bin/sh
# Makes sure that there is a Chromium for the browser tests: the system's own, or installed as a system package.
set -eu

for name in chromium chromium-browser google-chrome google-chrome-stable; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
[ -n "${CHROMIUM:-}" ] && exit 0
for app in "/Applications/Chromium.app" "/Applications/Google Chrome.app"; do
  [ -d "$app" ] && exit 0
done

as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo -n"
if command -v apt-get >/dev/null 2>&1; then
  echo "Installing Chromium ..." >&2
  if $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq chromium >/dev/null; then
    exit 0
  fi
elif command -v brew >/dev/null 2>&1; then
  brew install --cask --quiet chromium && exit 0
fi
echo "The browser tests need Chromium: install it (Debian, Ubuntu: apt-get install chromium), or name one in CHROMIUM." >&2
exit 1
