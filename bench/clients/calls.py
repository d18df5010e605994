"""Queries of one row by flightsql-dbapi, one at a time or from so many threads. Speaks the protocol of harness/client.ts."""

import concurrent.futures
import json
import resource
import sys
import time
from urllib.parse import urlparse

from flightsql import FlightSQLClient

AT_ONCE, QUERIES = int(sys.argv[1]), 512
client = None
pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)


def ask(statement):
    started = time.perf_counter()
    info = client.execute(statement)
    rows = client.do_get(info.endpoints[0].ticket).read_all().num_rows
    return rows, time.perf_counter() - started


for line in sys.stdin:
    job = json.loads(line)
    if client is None:
        url = urlparse(job["url"])
        client = FlightSQLClient(host=url.hostname, port=url.port, insecure=True)
    ask(job["statement"])
    cpu, started = time.process_time(), time.perf_counter()
    answers = list(pool.map(ask, [job["statement"]] * QUERIES))
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    times = sorted(taken * 1000 for _, taken in answers)
    counts = {"bytes": sum(rows for rows, _ in answers), "p50": times[QUERIES // 2], "p99": times[QUERIES * 99 // 100]}
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu, "counts": counts}), flush=True)
print(json.dumps({"peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}), flush=True)
