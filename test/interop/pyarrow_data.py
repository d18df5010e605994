"""What the pyarrow server can be asked for. A statement is words: a name, sometimes BATCHESxROWS, then key=value options.

    numeric 100x65536             id int64 = the row's number k; x float64 = k / 2; y float64 = -k; n int32 = k & 1023
    mixed 100x65536               id int64; x float64, null where k % 8 = 7; at timestamp[us] = 2024-01-01 + k s;
                                  name utf8 = "row k", null where k % 16 = 15; kind dictionary, 12 values; flag bool = k odd
    message mb=256                one numeric batch of that many megabytes
    dictionary 4x10 how=replace   kind: a new dictionary for each batch, its values "b/v" for batch b
    dictionary 4x10 how=delta     the same values, each batch's added to one growing dictionary
    endless rows=100 name=a       numeric batches without end; the action `streams` tells how many were sent
    stored NAME                   what a DoPut left there

    codec=lz4|zstd                bodies compressed
    cycle=N                       the batches repeat after N, so that a long stream needs little memory
    endpoints=E ordered=1         E endpoints, each with its share of the batches; where: locations=uri,uri
    delay=MS                      that long before each batch
    appmeta=1                     app_metadata "batch i" beside each batch (not with dictionaries)
    fail=K                        an error after K batches of the endpoint, or fail=info in GetFlightInfo:
                                  code=internal|unavailable|cancelled|timeout|unauthenticated|unauthorized|invalid|missing|unimplemented,
                                  extra=BYTES, text=WORDS_JOINED_BY_UNDERSCORES
"""

import functools
import time

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.flight as fl

NUMERIC = pa.schema([("id", pa.int64()), ("x", pa.float64()), ("y", pa.float64()), ("n", pa.int32())])
KINDS = pa.array(["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"])
KIND = pa.dictionary(pa.int32(), pa.utf8())
MIXED = pa.schema([("id", pa.int64()), ("x", pa.float64()), ("at", pa.timestamp("us")), ("name", pa.utf8()),
                   ("kind", KIND), ("flag", pa.bool_())])
DICTIONARY = pa.schema([("id", pa.int64()), ("kind", KIND)])
EPOCH_2024_US = 1704067200 * 1_000_000


@functools.lru_cache(maxsize=4)
def _range(rows):
    return pa.array(range(rows), pa.int64())


def numeric_batch(first, rows):
    k = pc.add(_range(rows), first)
    as_float = pc.cast(k, pa.float64())
    return pa.record_batch([k, pc.divide(as_float, 2.0), pc.negate(as_float),
                            pc.cast(pc.bit_wise_and(k, 1023), pa.int32())], schema=NUMERIC)


def mixed_batch(first, rows):
    k = pc.add(_range(rows), first)
    none = lambda mask, kind: pc.if_else(pc.equal(pc.bit_wise_and(k, mask), mask), pa.scalar(None, kind), True)
    x = pc.if_else(none(7, pa.bool_()), pc.divide(pc.cast(k, pa.float64()), 2.0), pa.scalar(None, pa.float64()))
    name = pc.binary_join_element_wise("row", pc.cast(k, pa.utf8()), " ")
    name = pc.if_else(none(15, pa.bool_()), name, pa.scalar(None, pa.utf8()))
    at = pc.cast(pc.add(pc.multiply(k, 1_000_000), EPOCH_2024_US), pa.timestamp("us"))
    twelfth = pc.subtract(k, pc.multiply(pc.divide(k, 12), 12))
    kind = pa.DictionaryArray.from_arrays(pc.cast(twelfth, pa.int32()), KINDS)
    return pa.record_batch([k, x, at, name, kind, pc.equal(pc.bit_wise_and(k, 1), 1)], schema=MIXED)


def dictionary_batch(index, rows, how):
    indices = [i % 3 for i in range(rows)]
    if how == "delta":
        values = [f"{b}/{v}" for b in range(index + 1) for v in range(3)]
        indices = [i + 3 * index for i in indices]
    else:
        values = [f"{index}/{v}" for v in range(3)]
    kind = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(values))
    return pa.record_batch([pc.add(_range(rows), index * rows), kind], schema=DICTIONARY)


SCHEMAS = {"numeric": NUMERIC, "message": NUMERIC, "endless": NUMERIC, "mixed": MIXED, "dictionary": DICTIONARY}


