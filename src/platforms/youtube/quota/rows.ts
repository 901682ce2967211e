/** The ledger's rows: one for each method and day, and one for the day's whole, which is the gate. */
import { sql } from 'kysely';
import type { Db } from '../../../db/pool.ts';
import type { Method } from './plan.ts';

interface Payment {
  readonly day: string;
  readonly method: Method;
  readonly cost: number;
  /** What the day's whole may come to with this payment. */
  readonly limit: number;
  readonly now: Date;
}

interface Taken {
  readonly isTaken: boolean;
  /** The day's whole, as far as it could be seen. */
  readonly spent: number;
  readonly pausedUntil: Date | null;
}

interface Debt {
  readonly day: string;
  readonly method: Method;
  readonly cost: number;
}

const PROVIDER = 'youtube';

export class LedgerRows {
  readonly #db: Db;
  readonly #project: string;
  /** Paid while the database was away. */
  readonly #debts: Debt[] = [];

  constructor(db: Db, project: string) {
    this.#db = db;
    this.#project = project;
  }

  /** The row lock makes copies follow one another: together they never spend more than there is. */
  async take({ day, method, cost, limit, now }: Payment): Promise<Taken> {
    await this.#payDebts();
    const { rows } = await sql<Taken>`
      with gate as (
        insert into "QuotaLedger" as ledger (provider, project, day, method, calls, units)
        values (${PROVIDER}, ${this.#project}, ${day}::date, 'total', 1, ${cost})
        on conflict (provider, project, day, method) do update
          set calls = ledger.calls + 1, units = ledger.units + excluded.units
          where ledger.units + excluded.units <= ${limit} and (ledger."pausedUntil" is null or ledger."pausedUntil" <= ${now})
        returning units, "pausedUntil"
      ), detail as (
        insert into "QuotaLedger" as ledger (provider, project, day, method, calls, units)
        select ${PROVIDER}, ${this.#project}, ${day}::date, ${method}, 1, ${cost} from gate
        on conflict (provider, project, day, method) do update
          set calls = ledger.calls + 1, units = ledger.units + excluded.units
      )
      select true as "isTaken", units as spent, "pausedUntil" from gate`.execute(this.#db);
    const [taken] = rows;
    if (taken !== undefined) return taken;
    const today = await sql<Omit<Taken, 'isTaken'>>`
      select units as spent, "pausedUntil" from "QuotaLedger"
      where provider = ${PROVIDER} and project = ${this.#project} and day = ${day}::date and method = 'total'
    `.execute(this.#db);
    return { isTaken: false, spent: 0, pausedUntil: null, ...today.rows[0] };
  }

  async pause(day: string, until: Date): Promise<void> {
    await sql`
      insert into "QuotaLedger" (provider, project, day, method, "pausedUntil")
      values (${PROVIDER}, ${this.#project}, ${day}::date, 'total', ${until})
      on conflict (provider, project, day, method) do update set "pausedUntil" = excluded."pausedUntil"
    `.execute(this.#db);
  }

  owe(day: string, method: Method, cost: number): void {
    this.#debts.push({ day, method, cost });
  }

  async #payDebts(): Promise<void> {
    for (let debt = this.#debts.shift(); debt !== undefined; debt = this.#debts.shift()) {
      try {
        await this.#payDebt(debt);
      } catch (error) {
        this.#debts.unshift(debt);
        throw error;
      }
    }
  }

  async #payDebt({ day, method, cost }: Debt): Promise<void> {
    await sql`
      insert into "QuotaLedger" as ledger (provider, project, day, method, calls, units)
      select ${PROVIDER}, ${this.#project}, ${day}::date, paid.method, 1, ${cost}
      from unnest(${['total', method]}::text[]) as paid (method)
      on conflict (provider, project, day, method) do update
        set calls = ledger.calls + 1, units = ledger.units + excluded.units
    `.execute(this.#db);
  }
}
