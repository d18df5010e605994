import { PostgresQueryCompiler } from "kysely";

/** In what the SQL of Flight SQL servers differs most. */
export interface CompilerOptions {
  /** The character around identifiers; inside of them it is doubled. Default `"`. */
  quote?: string | undefined;
  /**
   * How a parameter is written. Default `"$1"`, which DataFusion, DuckDB and SQLite take; the last two take `"?"` as
   * well, and servers that do not number their parameters take nothing else. No SqlInfo tells.
   */
  placeholder?: "$1" | "?" | undefined;
}

/** PostgreSQL's SQL, with the server's quote character and placeholders. */
export class FlightSqlQueryCompiler extends PostgresQueryCompiler {
  readonly #quote: string;
  readonly #placeholder: "$1" | "?";

  constructor(options: CompilerOptions = {}) {
    super();
    this.#quote = options.quote ?? '"';
    this.#placeholder = options.placeholder ?? "$1";
  }

  protected override getLeftIdentifierWrapper(): string {
    return this.#quote;
  }

  protected override getRightIdentifierWrapper(): string {
    return this.#quote;
  }

  protected override sanitizeIdentifier(identifier: string): string {
    return identifier.replaceAll(this.#quote, this.#quote + this.#quote);
  }

  protected override getCurrentParameterPlaceholder(): string {
    return this.#placeholder === "?" ? "?" : super.getCurrentParameterPlaceholder();
  }
}
