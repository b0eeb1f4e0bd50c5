#!/usr/bin/env bash
# negentropy.sh - reconciliation against the JavaScript reference of Negentropy V1.
#
# The npm package `@welshman/net` carries the reference as one file, both roles. It is installed into
# the build directory; what it depends on for other purposes is not. Skipped, with the reason, where
# node or npm is missing or the package cannot be had.
set -euo pipefail

here=$(cd "$(dirname "$0")/negentropy" && pwd)
dir=${BUILD_DIR:?names the build directory}/negentropy
readonly SKIPPED=77

skip() {
	echo "skipped: $*"
	exit "$SKIPPED"
}

command -v node >/dev/null || skip "node is not installed"
command -v npm >/dev/null || skip "npm is not installed"
mkdir -p "$dir"
cp "$here/package.json" "$here/interop.mjs" "$here/harness.mjs" "$dir/"
if [ ! -f "$dir/node_modules/@welshman/net/package.json" ]; then
	npm install --prefix "$dir" --ignore-scripts --legacy-peer-deps --no-audit --no-fund \
		--loglevel=error || skip "npm cannot install @welshman/net (no network?)"
fi
exec node "$dir/interop.mjs" "$BUILD_DIR/tests/negentropy-harness"
