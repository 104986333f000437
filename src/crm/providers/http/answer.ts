import { EnricherError } from '../../../shared/errors.js';

/** What an API answered, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON of the body; undefined when it has none or another content. */
  readonly json: unknown;
  readonly content: 'empty' | 'json' | 'other' | 'broken json';
}

export const MAX_ANSWER_BYTES = 1024 * 1024;

/** @throws EnricherError `CRM_MISCONFIGURED` when it is too big; whatever reading throws */
export async function readAnswer(response: Response, who: string): Promise<Answer> {
  const { status, headers } = response;
  const text = new TextDecoder().decode(await readBody(response, who));
  const isEmpty = text.trim() === '';
  if (isEmpty || !isJson(headers)) return { status, headers, json: undefined, content: isEmpty ? 'empty' : 'other' };
  try {
    return { status, headers, json: JSON.parse(text) as unknown, content: 'json' };
  } catch {
    return { status, headers, json: undefined, content: 'broken json' };
  }
}

async function readBody(response: Response, who: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the body, and with it the connection.
  const body: AsyncIterable<Uint8Array> | Iterable<Uint8Array> = response.body ?? [];
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) {
      const message = `${who} answered ${response.status} with more than 1 MB; ask for fewer records or fields`;
      // A failing server's page tells nothing of the configuration.
      throw new EnricherError(response.status >= 500 ? 'CRM_UNAVAILABLE' : 'CRM_MISCONFIGURED', message);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isJson(headers: Headers): boolean {
  return /^(application|text)\/([\w.+-]+\+)?json\s*(;|$)/i.test(headers.get('content-type') ?? '');
}
