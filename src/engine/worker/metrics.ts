/** A worker's figures for Prometheus, read when somebody asks. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Clock } from '../../lib/clock.ts';
import { oldestWaitingSeconds } from './readiness.ts';
import type { Worker } from './worker.ts';

const LOOP_WATCH_MS = 250;

/** @param provider a label on every figure */
export function createWorkerMetrics(worker: Worker, provider: string, clock: Clock): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ provider });
  // Every 10 ms, its default, the watch over the event loop alone would cost an idle process 1 % of a core.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_WATCH_MS });
  const { pipeline, outbox, credits, presence, health } = worker;
  counter(registry, 'memalerts_chat_lines_total', 'Chat lines by result', 'fate', () => {
    const { lines, ...fates } = pipeline.stats();
    return { read: lines, ...fates };
  });
  counter(registry, 'memalerts_outbox_messages_total', 'Send attempts by outcome', 'outcome', () => {
    const { sent, failed, retried, answersCrowdedOut } = outbox.stats();
    return { sent, failed, retried, answers_crowded_out: answersCrowdedOut };
  });
  counter(registry, 'memalerts_credits_events_total', 'Credits events by result', 'fate', () => ({
    ...credits.stats(),
  }));
  gauge(registry, 'memalerts_outbox_sending', 'Messages that are being sent right now', () => outbox.stats().sending);
  gauge(registry, 'memalerts_outbox_oldest_waiting_seconds', 'Age of the oldest unfinished message', () =>
    oldestWaitingSeconds(outbox.stats().oldestWaitingSince, clock),
  );
  gauge(registry, 'memalerts_worker_copies', 'Live copies of this worker', () => presence.life.copies);
  gauge(registry, 'memalerts_channels_desired', 'Channels whose bot is enabled', () => presence.channels.desiredCount);
  new Gauge({
    name: 'memalerts_channels',
    help: 'Channels of this copy by reader state',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [state, count] of health.counts()) this.set({ state }, count);
    },
  });
  return registry;
}

function counter(registry: Registry, name: string, help: string, label: string, read: () => Record<string, number>) {
  new Counter({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count);
    },
  });
}

function gauge(registry: Registry, name: string, help: string, read: () => number) {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
