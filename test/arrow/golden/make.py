"""Writes streams.ts: Arrow streams made by pyarrow, and the JavaScript values that reading them has to give.

    python make.py > streams.ts        needs pyarrow 26

Each line is a JSON object:
    name     type/variant
    type     the Arrow type of column "c", as pyarrow prints it
    stream   an Arrow IPC stream in base64; column "c" is the subject, "n" counts the rows behind it, so that a reader
             that takes one buffer too many or too few for "c" is found out
    batches  of each record batch the values of "c" by default
    options  the same under options of the reader: [[options, batches], ...]

Values are JSON, and what JSON has no form for is {"$": kind, "v": text or parts}. They follow from pyarrow's scalars and
Python's own arithmetic; nothing of this package takes part.
"""

import base64
import datetime
import decimal
import json
import math
import struct

import pyarrow as pa

decimal.getcontext().prec = 100
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
EPOCH = datetime.date(1970, 1, 1)


def bigint(n):
    return {"$": "bigint", "v": str(n)}


def number(x):
    if math.isnan(x) or math.isinf(x) or (x == 0 and math.copysign(1, x) < 0):
        return {"$": "number", "v": "NaN" if math.isnan(x) else "-0" if x == 0 else "Infinity" if x > 0 else "-Infinity"}
    return x


def integer64(n, options):
    form = options.get("int64", "bigint")
    return bigint(n) if form == "bigint" else n if form == "number" else str(n)


def clock(count, unit):
    seconds, fraction = divmod(count, PER_SECOND[unit])
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return text + (f".{fraction:0{DIGITS[unit]}}" if DIGITS[unit] else "")


