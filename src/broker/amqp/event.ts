/** Foreign messages from RabbitMQ: from a queue that somebody else fills, or from `amq.topic`. */
import type { AsyncMessage, Channel } from 'rabbitmq-client';
import type { Headers } from '../../message.ts';
import type { EventSource } from '../broker.ts';
import { AmqpIntake } from './intake.ts';
import { isRefusal } from './link.ts';
import type { Link } from './link.ts';
import type { ForeignMessage } from '../remote/transport.ts';

const topicExchange = 'amq.topic';
/** Where a message came by, as headers: a source may have wildcards. */
const keyHeader = 'amqp-routing-key';
const exchangeHeader = 'amqp-exchange';
/** CloudEvents AMQP binding 3.1.3.1: the prefix of attributes among application properties. */
const cloudEvent = /^cloudevents[:_]/;

/**
 * Takes the messages of a queue, which is made durable if it is not there; or those that are
 * published to `amq.topic` with a routing key that fits (`orders.*`), from a durable queue of the
 * group's, which stays and keeps what comes while nobody takes.
 */
export async function takeAmqpEvents(
  link: Link,
  source: EventSource,
  window: number,
  onEvent: (event: ForeignMessage) => void,
): Promise<AmqpIntake> {
  const intake = new AmqpIntake(link, window, {
    prepare: () => prepare(link, source),
    adapt: keepBytes,
    hand: (message, receipt) => {
      const { redelivered } = message;
      const content = { bytes: bytesOf(message.body), headers: headersOf(message), redelivered };
      onEvent({ ...content, ack: () => receipt.ack(), giveBack: () => receipt.giveBack() });
    },
  });
  await link.add(intake);
  return intake;
}

async function prepare(link: Link, { queue, topic, subject, group }: EventSource): Promise<string> {
  if (queue !== undefined) {
    try {
      await link.errand((channel) => channel.queueDeclare({ queue, passive: true }));
    } catch (thrown) {
      if (!isRefusal(thrown, 'NOT_FOUND')) throw thrown;
      await link.errand((channel) => channel.queueDeclare({ queue, durable: true }));
    }
    return queue;
  }
  const routingKey = topic ?? subject ?? '';
  const name = link.name('event', group, routingKey);
  await link.errand(async (channel) => {
    await channel.queueDeclare({ queue: name, durable: true });
    await channel.queueBind({ exchange: topicExchange, queue: name, routingKey });
  });
  return name;
}

/** The client parses bodies by their content type, unless they have an encoding. */
function keepBytes(channel: Channel): void {
  const inner = channel as unknown as {
    _onHeader?(frame: { fields: { contentEncoding?: string } }): void;
  };
  const onHeader = inner._onHeader;
  if (!onHeader) return;
  inner._onHeader = function (frame) {
    frame.fields.contentEncoding ??= 'identity';
    onHeader.call(channel, frame);
  };
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Names in lower case; a CloudEvent's attributes as they are in HTTP (`ce-type`). */
function headersOf(message: AsyncMessage): Headers {
  const all: Headers = {};
  const put = (name: string, value: unknown): void => {
    const text = textOf(value);
    if (text !== undefined) all[name] = text;
  };
  for (const [name, value] of Object.entries(message.headers ?? {}))
    put(name.toLowerCase().replace(cloudEvent, 'ce-'), value);
  const { contentEncoding, timestamp } = message;
  put('content-type', message.contentType);
  put('content-encoding', contentEncoding === 'identity' ? undefined : contentEncoding);
  put('message-id', message.messageId);
  put('correlation-id', message.correlationId);
  put('reply-to', message.replyTo);
  put('type', message.type);
  put('app-id', message.appId);
  put('user-id', message.userId);
  put('priority', message.priority);
  put('timestamp', timestamp === undefined ? undefined : new Date(timestamp * 1000));
  put(keyHeader, message.routingKey);
  put(exchangeHeader, message.exchange);
  return all;
}

function textOf(value: unknown): string | string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return value.toString();
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
