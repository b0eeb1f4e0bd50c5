# shellcheck shell=bash
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

# lint_headers - every header compiles on its own; unit tests may have bodies in headers.
lint_headers() {
	local header status=0
	while IFS= read -r -d '' header; do
		gcc -std=c17 -D_GNU_SOURCE -I. -Ibuild/lint -Wall -Wextra -Wno-unused -fsyntax-only \
			-x c - <<<"#include \"$header\"" || status=1
	done < <(sources | grep -z '\.h$' | grep -zv '^tests/unit/')
	return $status
}

# lint_tidy - clang-tidy on what the lint build compiles. One file a process: the analyser of
# clang 14 mistakes every va_list for an uninitialised one from the second file on.
lint_tidy() {
	CC=clang configure lint --buildtype=debug
	compile lint build.ninja
	lint_compiled | xargs -0 -n 1 -P "$(nproc)" \
		clang-tidy -p build/lint --quiet --warnings-as-errors='*' 2>/dev/null
}

# lint_compiled - the C files of the lint build, Criterion programs apart, NUL-separated.
lint_compiled() {
	comm -z -12 <(sources | sort -z) <(
		sed -n 's|^ *"file": "../../\(.*\)",$|\1|p' build/lint/compile_commands.json |
			tr '\n' '\0' | sort -zu
	) | grep -zv '^tests/unit/'
}
