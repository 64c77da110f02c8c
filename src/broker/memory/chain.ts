/** A doubly linked list whose links are the items themselves: nothing is allocated per entry. */
export interface Link {
  before: this | undefined;
  after: this | undefined;
  /** The chain the item is in, if any: an item is in one chain at a time. */
  chain: object | undefined;
}

export class Chain<T extends Link> {
  size = 0;
  first: T | undefined;
  #last: T | undefined;

  push(item: T): void {
    item.chain = this;
    item.before = this.#last;
    item.after = undefined;
    if (this.#last) this.#last.after = item;
    else this.first = item;
    this.#last = item;
    this.size++;
  }

  shift(): T | undefined {
    const item = this.first;
    if (item) this.remove(item);
    return item;
  }

  /** Whether the item was in this chain. */
  remove(item: T): boolean {
    if (item.chain !== this) return false;
    if (item.before) item.before.after = item.after;
    else this.first = item.after;
    if (item.after) item.after.before = item.before;
    else this.#last = item.before;
    item.before = item.after = item.chain = undefined;
    this.size--;
    return true;
  }

  /** The items in order. The one just yielded may be removed. */
  *[Symbol.iterator](): Generator<T> {
    for (let item = this.first; item;) {
      const after: T | undefined = item.after;
      yield item;
      item = after;
    }
  }
}
