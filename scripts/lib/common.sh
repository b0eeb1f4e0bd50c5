# shellcheck shell=bash
# common.sh - what every script here starts from. Sourced, never run.
#
# Defines $top (the source tree) and changes into it, so that every script works from
# anywhere and names files relative to the tree.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$top" || exit
export LC_ALL=C

# Exit codes of sysexits.h that the scripts use.
# shellcheck disable=SC2034  # for those who source this
readonly EX_USAGE=64 EX_UNAVAILABLE=69

# say TEXT - one line of progress, with the seconds since the script began.
say() {
	printf '[%4ds] %s\n' "$SECONDS" "$*"
}

# die TEXT [CODE] - the reason and the remedy, then the end.
die() {
	printf '%s: %s\n' "${0##*/}" "$1" >&2
	exit "${2:-1}"
}

# run_quiet LOG COMMAND... - keeps the output in LOG and shows its end only on failure.
run_quiet() {
	local log=$1
	shift
	mkdir -p "$(dirname "$log")"
	if ! "$@" >"$log" 2>&1 </dev/null; then
		tail -n 60 "$log" >&2
		printf '%s: failed: %s (all of its output: %s)\n' "${0##*/}" "$*" "$log" >&2
		return 1
	fi
}

# configure NAME [MESON-OPTION...] - makes build/NAME ready; does nothing when it is.
configure() {
	local dir=build/$1
	shift
	if [ -f "$dir/build.ninja" ]; then
		return 0
	fi
	rm -rf "$dir"
	run_quiet "build/log/setup-${dir##*/}.log" meson setup "$dir" "$@"
}

# compile NAME [TARGET...] - builds build/NAME. On a terminal ninja shows its moving line;
# elsewhere only what the compiler has to say.
compile() {
	local dir=build/$1
	shift
	run_quiet "build/log/setup-${dir##*/}.log" ninja -C "$dir" build.ninja
	if [ -t 1 ]; then
		ninja -C "$dir" "$@"
	else
		ninja -C "$dir" --quiet "$@"
	fi
}

# The build directories and their options; one function each, so that no two scripts differ.
configure_release() {
	configure release --buildtype=release -Dwerror=false
}

configure_debug() {
	configure debug --buildtype=debugoptimized "$@"
}

configure_asan() {
	configure asan --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false
}

# Stops at the first report, says where, and counts what the tests themselves leak.
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=1:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
