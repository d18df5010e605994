/** Flags as Go and gflags take them: `-name value`, `-name=value`, with one dash or two. */
export function readFlags<Name extends string>(
  args: readonly string[],
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const flags: Partial<Record<Name, string>> = {};
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [, name, value] = /^--?([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    const known = names.find((one) => one === name);
    if (known === undefined)
      throw new Error(`unknown argument "${arg}": the flags are ${names.map((n) => `-${n}`).join(", ")}`);
    const given = value ?? rest.shift();
    if (given === undefined) throw new Error(`-${known} needs a value`);
    flags[known] = given;
  }
  return flags;
}
