/** Ends a command as wrongly used, which is exit code 2. The message says which option or argument is wrong, and no address. */
export type Refuse = (message: string) => never;
