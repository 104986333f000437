import {
  BadRequestException,
  Body,
  Controller,
  HttpCode,
  Inject,
  Logger,
  Param,
  Post,
  UseGuards,
} from '@nestjs/common';
import type { CrmConfig } from '../crm/crm-config.js';
import { LookupService } from '../crm/lookup.service.js';
import { CRM_CONFIG } from '../enrichment/enrichment.module.js';
import { type Change, parseChanges } from './parse-changes.js';
import { PushAuthGuard } from './push-auth.guard.js';

/** Where a CRM tells of changes; for providers without `pushSecret` there is nothing here, see `push-door.ts`. */
export const PUSH_PATH = 'hooks/crm/:provider';

export interface PushAnswer {
  readonly status: 'success';
  /** Changes by which something was forgotten, and such that brought a record. */
  readonly dropped: number;
  readonly replaced: number;
}

@Controller()
@UseGuards(PushAuthGuard)
export class PushController {
  readonly #logger = new Logger('Push');

  constructor(
    private readonly lookups: LookupService,
    @Inject(CRM_CONFIG) private readonly crm: CrmConfig,
  ) {}

  @Post(PUSH_PATH)
  @HttpCode(200)
  receive(@Param('provider') name: string, @Body() body: unknown): PushAnswer {
    const fields = this.crm.providers.find((provider) => provider.name === name)?.fields ?? null;
    const parsed = parseChanges(body, fields && Object.keys(fields));
    if (!parsed.ok)
      throw new BadRequestException({
        message: 'The body is not one or more changes, and none was taken; docs/crm.md says what they are',
        violations: parsed.violations,
      });
    const { changes } = parsed;
    for (const change of changes) this.#apply(name, change);
    const replaced = changes.filter(({ record }) => record !== null).length;
    const dropped = changes.length - replaced;
    this.#logger.log(`Provider "${name}" told of changes: ${dropped} dropped, ${replaced} replaced`);
    return { status: 'success', dropped, replaced };
  }

  #apply(name: string, { ids, record }: Change): void {
    const source = this.lookups.source(name);
    if (record === null) source?.forget(ids);
    else for (const id of ids) source?.replace({ id, record, seenAt: Date.now() });
  }
}