class Statement:
    """One parsed statement; `share` is the (number, of how many) of the endpoint whose batches are wanted."""

    def __init__(self, text, share=(0, 1)):
        self.text, self.share = text, share
        words = text.split()
        self.name = words[0] if words else ""
        self.options = dict(word.split("=", 1) for word in words[1:] if "=" in word)
        self.words = [word for word in words[1:] if "=" not in word]
        self.batches, self.rows = 1, int(self.options.get("rows", 100))
        if self.name == "message":
            self.rows = int(self.options["mb"]) * 1_000_000 // 28
        elif self.name in ("numeric", "mixed", "dictionary"):
            if len(self.words) != 1:
                raise pa.ArrowInvalid(f'"{text}" does not say BATCHESxROWS')
            self.batches, self.rows = (int(part) for part in self.words[0].split("x"))
        elif self.name not in ("stored", "endless"):
            raise pa.ArrowInvalid(f'no such data: "{text}"')

    def schema(self, stored):
        return self.stored(stored).schema if self.name == "stored" else SCHEMAS[self.name]

    def stored(self, tables):
        name = self.words[0] if self.words else ""
        if name not in tables:
            raise KeyError(f"nothing was stored as {name}")
        return tables[name]

    def indices(self):
        """Numbers of this endpoint's batches: a consecutive share of them all."""
        number, of = self.share
        return range(self.batches * number // of, self.batches * (number + 1) // of)

    def batch(self, index):
        index %= int(self.options.get("cycle", self.batches))
        if self.name == "dictionary":
            return dictionary_batch(index, self.rows, self.options.get("how", "replace"))
        return _batch(self.name == "mixed", index * self.rows, self.rows)

    def error(self):
        """The exception that the options describe."""
        code, extra = self.options.get("code", "internal"), self.options.get("extra", "").encode()
        text = self.options.get("text", "failed_as_asked").replace("_", " ")
        plain = {"invalid": pa.ArrowInvalid, "missing": KeyError, "unimplemented": NotImplementedError}
        if code in plain:
            return plain[code](text)
        kinds = {"internal": fl.FlightInternalError, "unavailable": fl.FlightUnavailableError,
                 "cancelled": fl.FlightCancelledError, "timeout": fl.FlightTimedOutError,
                 "unauthenticated": fl.FlightUnauthenticatedError, "unauthorized": fl.FlightUnauthorizedError}
        return kinds[code](text, extra)

    def stream(self, stored, streams):
        """The FlightDataStream: all in C++ where it can be, a Python generator where the options need one."""
        write = pa.ipc.IpcWriteOptions(compression=self.options.get("codec"),
                                       emit_dictionary_deltas=self.options.get("how") == "delta")
        if self.name == "stored":
            return fl.RecordBatchStream(self.stored(stored), options=write)
        if self.name == "endless":
            return fl.GeneratorStream(NUMERIC, self._endless(streams), options=write)
        schema = SCHEMAS[self.name]
        if not {"delay", "appmeta", "fail"} & self.options.keys():
            # Made beforehand, so that the first byte leaves when the last batch exists: a benchmark times the wire alone.
            batches = [self.batch(index) for index in self.indices()]
            return fl.RecordBatchStream(pa.Table.from_batches(batches, schema), options=write)
        return fl.GeneratorStream(schema, self._generate(schema, write), options=write)

    def _pause(self):
        time.sleep(int(self.options.get("delay", 0)) / 1000)

    def _generate(self, schema, write):
        fail = self.options.get("fail")
        for sent, index in enumerate(self.indices()):
            if str(sent) == fail:
                raise self.error()
            self._pause()
            batch = self.batch(index)
            if "appmeta" in self.options:
                yield batch, f"batch {index}".encode()
            elif schema is NUMERIC:
                yield batch
            else:  # a bare batch would go out without its dictionaries
                yield fl.RecordBatchStream(pa.Table.from_batches([batch]), options=write)
        if str(len(self.indices())) == fail:
            raise self.error()

    def _endless(self, streams):
        state = streams[self.options.get("name", "")] = {"sent": 0, "open": True}
        try:
            while True:
                self._pause()
                state["sent"] += 1
                yield numeric_batch((state["sent"] - 1) * self.rows, self.rows)
        finally:
            state["open"] = False


@functools.lru_cache(maxsize=512)
def _batch(mixed, first, rows):
    return mixed_batch(first, rows) if mixed else numeric_batch(first, rows)
