import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { assertJson, assertRefused, examplesDir } from './place.ts';
import type { ExamplePlace } from './place.ts';

export async function webpack(place: ExamplePlace): Promise<void> {
  await place.deploy('webpack');
  const slug = '/webpack/slug?text=Caf%C3%A9%20au%20lait';
  assertJson(await place.get(slug), { slug: 'cafe-au-lait' });
  assertRefused(await place.get('/webpack/slug'), 400, 'bad_parameter');

  const zip = join(place.dir, 'webpack.zip');
  const read = (name: string) => readFile(join(examplesDir, 'webpack', name));
  const files = {
    'funcatron.yaml': await read('funcatron.yaml'),
    dist: { 'main.js': await read('dist/main.js') },
  };
  await writeFile(zip, zipSync(files));
  const sha = (await place.must('deploy', zip, '--base-path', '/zipped')).split('\n')[0];
  const described = JSON.parse(await place.must('describe', sha!, '--json')) as { bytes: number };
  assert.equal(described.bytes, (await readFile(zip)).length, 'the very file');
  assertJson(await place.get('/zipped/slug?text=A+B'), { slug: 'a-b' });
}
