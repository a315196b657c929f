import { expect, it } from 'vitest'
import { type MqttVersion, mosquittoPub } from '../support/mqtt-device.ts'
import { requireServer } from '../support/servers.ts'
import { TOPICS, type TopicStory } from './topic-table.ts'
import { fresh, type World } from './world.ts'

/** Every topic, by every version of MQTT that is spoken here, from a client and from a shell. */
export function tellEveryTopic(versions: readonly MqttVersion[], world: () => World): void {
  const fromShell = requireServer('mosquitto_pub') ? it.concurrent : it.skip
  for (const version of versions) {
    for (const story of TOPICS) {
      it.concurrent(`[${story.ids}] ${story.pattern} by ${version}: reply and effect`, async () => {
        const { key, name, topic } = await prepare(story, version, world())
        const { qos } = story
        const reply = await world().device(version).ask(topic, story.payload(key, name), { qos })
        expect(reply).toEqual(story.reply(key, name))
        await story.effect(world(), key, name)
      })

      fromShell(`[${story.ids}] mosquitto_pub -V ${version} to ${story.pattern}`, async () => {
        const { key, name, topic } = await prepare(story, version, world())
        const { qos } = story
        const payload = story.payload(key, name)
        await mosquittoPub(world().service.mqttPort, version, { topic, payload, qos })
        await story.effect(world(), key, name)
      })
    }
  }
}

async function prepare(story: TopicStory, version: MqttVersion, world: World) {
  const key = fresh('k')
  const name = await story.prepare(world, world.device(version), key)
  return { key, name, topic: story.pattern.replace(/\{\w+\}/, name) }
}
