//! Reads an invocation as an SQS batch. `lambda_runtime` does not do it, because its error repeats what it could not
//! read.

use aws_lambda_events::sqs::SqsEvent;

/// Why an invocation is not an SQS batch: no record is processed, and the invocation fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotABatch {
    /// It has no list of records.
    #[error(
        "not a batch of SQS: the invocation has no list `Records`; the processor is for an event source mapping of the queue"
    )]
    NoRecords,
    /// A record comes from another event source, which has another format.
    #[error("not a batch of SQS: record {0} is from another event source than aws:sqs")]
    OtherSource(usize),
    /// A member differs from what SQS sends.
    #[error("not a batch of SQS: {0}: not what SQS sends")]
    Member(String),
}

/// The batch in an invocation.
///
/// # Errors
/// [`NotABatch`].
pub(super) fn batch(payload: &str) -> Result<SqsEvent, NotABatch> {
    let mut json = serde_json::Deserializer::from_str(payload);
    let batch: SqsEvent = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        // Other names, such as those of message attributes, are not shown.
        let member: Vec<_> = path.split('.').take(2).collect();
        match member.as_slice() {
            [records, ..] if !records.starts_with("Records[") => NotABatch::NoRecords,
            member => NotABatch::Member(member.join(".")),
        }
    })?;
    let is_of_sqs = |source: Option<&str>, has_body| source.map_or(has_body, |source| source == "aws:sqs");
    let other = batch.records.iter().position(|record| {
        !is_of_sqs(record.event_source.as_deref(), record.message_id.is_some() || record.body.is_some())
    });
    match other {
        Some(at) => Err(NotABatch::OtherSource(at)),
        None => Ok(batch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_batch_says_why_and_repeats_nothing() {
        for (payload, why) in [
            (r#""PayloadMark""#, NotABatch::NoRecords),
            (r#"["PayloadMark"]"#, NotABatch::NoRecords),
            ("{}", NotABatch::NoRecords),
            (r#"{"Records":"PayloadMark"}"#, NotABatch::NoRecords),
            (r#"{"Records":["PayloadMark"]}"#, NotABatch::Member("Records[0]".to_owned())),
            (
                r#"{"Records":[{"body":"x"},{"body":["PayloadMark"]}]}"#,
                NotABatch::Member("Records[1].body".to_owned()),
            ),
            (r#"{"Records":[{"eventSource":"aws:s3","s3":{}}]}"#, NotABatch::OtherSource(0)),
            (r#"{"Records":[{"body":"x"},{"EventSource":"aws:sns","Sns":{}}]}"#, NotABatch::OtherSource(1)),
        ] {
            let error = batch(payload).unwrap_err();
            assert_eq!(error, why, "{payload}");
            assert!(!error.to_string().contains("PayloadMark"));
        }
        assert_eq!(batch(r#"{"Records":[]}"#).unwrap().records.len(), 0);
        let record = r#"{"Records":[{"messageId":"1","body":"x","eventSource":"aws:sqs"},{"messageId":"2","body":null}]}"#;
        assert_eq!(batch(record).unwrap().records.len(), 2);
    }
}
