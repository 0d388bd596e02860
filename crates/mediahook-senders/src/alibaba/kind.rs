//! One event type of IMS or ApsaraVideo VOD.

/// One event type of a sender. Several paths are separated by spaces; the first that is present is used. In a path `[]`
/// means every item of a list, and all must have the same id.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Kind {
    /// `EventType`.
    pub event_type: &'static str,
    /// The media asset's id.
    pub media: &'static str,
    /// The job's id.
    pub task: &'static str,
    /// How the outcome is determined.
    pub rule: Rule,
    /// A review's verdict.
    pub verdict: &'static str,
    /// What was deleted.
    pub deleted: &'static str,
}

/// How the outcome of an event is determined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// By its status word, its error code, and the status of its parts.
    Status,
    /// The same, but without a status word it has succeeded if all its parts have.
    Parts,
    /// The same, but its word for success only means that the job ended or was submitted: the event does not contain the
    /// results.
    EndOnly,
    /// The same, but its word for success means that the job has started.
    Started,
    /// Without a status word it has succeeded, unless there is an error: its name says that something was created, or no
    /// event is sent for a failure.
    Created,
    /// A type that is not in the table: by its status, but never success.
    Unlisted,
}

impl Kind {
    pub(crate) const fn new(event_type: &'static str, media: &'static str, task: &'static str) -> Self {
        Self { event_type, media, task, rule: Rule::Status, verdict: "", deleted: "" }
    }
}
