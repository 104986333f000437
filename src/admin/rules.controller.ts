import {
  ConflictException,
  Controller,
  Get,
  HttpCode,
  Logger,
  Post,
  Query,
  Res,
  UnprocessableEntityException,
  UseGuards,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AdminAuthGuard } from '../auth/admin-auth.guard.js';
import { RulesService } from '../rules/rules.service.js';
import { ADMIN_PATH } from './admin-door.js';
import { describeFault, describeRules } from './describe-rules.js';
import { Described } from './described.js';
import { EXAMPLES } from './examples.js';

@Controller(`${ADMIN_PATH}/rules`)
@ApiTags('rules')
@UseGuards(AdminAuthGuard)
export class RulesController {
  readonly #logger = new Logger('Admin');

  constructor(private readonly rules: RulesService) {}

  @Get()
  @Described({
    summary: 'The rules that are running',
    answers: {
      200: { description: 'The rules, in the order in which they act', schema: 'Rules', example: EXAMPLES.rules },
    },
  })
  show(): object {
    return describeRules(this.rules.current, this.rules.status, new Date());
  }

  @Post('reload')
  @HttpCode(200)
  @Described({
    summary: 'Load the rule files now',
    description:
      'They are loaded by themselves within seconds after a change; this does not wait for it. A set with a fault or a red test never runs: the old one goes on.',
    query: {
      wait: {
        description: 'Answer when they are loaded, and how that ended',
        schema: { type: 'string' },
        allowEmptyValue: true,
      },
    },
    answers: {
      200: { description: 'They are running ("?wait")', schema: 'RulesReload', example: EXAMPLES.reload },
      202: { description: 'Loading begins', schema: 'RulesReloadStarted', example: { status: 'started' } },
    },
    problems: [400, 409, 413, 415, 422],
  })
  async reload(@Query('wait') wait: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    this.#logger.log('Asked to load the rules now');
    if (wait === undefined || wait === 'false') {
      this.rules
        .reload()
        .catch((error: unknown) => this.#logger.error(`The rules could not be loaded: ${String(error)}`));
      reply.code(202);
      return { status: 'started' };
    }
    const reload = await this.rules.reload();
    switch (reload.kind) {
      case 'loaded':
      case 'same':
        return {
          status: reload.kind,
          revision: reload.revision,
          rules: this.rules.current.rules.length,
          warnings: reload.warnings.map(describeFault),
        };
      case 'rejected':
        throw new UnprocessableEntityException({
          message: `The rule files have ${reload.faults.length} fault(s); revision ${reload.running} stays`,
          violations: reload.faults.map(describeFault),
        });
      case 'edited':
        throw new ConflictException('The rule files were edited while they were read; ask again');
      default:
        return reload satisfies never;
    }
  }
}
