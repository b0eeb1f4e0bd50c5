"""What may differ between an answer of Debian's spamd and one of ours: times, boundaries, the order of
rules. The rest is compared byte for byte.
"""

import re

# The original does not have these, and so shows nothing of them.
OURS_ALONE = """
score TRUST_UNKNOWN 0
score TRUST_NO_STORE 0
remove_header all Trust-Tier
remove_header all Trust-Evidence
remove_header all Trust-Path
"""

ROW = rb"\t?(\* )?[ -]{0,2}\d{1,2}(\.\d)? DIFF_"
ROW_MORE = rb"\t?(\*      | {28})"

DATE = rb"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"


def sort_one_line(line):
    """Rows on one line, as `fold_headers 0` leaves them."""
    text = line.removesuffix(b"\r")
    head, *rows = re.split(rb"(?= \* +-?\d+(?:\.\d)? DIFF_)", text)
    return head + b"".join(sorted(rows)) + line[len(text) :]


def sort_rows(text):
    """The original's order of rules is arbitrary."""
    out, rows = [], []
    for line in [*text.split(b"\n"), None]:
        if line is not None and re.match(ROW, line):
            rows.append([line])
        elif line is not None and rows and re.match(ROW_MORE, line):
            rows[-1].append(line)
        else:
            out += [part for row in sorted(rows) for part in row]
            out += [] if line is None else [sort_one_line(line)]
            rows = []
    return b"\n".join(out)


def comparable(reply):
    """A reply without what varies: times, boundaries, the order of rules."""
    reply = re.sub(rb"----------=_[0-9A-F]{8}\.[0-9A-F]{8}", b"BOUNDARY", reply)
    return sort_rows(re.sub(DATE, b"DATE", reply))
