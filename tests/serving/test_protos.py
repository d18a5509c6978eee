"""Our own .proto files against the messages that TensorFlow Serving, TensorFlow and gRPC ship for Python."""

import re
from pathlib import Path

import pytest
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FieldDescriptor
from grpc_health.v1 import health_pb2  # noqa: F401
from tensorflow_serving.apis import model_service_pb2, prediction_service_pb2  # noqa: F401

import tfelc.serving.protos

FOLDER = Path(tfelc.serving.protos.__file__).parent
POOL = descriptor_pool.Default()
FIELD = re.compile(r"(repeated )?(map<string, ([\w.]+)>|[\w.]+) (\w+) = (\d+)( \[.*\])?;")
NUMBERS = ("int32", "int64", "float", "double", "bool", "bytes", "string")
WIRE = {name: getattr(FieldDescriptor, f"TYPE_{name.upper()}") for name in NUMBERS}


def declared(file):
    """Each statement of a file with the messages and services around it."""
    text = re.sub(r"//.*", "", (FOLDER / file).read_text())
    package = re.search(r"package ([\w.]+);", text)[1]
    around = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if opened := re.fullmatch(r"(message|enum|service|oneof) (\w+) \{", line):
            around.append(opened.groups())
        elif line == "}":
            around.pop()
        elif around:
            yield package, [name for kind, name in around if kind != "oneof"], around[-1][0], line


def resolved(package, where, name):
    for candidate in (f"{where}.{name}", f"{package}.{name}", name):
        try:
            return POOL.FindMessageTypeByName(candidate)
        except KeyError:
            continue
    return None


@pytest.mark.parametrize("file", sorted(path.name for path in FOLDER.glob("*.proto")))
def test_every_field_is_that_of_the_real_message(file):
    seen = 0
    for package, names, kind, line in declared(file):
        seen += 1
        where = ".".join([package, *names])
        if kind == "service":
            call = r"rpc (\w+)\((\w+)\) returns \((stream )?(\w+)\);"
            method, sent, stream, answered = re.fullmatch(call, line).groups()
            real = POOL.FindServiceByName(where).methods_by_name[method]
            assert (real.input_type.name, real.output_type.name) == (sent, answered)
            assert real.server_streaming == bool(stream)
        elif kind == "enum":
            name, number = re.fullmatch(r"(\w+) = (\d+);", line).groups()
            assert POOL.FindEnumTypeByName(where).values_by_name[name].number == int(number)
        else:
            repeated, kind, value, name, number, _ = FIELD.fullmatch(line).groups()
            real = POOL.FindMessageTypeByName(where).fields_by_name[name]
            assert real.number == int(number)
            assert real.is_repeated == bool(repeated or value)
            if value:
                real, kind = real.message_type.fields_by_name["value"], value
            if kind in WIRE:
                # A number of an enum goes over the wire as an int32 does.
                assert real.type == WIRE[kind] or (kind == "int32" and real.type == FieldDescriptor.TYPE_ENUM)
            elif message := resolved(package, where, kind):
                assert real.message_type is message
            else:
                assert real.type == FieldDescriptor.TYPE_ENUM and real.enum_type.name == kind
    assert seen
