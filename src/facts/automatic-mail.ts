/** Local parts of addresses that nobody reads, their separators removed. */
const NO_REPLY_LOCAL =
  /^(no|donot|dont|never|not)reply|noreply$|^(nichtantworten|keineantwort|bittenichtantworten|nepasrepondre|noresponder|naoresponda|nonrispondere|mailerdaemon)/;
const DAEMON_LOCAL = /^(mailerdaemon|postmaster|bounces?|autoreply|autoresponder)$/;

/** Openings of subjects that mail programs write for out-of-office notes and bounces, in the languages met most. */
const AUTO_SUBJECTS = [
  'automatic reply',
  'auto reply',
  'auto-reply',
  'autoreply',
  'auto response',
  'auto-response',
  'autoresponse',
  'out of office',
  'out of the office',
  'ooo:',
  'automatische antwort',
  'abwesenheitsnotiz',
  'abwesenheit:',
  'abwesend:',
  'réponse automatique',
  'absence du bureau',
  'respuesta automática',
  'risposta automatica',
  'fuori sede',
  'automatisch antwoord',
  'autosvar',
  'resposta automática',
  'undeliverable:',
  'undelivered mail',
  'delivery status notification',
  'delivery failure',
  'mail delivery failed',
  'mail delivery failure',
  'returned mail',
  'unzustellbar:',
];

/** Whether the address says that nobody reads it (`no-reply@`, `do.not.reply@`, `mailer-daemon@`). */
export function isNoReplyLocal(local: string): boolean {
  return NO_REPLY_LOCAL.test(compact(local));
}

/** Whether subject (any marks removed) or address show an automatic answer. The payload has no headers to ask. */
export function isAutomaticReply(subjectBase: string, local: string | null): boolean {
  if (local !== null && DAEMON_LOCAL.test(compact(local))) return true;
  const opening = subjectBase.slice(0, 80).toLowerCase().normalize('NFC');
  return AUTO_SUBJECTS.some((start) => opening.startsWith(start));
}

function compact(local: string): string {
  return local.replace(/\+.*$/, '').replace(/[-_.]/g, '');
}
