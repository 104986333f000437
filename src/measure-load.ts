import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import type { Load } from './enrichment/overload.js';

const SAMPLE_INTERVAL_MS = 250;
const BEAT_MS = 20;

/**
 * Measures from now on. The plugin gets no limits, so it refuses nothing itself: it would refuse health checks, too, and it takes a
 * process that is merely busy for one that cannot keep up.
 */
export async function measureLoad(fastify: FastifyInstance): Promise<() => Load> {
  await fastify.register(underPressure, { sampleInterval: SAMPLE_INTERVAL_MS });
  let beatAt = performance.now();
  let turn = 0;
  const beat = setInterval(() => {
    beatAt = performance.now();
    turn++;
  }, BEAT_MS).unref();
  fastify.addHook('onClose', async () => clearInterval(beat));
  return () => {
    const { eventLoopDelay, heapUsed } = fastify.memoryUsage();
    return { eventLoopDelayMs: eventLoopDelay, turn, turnMs: performance.now() - beatAt, heapUsedBytes: heapUsed };
  };
}
