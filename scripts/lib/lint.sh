# lint.sh - the parts of `scripts/dev lint`. Sourced by scripts/dev. Each part prints what is
# wrong as FILE:LINE: TEXT and returns 1 when there was anything.

# sources - our C files and headers, NUL-separated.
sources() {
	git ls-files -z --cached --others --exclude-standard -- '*.c' '*.h'
}

lint_format() {
	sources | xargs -0 clang-format --dry-run -Werror
}

lint_sources() {
	sources | xargs -0 python3 scripts/lib/lint_sources.py
}

# lint_headers - every header compiles on its own.
lint_headers() {
	local header status=0
	while IFS= read -r -d '' header; do
		gcc -std=c17 -D_GNU_SOURCE -I. -Ibuild/lint -Wall -Wextra -Wno-unused -fsyntax-only \
			-x c - <<<"#include \"$header\"" || status=1
	done < <(sources | grep -z '\.h$')
	return $status
}

# lint_tidy - clang-tidy on what the lint build compiles, two files at a time.
lint_tidy() {
	CC=clang configure lint --buildtype=debug
	python3 -c '
import json, os, sys
for entry in json.load(open("build/lint/compile_commands.json")):
    path = os.path.relpath(os.path.join(entry["directory"], entry["file"]))
    if not path.startswith("tests/unit/"):
        sys.stdout.write(path + "\0")' |
		xargs -0 -n 4 -P "$(nproc)" clang-tidy -p build/lint --quiet --warnings-as-errors='*' 2>/dev/null
}
