/** Node workers: TypeScript and JavaScript, ES modules and CommonJS. */
import { fileURLToPath } from 'node:url';
import { startWireWorker } from './launch.ts';
import type { Runtime } from './runtime.ts';

const entry = fileURLToPath(new URL('../../workers/node/main.js', import.meta.url));
/** V8 collects harder near its own limit, which should come before the runner's. */
const heapShare = 0.8;
const mebibyte = 1024 * 1024;
const outOfMemory = /JavaScript heap out of memory/;

export const nodeRuntime: Runtime = {
  kind: 'node',
  warmable: true,
  start(options, events) {
    const { memoryBytesMax } = options;
    // V8 fixes its limit when it starts: a warm worker's is that of StartOptions, not of a bundle.
    const heap = memoryBytesMax ? Math.floor((memoryBytesMax * heapShare) / mebibyte) : 0;
    const flags = heap > 0 ? [`--max-old-space-size=${heap}`] : [];
    const command = [process.execPath, ...flags, entry];
    return startWireWorker({ label: 'node worker', command, outOfMemory }, options, events);
  },
};
