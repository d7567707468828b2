#!/usr/bin/env python3
"""Makes src/enterprise-numbers.tsv from IANA's enterprise-numbers.txt (CC0): number and organisation
only, contacts and addresses dropped. Usage: enterprise-numbers.py enterprise-numbers.txt > ...tsv"""

import re
import sys

# Here the registry has run contact and address into the organisation's line: only that is left out.
REPAIRED = {
    1106: "Uni-Q", 1924: "Castleton Network Systems Corp", 1975: "Nabisco",
    2132: "Comnet Datensysteme", 2190: "ABSYSS", 2475: "Sierra Technology, Inc.",
    6833: "Scarptor Network AB",
}

lines = iter(open(sys.argv[1], encoding="utf-8").read().split("\n"))
for line in lines:
    if re.fullmatch(r"\d+\s*", line):
        # The organisation's line follows its number; tabs would break the format.
        organisation = next(lines).strip().replace("\t", " ")
        print(line.strip(), REPAIRED.get(int(line), organisation), sep="\t")
