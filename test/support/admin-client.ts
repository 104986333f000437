import { Ajv2020 } from 'ajv/dist/2020.js';
import type { OpenAPIObject } from '@nestjs/swagger';
import { type Answer, send } from './http.js';
import type { RunningApp } from './start-app.js';

export const ADMIN_TOKEN = 'the-admin-token-of-the-tests';

type Method = 'GET' | 'POST';
interface Documented {
  readonly content?: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>>;
}

export interface AdminAnswer extends Answer {
  /** What the tests look at is theirs to know. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

/** Asks the Admin API, and holds each answer against what the OpenAPI document says of it. */
export class AdminClient {
  readonly #ajv;

  private constructor(
    private readonly app: RunningApp,
    readonly document: OpenAPIObject,
  ) {
    this.#ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    this.#ajv.addSchema(document, 'api');
  }

  static async of(app: RunningApp): Promise<AdminClient> {
    const { text } = await send(`${app.url}/docs/json`, { method: 'GET' });
    return new AdminClient(app, JSON.parse(text) as OpenAPIObject);
  }

  get(path: string): Promise<AdminAnswer> {
    return this.#ask('GET', path, {});
  }

  /** @param body an object is sent as JSON, a text as it stands */
  post(path: string, body?: unknown): Promise<AdminAnswer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.#ask('POST', path, body === undefined ? {} : { text });
  }

  /** Everything in which a value differs from a schema of the document. */
  faults($ref: string, value: unknown): readonly string[] {
    const validate = this.#ajv.compile({ $ref: `api${$ref}` });
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  async #ask(method: Method, path: string, { text }: { readonly text?: string }): Promise<AdminAnswer> {
    const answer = await send(`${this.app.url}/admin/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(text === undefined ? {} : { body: text }),
    });
    const body = answer.text === '' ? null : (JSON.parse(answer.text) as unknown);
    this.#expectDocumented(method, path, answer, body);
    return { ...answer, body };
  }

  #expectDocumented(method: Method, path: string, { status, headers }: Answer, body: unknown): void {
    const [route = ''] = path.split('?');
    const [, operations] =
      Object.entries(this.document.paths).find(([pattern]) =>
        new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(`/admin/${route}`),
      ) ?? [];
    const responses = operations?.[method.toLowerCase() as 'get' | 'post']?.responses as
      Record<number, Documented> | undefined;
    const documented = responses?.[status];
    if (documented === undefined) throw new Error(`${method} ${route}: status ${status} is not documented`);
    const [type = ''] = (headers['content-type'] ?? '').split(';');
    const schema = documented.content?.[type]?.schema;
    if (documented.content === undefined && body === null) return;
    if (schema === undefined) throw new Error(`${method} ${route}: ${status} as ${type} is not documented`);
    const faults = this.faults(schema.$ref, body);
    if (faults.length > 0) throw new Error(`${method} ${route}: ${status} is not as documented:\n${faults.join('\n')}`);
  }
}

/** The violations of an answer, by field. */
export function violationsOf({ status, body }: AdminAnswer): Readonly<Record<string, string>> {
  const { violations = [] } = body as { violations?: { field: string; message: string }[] };
  return { status: String(status), ...Object.fromEntries(violations.map(({ field, message }) => [field, message])) };
}
