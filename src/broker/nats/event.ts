/** Foreign messages from NATS: from a stream of JetStream where one has them, else as they pass. */
import { AckPolicy, DeliverPolicy, JetStreamApiCodes } from '@nats-io/jetstream';
import { jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import type { JetStreamManager } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Msg } from '@nats-io/transport-node';
import { randomUUID } from 'node:crypto';
import type { Headers } from '../../message.ts';
import type { EventSource } from '../broker.ts';
import { GroupIntake } from './intake.ts';
import { isRefusal } from './job.ts';
import { bufferOf, tokenOf } from './link.ts';
import type { Link } from './link.ts';
import { ackWaitMs, PullIntake } from './pull.ts';
import type { ForeignMessage, Intake } from '../remote/transport.ts';

/** Its subject, as a header: a source may have wildcards. */
const subjectHeader = 'nats-subject';

type OnEvent = (event: ForeignMessage) => void;

/**
 * Takes what is published to a subject, once for each group. Where a stream captures the subject,
 * the group's place in it is kept in a durable consumer, which stays; a group that is new begins
 * with what comes from now on, in a work queue with what is there. Else at most once.
 */
export async function takeNatsEvents(
  link: Link,
  source: EventSource,
  window: number,
  onEvent: OnEvent,
): Promise<Intake> {
  const subject = source.subject ?? source.topic ?? source.queue!;
  const group = `${tokenOf(link.namespace)}-${tokenOf(source.group)}`;
  const jsm = await jetstreamManager(link.nc, { checkAPI: false });
  const stream = await findStream(jsm, subject);
  if (stream === undefined) {
    const loss = 'no JetStream stream has this subject: events that nobody takes are lost';
    link.log.warn({ subject }, loss);
    return takePassing(link, subject, group, window, onEvent);
  }
  const name = `${group}-${tokenOf(subject)}`;
  return PullIntake.open(link, link.subject('pull', link.id, randomUUID()), window, {
    stream,
    ensure: () => ensureDurable(jsm, stream, subject, name),
    hand: (message) => {
      const { msg, redelivered } = message;
      const content = { bytes: bufferOf(msg.data), headers: headersOf(msg), redelivered };
      onEvent({ ...content, ack: () => message.ack(), giveBack: () => message.giveBack() });
    },
  });
}

async function findStream(jsm: JetStreamManager, subject: string): Promise<string | undefined> {
  try {
    return await jsm.streams.find(subject);
  } catch (thrown) {
    if (isRefusal(thrown, JetStreamApiCodes.StreamNotFound)) return undefined;
    throw thrown;
  }
}

async function ensureDurable(
  jsm: JetStreamManager,
  stream: string,
  subject: string,
  name: string,
): Promise<string> {
  try {
    await jsm.consumers.info(stream, name);
  } catch (thrown) {
    if (!isRefusal(thrown, JetStreamApiCodes.ConsumerNotFound)) throw thrown;
    const { retention } = (await jsm.streams.info(stream)).config;
    await jsm.consumers.add(stream, {
      durable_name: name,
      filter_subject: subject,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ackWaitMs),
      max_ack_pending: -1,
      deliver_policy: retention === RetentionPolicy.Limits ? DeliverPolicy.New : DeliverPolicy.All,
    });
  }
  return name;
}

async function takePassing(
  link: Link,
  subject: string,
  queue: string,
  window: number,
  onEvent: OnEvent,
): Promise<Intake> {
  const lose = (): void => link.log.warn({ subject }, 'an event was lost: nobody had room for it');
  const intake = new GroupIntake(window, {
    subscribe: (onMessage) => link.listen(subject, onMessage, queue),
    hand: (msg, done) => {
      const content = { bytes: bufferOf(msg.data), headers: headersOf(msg), redelivered: false };
      const giveBack = (): void => {
        lose();
        done();
      };
      onEvent({ ...content, ack: done, giveBack });
    },
    turnAway: lose,
    holdMs: Infinity,
    onRoom: () => undefined,
  });
  await link.nc.flush();
  return intake;
}

/** Names in lower case; a CloudEvent in binary mode keeps its `ce-` ones. */
function headersOf({ headers, subject }: Msg): Headers {
  const all: Headers = {};
  for (const [name, values] of headers ?? []) {
    const key = name.toLowerCase();
    const before = all[key] === undefined ? [] : [all[key]].flat();
    const list = [...before, ...values];
    all[key] = list.length === 1 ? list[0]! : list;
  }
  all[subjectHeader] = subject;
  return all;
}
