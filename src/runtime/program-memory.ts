/** Memory of workers that are several programs, each with the limit for itself. */
import { FuncatronError } from '../errors.ts';

interface MeasuredProgram {
  rssBytes(): number;
  abort(error: FuncatronError, atOnce: boolean): void;
}

/**
 * Resident bytes of the largest program. One over the limit is ended here, at its own caller's cost,
 * and so never seen by who would end the whole worker.
 */
export function measureLargest(programs: Iterable<MeasuredProgram>, bytesMax: number): number {
  let largest = 0;
  for (const program of programs) {
    const bytes = program.rssBytes();
    if (bytes > bytesMax) program.abort(overMemory(bytes, bytesMax), true);
    else largest = Math.max(largest, bytes);
  }
  return largest;
}

function overMemory(bytes: number, bytesMax: number): FuncatronError {
  const detail = `the program used ${bytes} bytes; the limit is ${bytesMax} (x-funcatron.memory)`;
  return new FuncatronError('func_memory', detail);
}
