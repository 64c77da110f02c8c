const bytesMax = 4096;

/** The end of what a program wrote to standard error, for the message about its end. */
export class LastWords {
  #text = '';

  add(line: string): void {
    const text = this.#text === '' ? line : `${this.#text}\n${line}`;
    this.#text = text.length > bytesMax ? text.slice(-bytesMax) : text;
  }

  toString(): string {
    return this.#text;
  }
}
