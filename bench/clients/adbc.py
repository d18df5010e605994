"""Queries of one row by ADBC's driver (Go), one at a time or from so many threads. Speaks the protocol of harness/client.ts."""

import concurrent.futures
import json
import resource
import sys
import threading
import time

import adbc_driver_flightsql.dbapi

AT_ONCE, QUERIES = int(sys.argv[1]), 512
local = threading.local()
pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)


def cursor_to(url):
    # ADBC's connections are for one thread at a time.
    if not hasattr(local, "cursor"):
        local.cursor = adbc_driver_flightsql.dbapi.connect(url, autocommit=True).cursor()
    return local.cursor


def ask(job):
    cursor = cursor_to(job["url"])
    started = time.perf_counter()
    cursor.execute(job["statement"])
    rows = cursor.fetch_arrow_table().num_rows
    return rows, time.perf_counter() - started


for line in sys.stdin:
    job = json.loads(line)
    list(pool.map(ask, [job] * AT_ONCE))  # connected before the clock of the first query starts
    cpu, started = time.process_time(), time.perf_counter()
    answers = list(pool.map(ask, [job] * QUERIES))
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    times = sorted(taken * 1000 for _, taken in answers)
    counts = {"bytes": sum(rows for rows, _ in answers), "p50": times[QUERIES // 2], "p99": times[QUERIES * 99 // 100]}
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu, "counts": counts}), flush=True)
print(json.dumps({"peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}), flush=True)
