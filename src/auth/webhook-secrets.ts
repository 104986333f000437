import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConfig, type ServiceConfig, splitSecrets } from '../config/service-config.js';
import { FileWatcher, fingerprintOf } from '../files/file-watcher.js';

const BEARER = /^bearer +(.*)$/i;

/** The secrets that the sender may use; several at once, so that one can be changed without a message lost. */
@Injectable()
export class WebhookSecrets implements OnApplicationShutdown {
  readonly #logger = new Logger('Auth');
  #digests: readonly Buffer[];
  readonly #watcher: FileWatcher | undefined;

  constructor(@InjectConfig() { webhookSecrets, webhookSecretFile }: ServiceConfig) {
    this.#digests = webhookSecrets.map((secret) => digest(Buffer.from(secret)));
    if (webhookSecretFile === null) return;
    this.#watcher = new FileWatcher(webhookSecretFile, () => this.#reload(webhookSecretFile));
    void fingerprintOf(webhookSecretFile).then((fingerprint) => this.#watcher?.start(fingerprint));
  }

  /** Whether an `Authorization` header carries one of the secrets. Takes the same time whichever it is, and if none. */
  accepts(header: string | undefined): boolean {
    const token = BEARER.exec(header ?? '')?.[1]?.trim();
    // Node hands over header bytes as Latin-1; taken back to bytes, a UTF-8 secret compares equal to the configured one.
    const given = digest(Buffer.from(token ?? '', 'latin1'));
    let isAccepted = false;
    for (const accepted of this.#digests) isAccepted = timingSafeEqual(given, accepted) || isAccepted;
    return token !== undefined && isAccepted;
  }

  onApplicationShutdown(): void {
    this.#watcher?.close();
  }

  async #reload(file: string): Promise<void> {
    const secrets = splitSecrets(await readFile(file, 'utf8').catch(() => ''));
    if (secrets.length === 0) {
      this.#logger.error(`${file} holds no secret any more; the ones read before stay valid`);
      return;
    }
    this.#digests = secrets.map((secret) => digest(Buffer.from(secret)));
    this.#logger.log(`${secrets.length} webhook secret(s) read from ${file}`);
  }
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
