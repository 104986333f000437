import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { splitSecrets } from '../config/read-secrets.js';
import { InjectConfig, type ServiceConfig } from '../config/service-config.js';
import { FileWatcher, fingerprintOf } from '../files/file-watcher.js';
import { carriesOneOf, digestOf } from './bearer.js';

/** The secrets that the sender may use; several at once, so that one can be changed without a message lost. */
@Injectable()
export class WebhookSecrets implements OnApplicationShutdown {
  readonly #logger = new Logger('Auth');
  #digests: readonly Buffer[];
  readonly #watcher: FileWatcher | undefined;

  constructor(@InjectConfig() { webhookSecrets, webhookSecretFile }: ServiceConfig) {
    this.#digests = webhookSecrets.map(digestOf);
    if (webhookSecretFile === null) return;
    this.#watcher = new FileWatcher(webhookSecretFile, () => this.#reload(webhookSecretFile), {
      onError: (error) => this.#logger.error(`${webhookSecretFile} cannot be read again: ${String(error)}`),
    });
    void this.#watch(webhookSecretFile, this.#watcher);
  }

  /** Whether an `Authorization` header carries one of the secrets. Takes the same time whichever it is, and if none. */
  accepts(header: string | undefined): boolean {
    return carriesOneOf(this.#digests, header);
  }

  onApplicationShutdown(): void {
    this.#watcher?.close();
  }

  /** The file may have changed since the environment was read: nobody would see that it did. */
  async #watch(file: string, watcher: FileWatcher): Promise<void> {
    const fingerprint = await fingerprintOf(file);
    const digests = (await readSecrets(file)).map(digestOf);
    if (!isDeepStrictEqual(digests, this.#digests)) this.#take(digests, file);
    watcher.start(fingerprint);
  }

  async #reload(file: string): Promise<void> {
    this.#take((await readSecrets(file)).map(digestOf), file);
  }

  #take(digests: readonly Buffer[], file: string): void {
    if (digests.length === 0) {
      this.#logger.error(`${file} holds no secret any more; the ones read before stay valid`);
      return;
    }
    this.#digests = digests;
    this.#logger.log(`${digests.length} webhook secret(s) read from ${file}`);
  }
}

/** None when it cannot be read. */
async function readSecrets(file: string): Promise<string[]> {
  return splitSecrets(await readFile(file, 'utf8').catch(() => ''));
}
