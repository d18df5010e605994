/** A command of the program, by its name in `flightsql NAME …`. */
export interface Command {
  /** What `--help` prints. */
  readonly usage: string;
  /** Runs it with the arguments behind its name. What it throws is printed, and decides the exit code. */
  run(args: string[]): Promise<void>;
}

/** The command line is wrong, not what it asks for: exit code 2. The message quotes nothing that may be a secret. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** Options as `parseArgs` takes them: one value, several, or none. */
export interface TextOption {
  readonly type: "string";
  readonly short?: string;
}
export interface TextsOption extends TextOption {
  readonly multiple: true;
}
export interface SwitchOption {
  readonly type: "boolean";
}
