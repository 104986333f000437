import {
  Controller,
  Get,
  Logger,
  NotFoundException,
  Param,
  Query,
  ServiceUnavailableException,
  UseGuards,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AdminAuthGuard } from '../auth/admin-auth.guard.js';
import { RulesService } from '../rules/rules.service.js';
import { AddressHash } from '../shared/address-hash.js';
import { reasonOf } from '../shared/errors.js';
import { within } from '../shared/within.js';
import { AdminStore } from './admin-store.js';
import { ADMIN_PATH } from './admin-door.js';
import { describeDecision, summarise } from './describe-decision.js';
import { Described } from './described.js';
import { EXAMPLES } from './examples.js';
import { DECISION_ID, readDecisionQuery } from './read-decision-query.js';
import { DECISION_FILTERS } from './decision-filters.js';

/** Nobody's message waits for it. */
const STORE_TIMEOUT_MS = 10_000;

@Controller(`${ADMIN_PATH}/decisions`)
@ApiTags('decisions')
@UseGuards(AdminAuthGuard)
export class DecisionsController {
  readonly #logger = new Logger('Admin');

  constructor(
    private readonly store: AdminStore,
    private readonly rules: RulesService,
    private readonly hash: AddressHash,
  ) {}

  @Get()
  @Described({
    summary: 'What was decided, newest first',
    query: DECISION_FILTERS,
    answers: { 200: { description: 'A page', schema: 'Decisions', example: EXAMPLES.decisions } },
    problems: [400, 503],
  })
  async list(@Query() query: unknown): Promise<object> {
    const wanted = readDecisionQuery(query, this.hash, Date.now());
    const { limit } = wanted;
    const found = await this.#ask(() => this.store.decisions.list({ ...wanted, limit: limit + 1 }));
    const page = found.slice(0, limit);
    return { decisions: page.map(summarise), next: found.length > limit ? (page.at(-1)?.id ?? null) : null };
  }

  @Get(':id')
  @Described({
    summary: 'A decision, what was answered, and why',
    params: { id: { description: 'Of the decision, as the list has it' } },
    answers: { 200: { description: 'The decision', schema: 'Decision', example: EXAMPLES.decision } },
    problems: [404, 503],
  })
  async show(@Param('id') id: string): Promise<object> {
    const decision = DECISION_ID.test(id) ? await this.#ask(() => this.store.decisions.get(id)) : null;
    if (decision === null) throw new NotFoundException('There is no decision with this id');
    return describeDecision(decision, this.rules.current);
  }

  /** @throws ServiceUnavailableException when the store does not answer */
  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await within(STORE_TIMEOUT_MS, work);
    } catch (error) {
      this.#logger.warn(`The store could not be asked for decisions: ${reasonOf(error)}`);
      throw new ServiceUnavailableException('The store does not answer; see /health/ready');
    }
  }
}
