"""The floor of `couchcal agenda --json`: bare Python and sqlite3, the same statement, the rows as JSON."""

import json
import sys
from datetime import UTC, datetime

path, key, statement, arguments = sys.argv[1:5]
if key:
    from sqlcipher3 import dbapi2 as sqlite3
else:
    import sqlite3
connection = sqlite3.connect(path)
if key:
    connection.execute(f"PRAGMA key=\"x'{key}'\"")
with open(statement) as handle:
    rows = connection.execute(handle.read(), json.loads(arguments)).fetchall()
found = []
for row in rows:
    start, end = (datetime.fromtimestamp(seconds, UTC).isoformat() for seconds in row[3:5])
    found.append({"id": row[1], "kind": row[2], "start": start, "end": end, "title": row[8], "rest": row[9:]})
sys.stdout.write(json.dumps(found))
