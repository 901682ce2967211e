/** Conformance: whatever the platform says about a silent bot has words that a person understands. */
import { expect, test } from 'vitest';
import type { Cause, CauseTable } from '../../src/platforms/causes/cause.ts';
import { coreCauses } from '../../src/platforms/causes/core.ts';
import type { Platform } from '../../src/platforms/platform.ts';

export interface NotedPlatform {
  readonly platform: Platform;
  /** Every reason that its reader and its sender gave so far. */
  readonly reasons: ReadonlySet<string>;
}

/** The platform itself, with its reasons written down. */
export function noting(platform: Platform): NotedPlatform {
  const reasons = new Set<string>();
  return {
    reasons,
    platform: {
      ...platform,
      openWorkerSide(deps) {
        const side = platform.openWorkerSide({
          ...deps,
          events: {
            ...deps.events,
            state(channelId, state) {
              if (state.reason !== null) reasons.add(state.reason);
              deps.events.state(channelId, state);
            },
          },
        });
        const { sender } = side;
        return {
          ...side,
          ...(side.details === undefined ? {} : { details: () => side.details?.() ?? {} }),
          close: () => side.close(),
          sender: {
            isPrivileged: (channel, as) => sender.isPrivileged(channel, as),
            ...(sender.hasSaid === undefined
              ? {}
              : { hasSaid: (...asked) => sender.hasSaid?.(...asked) ?? noMessage() }),
            async send(...given) {
              const outcome = await sender.send(...given);
              if (outcome.kind !== 'sent') reasons.add(outcome.reason);
              return outcome;
            },
          },
        };
      },
    },
  };
}

async function noMessage(): Promise<null> {
  return null;
}

/** After all other cases: by then the platform has said most of what it can say. */
export function reasonCases({ platform, reasons }: NotedPlatform): void {
  test("every reason that reader and sender gave is in the platform's table or in the core's", () => {
    const unknown = [...reasons].filter((reason) => !(reason in platform.causes) && !(reason in coreCauses));
    expect(unknown).toEqual([]);
    expect(reasons.size).toBeGreaterThan(0);
  });

  test('every cause of the platform says what is so and what to do, in both languages', () => {
    const texts = Object.entries(platform.causes).map(([code, row]) => [code, wordsOf(platform.causes, row)] as const);
    for (const [code, row] of [
      ...texts,
      ['noSenderReason', wordsOf(platform.causes, platform.noSenderReason)] as const,
    ]) {
      expect([code, row?.en[0], row?.ru[0]]).toEqual([code, expect.stringMatching(/\S/), expect.stringMatching(/\S/)]);
    }
  });
}

function wordsOf(causes: CauseTable, row: Cause | string): Cause | undefined {
  if (typeof row !== 'string') return row;
  const next = causes[row] ?? (coreCauses as CauseTable)[row];
  return next === undefined ? undefined : wordsOf(causes, next);
}
