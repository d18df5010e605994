"""A Flight server for influxdb3-client: its tickets are JSON, whose SQL is a statement of test/interop/pyarrow_data.py."""

import json
import os
import sys
import threading
from pathlib import Path

import pyarrow.flight as fl

sys.path.append(str(Path(__file__).parents[2] / "test/interop"))
from pyarrow_data import Statement  # noqa: E402


class Server(fl.FlightServerBase):
    def do_get(self, context, ticket):
        return Statement(json.loads(ticket.ticket)["sql_query"]).stream({}, {})


def stop_with_parent():  # the starter holds our stdin open for as long as it lives
    sys.stdin.read()
    os._exit(0)


server = Server("grpc://127.0.0.1:0")
threading.Thread(target=stop_with_parent, daemon=True).start()
print(f"listening on 127.0.0.1:{server.port}", flush=True)
server.serve()
