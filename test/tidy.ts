/**
 * The house rules that a machine can check: which way imports point, how large rooms may be, and
 * what may not be there. Each rule takes source files and returns complaints.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export interface SourceFile {
  /** From the repository's root, with slashes. */
  path: string;
  text: string;
}

export type Rule = (files: SourceFile[]) => string[];

/** Which room may import which: only lower levels, its own room, and level 0. */
const levels: Record<string, number> = {
  openapi: 1,
  bundle: 1,
  config: 1,
  watchdog: 1,
  control: 1,
  observe: 1,
  broker: 2,
  store: 2,
  substrate: 2,
  runtime: 2,
  frontend: 3,
  runner: 3,
  tron: 3,
  openfaas: 3,
  dashboard: 4,
  cli: 5,
};

/** Rooms of adapters, and the one file through which others open them. */
const plugInRooms: Record<string, readonly string[]> = {
  broker: ['broker.ts', 'conformance.ts'],
  store: ['store.ts', 'conformance.ts'],
  substrate: ['substrate.ts', 'conformance.ts'],
  runtime: ['runtime.ts', 'conformance.ts'],
};

/** Folders of a plug-in room that hold one adapter each: what they share is beside them. */
const adapterFolders: Record<string, readonly string[]> = {
  broker: ['amqp', 'kafka', 'memory', 'nats', 'redis'],
};

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

const importPattern =
  /^(?:import|export)\s+(type\s)?(?:[\w*\s{},]+?\sfrom\s)?'(\.[^']+)'|import\('(\.[^']+)'\)/gm;

function importsOf(file: SourceFile): Import[] {
  return [...file.text.matchAll(importPattern)].map((match) => ({
    from: file.path,
    to: normalize(join(dirname(file.path), (match[2] ?? match[3])!)),
    typeOnly: match[1] !== undefined,
  }));
}

const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.includes('/fixture/');
const sources = (files: SourceFile[]): SourceFile[] =>
  files.filter(({ path }) => path.startsWith('src/') && path.endsWith('.ts') && !isTest(path));

const roomOf = (path: string): string => (path.split('/').length > 2 ? path.split('/')[1]! : '');
const levelOf = (path: string): number | undefined =>
  roomOf(path) === '' ? 0 : levels[roomOf(path)];

export const arrowsPointDown: Rule = (files) =>
  sources(files)
    .flatMap(importsOf)
    .flatMap(({ from, to }) => {
      if (from === 'src/index.ts') return [];
      const [fromLevel, toLevel] = [levelOf(from), levelOf(to)];
      if (!to.startsWith('src/')) return [`${from}: imports ${to}, which is outside src/`];
      if (fromLevel === undefined || toLevel === undefined)
        return [`${from}: ${to} or itself is in a room without a level`];
      if (roomOf(from) === roomOf(to) || toLevel < fromLevel) return [];
      return [`${from}: imports ${to}, which is not lower`];
    });

export const adaptersAreOpened: Rule = (files) =>
  sources(files)
    .flatMap(importsOf)
    .flatMap(({ from, to, typeOnly }) => {
      const doors = plugInRooms[roomOf(to)];
      if (!doors || typeOnly || roomOf(from) === roomOf(to)) return [];
      const file = to.split('/').at(-1)!;
      return doors.includes(file) ? [] : [`${from}: imports ${to}; open it through ${doors[0]}`];
    });

export const adaptersAreStrangers: Rule = (files) =>
  sources(files)
    .flatMap(importsOf)
    .flatMap(({ from, to }) => {
      const [mine, other] = [adapterOf(from), adapterOf(to)];
      return mine && other && mine !== other ? [`${from}: imports ${to}, of another adapter`] : [];
    });

/** The room and folder of an adapter's file; undefined for others. */
function adapterOf(path: string): string | undefined {
  const [, room, folder] = path.split('/') as [string, string, string];
  return adapterFolders[room]?.includes(folder) ? `${room}/${folder}` : undefined;
}

export const noValueCycles: Rule = (files) => {
  const edges = new Map<string, string[]>();
  for (const { from, to, typeOnly } of sources(files).flatMap(importsOf))
    if (!typeOnly) edges.set(from, [...(edges.get(from) ?? []), to]);
  const complaints: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    if (trail.includes(path))
      return void complaints.push(
        `cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' > ')}`,
      );
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return complaints;
};

const linesMax = 300;

export const roomsAreSmall: Rule = (files) =>
  files.flatMap(({ path, text }) => {
    if (!/^(src|workers)\//.test(path) || isTest(path) || !/\.(ts|js|py)$/.test(path)) return [];
    const lines = text.split('\n').length - 1;
    return lines > linesMax ? [`${path}: ${lines} lines; ${linesMax} is the most`] : [];
  });

const bannedNames = /(^|[-/.])(utils?|common|helpers?|managers?|shared|misc|impl)([-/.]|$)/i;

export const namesSaySomething: Rule = (files) =>
  files.flatMap(({ path }) => {
    if (!/^(src|test|bench)\//.test(path)) return [];
    if (bannedNames.test(path)) return [`${path}: name the thing, not its kind`];
    const file = path.split('/').at(-1)!;
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)+$/.test(file);
    return kebab || path.includes('/fixture/') ? [] : [`${path}: file names are kebab-case`];
  });

export const noBarrels: Rule = (files) =>
  sources(files).flatMap(({ path, text }) =>
    path !== 'src/index.ts' && /^export\s+(type\s+)?(\*|\{[^}]*\})\s+from/m.test(text)
      ? [`${path}: re-exports; import from where a thing is`]
      : [],
  );

export const noModuleState: Rule = (files) =>
  sources(files).flatMap(({ path, text }) =>
    [...text.matchAll(/^(?:export )?let (\w+)/gm)].map(
      (match) => `${path}: module-level state "${match[1]}"`,
    ),
  );

const leftovers = /\b(TODO|FIXME|XXX|HACK)\b|\b(?:it|test|describe)\.only\b/;

export const nothingLeftOver: Rule = (files) =>
  files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      if (path.startsWith('test/tidy')) return [];
      return leftovers.test(line) ? [`${path}:${index + 1}: left over: ${line.trim()}`] : [];
    }),
  );

/** What the OpenAPI library of a room is for stays in it. */
const ownedBy: Record<string, RegExp> = {
  'src/openapi/': /from '(ajv|ajv-formats|js-yaml|@scalar\/|@seriousme\/|jose)/,
};

export const librariesHaveOneHome: Rule = (files) =>
  sources(files).flatMap(({ path, text }) =>
    Object.entries(ownedBy).flatMap(([home, pattern]) => {
      const allowed = path.startsWith(home) || path.startsWith('src/bundle/');
      const match = pattern.exec(text);
      return match && !allowed ? [`${path}: ${match[1]} belongs to ${home}`] : [];
    }),
  );

export const rules: Record<string, Rule> = {
  arrowsPointDown,
  adaptersAreOpened,
  adaptersAreStrangers,
  noValueCycles,
  roomsAreSmall,
  namesSaySomething,
  noBarrels,
  noModuleState,
  nothingLeftOver,
  librariesHaveOneHome,
};

/** Source files of the tree below `root`. */
export function readTree(root: string): SourceFile[] {
  return ['src', 'workers', 'test', 'bench', 'bin'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|js|mjs|cjs|py|sh)$/.test(entry.name))
      .filter((entry) => !entry.parentPath.includes('node_modules'))
      .map((entry) => {
        const full = join(entry.parentPath, entry.name);
        return { path: full.slice(root.length + 1), text: readFileSync(full, 'utf8') };
      }),
  );
}
