/** What was opened one after the other, and is closed again last first. */
export class Closing {
  readonly #opened: (() => unknown)[] = [];

  add(close: () => unknown): void {
    this.#opened.push(close);
  }

  /** Closes everything, once; what fails keeps nothing else open. Rejects with the first failure. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#opened.splice(0).toReversed())
      try {
        await close();
      } catch (thrown) {
        failures.push(thrown);
      }
    if (failures.length > 0) throw failures[0];
  }

  /** Runs `start`, and closes what it had opened when it fails. */
  async guard<T>(start: () => Promise<T>): Promise<T> {
    try {
      return await start();
    } catch (thrown) {
      await this.close().catch(() => undefined);
      throw thrown;
    }
  }
}
