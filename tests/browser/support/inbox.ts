/** An inbox with everything in it that a bell can show, oldest first. */
export const RICH_INBOX: readonly object[] = [
  {
    title: 'Nouveau stage assigné',
    message: 'Un stage a été assigné: Vision par ordinateur',
    type: 'success',
  },
  {
    title: 'Import finished with errors',
    message: 'Three of 120 rows could not be read. The rest is in.',
    type: 'error',
  },
  {
    title: 'Maintenance tonight at 22:00',
    message: 'The API and the dashboard will be away for about two hours.',
    type: 'warning',
  },
  {
    title: 'Expense report needs you',
    message: 'Ada asked for your approval of 412,50 € for the field trip to Lyon.',
    type: 'info',
    actions: [
      { type: 'view', label: 'Look at it', url: 'https://example.com/expenses/7' },
      { type: 'ack', label: 'Approve' },
    ],
  },
  {
    title: 'The pump is back',
    message: 'Pressure is normal again: 4.2 bar.',
    type: 'success',
    data: { url: 'https://example.com/pumps/7' },
  },
]
