"""A Flight server on Arrow's C++ implementation, for the interop tests and the benchmarks. It answers the statements of
pyarrow_data.py as Flight SQL queries (CommandStatementQuery), as raw descriptors (path or command) and as tickets.

DoPut    ingest keeps the rows under the table's name (`discard` only counts them); an update answers its first number
         ("update 3"), or fails at once ("reject"); a path descriptor is a plain upload, answered batch by batch.
DoExchange   echo: every batch and every metadata comes back.
Actions  streams: {name: {sent, open}} of the endless streams; headers: this call's metadata; uploads: {name: {rows, bytes}}.
"""

import argparse
import base64
import json
import os
import sys
import threading

import pyarrow as pa
import pyarrow.flight as fl

from pyarrow_data import Statement
from pyarrow_wire import command, fields, update_result

USERNAME, PASSWORD, TOKEN = "flight", "password", "token-of-flight"


class Headers(fl.ServerMiddleware):
    """Keeps what a call sent, for the action `headers`, and answers a Basic header with a bearer one."""

    def __init__(self, received, answer):
        self.received, self.answer = received, answer

    def sending_headers(self):
        return self.answer


class HeadersFactory(fl.ServerMiddlewareFactory):
    def __init__(self, basic):
        self.basic = basic

    def start_call(self, info, headers):
        answer = {}
        if self.basic:
            given = headers.get("authorization", [""])[0]
            if given.startswith("Basic "):
                if base64.b64decode(given[6:]).decode() != f"{USERNAME}:{PASSWORD}":
                    raise fl.FlightUnauthenticatedError("wrong username or password")
                answer = {"authorization": f"Bearer {TOKEN}"}
            elif given != f"Bearer {TOKEN}":
                raise fl.FlightUnauthenticatedError("no valid token")
        return Headers(headers, answer)


class AnswersHandshake(fl.ServerAuthHandler):
    """Makes Handshake succeed where the headers do the work; without a handler it is unimplemented."""

    def authenticate(self, outgoing, incoming):
        pass

    def is_valid(self, token):
        return ""


class PayloadHandshake(fl.ServerAuthHandler):
    """The older way: a BasicAuth message in, a token out, which then comes as auth-token-bin with every call."""

    def authenticate(self, outgoing, incoming):
        given = fl.BasicAuth.deserialize(incoming.read())
        if (given.username, given.password) != (USERNAME.encode(), PASSWORD.encode()):
            raise fl.FlightUnauthenticatedError("wrong username or password")
        outgoing.write(TOKEN.encode())

    def is_valid(self, token):
        if token != TOKEN.encode():
            raise fl.FlightUnauthenticatedError("no valid token")
        return USERNAME.encode()


