/** The envelope of an event: the `detail` of what EventBridge delivers. */
export interface Envelope {
  specversion: string;
  id: string;
  source: string;
  type: string;
  outcome: "succeeded" | "failed" | "progress" | "unknown";
  data?: Record<string, unknown>;
  dataref?: string;
  subject?: string;
  time?: string;
  datacontenttype?: string;
  taskid?: string;
  mediaid?: string;
  proceduretaskid?: string;
  context?: string;
  errorcode?: string;
  errormessage?: string;
  verdict?: "pass" | "review" | "block" | "unknown";
  deleted?: "media" | "parts" | "mixed" | "unknown";
  channel?: "push" | "pull" | "unknown";
  recordedtime?: string;
  traceparent?: string;
}
