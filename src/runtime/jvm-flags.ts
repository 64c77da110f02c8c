/** How a JVM is started: its heap, and flags that hold for every one. */
import type { Java } from './jvm-java.ts';

const mebibyte = 1024 * 1024;
/** Heap of a JVM that bundles share (`--jvm-memory`). */
export const sharedHeapBytesDefault = 1024 * mebibyte;
/** What a JVM needs beside its heap (classes, compiled code, stacks), as a part of its memory. */
const besideHeap = { share: 0.3, bytesMin: 48 * mebibyte, bytesMax: 384 * mebibyte };
const heapBytesMin = 16 * mebibyte;

/**
 * - No files for monitoring tools in /tmp: that costs a tenth of a start, and jcmd works without.
 * - Text is UTF-8 whatever the locale, as newer versions have it; nothing opens a display.
 * - A JVM that crashes says so in its output, where the log takes it, and leaves no files.
 */
const always = [
  '-XX:-UsePerfData',
  '-XX:-CreateCoredumpOnCrash',
  '-XX:+ErrorFileToStderr',
  '-Xshare:auto',
  '-Xlog:cds=off',
  '-Xlog:cds+dynamic=off',
  '-Dfile.encoding=UTF-8',
  '-Djava.awt.headless=true',
];

/** Named with the class path: a manifest that says so is read first, and costs a tenth of a start. */
const main = 'funcatron.worker.Main';

/** From here on the worker is warned of reaching what is not opened; before, flags cost a start. */
const closedFrom = 24;
const opens = ['java.lang', 'java.util', 'java.util.concurrent'].map(
  (name) => `--add-opens=java.base/${name}=ALL-UNNAMED`,
);

/** The heap that goes with a memory limit, so that the heap is used up before the limit is reached. */
export function heapFor(memoryBytesMax: number): number {
  const { share, bytesMin, bytesMax } = besideHeap;
  const beside = Math.min(Math.max(memoryBytesMax * share, bytesMin), bytesMax);
  return Math.max(heapBytesMin, memoryBytesMax - beside);
}

/** The command of a JVM; `options` are a bundle's own, and win. */
export function jvmCommand(
  java: Java,
  jar: string,
  given: { heapBytesMax: number; archive?: string | undefined; options?: readonly string[] },
): string[] {
  const heap = `-Xmx${Math.floor(given.heapBytesMax / mebibyte)}m`;
  const archive = given.archive ? [`-XX:SharedArchiveFile=${given.archive}`] : [];
  const own = given.options ?? [];
  return [...flags(java), heap, ...archive, ...own, '-cp', jar, main];
}

/** The command that writes the archive of classes of `jar`. */
export function trainCommand(java: Java, jar: string, archive: string): string[] {
  const flag = `-XX:ArchiveClassesAtExit=${archive}`;
  return [...flags(java), flag, '-cp', jar, main, '--train'];
}

const flags = ({ path, major }: Java): string[] => [
  path,
  ...always,
  ...(major >= closedFrom ? opens : []),
];
