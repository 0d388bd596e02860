import type { Envelope, MediaEvent } from "./mediahook-events.ts";

/** The idempotency records: in progress, then completed. */
export interface Records {
  /** `true`: process it. `false`: it is completed. Throws `InProgress` while another attempt runs. */
  begin(id: string, nowS: number): Promise<boolean>;
  complete(id: string, nowS: number): Promise<void>;
  release(id: string): Promise<void>;
}

/** Another attempt processes the event. Lambda calls again later. */
export class InProgress extends Error {}

/**
 * Processes an event once: EventBridge delivers at least once. Data that was too large for the queue is fetched from the
 * bucket (`dataref`). Returns `false` if the event was completed before.
 */
export async function consume(
  event: Envelope,
  records: Records,
  fetchObject: (bucket: string, key: string) => Promise<string>,
  process: (event: MediaEvent) => Promise<void>,
  nowS: number,
): Promise<boolean> {
  if (!(await records.begin(event.id, nowS))) return false;
  try {
    if (event.dataref) {
      const place = new URL(event.dataref);
      const data = JSON.parse(await fetchObject(place.host, place.pathname.slice(1))) as Record<string, unknown>;
      event = { ...event, data };
    }
    await process(event as MediaEvent);
  } catch (error) {
    await records.release(event.id);
    throw error;
  }
  await records.complete(event.id, nowS);
  return true;
}