class Server(fl.FlightServerBase):
    def __init__(self, location, **options):
        super().__init__(location, **options)
        self.tables, self.streams, self.uploads = {}, {}, {}

    def _statement(self, descriptor):
        if descriptor.descriptor_type == fl.DescriptorType.PATH:
            return Statement(" ".join(part.decode() for part in descriptor.path))
        name, message = command(descriptor.command)
        if name not in (None, "CommandStatementQuery"):
            raise NotImplementedError(f"{name} is not something this server does")
        return Statement((message[1] if name else descriptor.command).decode())

    def get_flight_info(self, context, descriptor):
        statement = self._statement(descriptor)
        options = statement.options
        if options.get("fail") == "info":
            raise statement.error()
        count = int(options.get("endpoints", 1))
        locations = options["locations"].split(",") if "locations" in options else []
        tickets = (json.dumps([statement.text, number, count]).encode() for number in range(count))
        known = statement.name not in ("stored", "endless")
        return fl.FlightInfo(
            statement.schema(self.tables), descriptor, [fl.FlightEndpoint(ticket, locations) for ticket in tickets],
            statement.batches * statement.rows if known else -1, -1, ordered="ordered" in options)

    def get_schema(self, context, descriptor):
        return fl.SchemaResult(self._statement(descriptor).schema(self.tables))

    def list_flights(self, context, criteria):
        for name, table in self.tables.items():
            descriptor = fl.FlightDescriptor.for_path("stored", name)
            endpoint = fl.FlightEndpoint(f"stored {name}".encode(), [])
            yield fl.FlightInfo(table.schema, descriptor, [endpoint], table.num_rows, table.nbytes)

    def do_get(self, context, ticket):
        text, share = ticket.ticket.decode(), (0, 1)
        if text.startswith("["):
            text, *share = json.loads(text)
        return Statement(text, share).stream(self.tables, self.streams)

    def do_put(self, context, descriptor, reader, writer):
        if descriptor.descriptor_type == fl.DescriptorType.PATH:
            self._upload(b"/".join(descriptor.path).decode(), reader, writer, append=False)
            return
        name, message = command(descriptor.command)
        if name == "CommandStatementIngest":
            if_exists = fields(message.get(1, b"")).get(2)  # of its TableDefinitionOptions; 2 is APPEND
            rows = self._upload(message[2].decode(), reader, None, append=if_exists == 2)
            writer.write(update_result(rows))
        elif name == "CommandStatementUpdate":
            words = message[1].decode().split()
            if words[:1] == ["reject"]:
                raise pa.ArrowInvalid("rejected as asked")
            writer.write(update_result(int(words[1])))
        else:
            raise NotImplementedError(f"{name} is not something this server does")

    def _upload(self, name, reader, acknowledge, append):
        batches, rows, size = [], 0, 0
        for chunk in reader:
            if chunk.data is not None:
                rows += chunk.data.num_rows
                size += chunk.data.nbytes
                if name != "discard":
                    batches.append(chunk.data)
            if acknowledge is not None:
                said = chunk.app_metadata.to_pybytes().decode() if chunk.app_metadata is not None else None
                acknowledge.write(json.dumps({"rows": rows, "bytes": size, "metadata": said}).encode())
        if name != "discard":
            table = pa.Table.from_batches(batches, reader.schema)
            self.tables[name] = pa.concat_tables([self.tables[name], table]) if append and name in self.tables else table
        self.uploads[name] = {"rows": rows, "bytes": size}
        return rows

    def do_exchange(self, context, descriptor, reader, writer):
        begun = False
        for chunk in reader:
            if chunk.data is None:
                writer.write_metadata(chunk.app_metadata)
                continue
            if not begun:
                writer.begin(chunk.data.schema)
                begun = True
            if chunk.app_metadata is None:
                writer.write_batch(chunk.data)
            else:
                writer.write_with_metadata(chunk.data, chunk.app_metadata)

    def list_actions(self, context):
        return [("streams", "how many batches each endless stream has sent"), ("headers", "the metadata of this call"),
                ("uploads", "rows and bytes of each upload")]

    def do_action(self, context, action):
        answers = {"streams": lambda: self.streams, "uploads": lambda: self.uploads,
                   "headers": lambda: context.get_middleware("headers").received}
        if action.type not in answers:
            raise NotImplementedError(f"no action {action.type}")
        text = json.dumps(answers[action.type](), default=lambda value: value.decode("latin-1"))
        return [fl.Result(text.encode())]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--auth", choices=["none", "basic", "handshake"], default="none")
    parser.add_argument("--tls-cert")
    parser.add_argument("--tls-key")
    parser.add_argument("--client-ca")
    given = parser.parse_args()

    def read(path):
        with open(path, "rb") as file:
            return file.read()

    options = {"middleware": {"headers": HeadersFactory(given.auth == "basic")}}
    if given.auth != "none":
        options["auth_handler"] = AnswersHandshake() if given.auth == "basic" else PayloadHandshake()
    if given.tls_cert:
        options["tls_certificates"] = [(read(given.tls_cert), read(given.tls_key))]
    if given.client_ca:
        options.update(verify_client=True, root_certificates=read(given.client_ca))
    server = Server(f"{'grpc+tls' if given.tls_cert else 'grpc'}://127.0.0.1:{given.port}", **options)

    def stop_with_parent():  # the starter holds our stdin open for as long as it lives
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=stop_with_parent, daemon=True).start()
    print(f"listening on 127.0.0.1:{server.port}", flush=True)
    server.serve()


main()
