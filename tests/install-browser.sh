#!/bin/sh
# Makes sure that there is a Chromium for the browser tests; silent when there is one.
set -eu

found() {
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && return 0
  done
  return 1
}

found && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq chromium >/dev/null && found && exit 0
fi

echo "The browser tests need Chromium, on the PATH as chromium or google-chrome: install it (Debian, Ubuntu: sudo apt-get install chromium; Fedora: sudo dnf install chromium; macOS: brew install --cask chromium), then run make test again." >&2
exit 1
