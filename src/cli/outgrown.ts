import { size } from "./progress.ts";

/** A file to serve: how large it is, and whether it is read where it is (Parquet) or loaded (all others). */
export interface Weight {
  readonly bytes: number;
  readonly isLoaded: boolean;
}

/** The text of `--help`. */
export const outgrownHelp = `When data outgrows it: CSV, JSON and Arrow are loaded into memory, so turn what is larger than that into Parquet, which
is read where it is, or load it once into --database FILE. When queries over Parquet or a database take too long on
this machine, use a larger one, or an engine that spreads them over many and speaks Flight SQL too (DataFusion Ballista,
Sail, Dremio, Doris): the same client, page and commands work with it, only their url changes.`;

/** What to say before files of these sizes are served with so much memory; nothing when they fit. */
export function outgrown(files: readonly Weight[], memory: number): string | null {
  const sum = (some: readonly Weight[]): number => some.reduce((total, { bytes }) => total + bytes, 0);
  const loaded = sum(files.filter((file) => file.isLoaded));
  const read = sum(files.filter((file) => !file.isLoaded));
  // In memory, tables take about as much as their text.
  if (loaded > memory / 2) {
    return `${size(loaded)} of files are loaded into memory, of which there are ${size(memory)}. Turn them into Parquet, which is read where it is, or load them once into --database FILE.`;
  }
  if (read > memory) {
    return `${size(read)} of files are more than the memory of ${size(memory)}: queries over much of them will use the disk and take long. If that is too long, use a larger machine, or a distributed engine that speaks Flight SQL; see --help.`;
  }
  return null;
}
