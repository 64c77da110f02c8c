/** The file by which a watchdog shows that it takes requests: health checks look for it. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Variables = Record<string, string | undefined>;

export class LockFile {
  readonly path: string;

  constructor({ TMPDIR }: Variables) {
    this.path = join(TMPDIR || '/tmp', '.lock');
  }

  get isThere(): boolean {
    return existsSync(this.path);
  }

  write(): void {
    writeFileSync(this.path, '', { mode: 0o660 });
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}
