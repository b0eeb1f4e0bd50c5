#!/usr/bin/env bash
# jose.sh - statements against an independent JOSE implementation, the npm package `jose`.
#
# Ours are verified by it, and what it signs is accepted by us (jose/interop.mjs). The package
# is installed into the build directory. Skipped, with the reason, where node or npm is
# missing or the package cannot be had.
set -euo pipefail

here=$(cd "$(dirname "$0")/jose" && pwd)
dir=${BUILD_DIR:?names the build directory}/jose
readonly SKIPPED=77

skip() {
	echo "skipped: $*"
	exit "$SKIPPED"
}

command -v node >/dev/null || skip "node is not installed"
command -v npm >/dev/null || skip "npm is not installed"
mkdir -p "$dir"
cp "$here/package.json" "$here/interop.mjs" "$dir/"
if [ ! -f "$dir/node_modules/jose/package.json" ]; then
	npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund --loglevel=error ||
		skip "npm cannot install jose (no network?)"
fi
exec node "$dir/interop.mjs" "$BUILD_DIR/tests/statement-tool"