def timestamp(count, kind, options):
    form = options.get("timestamp", "date")
    if form == "bigint":
        return bigint(count)
    if form == "date":
        return {"$": "date", "v": count * 1000 // PER_SECOND[kind.unit]}
    days, rest = divmod(count, 86400 * PER_SECOND[kind.unit])
    return f"{(EPOCH + datetime.timedelta(days=days)).isoformat()}T{clock(rest, kind.unit)}" + ("Z" if kind.tz else "")


def js(scalar, options):
    t = scalar.type
    if isinstance(t, pa.BaseExtensionType):
        return js(scalar.value, options) if scalar.is_valid else None
    if pa.types.is_dictionary(t):
        return js(scalar.dictionary[scalar.index.as_py()], options) if scalar.index.is_valid else None
    if pa.types.is_union(t) or pa.types.is_run_end_encoded(t):
        return js(scalar.value, options) if scalar.value is not None else None
    if not scalar.is_valid:
        return None
    if pa.types.is_boolean(t):
        return scalar.as_py()
    if pa.types.is_integer(t):
        return integer64(scalar.as_py(), options) if t.bit_width == 64 else scalar.as_py()
    if pa.types.is_floating(t):
        return number(float(scalar.as_py()))
    if pa.types.is_decimal(t):
        text = format(scalar.as_py(), "f")
        return float(text) if options.get("decimal") == "number" else text
    if pa.types.is_date(t):
        days = scalar.value if pa.types.is_date32(t) else scalar.value // 86400000
        return {"$": "date", "v": days * 86400000}
    if pa.types.is_time(t):
        return clock(scalar.value, t.unit)
    if pa.types.is_timestamp(t):
        return timestamp(scalar.value, t, options)
    if pa.types.is_duration(t):
        return bigint(scalar.value)
    if pa.types.is_interval(t):
        months, days, nanoseconds = scalar.as_py()
        return {"$": "interval", "v": [months, days, str(nanoseconds)]}
    if pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_string_view(t):
        return scalar.as_py()
    if pa.types.is_binary(t) or pa.types.is_large_binary(t) or pa.types.is_binary_view(t) or pa.types.is_fixed_size_binary(t):
        return {"$": "bytes", "v": list(scalar.as_py())}
    if pa.types.is_map(t):
        return {"$": "map", "v": [[js(entry[0], options), js(entry[1], options)] for entry in scalar.values]}
    if pa.types.is_struct(t):
        # Fields are numbered: names repeat. Repeated ones are called a, a_2, ... by the reader.
        return {"$": "object", "v": [[n, js(scalar[i], options)] for i, n in enumerate(distinct([f.name for f in t]))]}
    if hasattr(scalar, "values"):
        return [js(item, options) for item in scalar.values]
    raise TypeError(f"no form for {t}")


def distinct(names):
    out = []
    for name in names:
        candidate, k = name, 1
        while candidate in out or (k > 1 and candidate in names):
            k += 1
            candidate = f"{name}_{k}"
        out.append(candidate)
    return out


def values_of(batches, options):
    return [[js(value, options) for value in batch.column(0)] for batch in batches]


def options_for(t):
    """The options that change something for a type, wherever in it."""
    text = str(t)
    out = []
    if "int64" in text:
        out += [{"int64": "string"}, {"int64": "number"}]
    if "decimal" in text:
        out += [{"decimal": "number"}]
    if "timestamp" in text:
        out += [{"timestamp": "bigint"}, {"timestamp": "string"}]
    return out


def fits(batches_values):
    """Whether every number is one that a double holds exactly, as int64: "number" demands."""
    def check(v):
        if isinstance(v, list):
            return all(map(check, v))
        if isinstance(v, dict):
            return check(v["v"]) if isinstance(v["v"], list) else True
        return not isinstance(v, int) or abs(v) < 2**53
    return check(batches_values)


def ipc(schema, batches, write=None, **options):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        for i, batch in enumerate(batches):
            (write or (lambda w, b, i: w.write_batch(b)))(writer, batch, i)
    return sink.getvalue().to_pybytes()


def write(line):
    """One line, free of what would end or fill the template literal around it."""
    print(json.dumps(line, ensure_ascii=False).replace("`", "\\u0060").replace("${", "\\u0024{"))


def emit(name, field, stream, batches, **more):
    write({
        "name": name,
        "type": str(field.type),
        "stream": base64.b64encode(stream).decode(),
        "batches": values_of(batches, {}),
        "options": [[o, v] for o in options_for(field.type) for v in [values_of(batches, o)] if fits(v)],
        **more,
    })


def batch_of(array, field=None):
    counts = pa.array(range(len(array)), pa.int32())
    return pa.record_batch([array, counts], schema=pa.schema([field or pa.field("c", array.type), pa.field("n", pa.int32())]))


def family(name, array, nested=True, patch=lambda stream: stream, values=None):
    """The streams of one type: with nulls (the array has them), sliced, empty, and inside of lists and structs."""
    whole = batch_of(array)
    field = whole.schema.field(0)
    for variant, batches in (("nulls", [whole]), ("slices", [whole.slice(1, 4), whole.slice(3)]), ("empty", [whole.slice(0, 0), whole.slice(2, 0)])):
        emit(f"{name}/{variant}", field, patch(ipc(whole.schema, batches)), batches)
    if nested:
        n = len(array)
        offsets = pa.array([0, 2, 2, 3, n], pa.int32())
        lists = pa.ListArray.from_arrays(offsets, array, mask=pa.array([False, False, True, False]))
        structs = pa.StructArray.from_arrays([lists, pa.array([1, 2, None, 4], pa.int8())], names=["items", "k"], mask=pa.array([False, True, False, False]))
        batch = batch_of(structs)
        emit(f"{name}/nested", batch.schema.field(0), ipc(batch.schema, [batch, batch.slice(1)]), [batch, batch.slice(1)])


def main():
    print("// Written by make.py; one JSON object a line.")
    print("export const lines: string = String.raw`")

    family("null", pa.nulls(9))
    family("bool", pa.array([True, None, False, True, True, False, None, True, False, True, True]))
    for bits in (8, 16, 32, 64):
        top = 2 ** (bits - 1)
        family(f"int{bits}", pa.array([0, 1, None, -1, top - 1, -top, 42, None, -7], getattr(pa, f"int{bits}")()))
        family(f"uint{bits}", pa.array([0, 1, None, 2 * top - 1, top, 42, None, 7, 8], getattr(pa, f"uint{bits}")()))
    # Within what a double counts exactly, for int64: "number".
    family("int64-safe", pa.array([0, None, -1, 2**53 - 1, -(2**53) + 1, 2**32, -(2**32) - 1], pa.int64()))
    halves = [0.5, None, -0.0, 65504.0, float("inf"), float("nan"), 2.0**-24, -2.0**-14, 1.0009765625]
    family("float16", pa.array(halves, pa.float16()))
    family("float32", pa.array([1.5, None, -0.0, 3.4028234663852886e38, float("-inf"), float("nan"), 1e-45, 0.10000000149011612], pa.float32()))
    family("float64", pa.array([0.1, None, -0.0, 1.7976931348623157e308, float("-inf"), float("nan"), 5e-324, 2.0**53], pa.float64()))

    def decimals(t, *texts):
        return pa.array([None if x is None else decimal.Decimal(x) for x in texts], t)

    family("decimal32", decimals(pa.decimal32(9, 2), "0.00", "-0.01", None, "9999999.99", "-9999999.99", "12.30"))
    family("decimal64", decimals(pa.decimal64(18, 4), "0.0000", "-0.0001", None, "99999999999999.9999", "-99999999999999.9999", "1.5000", "-429496.7296", "214748.3648"))
    family("decimal128", decimals(pa.decimal128(38, 10), "0.0000000000", "-0.0000000001", None, "9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999", "1844674407.3709551616", "-922337203.6854775808"))
    family("decimal128-integer", decimals(pa.decimal128(5, 0), "0", "-1", None, "99999", "-99999"))
    family("decimal128-negative-scale", decimals(pa.decimal128(10, -2), "0", "-1200", None, "999999999900", "100"))
    family("decimal256", decimals(pa.decimal256(76, 20), "0." + "0" * 20, "-0.00000000000000000001", None, "9" * 56 + "." + "9" * 20, "-" + "9" * 56 + "." + "9" * 20, "1." + "0" * 20, "-1.00000000000000000001", "3402823669209384634.63374607431768211456"))

    texts = ["", "a", None, "twelve bytes", "thirteen byte", "grüße 🦆 ẞ", "\ufeffbom", "much longer than an inline view can hold", "\\back`tick${}"]
    for name, t in (("utf8", pa.utf8()), ("large_utf8", pa.large_utf8()), ("utf8_view", pa.string_view())):
        family(name, pa.array(texts, t))
        family(f"{name}-ascii", pa.array(["x", None, "", "yy", "zzz", "a text of more than twelve bytes"], t))
    blobs = [b"", b"\x00", None, b"\xff\xfe\x80", bytes(range(12)), bytes(range(40)), b"\xc3\x28"]
    for name, t in (("binary", pa.binary()), ("large_binary", pa.large_binary()), ("binary_view", pa.binary_view())):
        family(name, pa.array(blobs, t))
    family("fixed_size_binary", pa.array([b"abc", None, b"\x00\x01\x02", b"\xff\xff\xff", b"xyz"], pa.binary(3)))

    family("date32", pa.array([0, -1, None, 20000, -719162, 2932896], pa.int32()).cast(pa.date32()))
    family("date64", pa.array([0, -86400000, None, 1728000000000, -62135596800000], pa.int64()).view(pa.date64()))
    for unit in ("s", "ms"):
        family(f"time32-{unit}", pa.array([0, None, PER_SECOND[unit], 86400 * PER_SECOND[unit] - 1, 45296 * PER_SECOND[unit]], pa.int32()).view(pa.time32(unit)))
    for unit in ("us", "ns"):
        family(f"time64-{unit}", pa.array([0, None, 1, 86400 * PER_SECOND[unit] - 1, 45296 * PER_SECOND[unit] + 7], pa.int64()).view(pa.time64(unit)))
    for unit in PER_SECOND:
        per = PER_SECOND[unit]
        counts = [0, -1, None, 1, 1700000000 * per + 123456789 % per, -62135596800 * per if unit != "ns" else -(2**63), 253402300799 * per if unit != "ns" else 2**63 - 1, -1 - per]
        for zone in (None, "UTC", "America/New_York"):
            family(f"timestamp-{unit}{'-' + zone.split('/')[-1] if zone else ''}", pa.array(counts, pa.int64()).view(pa.timestamp(unit, zone)), nested=zone is None)
        family(f"duration-{unit}", pa.array([0, -1, None, 2**63 - 1, -(2**63), 90061 * per], pa.int64()).view(pa.duration(unit)))
    family("interval-month_day_nano", pa.array([(1, 2, 3), None, (-1, -2, -3), (0, 0, 2**63 - 1), (2**31 - 1, -(2**31), -(2**63)), (0, 0, 2**32)], pa.month_day_nano_interval()))
    intervals()

    pairs = [[1, 2], [], None, [None, 3], [4, 5, 6], [7]]
    family("list", pa.array(pairs, pa.list_(pa.int16())))
    family("large_list", pa.array([None if p is None else [None if x is None else str(x) for x in p] for p in pairs], pa.large_list(pa.utf8())))
    family("fixed_size_list", pa.array([[1, 2], None, [None, 4], [5, 6], [7, 8]], pa.list_(pa.int64(), 2)))
    items = pa.array(["a", "bb", None, "dddd", "e", "ffffff"])
    for name, make in (("list_view", pa.ListViewArray), ("large_list_view", pa.LargeListViewArray)):
        # Out of order, overlapping, empty, null, and one that ends with the items.
        family(name, make.from_arrays([4, 0, 0, 1, 6, 2], [2, 3, 0, 1, 0, 4], items, mask=pa.array([False, False, False, True, False, False])))
        in_order = pa.array([["x"], None, [], ["y", "z"], [None]], pa.list_view(pa.utf8()) if name == "list_view" else pa.large_list_view(pa.utf8()))
        family(f"{name}-in-order", in_order)
    family("list-of-list_view", pa.array([[[1], [2, 3]], None, [], [None, [4]]], pa.list_(pa.list_view(pa.int32()))))

    family("struct", pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}, {"a": 4, "b": None}, {"a": 5, "b": ""}], pa.struct([("a", pa.int64()), ("b", pa.utf8())])))
    family("struct-empty", pa.array([{}, None, {}, {}, None], pa.struct([])))
    family("struct-names", pa.StructArray.from_arrays([pa.array([i, i + 1, None, i + 3, 9], pa.int8()) for i in range(4)], names=["a", "a", "__proto__", "toJSON"]))
    family("map", pa.array([[("a", 1), ("b", None)], [], None, [("c", 3)], [("d", 4), ("e", 5)]], pa.map_(pa.utf8(), pa.int32())))
    family("map-int64", pa.array([[(1, 10)], None, [(2, None), (-3, 30)], [(4, 2**53 - 1)]], pa.map_(pa.int64(), pa.int64())))
    ids = pa.array([5, 7, 7, 5, 5, 7, 5], pa.int8())
    numbers = pa.array([1, None, 3, 4, 5, 6, 7], pa.int64())
    words = pa.array(["a", "b", None, "d", "e", "f", "g"])
    family("union-sparse", pa.UnionArray.from_sparse(ids, [numbers, words], ["i", "s"], [5, 7]))
    offsets = pa.array([0, 1, 2, 2, 3, 6, 5], pa.int32())
    family("union-dense", pa.UnionArray.from_dense(ids, offsets, [numbers, words], ["i", "s"], [5, 7]))
    # Columnar.rst wants the offsets of each child in order; not every writer does.
    jumping = batch_of(pa.UnionArray.from_dense(ids, pa.array([1, 2, 0, 0, 4, 2, 3], pa.int32()), [numbers, words], ["i", "s"], [5, 7]))
    emit("union-dense/out-of-order", jumping.schema.field(0), ipc(jumping.schema, [jumping]), [jumping])

    keys = [0, 1, None, 2, 1, 0, 3]
    entries = pa.array(["zero", "one", None, "three"])
    for t in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()):
        family(f"dictionary-{t}", pa.DictionaryArray.from_arrays(pa.array(keys, t), entries))
    for name, made in (
        ("int64", pa.array([2**40, -1, None, 7])),
        ("decimal", decimals(pa.decimal64(18, 2), "0.01", "-0.01", None, "5.00")),
        ("utf8_view", pa.array(["short", "a text of more than twelve bytes", None, "x"], pa.string_view())),
        ("struct", pa.array([{"x": 1}, {"x": None}, None, {"x": 3}], pa.struct([("x", pa.int32())]))),
        ("list_view", pa.array([[1], [2, 3], None, []], pa.list_view(pa.int32()))),
        ("timestamp", pa.array([0, -1, None, 1700000000123456], pa.int64()).view(pa.timestamp("us"))),
    ):
        family(f"dictionary-of-{name}", pa.DictionaryArray.from_arrays(pa.array(keys, pa.int16()), made), nested=name != "list_view")

    for bits, ends in ((16, pa.int16()), (32, pa.int32()), (64, pa.int64())):
        family(f"run_end_encoded-{bits}", pa.RunEndEncodedArray.from_arrays(pa.array([2, 3, 6, 9], ends), pa.array(["a", None, "ccc", "d"])))
    family("run_end_encoded-of-decimal", pa.RunEndEncodedArray.from_arrays(pa.array([1, 4, 7], pa.int32()), decimals(pa.decimal64(9, 2), "-0.01", None, "2.50")))
    family("run_end_encoded-of-struct", pa.RunEndEncodedArray.from_arrays(pa.array([1, 4, 7], pa.int32()), pa.array([{"a": [1, 2]}, None, {"a": None}], pa.struct([("a", pa.list_(pa.int64()))]))))
    family("run_end_encoded-of-bool", pa.RunEndEncodedArray.from_arrays(pa.array([3, 4, 11], pa.int32()), pa.array([True, None, False])))
    family("run_end_encoded-of-utf8_view", pa.RunEndEncodedArray.from_arrays(pa.array([3, 4, 7], pa.int32()), pa.array(["a text of more than twelve bytes", None, "s"], pa.string_view())))
    family("run_end_encoded-of-dictionary", pa.RunEndEncodedArray.from_arrays(pa.array([3, 4, 7], pa.int32()), pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int8()), pa.array(["p", "q"]))))

    family("extension-uuid", pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(range(16)), None, bytes(16), bytes(range(16, 32))], pa.binary(16))), nested=False)
    family("extension-bool8", pa.ExtensionArray.from_storage(pa.bool8(), pa.array([0, 1, None, -1], pa.int8())), nested=False)
    family("extension-json", pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a":1}', None, "[]", "2"])), nested=False)

    dictionaries()
    compressed()
    framings()
    print("`;")


def intervals():
    """pyarrow cannot make these two types, so streams of types of the same width have their type number patched."""
    months = pa.array([0, None, 14, -1, 2**31 - 1], pa.int32())
    batch = batch_of(months.view(pa.time32("s")))  # unit 0, which an Interval reads as YEAR_MONTH
    stream = patch_type(ipc(batch.schema, [batch]), 9, 11)
    expected = [[None if m is None else {"$": "interval", "v": [m, 0, "0"]} for m in months.to_pylist()]]
    write({"name": "interval-year_month/nulls", "type": "interval[year_month]", "stream": base64.b64encode(stream).decode(), "batches": expected, "options": []})
    pairs = [(0, 0), None, (1, 86399999), (-2, -1), (2**31 - 1, -(2**31))]
    words = pa.array([None if p is None else struct.unpack("<q", struct.pack("<ii", *p))[0] for p in pairs], pa.int64())
    batch = batch_of(words.view(pa.duration("us")))
    # Duration's unit 2 (microseconds) becomes 1, which an Interval reads as DAY_TIME.
    stream = patch_type(ipc(batch.schema, [batch]), 18, 11, unit=1)
    expected = [[None if p is None else {"$": "interval", "v": [0, p[0], str(p[1] * 10**6)]} for p in pairs]]
    write({"name": "interval-day_time/nulls", "type": "interval[day_time]", "stream": base64.b64encode(stream).decode(), "batches": expected, "options": []})


def patch_type(stream, before, after, unit=None):
    """Changes the type number, and the 16-bit unit, of the first column in the schema message of a stream."""
    buf = bytearray(stream)
    u16 = lambda at: struct.unpack_from("<H", buf, at)[0]
    u32 = lambda at: struct.unpack_from("<I", buf, at)[0]

    def slot(table, n):
        vtable = table - struct.unpack_from("<i", buf, table)[0]
        return table + u16(vtable + 4 + 2 * n)

    follow = lambda at: at + u32(at)
    message = follow(8)
    schema = follow(slot(message, 2))
    field = follow(follow(slot(schema, 1)) + 4)
    assert buf[slot(field, 2)] == before
    buf[slot(field, 2)] = after
    if unit is not None:
        struct.pack_into("<h", buf, slot(follow(slot(field, 3)), 0), unit)
    return bytes(buf)


def dictionaries():
    """Deltas and replacements of dictionaries, at the top and nested."""
    def batch(keys, entries):
        return batch_of(pa.DictionaryArray.from_arrays(pa.array(keys, pa.int8()), pa.array(entries, pa.utf8())))

    growing = [batch([0, 1], ["a", "b"]), batch([2, None, 0], ["a", "b", "c"]), batch([4, 3, 2], ["a", "b", "c", "d", "e"])]
    emit("dictionary/delta", growing[0].schema.field(0), ipc(growing[0].schema, growing, emit_dictionary_deltas=True), growing)
    changing = [batch([0, 1], ["a", "b"]), batch([0, 1], ["x", "y"]), batch([0], ["only"]), batch([2, 0], ["x", "y", "z"])]
    emit("dictionary/replacement", changing[0].schema.field(0), ipc(changing[0].schema, changing), changing)
    mixed = [growing[0], growing[1], changing[1], changing[3]]
    emit("dictionary/delta-then-replacement", mixed[0].schema.field(0), ipc(mixed[0].schema, mixed, emit_dictionary_deltas=True), mixed)
    emit("dictionary/delta-compressed", growing[0].schema.field(0), ipc(growing[0].schema, growing, emit_dictionary_deltas=True, compression="zstd"), growing)
    inner = pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 1], pa.int8()), pa.array(["in", "out"]))
    lists = pa.ListArray.from_arrays(pa.array([0, 2, 4], pa.int32()), inner)
    outer = batch_of(pa.DictionaryArray.from_arrays(pa.array([1, 0, None, 1], pa.int8()), lists))
    emit("dictionary/nested", outer.schema.field(0), ipc(outer.schema, [outer]), [outer])
    nothing = batch_of(pa.DictionaryArray.from_arrays(pa.array([None, None], pa.int8()), pa.array([], pa.utf8())))
    emit("dictionary/all-null", nothing.schema.field(0), ipc(nothing.schema, [nothing]), [nothing])


