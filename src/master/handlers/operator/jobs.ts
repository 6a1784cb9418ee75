/** The newest jobs. @module */
import type { OperatorHandler } from "./handler.ts";
import { headOf } from "./job.ts";

export const jobs: OperatorHandler<"jobs"> = ({ limit }, _from, desk) => {
  return desk.store.jobs.newestJobs(limit).map((job) => headOf(job, job.returnedCount));
};
