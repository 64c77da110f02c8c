/** A server that speaks S3 (s3rver), with one empty bucket. */
import { join } from 'node:path';
import { freePort, startServer, throwAwayFolder, untilAnswers } from './server.ts';
import type { TestServer } from './server.ts';

export const bucket = 'bundles';
/** The ones it takes; for AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. */
export const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

/** Its URL is the endpoint. */
export async function startS3(): Promise<TestServer> {
  const folder = throwAwayFolder();
  const port = await freePort();
  const server = join(import.meta.dirname, '../../node_modules/s3rver/bin/s3rver.js');
  const where = ['-d', join(folder, 'data'), '-a', '127.0.0.1', '-p', String(port)];
  const args = [server, ...where, '--silent', '--no-vhost-buckets', '--configure-bucket', bucket];
  return startServer({
    url: `http://127.0.0.1:${port}`,
    folder,
    program: process.execPath,
    args,
    ready: () => untilAnswers(port),
  });
}
