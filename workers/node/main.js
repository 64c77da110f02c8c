/**
 * A node worker: connects to the socket its runner listens on, says hello at once, and loads the
 * rest while the hello is under way. docs/worker-protocol.md describes what follows.
 */
import { connect } from 'node:net';

const path = process.env.FUNCATRON_SOCKET;
delete process.env.FUNCATRON_SOCKET;
if (!path) {
  process.stderr.write('FUNCATRON_SOCKET is not set: a Funcatron runner starts this program\n');
  process.exit(2);
}

const socket = connect(path);
socket.write(hello());
const { serve } = await import('./session.js');
serve(socket);

function hello() {
  const facts = { protocol: 1, runtime: 'node', version: process.versions.node, pid: process.pid };
  const payload = Buffer.from(JSON.stringify(facts));
  const prefix = Buffer.alloc(9);
  prefix.writeUInt32BE(5 + payload.length);
  prefix[4] = 1;
  return Buffer.concat([prefix, payload]);
}
