/** Where the members of a YAML or JSON text stand: JSON pointer to line. */
import { EVENT_ID, getScalarValue } from 'js-yaml';
import type { Event } from 'js-yaml';
import { child } from './pointer.ts';

/** Line (1-based) of a pointer; of its nearest ancestor when the text has no such member. */
export type Locate = (pointer: string) => number;

interface Frame {
  pointer: string;
  /** Index of the next item; undefined in a mapping. */
  index: number | undefined;
  /** In a mapping: the key whose value comes next. */
  key: string | undefined;
}

/** Indexes a parsed text. Members of an aliased node are found at its anchor's own place only. */
export function createLocate(text: string, events: readonly Event[]): Locate {
  const offsets = indexOffsets(text, events);
  const lines = indexLines(text);
  return (pointer) => {
    let known = pointer;
    while (known !== '' && !offsets.has(known)) known = known.slice(0, known.lastIndexOf('/'));
    return lineOf(lines, offsets.get(known) ?? 0);
  };
}

/** Offsets of keys, and of items that have none. */
function indexOffsets(text: string, events: readonly Event[]): Map<string, number> {
  const offsets = new Map<string, number>();
  const stack: Frame[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) continue;
    const frame = stack.at(-1);
    if (event.type === EVENT_ID.POP) {
      stack.pop();
      continue;
    }
    if (frame && frame.index === undefined && frame.key === undefined) {
      frame.key = event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : '';
      const pointer = child(frame.pointer, frame.key);
      if (!offsets.has(pointer)) offsets.set(pointer, startOf(event));
      continue;
    }
    const pointer = frame ? child(frame.pointer, frame.index ?? frame.key!) : '';
    if (frame?.index !== undefined) offsets.set(pointer, startOf(event));
    if (frame?.index !== undefined) frame.index++;
    if (frame) frame.key = undefined;
    if (event.type === EVENT_ID.MAPPING) stack.push({ pointer, index: undefined, key: undefined });
    if (event.type === EVENT_ID.SEQUENCE) stack.push({ pointer, index: 0, key: undefined });
  }
  return offsets;
}

function startOf(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart;
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart;
  return 'start' in event ? event.start : 0;
}

function indexLines(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lineOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low + 1;
}
