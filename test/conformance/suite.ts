/** The one suite every platform passes, run with the real worker against the platform's simulator (docs/design.md#the-platform-contract). */
import { describe } from 'vitest';
import type { Simulate } from '../../simulators/world/simulated-platform.ts';
import type { Platform } from '../../src/platforms/platform.ts';
import { createTestDatabase } from '../support/database.ts';
import { accountCases } from './account-cases.ts';
import { audienceCases } from './audience-cases.ts';
import { channelCases } from './channel-cases.ts';
import { connectionCases } from './connection-cases.ts';
import { lineCases } from './line-cases.ts';
import { noting, reasonCases } from './reason-cases.ts';
import { refusalCases } from './refusal-cases.ts';
import { textCases } from './text-cases.ts';

/** @param name of the platform, and of the way it is spoken to where there are several */
export function describeConformance(name: string, platform: Platform, simulate: Simulate): void {
  describe(name, async () => {
    const noted = noting(platform);
    const subject = { platform: noted.platform, simulate, databaseUrl: (await createTestDatabase()).url };
    channelCases(subject);
    lineCases(subject);
    textCases(subject);
    audienceCases(subject);
    connectionCases(subject);
    accountCases(subject);
    refusalCases(subject);
    reasonCases(noted);
  });
}
