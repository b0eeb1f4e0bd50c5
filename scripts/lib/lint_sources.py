#!/usr/bin/env python3
"""Checks that compilers do not make: banned calls, who may include whom, sizes.

usage: lint_sources.py FILE...

Prints FILE:LINE: TEXT for each finding and ends with 1 when there was one.
"""

import re
import sys

BANNED = (
    "strcpy strcat sprintf vsprintf strncpy strtok gets atoi atol sscanf rand srand localtime "
    "gmtime system popen alloca"
).split()
BANNED_CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED))
BARE_TIME = re.compile(r"(?<![\w.>])time\s*\(")
INCLUDE = re.compile(r'\s*#\s*include\s+([<"])([^>"]+)[>"]')
FILE_LINES_MAX = 500

# clang-format keeps code to its limit, but does not break comments.
WIDTH_MAX = 100
COMMENT = re.compile(r"\s*(/?\*)(?!\t)")  # what stands behind a tab is a table

PROGRAMS = ("spamd-trust", "trustctl", "gossip")

# Names that only the listed files may use: what, files, why.
CONFINED = [
    (
        re.compile(r"\b(MDB_|mdb_|<lmdb\.h>)"),
        re.compile(r"^common/store/store_lmdb\w*\.[ch]$"),
        "LMDB stays behind common/store/store.h",
    ),
    (
        re.compile(r"\bpcre2_|<pcre2\.h>"),
        re.compile(r"^common/rules/rule_(set\.c|pcre\.[ch])$"),
        "PCRE2 stays behind common/rules/rule_set.h",
    ),
    (
        re.compile(r"<event2/|\bstruct (event|evbuffer|bufferevent)\b"),
        re.compile(r"^((spamd-trust|gossip|tests)/|common/ctl/ctl_server\.[ch]$)"),
        "libevent stays in the glue of the daemons",
    ),
    (
        re.compile(r"\bjson_t\b|<jansson\.h>"),
        re.compile(r"\.c$"),
        "JSON stays inside .c files",
    ),
]


def strip(text):
    """Blanks comments and the inside of strings, keeping line numbers and include names."""

    def blank(match):
        found = match.group(0)
        if found.startswith("/"):
            return re.sub(r"[^\n]", " ", found)
        return found[0] + re.sub(r"[^\n]", " ", found[1:-1]) + found[0]

    token = r'//[^\n]*|/\*.*?\*/|(?<!include )"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(token, blank, text, flags=re.DOTALL)


def include_finding(path, name):
    """Why the root-relative include `name` is wrong in `path`, or None."""
    area = path.split("/")[0]
    other = name.split("/")[0]
    if "/" not in name and name != "product_version.h":
        return 'write includes from the root of the tree: "area/module.h"'
    if area == "common" and other in PROGRAMS:
        return "common knows no program"
    if area in PROGRAMS and other in PROGRAMS and other != area:
        return f"{area} does not include {other}"
    if area != "tests" and other == "tests":
        return "programs do not include tests"
    return None


def findings(path, text):
    """Yields (line number, text) for everything wrong in one file."""
    for number, line in enumerate(text.split("\n"), 1):
        if COMMENT.match(line) and "NOLINT" not in line and len(line.expandtabs(8)) > WIDTH_MAX:
            yield number, f"a comment of more than {WIDTH_MAX} columns"
    lines = strip(text).split("\n")
    if len(lines) - 1 > FILE_LINES_MAX and not path.startswith("tests/"):
        yield len(lines) - 1, f"more than {FILE_LINES_MAX} lines: find the module inside"
    for number, line in enumerate(lines, 1):
        call = BANNED_CALL.search(line)
        if call:
            yield number, f"{call.group(1)} is banned"
        if BARE_TIME.search(line) and path != "common/base/clock.c":
            yield number, "time() is read through common/base/clock.h"
        include = INCLUDE.match(line)
        if include and include.group(1) == '"':
            problem = include_finding(path, include.group(2))
            if problem:
                yield number, problem
        for pattern, allowed, reason in CONFINED:
            if pattern.search(line) and not allowed.search(path):
                yield number, reason


def main(paths):
    count = 0
    for path in paths:
        with open(path, encoding="utf-8") as source:
            for number, problem in findings(path, source.read()):
                print(f"{path}:{number}: {problem}")
                count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
