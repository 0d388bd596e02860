//! HTTP to the senders' APIs.
//!
//! Spoken to hyper directly, which sends the request target as it was signed, and keeps to HTTP/1.1 as the senders' own
//! SDKs do. The system's roots vouch for the senders' certificates, whoever vouches for AWS.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;

use super::aws::causes;
use super::connect::{self, Connector};
use super::{Http, StoreError, trust};
use crate::sender::pull::{Answer, Request};

/// Shorter than a server keeps one, so that a request seldom meets a connection that is just being closed.
const IDLE_FOR: Duration = Duration::from_secs(20);
type Connections = Client<Connector, Full<Bytes>>;

/// An HTTP client with a pool of connections. The system's roots are read when it is first needed.
#[derive(Debug)]
pub struct SenderHttp {
    max_answer_bytes: usize,
    connector: OnceLock<Result<Connector, StoreError>>,
    pool: Mutex<Option<Connections>>,
}

impl SenderHttp {
    /// A client that takes answers of up to so many bytes. MNS: 16 messages of 64 KiB. Tencent names no limit.
    pub fn new(max_answer_bytes: usize) -> Self {
        Self { max_answer_bytes, connector: OnceLock::new(), pool: Mutex::default() }
    }

    fn client(&self) -> Result<Connections, StoreError> {
        let connector = self.connector.get_or_init(|| connect::connector(trust::system()));
        let connector = connector.as_ref().map_err(Clone::clone)?;
        Ok(self.pool().get_or_insert_with(|| connect::pool(connector.clone(), IDLE_FOR)).clone())
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Option<Connections>> {
        // Nothing panics while it holds the lock; if it did, the pool would still be whole.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn exchange(&self, request: &Request) -> Result<Answer, StoreError> {
        let mut builder = hyper::Request::builder().method(request.method).uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        // Not the error's own words, which may have the value.
        let body = Full::new(Bytes::from(request.body.clone()));
        let request =
            builder.body(body).map_err(|_| StoreError("a request that cannot be sent".to_owned()))?;
        let (head, body) = self.client()?.request(request).await.map_err(|e| causes(&e))?.into_parts();
        let body =
            Limited::new(body, self.max_answer_bytes).collect().await.map_err(|e| causes(e.as_ref()))?;
        Ok(Answer { status: head.status.as_u16(), body: body.to_bytes().into() })
    }
}

impl Http for SenderHttp {
    async fn send(&self, request: &Request, within: Duration) -> Result<Answer, StoreError> {
        let late = |_| StoreError(format!("no answer within {} ms", within.as_millis()));
        tokio::time::timeout(within, self.exchange(request)).await.map_err(late)?
    }

    fn forget_connections(&self) {
        *self.pool() = None;
    }
}
