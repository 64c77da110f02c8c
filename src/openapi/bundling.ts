/** The rewriting half of `bundleDocument`: what other files hold moves into one document. */
import { basename, extname } from 'node:path';
import type { Issue } from '../message.ts';
import type { ParsedDocument } from './document.ts';
import { issueAt, listRefs, targetOf } from './file-ref.ts';
import type { RefTarget } from './file-ref.ts';
import { child, isObject, pathOf, refPointer, resolvePointer } from './pointer.ts';
import { openApiVersion } from './upgrade.ts';
import { visit } from './visit.ts';
import type { NodeKind } from './visit.ts';

type Json = Record<string, unknown>;

/** Where components of a kind live; kinds that are not named here are copied in place. */
const sections3: Partial<Record<NodeKind, string>> = {
  schema: 'components/schemas',
  parameter: 'components/parameters',
  response: 'components/responses',
  header: 'components/headers',
  requestBody: 'components/requestBodies',
  securityScheme: 'components/securitySchemes',
  callback: 'components/callbacks',
  example: 'components/examples',
  link: 'components/links',
};
const sections2: Partial<Record<NodeKind, string>> = {
  schema: 'definitions',
  parameter: 'parameters',
  response: 'responses',
};

/** Rewrites the references of the main document and of all that comes into it. */
export class Bundling {
  readonly #main: string;
  readonly #files: Map<string, ParsedDocument>;
  readonly #issues: Issue[];
  readonly #document: Json;
  readonly #sections: Partial<Record<NodeKind, string>>;
  /** Pointer in the main document of what came from `file#pointer`. */
  readonly #placed = new Map<string, string>();
  readonly #done = new WeakSet<object>();
  /** What is being copied in place, to notice what holds itself. */
  readonly #copying = new Set<string>();

  constructor(main: string, files: Map<string, ParsedDocument>, issues: Issue[]) {
    this.#main = main;
    this.#files = files;
    this.#issues = issues;
    this.#document = files.get(main)!.value;
    this.#sections = openApiVersion(this.#document) === '2.0' ? sections2 : sections3;
  }

  run(): void {
    this.#claimComponents();
    this.#rewrite(this.#document, 'document', this.#main);
  }

  /** A component that is but a reference to a file gets that file's content, under its own name. */
  #claimComponents(): void {
    for (const section of Object.values(this.#sections)) {
      const at = `/${section}`;
      const components = resolvePointer(this.#document, at);
      for (const [name, value] of Object.entries(isObject(components) ? components : {})) {
        if (!isObject(value) || typeof value['$ref'] !== 'string') continue;
        const { file, fragment } = targetOf(value['$ref'], this.#main);
        const key = `${file}${fragment}`;
        if (file !== this.#main && !this.#placed.has(key)) this.#placed.set(key, child(at, name));
      }
    }
  }

  /** Rewrites the references in a node that came from `file`, `$ref`s and mappings alike. */
  #rewrite(node: Json, kind: NodeKind, file: string): void {
    visit(
      node,
      (nodeKind, value, pointer) => {
        if (this.#done.has(value)) return;
        this.#done.add(value);
        if (typeof value['$ref'] === 'string') this.#resolve(value, nodeKind, file, pointer);
        const { discriminator } = value;
        if (nodeKind !== 'schema' || !isObject(discriminator)) return;
        const mapping = isObject(discriminator['mapping']) ? discriminator['mapping'] : {};
        for (const [name, ref] of Object.entries(mapping))
          if (typeof ref === 'string' && (ref.includes('#') || extname(ref) !== ''))
            mapping[name] = this.#place(ref, 'schema', file) ?? ref;
      },
      kind,
    );
  }

  #resolve(value: Json, kind: NodeKind, file: string, pointer: string): void {
    const ref = value['$ref'] as string;
    const target = targetOf(ref, file);
    if (!this.#files.has(target.file)) return;
    const own = this.#placed.get(`${target.file}${target.fragment}`);
    const claimed = file === this.#main && own !== undefined && own === pointer;
    const inPlace = this.#sections[kind] === undefined || claimed;
    if (!inPlace || target.file === this.#main) {
      value['$ref'] = this.#place(ref, kind, file) ?? ref;
      return;
    }
    const key = `${target.file}${target.fragment}`;
    if (this.#copying.has(key)) return this.#refuse(ref, file, 'goes round in a circle');
    const content = this.#content(target, ref, file);
    if (!content) return;
    delete value['$ref'];
    this.#copying.add(key);
    this.#rewrite(content, kind, target.file);
    this.#copying.delete(key);
    Object.assign(value, content);
  }

  /** The reference to use in the main document; brings in what is not there yet. */
  #place(ref: string, kind: NodeKind, file: string): string | undefined {
    const target = targetOf(ref, file);
    if (target.file === this.#main) return target.fragment;
    const key = `${target.file}${target.fragment}`;
    const known = this.#placed.get(key);
    if (known !== undefined) return `#${known}`;
    const content = this.#content(target, ref, file);
    const section = this.#sections[kind];
    if (!content || section === undefined) return undefined;
    const components = this.#section(section);
    const name = freeName(components, target);
    const at = child(`/${section}`, name);
    this.#placed.set(key, at);
    components[name] = content;
    this.#rewrite(content, kind, target.file);
    return `#${at}`;
  }

  /** A copy of what a reference to another file names. */
  #content(target: RefTarget, ref: string, from: string): Json | undefined {
    const pointer = refPointer(target.fragment);
    const parsed = this.#files.get(target.file);
    const value = pointer === undefined ? undefined : resolvePointer(parsed?.value, pointer);
    if (isObject(value)) return structuredClone(value);
    this.#refuse(ref, from, pointer === undefined ? 'is no JSON pointer' : 'leads nowhere');
    return undefined;
  }

  #refuse(ref: string, file: string, why: string): void {
    const parsed = this.#files.get(file)!;
    const at = listRefs(parsed.value).find(([other]) => other === ref)?.[1] ?? '';
    const message = `${ref} ${why}`;
    this.#issues.push(issueAt(file, parsed, at, message, 'correct the reference'));
  }

  #section(path: string): Json {
    let holder = this.#document;
    for (const key of path.split('/')) {
      holder[key] ??= {};
      holder = holder[key] as Json;
    }
    return holder;
  }
}

/** The last name of the pointer, or the file's; numbered where another thing has it. */
function freeName(components: Json, { file, fragment }: RefTarget): string {
  const last = pathOf(refPointer(fragment) ?? '').at(-1) ?? basename(file, extname(file));
  const plain = last.replaceAll(/[^A-Za-z0-9._-]+/g, '_') || 'part';
  let name = plain;
  for (let number = 2; Object.hasOwn(components, name); number++) name = `${plain}_${number}`;
  return name;
}
