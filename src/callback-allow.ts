/**
 * Where results may be posted to (`--callback-allow`). A caller names the URL, so without a list
 * the platform would ask for whatever it can reach: nothing is allowed that no entry names, and no
 * address of a private network that no entry names as such.
 */
import { BlockList, isIP } from 'node:net';

/** One entry, taken apart. */
interface Entry {
  /** Absent: `http` and `https`. */
  scheme?: string;
  /** Absent: the standard port of the scheme; `*`: any. */
  port?: string;
  matches: { name: string } | { below: string } | { any: true } | { network: BlockList };
}

const standardPorts: Record<string, string> = { 'http:': '80', 'https:': '443' };
const entryForm = /^(?:(https?):\/\/)?(\[[0-9a-f:.]+\]|[^/:[\]]+)(\/\d{1,3})?(?::(\d{1,5}|\*))?$/;
const nameForm = /^([a-z0-9_]([a-z0-9_-]{0,62})\.?)+$/;

/** Addresses that are none of the public internet's (IANA special-purpose registries). */
const special = blockList(
  'ipv4',
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 ' +
    '192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 ' +
    '224.0.0.0/4 240.0.0.0/4',
);
/** What of IPv6 is global unicast; and of that, what leads to IPv4 or is set apart. */
const globalV6 = blockList('ipv6', '2000::/3');
const specialV6 = blockList('ipv6', '2001::/23 2001:db8::/32 2002::/16 3fff::/20');

export class CallbackAllow {
  readonly #entries: Entry[];

  /**
   * Entries are origins (`https://hooks.example.com`), hosts (`hooks.example.com`, `*.example.com`,
   * `*` for any), addresses and networks (`10.1.0.0/16`, `[fd00::]/8`); a host may have a port, `*`
   * for any. Throws a plain Error that says which is wrong.
   */
  constructor(entries: readonly string[]) {
    this.#entries = entries.map(readEntry);
  }

  /** Why a URL may not be posted to, or undefined. Names are not looked up here. */
  refuse(text: string): string | undefined {
    if (this.#entries.length === 0) return 'no callback is allowed here (--callback-allow)';
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !(url.protocol in standardPorts)) return 'it must be an http:// or https:// URL';
    if (url.username || url.password) return 'it may hold no user name and no password';
    const address = addressOf(url);
    if (address && !this.mayReach(url, address)) return unlisted(url);
    return this.#entries.some((entry) => fits(entry, url)) ? undefined : unlisted(url);
  }

  /** Whether the address that a URL's host has may be connected to. */
  mayReach(url: URL, address: string): boolean {
    if (isPublic(address)) return true;
    const literal = addressOf(url) !== undefined;
    return this.#entries.some((entry) => {
      const { matches } = entry;
      if ('network' in matches) return fitsPlace(entry, url) && holds(matches.network, address);
      return 'name' in matches && (literal || isLocal(matches.name)) && fits(entry, url);
    });
  }
}

/** The address in a URL that has one in place of a name, without brackets. */
export function addressOf({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? undefined : bare;
}

/** Whether an address is of the public internet. */
export function isPublic(address: string): boolean {
  const mapped = mappedV4(address);
  if (mapped) return isPublic(mapped);
  switch (isIP(address)) {
    case 4:
      return !special.check(address, 'ipv4');
    case 6:
      return globalV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6');
    default:
      return false;
  }
}

function readEntry(text: string): Entry {
  const match = entryForm.exec(text.toLowerCase());
  if (!match) throw bad(text);
  const [, scheme, host, bits, port] = match as unknown as (string | undefined)[];
  const entry = { ...(scheme && { scheme: `${scheme}:` }), ...(port && { port }) };
  return { ...entry, matches: readHost(text, host!, bits) };
}

function readHost(text: string, host: string, bits: string | undefined): Entry['matches'] {
  if (host === '*' && !bits) return { any: true };
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(bare);
  if (family !== 0 && bits) return { network: readNetwork(text, bare, Number(bits.slice(1))) };
  if (bits || (family === 6 && bare === host)) throw bad(text);
  // As the URL of a callback shows it.
  if (family !== 0) return { name: new URL(`http://${host}`).hostname };
  if (host.startsWith('*.') && nameForm.test(host.slice(2))) return { below: host.slice(1) };
  if (nameForm.test(host)) return { name: host };
  throw bad(text);
}

function readNetwork(text: string, address: string, bits: number): BlockList {
  const family = familyOf(address);
  if (bits > (family === 'ipv4' ? 32 : 128)) throw bad(text);
  return blockList(family, `${address}/${bits}`);
}

function blockList(family: 'ipv4' | 'ipv6', networks: string): BlockList {
  const list = new BlockList();
  for (const network of networks.split(' ')) {
    const [address, bits] = network.split('/') as [string, string];
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}

function fits(entry: Entry, url: URL): boolean {
  if (!fitsPlace(entry, url)) return false;
  const { matches } = entry;
  if ('any' in matches) return true;
  const name = url.hostname.replace(/\.$/, '');
  if ('name' in matches) return name === matches.name.replace(/\.$/, '');
  if ('below' in matches) return name.endsWith(matches.below) && addressOf(url) === undefined;
  const address = addressOf(url);
  return address !== undefined && holds(matches.network, address);
}

function fitsPlace({ scheme, port }: Entry, url: URL): boolean {
  if (scheme !== undefined && scheme !== url.protocol) return false;
  const standard = standardPorts[url.protocol]!;
  return port === '*' || (url.port || standard) === (port ?? standard);
}

function holds(network: BlockList, address: string): boolean {
  const plain = mappedV4(address) ?? address;
  return network.check(plain, familyOf(plain));
}

/** `10.0.0.1` of `::ffff:10.0.0.1`, in either spelling. */
function mappedV4(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  const [, dotted, high, low] =
    /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/.exec(
      new URL(`http://[${address.replace(/%.*/, '')}]`).hostname.slice(1, -1),
    ) ?? [];
  if (dotted) return dotted;
  if (high === undefined) return undefined;
  const bits = (parseInt(high, 16) << 16) | parseInt(low!, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

function isLocal(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

function unlisted({ origin }: URL): string {
  return `${origin} is not in the list of what is allowed (--callback-allow)`;
}

function bad(text: string): Error {
  return new Error(
    `"${text}" is none of: an origin (https://hooks.example.com), a host (*.example.com), ` +
      'an address or a network (10.1.0.0/16, [fd00::]/8), each with :PORT or :* if need be',
  );
}
