import type { DestinationStream } from 'pino';
import { prettyFactory } from 'pino-pretty';

/** Takes lines of JSON and hands on lines for people. */
export function forPeople(to: DestinationStream): DestinationStream {
  const pretty = prettyFactory({ ignore: 'context,requestId', messageFormat: '[{context}] {msg}' });
  return { write: (line) => to.write(pretty(line)) };
}
