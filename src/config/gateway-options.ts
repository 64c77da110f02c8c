/** Options of functions by name: of the frontend that has their address, of the Tron that knows them. */
import { grouped, list, optional, text } from './option.ts';

const group = 'Functions by name';

export const functionDoorOptions = grouped(group, {
  services: text(
    '--services <file>',
    'services.json: which Alexa applications may call which functions',
    '',
  ),
});

export const functionDeskOptions = grouped(group, {
  images: text(
    '--images <folder>',
    'catalogue of images: a folder with one for each; without one, images in the data folder',
    '',
  ),
  payloadSecret: text(
    '--payload-secret <file>',
    'file of the key that builds sent to /build are signed with; without one, none is taken',
    '',
  ),
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

/** Which of the namespaces a command is about. */
export const functionOptions = {
  namespace: optional('-n, --namespace <name>', 'namespace; without one, openfaas-fn'),
};

export const secretOptions = {
  fromFile: optional('--from-file <file>', 'file whose bytes are the value; - for standard input'),
  fromLiteral: optional('--from-literal <text>', 'the value itself; others may see it, see ps(1)'),
};

export const stackOptions = {
  file: optional('-f, --file <file|url>', 'the stack; without one, stack.yml here'),
  filter: list('--filter <name>', 'only functions of such a name; * stands for anything'),
  env: list('-e, --env <name=value>', 'a variable for all of them'),
};
