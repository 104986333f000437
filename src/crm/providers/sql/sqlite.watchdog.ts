import { workerData } from 'node:worker_threads';

/**
 * Runs as a thread of a database's process and ends that process when the service is gone: when the service is killed
 * nobody tells, and a query under way lets the process hear nothing.
 */
const parentPid = workerData as number;
const INTERVAL_MS = 500;

setInterval(() => {
  if (!isServed()) process.kill(process.pid, 'SIGKILL');
}, INTERVAL_MS);

/** An orphan gets another parent, but not on Windows. */
function isServed(): boolean {
  if (process.ppid !== parentPid) return false;
  try {
    return process.kill(parentPid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
