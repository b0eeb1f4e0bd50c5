/*
 * replay_main.c - runs a fuzz target over stored inputs, without libFuzzer.
 *
 * usage: fuzz_NAME DIRECTORY...
 *
 * Ordinary builds link every fuzz target with this main, so that `meson test` keeps past
 * findings fixed. Each input is given to the target in a block of exactly its size: under the
 * address sanitiser a read of one byte beyond is seen. An empty or unreadable corpus is a
 * failure, since a test of nothing would pass for ever.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* replay_file - one input. Returns 0, or -1 after saying what went wrong. */
static int
replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(size > 0 ? size : 1);
	int rc = -1;

	if (file == NULL || data == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		goto out;
	}
	if (fread(data, 1, size, file) != size) {
		fprintf(stderr, "%s: shorter than its size says\n", path);
		goto out;
	}
	(void)LLVMFuzzerTestOneInput(data, size);
	rc = 0;
out:
	free(data);
	if (file != NULL) {
		fclose(file);
	}
	return rc;
}

/* replay_directory - every regular file in it. Returns how many, or -1. */
static int
replay_directory(const char *directory)
{
	DIR *dir = opendir(directory);
	char path[4096];
	int count = 0;

	if (dir == NULL) {
		fprintf(stderr, "%s: %s\n", directory, strerror(errno));
		return -1;
	}
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		struct stat info;
		int len = snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (len < 0 || (size_t)len >= sizeof(path) || stat(path, &info) != 0) {
			fprintf(stderr, "%s/%s: cannot be read\n", directory, entry->d_name);
			count = -1;
			break;
		}
		if (!S_ISREG(info.st_mode)) {
			continue;
		}
		if (replay_file(path, (size_t)info.st_size) != 0) {
			count = -1;
			break;
		}
		count++;
	}
	closedir(dir);
	return count;
}

int
main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int count = replay_directory(argv[i]);
		if (count < 0) {
			return 1;
		}
		total += count;
	}
	printf("%d inputs replayed\n", total);
	if (total == 0) {
		fprintf(stderr, "%s: the corpus is empty\n", argv[0]);
		return 1;
	}
	return 0;
}
