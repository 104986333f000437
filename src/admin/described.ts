import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { schemaRef } from './schema-parts.js';
import type { SchemaName } from './schemas.js';

export interface QueryDescription {
  readonly description: string;
  readonly schema: { readonly type: string; readonly [keyword: string]: unknown };
  readonly allowEmptyValue?: boolean;
}

interface AnswerDescription {
  readonly description: string;
  readonly schema: SchemaName;
  readonly example: unknown;
}

export interface RouteDescription {
  readonly summary: string;
  readonly description?: string;
  readonly body?: { readonly schema: SchemaName; readonly example: unknown };
  readonly query?: Readonly<Record<string, QueryDescription>>;
  readonly params?: Readonly<Record<string, { readonly description: string }>>;
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** The errors that it can answer with, beside 401. */
  readonly problems?: readonly (keyof typeof PROBLEMS)[];
}

export const ADMIN_SECURITY = 'adminToken';

const PROBLEMS = {
  400: 'Everything that is wrong with the request',
  404: 'There is no such thing',
  409: 'Not now; ask again',
  413: 'The body is too large',
  415: 'The body is not JSON, or packed',
  422: 'The rule files have faults; the old rules go on',
  503: 'The store does not answer',
} as const;

/** Describes a route in the OpenAPI document. */
export function Described({ body, query, params, answers, problems = [], ...operation }: RouteDescription) {
  return applyDecorators(
    ApiOperation(operation),
    ApiBearerAuth(ADMIN_SECURITY),
    ...(body === undefined
      ? []
      : [ApiBody({ required: true, schema: schemaRef(body.schema), examples: { example: { value: body.example } } })]),
    ...Object.entries(query ?? {}).map(([name, each]) =>
      ApiQuery({ name, required: false, ...each, schema: { ...each.schema } }),
    ),
    ...Object.entries(params ?? {}).map(([name, each]) => ApiParam({ name, ...each, schema: { type: 'string' } })),
    ...Object.entries(answers).map(([status, { description, schema, example }]) =>
      ApiResponse({
        status: Number(status),
        description,
        content: { 'application/json': { schema: schemaRef(schema), example } },
      }),
    ),
    ApiResponse({ status: 401, description: 'No token, or a wrong one; no body' }),
    ...problems.map((status) =>
      ApiResponse({
        status,
        description: PROBLEMS[status],
        content: { 'application/problem+json': { schema: schemaRef('Problem') } },
      }),
    ),
  );
}
