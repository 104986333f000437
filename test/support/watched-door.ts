import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { type Answer, send, type SendOptions, start, type Started } from './http.js';
import { sampleDelivery } from './sample-delivery.js';
import { RunningApp, SECRET, type WorkspaceFiles } from './start-app.js';

/** Where deliveries come in. */
export const PATHS = ['/webhooks/emailgistics', '/emailgistics-webhook'];

const GOOD_HEADERS = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' };

/**
 * A running service that must stand whatever is thrown at it: after each test of the file, no answer was a 500 or told of
 * the inside, every 401 said nothing, and a good delivery still gets its envelope.
 */
export class WatchedDoor {
  #app: RunningApp | undefined;
  readonly #answers: Answer[] = [];

  constructor(files: WorkspaceFiles) {
    beforeAll(async () => {
      this.#app = await RunningApp.start(files);
    });
    afterEach(() => this.#expectUnharmed());
    afterAll(() => this.#app?.close());
  }

  get app(): RunningApp {
    return this.#app!;
  }

  /** Sends with exactly these headers, and remembers the answer. */
  send(path: string, options: SendOptions): Promise<Answer> {
    return this.#remember(send(`${this.app.url}${path}`, options));
  }

  /** A delivery with the secret; a text is sent as it stands. */
  deliver(path: string, payload: unknown, headers: SendOptions['headers'] = {}): Promise<Answer> {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return this.send(path, { headers: { ...GOOD_HEADERS, ...headers }, body });
  }

  /** Sends the headers only, and so much of the body. */
  start(path: string, options: Parameters<typeof start>[1]): Started {
    const { answer, finish } = start(`${this.app.url}${path}`, options);
    return { answer: this.#remember(answer), finish };
  }

  async #remember(answer: Promise<Answer>): Promise<Answer> {
    this.#answers.push(await answer);
    return answer;
  }

  async #expectUnharmed(): Promise<void> {
    for (const answer of this.#answers.splice(0)) {
      expect(answer.status).not.toBe(500);
      expect(answer.text).not.toMatch(/\n {4}at |node_modules|file:\/\//);
      if (answer.status !== 401) continue;
      expect(answer).toMatchObject({ text: '', headers: { 'www-authenticate': 'Bearer' } });
    }
    const good = await this.app.deliver(sampleDelivery());
    expect(good.status).toBe(200);
    expect(JSON.parse(good.text)).toMatchObject({ status: 'success', actions: expect.any(Array) });
  }
}