def compressed():
    """Bodies compressed by Arrow C++: small ones, empty ones, and buffers of several linked blocks."""
    for codec in ("lz4", "zstd"):
        mixed = pa.array([{"i": 1, "s": "a", "d": decimal.Decimal("1.50"), "l": [1, 2], "v": "a text of more than twelve bytes"}, None, {"i": None, "s": None, "d": None, "l": None, "v": None}, {"i": -4, "s": "ddd", "d": decimal.Decimal("-0.01"), "l": [], "v": "s"}],
                         pa.struct([("i", pa.int64()), ("s", pa.utf8()), ("d", pa.decimal64(9, 2)), ("l", pa.list_(pa.int32())), ("v", pa.string_view())]))
        batch = batch_of(mixed)
        emit(f"{codec}/mixed", batch.schema.field(0), ipc(batch.schema, [batch, batch.slice(1, 2), batch.slice(0, 0)], compression=codec), [batch, batch.slice(1, 2), batch.slice(0, 0)])
        # Three blocks of 64 KiB of text that repeats across their borders.
        text = "".join(f"{i % 1000:04}" for i in range(45000))
        big = batch_of(pa.array([text, None, "end"]))
        assert str(big.schema.field(0).type) == "string"
        write({"name": f"{codec}/linked-blocks", "type": "string", "stream": base64.b64encode(ipc(big.schema, [big], compression=codec)).decode(), "batches": [[{"$": "counter", "v": "45000"}, None, "end"]], "options": []})


