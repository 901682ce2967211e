/** The safety net below the hints: one small query tells whether anything a worker reads has changed (docs/design.md#guarantees). */
import type pg from 'pg';
import type { ProviderId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';

interface VersionWatchDeps {
  readonly pg: pg.Pool;
  readonly provider: ProviderId;
  readonly clock: Clock;
  readonly periodMs: number;
  /** Something of this kind changed since the last look; kinds are those of the hints. */
  readonly changed: (kind: string) => void;
  /** After every look; false when the database did not answer. */
  readonly looked: (isAnswered: boolean) => void;
}

interface VersionRow {
  readonly kind: string;
  readonly version: string;
}

/** @returns how to stop it */
export function startVersionWatch({ pg, provider, clock, periodMs, changed, looked }: VersionWatchDeps): () => void {
  let known: ReadonlyMap<string, string> | null = null;
  let isStopped = false;
  const look = async () => {
    const now = await readVersions(pg, provider).catch(() => null);
    if (isStopped) return;
    // The first look is what later ones are compared with: everything is read when hints begin to flow, and what
    // changes from then on until this look they tell.
    for (const [kind, version] of now ?? []) if (known !== null && known.get(kind) !== version) changed(kind);
    known = now ?? known;
    looked(now !== null);
    timer = schedule();
  };
  const schedule = () => clock.setTimer(periodMs, () => void look(), { unref: true });
  let timer: Timer | null = null;
  void look();
  return () => {
    isStopped = true;
    timer?.cancel();
  };
}

async function readVersions(pg: pg.Pool, provider: ProviderId): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pg.query<VersionRow>({ name: 'config version', text: VERSIONS, values: [provider] });
  return new Map(rows.map(({ kind, version }) => [kind, version]));
}

const VERSIONS = `
  select kind, string_agg(provider || ' ' || last || ' ' || changes, ',' order by provider) as version
  from "ConfigVersion" where provider in ($1, '*') group by kind`;
