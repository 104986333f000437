/**
 * The engines that people would use instead, each fed the same rules in its own form, and with its best settings.
 * `run` gives how many rules matched, so that all can be held to the same answer.
 */
import { createRequire } from 'node:module';
import { Engine } from 'json-rules-engine';

const require = createRequire(import.meta.url);

/** A rule of the benchmark: three conditions with paths, joined by "all". */
export type BenchRule = readonly BenchCondition[];

export interface BenchCondition {
  readonly fact: string;
  readonly field: string;
  readonly operator: 'equal' | 'in' | 'greaterThan' | 'containsText';
  readonly value: unknown;
}

export type BenchFacts = Readonly<Record<string, unknown>>;

export interface Peer {
  readonly name: string;
  run(facts: BenchFacts): number | Promise<number>;
}

/** One engine, used for one run after the other: overlapping runs lose rules. A one-line path resolver instead of JSONPath. */
export function jsonRulesEngine(rules: readonly BenchRule[]): Peer {
  const engine = new Engine([], {
    pathResolver: (value, path) => (value as Record<string, unknown>)[path.slice(2)],
    allowUndefinedFacts: true,
  });
  engine.addOperator('containsText', (fact: string, value: string) => fact.toLowerCase().includes(value));
  rules.forEach((rule, index) => {
    const all = rule.map(({ fact, field, operator, value }) => ({ fact, path: `$.${field}`, operator, value }));
    engine.addRule({ name: `r${index}`, conditions: { all }, event: { type: 'matched' } });
  });
  return {
    name: 'json-rules-engine 7.3.1, run()',
    run: async (facts) => (await engine.run({ ...facts })).events.length,
  };
}

/** A decision table, collecting: zen's form for many rules of one shape. */
export function zenEngine(rules: readonly BenchRule[]): Peer {
  const { ZenEngine } = require('@gorules/zen-engine') as {
    ZenEngine: new () => {
      createDecision(content: object): { evaluate(context: unknown): Promise<{ result: unknown }> };
    };
  };
  const columns = rules[0]!.map(({ fact, field }, index) => ({
    id: `i${index}`,
    name: field,
    field: `${fact}.${field}`,
  }));
  const cell = ({ operator, value }: BenchCondition) =>
    operator === 'greaterThan'
      ? `> ${JSON.stringify(value)}`
      : operator === 'in'
        ? (value as unknown[]).map((entry) => JSON.stringify(entry)).join(', ')
        : operator === 'containsText'
          ? `contains(lower($), ${JSON.stringify(value)})`
          : JSON.stringify(value);
  const table = {
    hitPolicy: 'collect',
    inputs: columns,
    outputs: [{ id: 'o', name: 'rule', field: 'rule' }],
    rules: rules.map((rule, index) => ({
      _id: `r${index}`,
      ...Object.fromEntries(rule.map((condition, column) => [`i${column}`, cell(condition)])),
      o: `"r${index}"`,
    })),
  };
  const node = (id: string, type: string, content: object = {}) => ({
    id,
    name: id,
    type,
    position: { x: 0, y: 0 },
    content,
  });
  const edge = (sourceId: string, targetId: string) => ({ id: sourceId + targetId, sourceId, targetId, type: 'edge' });
  const decision = new ZenEngine().createDecision({
    nodes: [node('in', 'inputNode'), node('table', 'decisionTableNode', table), node('out', 'outputNode')],
    edges: [edge('in', 'table'), edge('table', 'out')],
  });
  return {
    name: '@gorules/zen-engine 0.54.0',
    run: async (facts) => ((await decision.evaluate(facts)).result as unknown[]).length,
  };
}

/** Each rule compiled to a function by its code generator. */
export function jsonLogicEngine(rules: readonly BenchRule[]): Peer {
  const { LogicEngine } = require('json-logic-engine') as {
    LogicEngine: new () => {
      build(logic: unknown): (data: unknown) => unknown;
      addMethod(name: string, method: unknown, options?: object): void;
    };
  };
  const engine = new LogicEngine();
  engine.addMethod('containsText', ([text, part]: [string, string]) => text.toLowerCase().includes(part), {
    sync: true,
    deterministic: true,
  });
  const operators = { equal: '===', in: 'in', greaterThan: '>', containsText: 'containsText' };
  const compiled = rules.map((rule) =>
    engine.build({
      and: rule.map(({ fact, field, operator, value }) => ({
        [operators[operator]]: [{ var: `${fact}.${field}` }, value],
      })),
    }),
  );
  return {
    name: 'json-logic-engine 5.0.7, built',
    run: (facts) => compiled.filter((holds) => holds(facts) === true).length,
  };
}
