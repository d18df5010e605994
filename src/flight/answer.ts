import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import type { Schema } from "apache-arrow";
import { readSchema } from "../arrow/encapsulated.ts";
import { FlightSqlError } from "../errors.ts";
import { streamError } from "./stream.ts";

/**
 * Reads the message that the bytes of an answer stand for.
 *
 * @throws FlightSqlError `internal` when they are none: what a server sends inside of bytes, no transport has looked at
 */
export function readAnswer<T extends DescMessage>(message: T, bytes: Uint8Array): MessageShape<T> {
  try {
    return fromBinary(message, bytes);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new FlightSqlError("internal", `the server's answer cannot be read as ${message.typeName}: ${text}`, {
      cause,
    });
  }
}

/**
 * The schema of an answer; null where the server sent none.
 *
 * @throws FlightSqlError `data_loss` or `unimplemented` when it cannot be read
 */
export function readAnswerSchema(bytes: Uint8Array): Schema | null {
  try {
    return readSchema(bytes);
  } catch (cause) {
    throw streamError(cause, "the schema that the server sent");
  }
}
