/** What one deployment has done since it began: cheap to count, told to the Trons now and then. */
export class Workload {
  /** Calls that ended. */
  calls = 0;
  /** Time from the door to the runner. */
  queuedMs = 0;
  /** Time in the runner, waiting for a worker included. */
  runnerMs = 0;

  note(queuedMs: number, runnerMs: number): void {
    this.calls++;
    this.queuedMs += queuedMs;
    this.runnerMs += runnerMs;
  }
}
