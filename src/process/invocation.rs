//! Reads an invocation as an SQS batch. `lambda_runtime` does not do it, because its error repeats what it could not
//! read.

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};

const NOT_A_BATCH: &str = "not a batch of SQS";
const NO_RECORDS: &str =
    "the invocation has no list `Records`; the processor is for an event source mapping of the queue";

/// The batch in an invocation.
///
/// # Errors
/// Why it is not a batch of SQS: it has no list of records, a record is from another event source, or a member is not
/// what SQS sends. Then no record is processed, and the invocation fails.
pub(super) fn batch(payload: &str) -> Result<SqsEvent, String> {
    let mut json = serde_json::Deserializer::from_str(payload);
    let read = serde_path_to_error::deserialize(&mut json);
    let batch: SqsEvent = read.map_err(|error| match error.path().to_string() {
        path if path.starts_with("Records[") => {
            // Other names, such as those of message attributes, are not shown.
            let member: Vec<_> = path.split('.').take(2).collect();
            format!("{NOT_A_BATCH}: {}: not what SQS sends", member.join("."))
        }
        _ => format!("{NOT_A_BATCH}: {NO_RECORDS}"),
    })?;
    let is_of_another_source = |record: &SqsMessage| match record.event_source.as_deref() {
        Some(source) => source != "aws:sqs",
        None => record.message_id.is_none() && record.body.is_none(),
    };
    match batch.records.iter().position(is_of_another_source) {
        Some(at) => Err(format!("{NOT_A_BATCH}: record {at} is from another event source than aws:sqs")),
        None => Ok(batch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_batch_says_why_and_repeats_nothing() {
        for (payload, why) in [
            (r#""PayloadMark""#, "the invocation has no list `Records`"),
            (r#"["PayloadMark"]"#, "the invocation has no list `Records`"),
            ("{}", "the invocation has no list `Records`"),
            (r#"{"Records":"PayloadMark"}"#, "the invocation has no list `Records`"),
            (r#"{"Records":["PayloadMark"]}"#, "Records[0]: not what SQS sends"),
            (r#"{"Records":[{"body":"x"},{"body":["PayloadMark"]}]}"#, "Records[1].body: not what SQS sends"),
            (r#"{"Records":[{"eventSource":"aws:s3","s3":{}}]}"#, "record 0 is from another event source"),
            (r#"{"Records":[{"body":"x"},{"EventSource":"aws:sns","Sns":{}}]}"#, "record 1 is from another"),
        ] {
            let error = batch(payload).unwrap_err();
            assert!(error.starts_with(&format!("not a batch of SQS: {why}")), "{payload}: {error}");
            assert!(!error.contains("PayloadMark"));
        }
        assert_eq!(batch(r#"{"Records":[]}"#).unwrap().records.len(), 0);
        let record = r#"{"Records":[{"messageId":"1","body":"x","eventSource":"aws:sqs"},{"messageId":"2","body":null}]}"#;
        assert_eq!(batch(record).unwrap().records.len(), 2);
    }
}
