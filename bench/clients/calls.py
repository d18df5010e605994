"""Queries of one row by another client, so many at once, each from a thread of its own: calls.py CLIENT AT_ONCE.

Clients: "dbapi", flightsql-dbapi over Arrow's C++; "adbc", ADBC's driver in Go. Speaks the protocol of harness/client.ts.
"""

import concurrent.futures
import json
import resource
import sys
import threading
import time
from urllib.parse import urlparse

CLIENT, AT_ONCE, QUERIES = sys.argv[1], int(sys.argv[2]), 512
pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
local = threading.local()
shared = None


def by_dbapi(url, statement):
    global shared
    if shared is None:
        from flightsql import FlightSQLClient

        shared = FlightSQLClient(host=urlparse(url).hostname, port=urlparse(url).port, insecure=True)
    info = shared.execute(statement)
    return shared.do_get(info.endpoints[0].ticket).read_all().num_rows


def by_adbc(url, statement):
    # ADBC's connections are for one thread at a time.
    if not hasattr(local, "cursor"):
        import adbc_driver_flightsql.dbapi

        local.cursor = adbc_driver_flightsql.dbapi.connect(url, autocommit=True).cursor()
    local.cursor.execute(statement)
    return local.cursor.fetch_arrow_table().num_rows


query = {"dbapi": by_dbapi, "adbc": by_adbc}[CLIENT]


def ask(job):
    started = time.perf_counter()
    rows = query(job["url"], job["statement"])
    return rows, time.perf_counter() - started


for line in sys.stdin:
    job = json.loads(line)
    ask(job)  # makes what all threads share
    list(pool.map(ask, [job] * AT_ONCE))  # connected before the clock of the first query starts
    cpu, started = time.process_time(), time.perf_counter()
    answers = list(pool.map(ask, [job] * QUERIES))
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    times = sorted(taken * 1000 for _, taken in answers)
    counts = {"bytes": sum(rows for rows, _ in answers), "p50": times[QUERIES // 2], "p99": times[QUERIES * 99 // 100]}
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu, "counts": counts}), flush=True)
print(json.dumps({"peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}), flush=True)
