let count = 0;

/** A delivery as Emailgistics sends it, with an id of its own; the differences replace whole fields. */
export function sampleDelivery(differences: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const dana = correspondent('dana@northwind.example', 'Dana Reyes');
  return {
    id: `message-${++count}`,
    event: 'received',
    internetMessageId: '<b71c0c5e@mail.northwind.example>',
    received: '2026-11-23T14:03:22Z',
    mailbox: 'claims@insurer.example',
    sender: dana,
    from: dana,
    to: [correspondent('claims@insurer.example', 'Claims')],
    cc: [],
    subject: 'Water damage in the cellar',
    hasAttachments: false,
    timestamp: '2026-11-23T14:03:25Z',
    conversationId: '3QK7TT04M',
    ...differences,
  };
}

export function correspondent(address: string, name = ''): object {
  return { emailAddress: { name, address } };
}
