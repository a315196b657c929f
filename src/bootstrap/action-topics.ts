import { filtersOverlap, whyNotPublishable } from '../mqtt/topic-name.ts'

/** Tells on which topics the actions of notifications may publish (`ACTION_TOPICS`). */
export function actionTopics(filters: readonly string[]): (topic: string) => boolean {
  return (topic) =>
    whyNotPublishable(topic) === null && filters.some((filter) => filtersOverlap(filter, topic))
}
