/**
 * The gateway and the builder of a Tron, opened when somebody first asks for one: a start does not
 * wait for what few need.
 */
import type { IncomingMessage } from 'node:http';
import type { Call, Reply } from '../../message.ts';
import type { Answer } from '../answer.ts';
import type { Builder } from './builder.ts';
import type { Gateway, GatewayParts } from './gateway.ts';

interface Opened {
  gateway: Gateway;
  builder: Builder | undefined;
}

export class GatewayOpening {
  readonly #parts: GatewayParts;
  #opened: Promise<Opened> | undefined;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /** Whether a call from `tronQueues.ask` is for the gateway. */
  takes({ head }: Call): boolean {
    return head.path.startsWith('/gateway/');
  }

  async answer(call: Call): Promise<Reply> {
    return (await this.#open()).gateway.answer(call);
  }

  /** The answer to `/build`; undefined where nothing can make images. */
  async build(request: IncomingMessage): Promise<Answer | undefined> {
    if (!this.#parts.options.buildImage) return undefined;
    return (await this.#open()).builder?.answer(request);
  }

  #open(): Promise<Opened> {
    return (this.#opened ??= open(this.#parts));
  }
}

async function open(parts: GatewayParts): Promise<Opened> {
  const [{ Gateway }, { Catalogue }, { createBuilder }] = await Promise.all([
    import('./gateway.ts'),
    import('./image.ts'),
    import('./builder.ts'),
  ]);
  const { options, log } = parts;
  const catalogue = new Catalogue(options.images, options.bundleLimits);
  return {
    gateway: new Gateway(parts, catalogue),
    builder: createBuilder(options, catalogue, log),
  };
}
