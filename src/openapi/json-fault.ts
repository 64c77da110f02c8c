/**
 * Finds where a text stops being JSON (RFC 8259). The engine's own message names a position only
 * sometimes, and quotes the text; ours names position, line, column and what was expected. Runs only
 * when parsing failed. Keeps its own stack, so depth costs memory, never the call stack.
 */

type Expected =
  | 'a value'
  | 'a value or "]"'
  | 'a property name in double quotes'
  | 'a property name or "}"'
  | 'a colon'
  | 'a comma or "}"'
  | 'a comma or "]"'
  | 'the string to go on or to end'
  | 'nothing more';

interface Scan {
  text: string;
  position: number;
  /** Open brackets, innermost last. */
  open: string[];
  expected: Expected;
}

const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
const space = /[ \t\n\r]*/y;

/** One sentence: what was expected, what stands there, and where. */
export function locateFault(text: string): string {
  const scan: Scan = { text, position: 0, open: [], expected: 'a value' };
  while (step(scan));
  const { position } = scan;
  const before = text.slice(0, position);
  const line = before.split('\n').length;
  const column = position - before.lastIndexOf('\n');
  const there = position >= text.length ? 'the end' : JSON.stringify(text[position]);
  const where = `at position ${position} (line ${line}, column ${column})`;
  return `${where}, ${scan.expected} was expected, not ${there}`;
}

/** Takes one token; false at the fault. */
function step(scan: Scan): boolean {
  space.lastIndex = scan.position;
  space.test(scan.text);
  scan.position = space.lastIndex;
  const character = scan.text[scan.position];
  if (character === undefined) return false;
  switch (scan.expected) {
    case 'a value':
    case 'a value or "]"':
      return takeValue(scan, character);
    case 'a property name in double quotes':
    case 'a property name or "}"':
      if (character === '}' && scan.expected === 'a property name or "}"') return close(scan);
      return character === '"' && takeString(scan) && expect(scan, 'a colon');
    case 'a colon':
      return character === ':' && advance(scan) && expect(scan, 'a value');
    case 'a comma or "}"':
      if (character === '}') return close(scan);
      return character === ',' && advance(scan) && expect(scan, 'a property name in double quotes');
    case 'a comma or "]"':
      if (character === ']') return close(scan);
      return character === ',' && advance(scan) && expect(scan, 'a value');
    default:
      return false;
  }
}

function takeValue(scan: Scan, character: string): boolean {
  if (character === ']' && scan.expected === 'a value or "]"') return close(scan);
  if (character === '{' || character === '[') {
    scan.open.push(character);
    advance(scan);
    return expect(scan, character === '{' ? 'a property name or "}"' : 'a value or "]"');
  }
  if (character === '"') return takeString(scan) && expectAfterValue(scan);
  scalar.lastIndex = scan.position;
  if (!scalar.test(scan.text)) return false;
  scan.position = scalar.lastIndex;
  return expectAfterValue(scan);
}

/** Stops at the offending character of a string that is none. */
function takeString(scan: Scan): boolean {
  const { text } = scan;
  for (let at = scan.position + 1; ; at++) {
    const code = text.charCodeAt(at);
    scan.position = at;
    if (code === 0x22) return advance(scan);
    // NaN at the end of the text; control characters must be escaped.
    const isPlain = code >= 0x20 && code !== 0x5c;
    if (isPlain) continue;
    const escape = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(at, at + 6));
    if (!escape) {
      scan.expected = 'the string to go on or to end';
      return false;
    }
    at += escape[0].length - 1;
  }
}

function close(scan: Scan): boolean {
  scan.open.pop();
  advance(scan);
  return expectAfterValue(scan);
}

function expectAfterValue(scan: Scan): boolean {
  const innermost = scan.open.at(-1);
  if (innermost === undefined) return expect(scan, 'nothing more');
  return expect(scan, innermost === '{' ? 'a comma or "}"' : 'a comma or "]"');
}

function advance(scan: Scan): true {
  scan.position++;
  return true;
}

function expect(scan: Scan, expected: Expected): true {
  scan.expected = expected;
  return true;
}
