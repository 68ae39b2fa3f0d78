/// <reference lib="dom" />
// A small virtual DOM. A page says what should be on the screen; `render` changes what differs and leaves the rest alone, so
// that focus, selection and half-typed text survive the refresh every second. Text is only ever set as text: nothing that
// came from a job or a tube's name is read as HTML.

export type Child = VNode | string | number | null | undefined | false;
export type Children = Child | readonly Children[];
export interface Props {
  readonly [name: string]: unknown;
  /** Which of its siblings it is, over time. */
  readonly key?: string | number;
  /** Told once, when the element has just been made. */
  readonly created?: (element: HTMLElement) => void;
}
export interface VNode {
  /** Empty for text. */
  readonly tag: string;
  readonly props: Props;
  readonly children: readonly VNode[];
  readonly text: string;
  dom: Node | null;
}

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS: ReadonlySet<string> = new Set([
  "svg",
  "path",
  "line",
  "rect",
  "circle",
  "g",
  "text",
  "polyline",
]);
/** Kept as the user left them, unless the page itself changes them. */
const PROPERTIES: ReadonlySet<string> = new Set(["value", "checked", "open", "indeterminate"]);
const NO_PROPS: Props = {};

/** Describes an element. */
export function h(tag: string, props?: Props | null, ...children: readonly Children[]): VNode {
  return { tag, props: props ?? NO_PROPS, children: flat(children), text: "", dom: null };
}

/** Makes the container's children as described. `old` is what was rendered there before. */
export function render(container: Element, children: Children, old: readonly VNode[] = []): readonly VNode[] {
  const next = flat([children]);
  const focused = document.activeElement;
  patchChildren(container, old, next);
  if (focused instanceof HTMLElement && focused !== document.activeElement && container.contains(focused)) {
    focused.focus({ preventScroll: true }); // it was moved
  }
  return next;
}

function flat(children: readonly Children[]): VNode[] {
  const nodes: VNode[] = [];
  for (const child of children) {
    if (Array.isArray(child)) nodes.push(...flat(child as readonly Children[]));
    else if (typeof child === "string" || typeof child === "number") {
      nodes.push({ tag: "", props: NO_PROPS, children: [], text: String(child), dom: null });
    } else if (child) nodes.push(child as VNode);
  }
  return nodes;
}

function patchChildren(parent: Node, olds: readonly VNode[], news: readonly VNode[]): void {
  const waiting = new Map<string, VNode[]>();
  for (const old of olds) {
    const queue = waiting.get(sortOf(old));
    if (queue) queue.push(old);
    else waiting.set(sortOf(old), [old]);
  }
  const matches = news.map((node) => waiting.get(sortOf(node))?.shift());
  for (const gone of waiting.values()) {
    for (const old of gone) parent.removeChild(old.dom!);
  }
  let position: Node | null = parent.firstChild;
  news.forEach((node, index) => {
    const old = matches[index];
    if (old) patch(old, node);
    else node.dom = create(node);
    // Moving an element takes its focus away, so it is moved only when it is not where it should be.
    if (position === node.dom) position = position!.nextSibling;
    else parent.insertBefore(node.dom!, position);
  });
}

/** What a node can be taken for: siblings are matched by key, those without one in their order by tag. */
function sortOf(node: VNode): string {
  return `${node.tag} ${node.props.key ?? ""}`;
}

function patch(old: VNode, node: VNode): void {
  node.dom = old.dom;
  if (node.tag === "") {
    if (old.text !== node.text) node.dom!.nodeValue = node.text;
    return;
  }
  const element = node.dom as Element;
  for (const name of Object.keys(old.props)) {
    if (!(name in node.props)) setProp(element, name, null);
  }
  for (const [name, value] of Object.entries(node.props)) {
    if (old.props[name] !== value) setProp(element, name, value);
  }
  patchChildren(element, old.children, node.children);
}

function create(node: VNode): Node {
  if (node.tag === "") return document.createTextNode(node.text);
  const element = SVG_TAGS.has(node.tag)
    ? document.createElementNS(SVG, node.tag)
    : document.createElement(node.tag);
  patchChildren(element, [], node.children);
  for (const [name, value] of Object.entries(node.props)) setProp(element, name, value);
  node.props.created?.(element as HTMLElement);
  return element;
}

function setProp(element: Element, name: string, value: unknown): void {
  if (name === "key" || name === "created") return;
  // Handlers are properties: the content security policy allows no others.
  if (name.startsWith("on")) (element as unknown as Record<string, unknown>)[name] = value ?? null;
  else if (PROPERTIES.has(name)) (element as unknown as Record<string, unknown>)[name] = value ?? "";
  else if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}
