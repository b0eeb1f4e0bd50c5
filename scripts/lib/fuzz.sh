# shellcheck shell=bash
# fuzz.sh - libFuzzer on the targets of tests/fuzz. Sourced by scripts/dev.

# cmd_fuzz [TARGET] [SECONDS] - one target, or each in turn. New inputs stay in
# build/fuzz/corpus/TARGET; a crash is written to build/fuzz/crash and named at the end.
cmd_fuzz() {
	local targets=()
	if [[ ${1:-} == [!0-9]* ]]; then
		targets=("${1#fuzz_}")
		shift
	else
		mapfile -t targets < <(fuzz_targets)
	fi
	local seconds=${1:-60}
	CC=clang configure fuzz --buildtype=debugoptimized -Dfuzz=true \
		-Db_sanitize=address,undefined -Db_lundef=false
	local target
	for target in "${targets[@]}"; do
		fuzz_one "$target" "$seconds"
	done
}

# fuzz_targets - the names after fuzz_, one a line.
fuzz_targets() {
	local file
	for file in tests/fuzz/fuzz_*.c; do
		file=${file##*/fuzz_}
		printf '%s\n' "${file%.c}"
	done
}

# fuzz_one TARGET SECONDS
fuzz_one() {
	local target=$1 found=build/fuzz/corpus/$1 crash=build/fuzz/crash options=()
	if [ ! -e "tests/fuzz/fuzz_$target.c" ]; then
		die "no fuzz target '$target'; there are: $(fuzz_targets | tr '\n' ' ')" "$EX_USAGE"
	fi
	compile fuzz "tests/fuzz_$target"
	mkdir -p "$found" "$crash"
	if [ -e "tests/fuzz/$target.dict" ]; then
		options+=("-dict=tests/fuzz/$target.dict")
	fi
	say "fuzzing $target for $2 seconds"
	"build/fuzz/tests/fuzz_$target" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="$crash/$target-" -print_final_stats=1 "${options[@]}" \
		"$found" "tests/fuzz/corpus/$target" ||
		die "fuzz_$target: the input is in $crash; add it to tests/fuzz/corpus/$target with a unit test"
}
