const REPLY_MARKS = 're|aw|antw|antwort|sv|vs|res|rif|odp|ynt|回复|答复|رد';
const FORWARD_MARKS = 'fwd|fw|wg|vb|tr|rv|enc|pd|ilt|转发';
const MARK = new RegExp(
  String.raw`\s*(?:(${REPLY_MARKS})|${FORWARD_MARKS})\s*(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s*[:：]`,
  'iuy',
);

/** The subject without the marks that mail programs put in front (`Re:`, `AW:`, `Fwd:`, `RE[2]:`), and whether the first is a reply's. */
export function readSubject(subject: string): { readonly base: string; readonly isReply: boolean } {
  let end = 0;
  let isReply = false;
  MARK.lastIndex = 0;
  for (let mark = MARK.exec(subject); mark !== null; mark = MARK.exec(subject)) {
    if (end === 0) isReply = mark[1] !== undefined;
    end = MARK.lastIndex;
  }
  return { base: subject.slice(end).trim(), isReply };
}
