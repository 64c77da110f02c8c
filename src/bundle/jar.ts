/**
 * What a JAR must have to serve, as its list of entries shows: nothing of it is run. Where its own
 * providers decide which Funcs there are, or its classes are in JARs within it, only running tells.
 */
import { FuncatronError } from '../errors.ts';
import type { Issue } from '../message.ts';
import { noLimits } from './limit.ts';
import { withArchive } from './read.ts';
import type { ZipArchive } from './zip-archive.ts';

/** The door of a bundle for the JVM: what the runner's worker asks for first. */
const entryClass = 'funcatron/intf/impl/ContextImpl.class';
/** Whoever names a class here may resolve operationIds in its own way. */
const operationProviders = 'META-INF/services/funcatron.intf.OperationProvider';
const classRoots = ['', 'BOOT-INF/classes/', 'WEB-INF/classes/'];
const nestedJar = /^(BOOT|WEB)-INF\/lib\/[^/]+\.jar$/;
const nestedIntf = /\/(funcatron-)?intf-[^/]*\.jar$/;
const versioned = /^META-INF\/versions\/\d+\//;
/** Missing Funcs that an error lists, at most. */
const listedMax = 100;

/** A Func that the contract names, and the operation that does: `GET /pets`. */
export interface NamedFunc {
  operationId: string;
  operation: string;
}

/** Which of some names a mistyped one most likely meant. */
export type Nearest = (name: string, names: Iterable<string>) => string | undefined;

/**
 * Throws `bundle_invalid` when the JAR has no funcatron.intf, and `handlers_missing` with every Func whose
 * class cannot be there.
 */
export async function checkJar(
  path: string,
  funcs: readonly NamedFunc[],
  nearest: Nearest = () => undefined,
): Promise<void> {
  await withArchive(path, noLimits, async (archive) => {
    const paths = new Set(archive.entries.map((entry) => entry.path.replace(versioned, '')));
    if (!(await hasIntf(archive, paths))) throw new FuncatronError('bundle_invalid', noIntf);
    const isFlat = !archive.entries.some((entry) => /^(BOOT|WEB)-INF\//.test(entry.path));
    if (!isFlat || paths.has(operationProviders)) return;
    const missing = funcs.flatMap((func) => findFault(func, paths, nearest) ?? []);
    if (missing.length > 0) throw lacking(missing);
  });
}

/** Whether a JAR has funcatron.intf, without which its code can be asked for nothing. */
export function mayTell(path: string): Promise<boolean> {
  return withArchive(path, noLimits, (archive) =>
    hasIntf(archive, new Set(archive.entries.map((entry) => entry.path))),
  );
}

/** Throws `contract_missing` when the code of a JAR without a contract cannot be asked for one. */
export async function assertMayTell(path: string): Promise<void> {
  if (await mayTell(path)) return;
  const detail = 'the JAR has no contract (funcatron.yaml at its root), and its code gives none';
  throw new FuncatronError('contract_missing', `${detail}: ${noIntf}`);
}

const noIntf =
  'the JAR has no funcatron.intf, so nothing can be called in it: add the dependency ' +
  'funcatron:intf and build an uberjar with all dependencies in it (is this a thin JAR?)';

async function hasIntf(archive: ZipArchive, paths: ReadonlySet<string>): Promise<boolean> {
  if (classRoots.some((root) => paths.has(root + entryClass))) return true;
  const nested = archive.entries.filter((entry) => nestedJar.test(entry.path));
  if (nested.some((entry) => nestedIntf.test(entry.path))) return true;
  for (const entry of nested) if (await mentions(archive.read(entry), entryClass)) return true;
  return false;
}

/** Names of entries stand in a zip as they are, however its data are packed. */
async function mentions(chunks: AsyncIterable<Buffer>, text: string): Promise<boolean> {
  let tail = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([tail, chunk]);
    if (bytes.includes(text)) return true;
    tail = bytes.subarray(Math.max(0, bytes.length - text.length + 1));
  }
  return false;
}

function findFault(
  { operationId, operation }: NamedFunc,
  paths: Set<string>,
  nearest: Nearest,
): Issue | undefined {
  const [owner, func] = operationId.split('#', 2) as [string, string | undefined];
  const base = owner.replaceAll('.', '/');
  const wanted = func === undefined ? [`${base}.class`] : sourcesOf(base);
  if (wanted.some((path) => paths.has(path))) return undefined;
  return {
    in: 'handler',
    at: operationId,
    message: `${operation} names it, and the JAR has no ${wanted.join(', ')}`,
    mend: suggest(operationId, owner, func, paths, nearest),
  };
}

/** Where Clojure looks for a namespace; a dash is an underscore there. */
function sourcesOf(base: string): string[] {
  const file = base.replaceAll('-', '_');
  return [`${file}.clj`, `${file}.cljc`, `${file}__init.class`];
}

/** Classes of the same simple name, or of nearly the same name, as they are written in a contract. */
function suggest(
  operationId: string,
  owner: string,
  func: string | undefined,
  paths: Set<string>,
  nearest: Nearest,
): string {
  const simple = owner.split(/[.$]/).at(-1)!.replaceAll('-', '_').toLowerCase();
  const all: string[] = [];
  for (const path of paths) {
    const [, name] = /^(.*?)(?:__init)?\.(?:class|cljc?)$/.exec(path) ?? [];
    if (name !== undefined) all.push(name.replaceAll('/', '.'));
  }
  const named = all.filter((name) => name.split(/[.$]/).at(-1)!.toLowerCase() === simple);
  const [same] = named.toSorted((a, b) => shared(b, owner) - shared(a, owner));
  const near = same ?? nearest(owner, all);
  if (near === undefined)
    return `add the class to the JAR, or name one that is there instead of ${operationId}`;
  return `did you mean ${near}${func === undefined ? '' : `#${func}`}?`;
}

/** How many of the words of two names are the same. */
function shared(name: string, other: string): number {
  const words = new Set(other.split(/[.$]/));
  return name.split(/[.$]/).filter((word) => words.has(word)).length;
}

function lacking(missing: Issue[]): FuncatronError {
  const shown = missing.slice(0, listedMax);
  const names = shown.map((issue) => issue.at).join(', ');
  const more = missing.length > listedMax ? ` and ${missing.length - listedMax} more` : '';
  const detail = `the JAR lacks classes that its contract names: ${names}${more}`;
  return new FuncatronError('handlers_missing', detail, { errors: shown });
}
