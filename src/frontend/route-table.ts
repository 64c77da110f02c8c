/**
 * Which route a request belongs to: its host's routes first, then those of any host; the longest
 * base path on a segment boundary wins. A table never changes; a new revision is a new table.
 */

interface Node<T> {
  entry: T | undefined;
  children: Map<string, Node<T>> | undefined;
}

/** What a table is made of. */
export interface Routed {
  readonly route: { readonly host: string | null; readonly basePath: string };
}

export class RouteTable<T extends Routed> {
  readonly revision: number;
  readonly entries: readonly T[];
  readonly #hosts = new Map<string, Node<T>>();
  readonly #anyHost: Node<T> = { entry: undefined, children: undefined };

  /** Of two entries for one host and base path the later one counts. */
  constructor(entries: readonly T[], revision: number) {
    this.entries = entries;
    this.revision = revision;
    for (const entry of entries) {
      const { host, basePath } = entry.route;
      insert(host === null || host === '*' ? this.#anyHost : this.#root(host), basePath, entry);
    }
  }

  /** `host` is lower case without a port; `path` is the raw path of the request. */
  find(host: string, path: string): T | undefined {
    const own = this.#hosts.size === 0 ? undefined : this.#hosts.get(host);
    return (own && longest(own, path)) ?? longest(this.#anyHost, path);
  }

  #root(host: string): Node<T> {
    const key = host.toLowerCase();
    let root = this.#hosts.get(key);
    if (!root) this.#hosts.set(key, (root = { entry: undefined, children: undefined }));
    return root;
  }
}

function insert<T>(root: Node<T>, basePath: string, entry: T): void {
  let node = root;
  const segments = basePath === '/' ? [] : basePath.slice(1).split('/');
  for (const segment of segments) {
    node.children ??= new Map();
    let next = node.children.get(segment);
    if (!next) node.children.set(segment, (next = { entry: undefined, children: undefined }));
    node = next;
  }
  node.entry = entry;
}

function longest<T>(root: Node<T>, path: string): T | undefined {
  let node = root;
  let found = root.entry;
  let from = 1;
  while (node.children) {
    const end = path.indexOf('/', from);
    const next = node.children.get(end === -1 ? path.slice(from) : path.slice(from, end));
    if (!next) break;
    node = next;
    found = next.entry ?? found;
    if (end === -1) break;
    from = end + 1;
  }
  return found;
}
