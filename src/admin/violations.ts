import { BadRequestException } from '@nestjs/common';
import { didYouMean } from '../files/did-you-mean.js';
import { isObject } from '../shared/is-object.js';
import type { Violation } from '../shared/problem.js';

/** What may stand in a message: no address is such a name. */
const PLAIN_NAME = /^\w{1,40}$/;
const MAX_VIOLATIONS = 100;

/** Everything that is wrong with a request. */
export class Violations {
  readonly #all: Violation[] = [];

  get areNone(): boolean {
    return this.#all.length === 0;
  }

  add(field: string, message: string): undefined {
    this.#all.push({ field, message });
  }

  addAll(field: string, violations: readonly Violation[]): void {
    for (const { field: inner, message } of violations) this.add(inner === '' ? field : `${field}.${inner}`, message);
  }

  /** The value as an object of these keys; an empty one when it is none. */
  object(value: unknown, keys: readonly string[], field = ''): Readonly<Record<string, unknown>> {
    if (!isObject(value)) {
      this.add(field, field === '' ? 'the body must be a JSON object' : 'must be a JSON object');
      return {};
    }
    for (const name of Object.keys(value)) {
      if (keys.includes(name)) continue;
      const told = PLAIN_NAME.test(name) ? `the key "${name}" is unknown${didYouMean(name, keys)}` : 'a key is unknown';
      this.add(field, told);
    }
    return value;
  }

  /** @throws BadRequestException with all of them, if there are any */
  refuse(detail: string): void {
    const more = this.#all.length - MAX_VIOLATIONS;
    const violations =
      more <= 0 ? this.#all : [...this.#all.slice(0, MAX_VIOLATIONS), { field: '', message: `and ${more} more` }];
    if (violations.length > 0) throw new BadRequestException({ message: detail, violations });
  }
}
