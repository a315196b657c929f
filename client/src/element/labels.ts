import type { ConnectionState } from '../core/index.ts'

/** Every word that the bell says. */
export interface Labels {
  readonly notifications: string
  readonly unreadCount: (count: number) => string
  readonly all: string
  readonly unread: string
  readonly markAllRead: string
  readonly markRead: string
  readonly markUnread: string
  readonly archive: string
  readonly snooze: string
  readonly snoozeUntil: string
  readonly oneHour: string
  readonly tomorrow: string
  readonly nextWeek: string
  readonly preferences: string
  readonly back: string
  readonly close: string
  readonly loadMore: string
  readonly empty: string
  readonly emptyHint: string
  readonly nothingUnread: string
  readonly loading: string
  readonly arrived: (title: string) => string
  readonly done: string
  readonly failed: string
  readonly channels: string
  readonly channel: Readonly<Record<'realtime' | 'email' | 'sms' | 'push', string>>
  readonly quietHours: string
  readonly quietHint: string
  readonly from: string
  readonly to: string
  readonly type: Readonly<Record<'info' | 'success' | 'warning' | 'error' | 'alert', string>>
  readonly state: Readonly<Record<ConnectionState, string>>
}

export const ENGLISH: Labels = {
  notifications: 'Notifications',
  unreadCount: (count) => `${count} unread`,
  all: 'All',
  unread: 'Unread',
  markAllRead: 'Mark all as read',
  markRead: 'Mark as read',
  markUnread: 'Mark as unread',
  archive: 'Archive',
  snooze: 'Snooze',
  snoozeUntil: 'Snooze for',
  oneHour: 'An hour',
  tomorrow: 'Until tomorrow',
  nextWeek: 'A week',
  preferences: 'Preferences',
  back: 'Back to the list',
  close: 'Close',
  loadMore: 'Show older ones',
  empty: 'You are all caught up',
  emptyHint: 'What is new will appear here by itself.',
  nothingUnread: 'Nothing unread',
  loading: 'Loading',
  arrived: (title) => `New notification: ${title}`,
  done: 'Done',
  failed: 'That did not work.',
  channels: 'Tell me by',
  channel: { realtime: 'This app', email: 'E-mail', sms: 'Text message', push: 'Push' },
  quietHours: 'Quiet hours',
  quietHint: 'Mails, texts and pushes wait until they are over. Critical alerts do not.',
  from: 'From',
  to: 'To',
  type: {
    info: 'Information',
    success: 'Success',
    warning: 'Warning',
    error: 'Error',
    alert: 'Alert',
  },
  state: {
    disconnected: 'Offline',
    connecting: 'Connecting…',
    connected: 'Live',
    reconnecting: 'Reconnecting…',
    polling: 'Updated now and then',
  },
}

export const FRENCH: Labels = {
  notifications: 'Notifications',
  unreadCount: (count) => (count < 2 ? `${count} non lue` : `${count} non lues`),
  all: 'Toutes',
  unread: 'Non lues',
  markAllRead: 'Tout marquer comme lu',
  markRead: 'Marquer comme lue',
  markUnread: 'Marquer comme non lue',
  archive: 'Archiver',
  snooze: 'Reporter',
  snoozeUntil: 'Reporter de',
  oneHour: 'Une heure',
  tomorrow: 'À demain',
  nextWeek: 'Une semaine',
  preferences: 'Préférences',
  back: 'Retour à la liste',
  close: 'Fermer',
  loadMore: 'Afficher les plus anciennes',
  empty: 'Vous êtes à jour',
  emptyHint: 'Les nouveautés apparaîtront ici d’elles-mêmes.',
  nothingUnread: 'Rien de non lu',
  loading: 'Chargement',
  arrived: (title) => `Nouvelle notification : ${title}`,
  done: 'Fait',
  failed: 'Cela n’a pas fonctionné.',
  channels: 'Me prévenir par',
  channel: { realtime: 'Cette application', email: 'E-mail', sms: 'SMS', push: 'Push' },
  quietHours: 'Heures calmes',
  quietHint: 'E-mails, SMS et push attendent leur fin. Les alertes critiques, non.',
  from: 'De',
  to: 'À',
  type: {
    info: 'Information',
    success: 'Succès',
    warning: 'Avertissement',
    error: 'Erreur',
    alert: 'Alerte',
  },
  state: {
    disconnected: 'Hors ligne',
    connecting: 'Connexion…',
    connected: 'En direct',
    reconnecting: 'Reconnexion…',
    polling: 'Mise à jour périodique',
  },
}

/** In the language of a locale; English where there is none. */
export function labelsFor(locale: string): Labels {
  return locale.toLowerCase().startsWith('fr') ? FRENCH : ENGLISH
}

export type TypeKind = keyof Labels['type']

/** What a type looks and sounds like: `alert.critical` is an alert, unknown ones inform. */
export function kindOf(type: string): TypeKind {
  const [first = ''] = type.toLowerCase().split('.')
  if (first === 'critical' || first === 'escalation') return 'alert'
  return Object.hasOwn(ENGLISH.type, first) ? (first as TypeKind) : 'info'
}
