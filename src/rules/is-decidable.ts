import { type PathSegments, pathsOverlap } from '../facts/fact-path.js';

/** Facts without which no rule is decided. */
const NEEDED: readonly PathSegments[] = [
  ['message', 'mailbox'],
  ['lookup', 'state'],
  ['lookup', 'incomplete'],
  ['now'],
];

/** Whether rules can be decided on a message of which the facts at these places are hidden. */
export function isDecidable(hidden: readonly PathSegments[]): boolean {
  return !NEEDED.some((path) => hidden.some((place) => pathsOverlap(place, path)));
}
