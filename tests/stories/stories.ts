import type { MqttVersion } from '../support/mqtt-device.ts'
import { tellAdmins, tellAlerts } from './alert-stories.ts'
import { tellAudiences, tellEverybody } from './audience-stories.ts'
import { tellInboxes } from './inbox-stories.ts'
import { tellMail } from './mail-stories.ts'
import { tellMessages } from './message-stories.ts'
import { tellPreferences } from './preference-stories.ts'
import { tellQuiet } from './quiet-stories.ts'
import { tellSessions } from './session-stories.ts'
import { tellSystems } from './system-stories.ts'
import type { World } from './world.ts'

/** What the table of topics does not say: rules, channels, states, times. */
export function tellStories(versions: readonly MqttVersion[], world: () => World): void {
  for (const version of versions) {
    tellMessages(version, world)
    tellPreferences(version, world)
    tellAudiences(version, world)
    tellAlerts(version, world)
    tellQuiet(version, world)
    tellMail(version, world)
    tellInboxes(version, world)
    tellSessions(version, world)
    tellSystems(version, world)
  }
  // Alone, at the end: they reach people of other stories.
  for (const version of versions) {
    tellAdmins(version, world)
    tellEverybody(version, world)
  }
}
