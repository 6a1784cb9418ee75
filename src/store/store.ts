/**
 * Everything that the master keeps, behind one door.
 *
 * @module
 */
import { openDatabase } from "./database.ts";
import { JobStore } from "./job_store.ts";
import { KeyStore } from "./key_store.ts";
import { MinionStore } from "./minion_store.ts";

/** The master's memory. Disposing it closes the file. */
export interface Store extends Disposable {
  readonly keys: KeyStore;
  readonly jobs: JobStore;
  readonly minions: MinionStore;
}

/** Opens the store in the file at `path`. */
export function openStore(path: string): Store {
  const database = openDatabase(path);
  return {
    keys: new KeyStore(database),
    jobs: new JobStore(database),
    minions: new MinionStore(database),
    [Symbol.dispose]: () => database.close(),
  };
}
