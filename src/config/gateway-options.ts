/** Options of functions by name: of the frontend that has their address, of the Tron that knows them. */
import { grouped, text } from './option.ts';

const group = 'Functions by name';

export const functionDoorOptions = grouped(group, {
  services: text(
    '--services <file>',
    'services.json: which Alexa applications may call which functions',
    '',
  ),
});

export const functionDeskOptions = grouped(group, {
  images: text('--images <folder>', 'catalogue of images: a folder with one for each', ''),
  secretsKey: text(
    '--secrets-key <file>',
    'file of the key that secrets are encrypted with; without one, secrets.key in the data folder',
    '',
  ),
  basicAuth: text(
    '--basic-auth <folder>',
    'folder with basic-auth-user and basic-auth-password, for /system/',
    '',
  ),
});