def framings():
    """The same rows in the framings and versions in the wild, and metadata everywhere."""
    words = pa.array(["a", None, "c"])
    batch = batch_of(words)
    emit("framing/legacy", batch.schema.field(0), ipc(batch.schema, [batch], use_legacy_format=True), [batch])
    emit("framing/V4", batch.schema.field(0), ipc(batch.schema, [batch], metadata_version=pa.ipc.MetadataVersion.V4), [batch])
    for name, union in (
        ("sparse", pa.UnionArray.from_sparse(pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3], pa.int32()), pa.array(["x", "y", "z"])])),
        ("dense", pa.UnionArray.from_dense(pa.array([0, 1, 0], pa.int8()), pa.array([0, 0, 1], pa.int32()), [pa.array([1, 2], pa.int32()), pa.array(["x"])])),
    ):
        old = batch_of(union)
        emit(f"framing/V4-union-{name}", old.schema.field(0), ipc(old.schema, [old], metadata_version=pa.ipc.MetadataVersion.V4), [old])
    field = pa.field("c", pa.utf8(), metadata={"k": "of the field", "ARROW:extension:name": "nobody.knows"})
    noted = batch_of(words, field).replace_schema_metadata({"k": "of the schema"})
    stream = ipc(noted.schema, [noted], write=lambda w, b, i: w.write_batch(b, custom_metadata={"k": "of the batch"}))
    emit("framing/metadata", field, stream, [noted])


main()
