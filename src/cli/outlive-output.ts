/**
 * Lets a command come to its end, with the exit code that it has, although nobody reads what it prints, as with `| head`: it may do
 * more than print. What could not be written for another reason, such as a full disk, is told and changes the exit code.
 */
export function outliveOutput(exitCode: number): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') return;
    process.stderr.write(`Cannot write to standard output: ${code ?? message}\n`);
    process.once('exit', () => (process.exitCode = exitCode));
  });
}
