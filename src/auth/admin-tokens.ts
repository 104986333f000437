import { Injectable } from '@nestjs/common';
import { InjectConfig, type ServiceConfig } from '../config/service-config.js';
import { carriesOneOf, digestOf } from './bearer.js';

/** Who may use the Admin API. */
@Injectable()
export class AdminTokens {
  readonly #digests: readonly Buffer[];

  constructor(@InjectConfig() { adminTokens }: ServiceConfig) {
    this.#digests = adminTokens.map(digestOf);
  }

  /** Whether an `Authorization` header carries one of the tokens. Takes the same time whichever it is, and if none. */
  accepts(header: string | undefined): boolean {
    return carriesOneOf(this.#digests, header);
  }
}
