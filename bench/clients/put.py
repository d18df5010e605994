"""pyarrow's do_put of what the statement's query gave. Speaks the protocol of harness/client.ts."""

import json
import resource
import sys
import time

import pyarrow.flight as fl

client = table = None
for line in sys.stdin:
    job = json.loads(line)
    if client is None:
        client = fl.FlightClient(job["url"].replace("grpc:", "grpc+tcp:"))
        table = client.do_get(fl.Ticket(job["statement"].encode())).read_all()
    cpu, started = time.process_time(), time.perf_counter()
    writer, reader = client.do_put(fl.FlightDescriptor.for_path("discard"), table.schema)
    for batch in table.to_batches():
        writer.write_batch(batch)
        # One answer a batch, as the server acknowledges each.
        reader.read()
    writer.close()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu, "counts": {"bytes": table.nbytes}}), flush=True)
print(json.dumps({"peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}), flush=True)
