//! `rejected/`: authentic bodies that have no event for the queue, each with the reason beside it.

use std::time::{Duration, Instant};

use mediahook_senders::{Unprocessable, rfc3339};
use serde_json::json;
use time::OffsetDateTime;

use super::object_keys;
use crate::storage::{Bucket, StoreError, within};

/// A body for `rejected/`.
#[derive(Debug, Clone, Copy)]
pub struct Rejected<'a> {
    /// The source it came from.
    pub source: &'a str,
    /// Its original bytes.
    pub body: &'a [u8],
    /// Why it has no event for the queue.
    pub reason: &'a Unprocessable,
    /// When it was received.
    pub received: OffsetDateTime,
}

impl Rejected<'_> {
    /// Puts the body into the bucket, then the reason beside it, under the same key with `.json` appended. Returns
    /// the body's key.
    ///
    /// # Errors
    /// [`StoreError`]: the bucket did not store the body within `body_within`. If it only fails to store the reason
    /// before `all_within` is over, that is a warning, because the body is safe.
    pub async fn put(
        &self,
        bucket: &impl Bucket,
        body_within: Duration,
        all_within: Duration,
    ) -> Result<String, StoreError> {
        let (began, key) = (Instant::now(), object_keys::rejected(self.source, self.received, self.body));
        let put_body = bucket.put(&key, self.body.to_vec(), "application/octet-stream");
        within(body_within, put_body).await?;
        let (reason_key, reason) = (format!("{key}.json"), self.reason(bucket, &key));
        let put_reason = bucket.put(&reason_key, reason, "application/json");
        if let Err(error) = within(all_within.saturating_sub(began.elapsed()), put_reason).await {
            tracing::warn!(%error, key, "a rejected body is stored without its reason");
        }
        Ok(key)
    }

    fn reason(&self, bucket: &impl Bucket, key: &str) -> Vec<u8> {
        let reason = json!({
            "source": self.source,
            "reason": self.reason.to_string(),
            "recordedtime": rfc3339(self.received),
            "bytes": self.body.len(),
            "body": format!("s3://{}/{key}", bucket.name()),
        });
        reason.to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Mutex;

    use time::macros::datetime;

    use super::*;
    use crate::storage::Page;

    /// A bucket that stores the body, the reason, both or none, and hangs otherwise.
    struct Slow {
        takes: fn(&str) -> bool,
        keys: Mutex<Vec<String>>,
    }

    impl Bucket for Slow {
        fn name(&self) -> &'static str {
            "bucket"
        }

        async fn put(&self, key: &str, _: Vec<u8>, _: &'static str) -> Result<(), StoreError> {
            if (self.takes)(key) {
                self.keys.lock().unwrap().push(key.to_owned());
                return Ok(());
            }
            pending().await
        }

        async fn get(&self, _: &str) -> Result<Option<Vec<u8>>, StoreError> {
            pending().await
        }

        async fn list(&self, _: &str, _: Option<&str>) -> Result<Page, StoreError> {
            pending().await
        }

        async fn delete_many(&self, _: &[String]) -> Result<Vec<StoreError>, StoreError> {
            pending().await
        }
    }

    #[tokio::test]
    async fn a_body_is_stored_in_time_and_with_or_without_its_reason() {
        const KEY: &str = "rejected/tencent-vod/main/2026/11/22/4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";
        let with_reason = [KEY.to_owned(), format!("{KEY}.json")];
        for (takes, stored, is_ok) in [
            ((|_| true) as fn(&str) -> bool, &with_reason[..], true),
            (|key| !key.ends_with(".json"), &with_reason[..1], true),
            (|_| false, &[], false),
        ] {
            let bucket = Slow { takes, keys: Mutex::default() };
            let received = datetime!(2026-11-22 05:50:25 UTC);
            let (source, reason) = ("tencent-vod/main", &Unprocessable::NotAnObject);
            let rejected = Rejected { source, body: b"[]", reason, received };
            let began = Instant::now();
            let put = rejected.put(&bucket, Duration::from_millis(20), Duration::from_millis(40)).await;
            assert!(began.elapsed() < Duration::from_secs(1));
            assert_eq!(put.ok(), is_ok.then(|| KEY.to_owned()));
            assert_eq!(*bucket.keys.lock().unwrap(), stored);
        }
    }
}
