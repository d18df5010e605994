/** The element of index.html with that id. A page without it is broken, and says so. */
export function byId<Kind extends HTMLElement>(id: string, kind: { new (): Kind }): Kind {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html has no ${kind.name} with the id "${id}".`);
  return element;
}
