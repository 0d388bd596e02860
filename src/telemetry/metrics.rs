//! What is counted and timed: the names under which `CloudWatch` knows it.

/// The `CloudWatch` namespace of all of them.
pub const NAMESPACE: &str = "mediahook";

/// One thing that is counted or timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name in `CloudWatch`.
    pub name: &'static str,
    /// `CloudWatch`'s unit: `Count` or `Milliseconds`.
    pub unit: &'static str,
    /// What it says.
    pub about: &'static str,
}

macro_rules! metrics {
    ($($constant:ident = $name:literal, $unit:literal, $about:literal;)*) => {
        $(#[doc = $about] pub const $constant: Metric = Metric { name: $name, unit: $unit, about: $about };)*

        /// All of them.
        pub const METRICS: &[Metric] = &[$($constant),*];
    };
}

metrics! {
    ACCEPTED = "Accepted", "Count", "callbacks answered 200: the event is in the queue or the spill";
    REFUSED = "Refused", "Count", "callbacks answered 401, 404 or 405";
    SIGNATURE_FAR_AHEAD = "SignatureFarAhead", "Count", "callbacks accepted with a signature that is valid for longer than 15 minutes";
    SPILLED = "Spilled", "Count", "events the queue did not take, put into the spill";
    REJECTED = "Rejected", "Count", "authentic bodies that are no event, put into `rejected/`";
    LOST = "Lost", "Count", "authentic callbacks that only the log has";
    NO_SOURCES = "NoSources", "Count", "callbacks answered 503 because the sources are not known yet";
    SOURCES_READ_FAILED = "SourcesReadFailed", "Count", "reads of the secret with the sources that failed, or found a mistake in it";
    QUEUE_SKIPPED = "QueueSkipped", "Count", "callbacks that did not try the queue, because it had failed several times in a row";
    QUEUE_LATENCY = "QueueLatency", "Milliseconds", "how long the queue took to take an event";
    EVENT_AGE = "EventAge", "Milliseconds", "from the event's own time until it came to us";
    PULLED = "Pulled", "Count", "deliveries that a sender's queue, or the spill, handed to the puller";
    CONFIRMED = "Confirmed", "Count", "deliveries confirmed, after they were stored";
    CONFIRM_FAILED = "ConfirmFailed", "Count", "deliveries stored, but not confirmed: they are redelivered";
    PULL_FAILED = "PullFailed", "Count", "feeds of which something went wrong in a run of the puller";
    SPILL_WAITING = "SpillWaiting", "Count", "events still in the spill when a run of the puller ended";
    PROCESSED = "Processed", "Count", "events that took effect";
    FAILED = "Failed", "Count", "records that failed and are retried, with what is behind them in their group";
    DUPLICATES = "Duplicates", "Count", "events that had taken effect before";
    DEAD_LETTERED = "DeadLettered", "Count", "records that can never succeed, or failed at their last receive, sent to the dead-letter queue";
    MISCONFIGURED = "Misconfigured", "Count", "starts and invocations at which a queue, table, bucket or bus that a variable names does not exist or is of the wrong kind";
    EFFECT_LATENCY = "EffectLatency", "Milliseconds", "from the event's own time until it took effect";
}
