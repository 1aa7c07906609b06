/** Creates an element. Children are text or elements, so what came from the server never becomes markup. */
export const element = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (string | Node)[]
): HTMLElementTagNameMap[Tag] => {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  created.append(...children);
  return created;
};

/**
 * The element of index.html with that id.
 * @throws TypeError if it is missing or of another type.
 */
export const byId = <Type extends HTMLElement>(id: string, type: new () => Type): Type => {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new TypeError(`Expected #${id} to be a ${type.name}, got ${String(found)}`);
  return found;
};
