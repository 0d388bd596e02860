//! The metrics: their names in `CloudWatch`, and what each counts or measures.

/// The `CloudWatch` namespace of all metrics.
pub const NAMESPACE: &str = "mediahook";

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name in `CloudWatch`.
    pub name: &'static str,
    /// `CloudWatch`'s unit: `Count` or `Milliseconds`.
    pub unit: &'static str,
    /// What it counts or measures.
    pub about: &'static str,
}

macro_rules! metrics {
    ($($constant:ident = $name:literal, $unit:literal, $about:literal;)*) => {
        $(#[doc = $about] pub const $constant: Metric = Metric { name: $name, unit: $unit, about: $about };)*

        /// Every metric.
        pub const METRICS: &[Metric] = &[$($constant),*];
    };
}

metrics! {
    ACCEPTED = "Accepted", "Count", "callbacks answered 200: the queue or the spill has the event";
    UNAUTHORIZED = "Unauthorized", "Count", "requests that were not let in, answered 401, 404, 405 or 400";
    UNAUTHORIZED_SENDER = "UnauthorizedSender", "Count", "unauthorized requests that are probably a real sender's: wrong key, token or signature, unknown source, no push";
    SPILLED = "Spilled", "Count", "events that fell back to S3: the queue failed, `spill/` has them";
    REJECTED = "Rejected", "Count", "unprocessable bodies: authentic, but without an event for the queue, put into `rejected/`";
    LOST = "Lost", "Count", "authentic callbacks that neither queue nor bucket has, only the log";
    NO_SOURCES = "NoSources", "Count", "callbacks answered 503 because no sources were read yet";
    SOURCES_READ_FAILED = "SourcesReadFailed", "Count", "reads of the secret with the sources that failed, or found a mistake in the document";
    QUEUE_SKIPPED = "QueueSkipped", "Count", "callbacks that skipped the queue, because it had failed several times in a row";
    PULLED = "Pulled", "Count", "items that a sender's queue, or the spill, handed to the puller";
    CONFIRMED = "Confirmed", "Count", "items confirmed after they were stored";
    CONFIRM_FAILED = "ConfirmFailed", "Count", "items stored, but not confirmed: they are redelivered";
    PULL_FAILED = "PullFailed", "Count", "feeds that had an error in a run of the puller";
    SPILL_WAITING = "SpillWaiting", "Count", "events still in the spill when a run of the puller ended";
    PROCESSED = "Processed", "Count", "events that were processed";
    FAILED = "Failed", "Count", "records that failed and are retried, with those behind them in their group";
    DUPLICATES = "Duplicates", "Count", "events that had been processed before";
    DEAD_LETTERED = "DeadLettered", "Count", "records that can never succeed, or failed at their last receive, sent to the dead-letter queue";
    MISCONFIGURED = "Misconfigured", "Count", "starts and invocations at which the queue or the bus does not exist, the receiver may not ask for the queue, or the puller has too short a timeout";
    PROCESSING_LATENCY = "ProcessingLatency", "Milliseconds", "from the event's own time until it was processed";
}
