/** One change of a queue at a time, whatever became of the one before. */
export class InTurn {
  readonly #changing = new Map<string, Promise<unknown>>();

  take<T>(queue: string, change: () => Promise<T>): Promise<T> {
    const before = this.#changing.get(queue) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(change);
    this.#changing.set(queue, mine);
    const done = (): void => {
      if (this.#changing.get(queue) === mine) this.#changing.delete(queue);
    };
    mine.then(done, done);
    return mine;
  }
}
