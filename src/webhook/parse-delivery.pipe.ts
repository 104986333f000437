import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import type { Delivery } from '../facts/delivery.js';
import { parseDelivery } from './parse-delivery.js';

@Injectable()
export class ParseDeliveryPipe implements PipeTransform<unknown, Delivery> {
  transform(body: unknown): Delivery {
    const parsed = parseDelivery(body);
    if (parsed.ok) return parsed.delivery;
    throw new BadRequestException({
      message: 'The payload is not a delivery of Emailgistics',
      violations: parsed.violations,
    });
  }
}
