import { getExtension, hasExtension } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
  type ServiceDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { experimental } from "../../src/gen/FlightSql_pb.ts";

/**
 * Everything in a proto file that can reach the wire, the generated names or the JSON form, as one fact a line: from the
 * full name of a thing to what is said about it. Comments and the options of other languages are left out.
 */
export function descriptorFacts(file: FileDescriptorProto): Map<string, string> {
  const facts = new Map<string, string>();
  facts.set("syntax", file.syntax);
  facts.set("package", file.package);
  for (const path of file.dependency) facts.set(`import ${path}`, "");
  for (const message of file.messageType) messageFacts(facts, file.package, message);
  for (const type of file.enumType) enumFacts(facts, file.package, type);
  for (const service of file.service) serviceFacts(facts, file.package, service);
  for (const field of file.extension) {
    facts.set(`extension ${file.package}.${field.name}`, `${fieldFact(field, [])} of ${field.extendee}`);
  }
  return facts;
}

function messageFacts(facts: Map<string, string>, scope: string, message: DescriptorProto): void {
  const name = `${scope}.${message.name}`;
  const { options } = message;
  facts.set(`message ${name}`, flags({ deprecated: options?.deprecated, map_entry: options?.mapEntry }));
  if (options !== undefined && hasExtension(options, experimental)) {
    facts.set(`experimental ${name}`, String(getExtension(options, experimental)));
  }
  const oneofs = message.oneofDecl.map((oneof) => oneof.name);
  for (const field of message.field) facts.set(`field ${name}.${field.name}`, fieldFact(field, oneofs));
  for (const reserved of message.reservedName) facts.set(`reserved ${name}.${reserved}`, "");
  for (const { start, end } of message.reservedRange) facts.set(`reserved ${name} ${start} to ${end}`, "");
  for (const nested of message.nestedType) messageFacts(facts, name, nested);
  for (const nested of message.enumType) enumFacts(facts, name, nested);
}

function fieldFact(field: FieldDescriptorProto, oneofs: readonly string[]): string {
  const label = FieldDescriptorProto_Label[field.label].toLowerCase();
  const type = FieldDescriptorProto_Type[field.type].toLowerCase();
  // An unset oneofIndex reads 0 like the first oneof: only presence tells them apart.
  const oneof = Object.hasOwn(field, "oneofIndex") ? `oneof ${oneofs[field.oneofIndex]}` : "";
  const own = flags({ proto3_optional: field.proto3Optional, deprecated: field.options?.deprecated });
  return [field.number, label, type, field.typeName, oneof, own].filter((part) => part !== "").join(" ");
}

function enumFacts(facts: Map<string, string>, scope: string, type: EnumDescriptorProto): void {
  const name = `${scope}.${type.name}`;
  const { options } = type;
  facts.set(`enum ${name}`, flags({ deprecated: options?.deprecated, allow_alias: options?.allowAlias }));
  const seen = new Set<number>();
  for (const value of type.value) {
    // Of several names for a number the first is the one that generated code and JSON print.
    const alias = seen.has(value.number) ? "alias" : "";
    seen.add(value.number);
    const own = flags({ deprecated: value.options?.deprecated });
    facts.set(`value ${name}.${value.name}`, [value.number, alias, own].filter((part) => part !== "").join(" "));
  }
}

function serviceFacts(facts: Map<string, string>, scope: string, service: ServiceDescriptorProto): void {
  const name = `${scope}.${service.name}`;
  facts.set(`service ${name}`, flags({ deprecated: service.options?.deprecated }));
  for (const method of service.method) {
    const input = `${method.clientStreaming ? "stream " : ""}${method.inputType}`;
    const output = `${method.serverStreaming ? "stream " : ""}${method.outputType}`;
    const own = flags({ deprecated: method.options?.deprecated });
    facts.set(`rpc ${name}.${method.name}`, `${input} returns ${output} ${own}`.trimEnd());
  }
}

function flags(options: Record<string, boolean | undefined>): string {
  return Object.keys(options)
    .filter((name) => options[name] === true)
    .join(" ");
}

/** What differs, one line each: `+` only ours has it, `-` only theirs has it, `~` both have it and disagree. */
export function factDifferences(ours: ReadonlyMap<string, string>, theirs: ReadonlyMap<string, string>): string[] {
  const lines: string[] = [];
  for (const [name, fact] of ours) {
    const other = theirs.get(name);
    if (other === undefined) lines.push(`+ ${name}`);
    else if (other !== fact) lines.push(`~ ${name}: ours "${fact}", theirs "${other}"`);
  }
  for (const name of theirs.keys()) if (!ours.has(name)) lines.push(`- ${name}`);
  return lines;
}
