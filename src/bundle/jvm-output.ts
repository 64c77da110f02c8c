/** What a build tool of the JVM prints when it fails, reduced to what one has to mend. */
import { existsSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Issue } from '../message.ts';

/** Faults that are told, at most; the rest may follow from them. */
const issuesMax = 20;
/** Of what a tool prints without a place, the end is where it says what is wrong. */
const lastLines = 12;
const lineMax = 500;
/** Lines below a place that may say more of it. */
const moreLines = 8;

/** What Maven, sbt, Kotlin and Gradle put before a line that matters. */
const mark = /^\s*(?:\[(?:ERROR|FATAL|error)\]|e:|error:)/;
const endings = 'java|kts?|scala|groovy|clj[cs]?|sbt|gradle';

/** `path:[3,7] text`, `path:3:7: text`, `path: 3: text`, `path:3: error: text`, `(path:3:7)`. */
const inSource = new RegExp(
  String.raw`^(?<before>.*?)(?:file:/*(?=/))?(?<file>(?:[\w.@/\\ -]|(?<=\b\w):)+\.(?:${endings}))` +
    String.raw`: ?\[?(?<line>\d+)(?:[:,] ?(?<column>\d+))?\]?\)?:?(?<text>.*)$`,
);
/** `text @ line 3, column 7`, as Maven says it of a POM. */
const inPom =
  /^(?<before>)(?:Non-parseable POM )?(?:(?<file>\S*pom\.xml): )?(?<text>\S.*?)(?: \(position: .*)? +@ (?:\S+, )*line (?<line>\d+), column (?<column>\d+)/;
/** `Build file 'path' line: 3`, above what Gradle says of it. */
const inScript =
  /^(?<before>)(?:Build|Settings|Initialization) (?:file|script) '(?<file>[^']+)' line: (?<line>\d+)$/;

/** Lines that only say how to ask for more, or that it failed. */
const idle = [
  /^\s*$/,
  /-> \[Help \d+\]$/,
  /^\s*\[Help \d+\]|[Rr]e-run Maven|For more information|After correcting the problems/,
  /^\s*at [\w.$/<>]+\(|^\s*\.\.\. \d+ more/,
  /^\s*(COMPILATION ERROR|BUILD FAILURE|Total time|\w+ errors?( found)?$|[-*]+$)/,
  /^\s*\[?(info|success|warn|INFO|WARNING)\b/,
  /Run with --(stacktrace|info|debug|scan)|Get more help at|^FAILURE: Build failed|^Full report at/,
  /^\* (Where|Try|What went wrong|Exception is):$|^BUILD FAILED in |^openjdk version|^OpenJDK .* \(build /,
];

/** Every fault that the output names a file and line of, in its order; paths are from `dir`. */
export function findIssues(output: string, dir: string): Issue[] {
  const lines = stripVTControlCharacters(output).split('\n');
  const found = new Map<string, Issue>();
  for (const [index, line] of lines.entries()) {
    const issue = readIssue(line, lines.slice(index + 1, index + 1 + moreLines), dir);
    const key = issue && `${issue.file}:${issue.line}:${issue.at}`;
    if (key && !found.has(key)) found.set(key, issue);
    if (found.size >= issuesMax) break;
  }
  return [...found.values()];
}

function readIssue(line: string, below: readonly string[], dir: string): Issue | undefined {
  const isMarked = mark.test(line);
  const plain = line.replace(mark, '').trim();
  if (/^(at|\.\.\.) /.test(plain)) return undefined;
  const match =
    inSource.exec(plain) ?? inScript.exec(plain) ?? (isMarked ? inPom.exec(plain) : null);
  if (!match) return undefined;
  const { before = '', file = 'pom.xml', line: number, column, text = '' } = match.groups!;
  const heading = before.replace(/^-- /, '').replace(/ at \($|[\s(:-]+$/, '');
  // Others are warnings, or tell what is being done.
  if (!isMarked && !/error|exception|^$/i.test(heading)) return undefined;
  if (/^\s*warning:/.test(text)) return undefined;
  const message = messageOf(heading, text, below);
  if (message === '') return undefined;
  return {
    in: 'handler',
    at: column ? `column ${column}` : '',
    message: message.slice(0, lineMax),
    file: fromFolder(file.trim(), dir),
    line: Number(number),
  };
}

function messageOf(heading: string, text: string, below: readonly string[]): string {
  const said = text
    .replace(/^\s*error:/, '')
    .replace(/^[-.\s]+$/, '')
    .trim();
  const more = linesOf(below);
  // Java names what it cannot find in the next line; Scala and Clojure say all of it below.
  const symbol = more.find((line) => line.startsWith('symbol:'))?.replace(/^symbol:\s*/, '');
  if (said !== '') return symbol && /symbol/.test(said) ? `${said}: ${symbol}` : said;
  return [heading, more.join(' ')].filter((part) => part !== '').join(': ');
}

/** What the lines below a place say of it: up to the next place, without code that is quoted. */
function linesOf(below: readonly string[]): string[] {
  const plain = below.map((line) => line.replace(mark, '').trim());
  const first = plain.findIndex((line) => !inSource.test(line));
  const rest = plain.slice(Math.max(first, 0));
  const end = rest.findIndex((line) => inSource.test(line) || /^\|? *(longer|Full) /.test(line));
  return rest
    .slice(0, end < 0 ? rest.length : end)
    .filter((line) => !/^\d+ ?\|/.test(line) && !idle.some((one) => one.test(line)))
    .map((line) => line.replace(/^[|\s]+/, ''))
    .filter((line) => /\w/.test(line));
}

function fromFolder(path: string, dir: string): string {
  const within = relative(dir, path);
  if (isAbsolute(path)) return (within.startsWith('..') ? path : within).replaceAll(sep, '/');
  // Clojure names files by their place in a source folder.
  const source = ['src', 'src/main/clojure', 'test'].find((one) =>
    existsSync(join(dir, one, path)),
  );
  return source ? `${source}/${path}` : path;
}

/** The last lines that say something, of output that names no file. */
export function lastWords(output: string): string {
  const lines = stripVTControlCharacters(output)
    .split('\n')
    .map((line) =>
      line
        .replace(mark, '')
        .replace(/ -> \[Help \d+\]$/, '')
        .trim(),
    )
    .filter((line) => !idle.some((one) => one.test(line)));
  return [...new Set(lines)]
    .slice(-lastLines)
    .map((line) => line.slice(0, lineMax))
    .join('\n');
}
