/** Lets credentials hear the database's hints, as workers do. */
import { onTestFinished } from 'vitest';
import type { Credentials } from '../../src/accounts/credentials.ts';
import { listen } from '../../src/db/listen.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Logger } from '../../src/lib/logger.ts';

/** Resolves when none is missed any more. */
export async function hearHints(databaseUrl: string, log: Logger, credentials: Credentials): Promise<void> {
  const connected = Promise.withResolvers<void>();
  const listener = listen(
    databaseUrl,
    {
      hint: ({ kind }) => {
        if (kind === 'credentials' || kind === 'channels') credentials.invalidate();
      },
      listening: () => connected.resolve(),
    },
    { applicationName: 'process-listen', clock: systemClock, random: () => 0.5, log },
  );
  onTestFinished(() => listener.close());
  await connected.promise;
}
