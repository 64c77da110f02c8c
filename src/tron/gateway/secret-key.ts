/** The key that secrets are kept under: a file of its own, never in the store. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { FuncatronError } from '../../errors.ts';

export interface SecretKeyOptions {
  /** The file (`--secrets-key`); empty: there is none, and nothing can be kept. */
  file: string;
  /** Make it where it is not there. */
  isOwn: boolean;
}

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;

export class SecretKey {
  readonly #options: SecretKeyOptions;
  #reading: Promise<Buffer> | undefined;

  constructor(options: SecretKeyOptions) {
    this.#options = options;
  }

  /** Encrypts; `what` must be said again to open it (NIST SP 800-38D, additional data). */
  async seal(value: Uint8Array, what: string): Promise<string> {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv(algorithm, await this.#key(), iv).setAAD(Buffer.from(what));
    const hidden = Buffer.concat([cipher.update(value), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), hidden]).toString('base64');
  }

  /** Rejects with `secret_unavailable` when another key sealed it, or it was changed. */
  async open(sealed: string, what: string): Promise<Buffer> {
    const bytes = Buffer.from(sealed, 'base64');
    const key = await this.#key();
    try {
      const opener = createDecipheriv(algorithm, key, bytes.subarray(0, ivBytes));
      opener.setAAD(Buffer.from(what)).setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      return Buffer.concat([opener.update(bytes.subarray(ivBytes + tagBytes)), opener.final()]);
    } catch (cause) {
      const detail =
        'a secret cannot be decrypted: --secrets-key is not the key it was encrypted with; ' +
        'give that one, or set the secret anew';
      throw new FuncatronError('secret_unavailable', detail, { cause, component: 'tron' });
    }
  }

  #key(): Promise<Buffer> {
    return (this.#reading ??= this.#read().catch((thrown: unknown) => {
      this.#reading = undefined;
      throw thrown;
    }));
  }

  async #read(): Promise<Buffer> {
    const { file, isOwn } = this.#options;
    const mend = 'make one for all Trons: openssl rand -hex 32 > FILE';
    if (file === '') throw unusable(`secrets need --secrets-key with this store; ${mend}`);
    if (isOwn) await writeNewFile(file, `${randomBytes(keyBytes).toString('hex')}\n`);
    const text = await readFile(file, 'utf8').catch((cause: Error) => {
      throw unusable(`--secrets-key ${file} cannot be read (${cause.message}); ${mend}`);
    });
    if (/^[0-9a-f]{64}\s*$/i.test(text)) return Buffer.from(text.trim(), 'hex');
    throw unusable(`--secrets-key ${file} is no key of 64 hex digits; ${mend}`);
  }
}

/** Durable, and only its owner reads it; one that is there stays as it is. */
async function writeNewFile(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'EEXIST') return undefined;
    throw unusable(`the key of secrets cannot be written: ${thrown.message}`);
  });
  if (!handle) return;
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unusable(detail: string): FuncatronError {
  return new FuncatronError('secret_unavailable', detail, { component: 'tron' });
}
