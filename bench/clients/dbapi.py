"""flightsql-dbapi: the Arrow C++ client from Python. Speaks the protocol of harness/client.ts."""

import json
import resource
import sys
import time
from urllib.parse import urlparse

from flightsql import FlightSQLClient

client = None
for line in sys.stdin:
    job = json.loads(line)
    if client is None:
        url = urlparse(job["url"])
        client = FlightSQLClient(host=url.hostname, port=url.port, insecure=True)
    table = None  # the one before is freed outside the clock
    cpu, started = time.process_time(), time.perf_counter()
    info = client.execute(job["statement"])
    table = client.do_get(info.endpoints[0].ticket).read_all()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu, "counts": {"bytes": table.nbytes}}), flush=True)
print(json.dumps({"peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}), flush=True)
