import { answer, ScriptedServer, type Step } from './scripted-server.js';

const FOUND = answer(200, { people: [{ tier: 'gold' }] });

/** A CRM that knows everybody (gold), and answers look-ups when the test lets it. Messages that get no answer of it are retried. */
export class HeldCrm implements AsyncDisposable {
  readonly #held = Promise.withResolvers<Step>();
  #server: ScriptedServer | undefined;
  #asked = 0;

  static async start(): Promise<HeldCrm> {
    const crm = new HeldCrm();
    crm.#server = await ScriptedServer.start((response) => {
      if (!response.req.url?.startsWith('/people')) return FOUND(response);
      crm.#asked += 1;
      void crm.#held.promise.then((step) => step(response));
    });
    return crm;
  }

  /** `crm.json` */
  get config(): object {
    const byEmail = { path: '/people', query: { email: '{{email}}' }, items: 'people' };
    const http = { type: 'http', baseUrl: this.#server!.url, auth: { type: 'none' }, check: { path: '/me' } };
    const provider = { name: 'crm', ...http, byEmail, fields: { tier: 'tier' } };
    return { providers: [provider], lookup: { timeoutMs: 60_000, onUnavailable: 'retry' } };
  }

  /** How many look-ups came. */
  get asked(): number {
    return this.#asked;
  }

  release(step = FOUND): void {
    this.#held.resolve(step);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    await this.#server?.[Symbol.asyncDispose]();
  }
}
