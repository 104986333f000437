import { readServiceConfig } from '../../src/config/service-config.js';

/** Every environment variable that the service reads, in alphabetical order: whoever adds one need not remember to list it. */
export function serviceVariables(): string[] {
  const asked = new Set<string>();
  const listening = new Proxy<NodeJS.ProcessEnv>({}, { get: (_, name) => void asked.add(String(name)) });
  readServiceConfig(listening);
  return [...asked].toSorted();
}
