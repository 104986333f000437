import { type DynamicModule, Module } from '@nestjs/common';
import { AddressHash } from '../shared/address-hash.js';

/** Gives everybody who logs the one hash for addresses. */
@Module({})
export class LogsModule {
  static register(hash: AddressHash): DynamicModule {
    return {
      module: LogsModule,
      global: true,
      providers: [{ provide: AddressHash, useValue: hash }],
      exports: [AddressHash],
    };
  }
}
