//! HTTP to the senders' APIs, with `hyper-util`'s client.
//!
//! It sends the request target byte for byte as it was signed (a client that parses it as a URL would normalize it),
//! follows no redirect, and uses only HTTP/1.1, as the senders' own SDKs do. Certificates are verified against the
//! system's roots, whichever roots are used for AWS.

use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use http_body_util::BodyExt as _;
use http_body_util::Full;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::memory_limit::{MemoryShare, Shortage};
use crate::mutex::lock;
use crate::storage::{self, StoreError, transport_error};
use mediahook_senders::queue::{Answer, Request};

type Connector = HttpsConnector<HttpConnector>;
type Pool = Client<Connector, Full<Bytes>>;

/// For the TCP handshake alone: both senders are on another continent than most functions.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Shorter than the time for which a server keeps an idle connection.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Sends requests to the senders' APIs.
pub trait Http: Send + Sync {
    /// Sends a request byte for byte, and follows no redirect. While the answer is read, this share of the memory
    /// grows.
    ///
    /// # Errors
    /// [`StoreError`]: there is no complete answer within this time, or it does not fit into the memory.
    fn send(
        &self,
        request: &Request,
        within: Duration,
        memory: &mut MemoryShare,
    ) -> impl Future<Output = Result<Answer, StoreError>> + Send;

    /// Drops idle connections, because some of them are dead after a freeze.
    fn drop_connections(&self);
}

/// An HTTP client with a connection pool. It reads the system's roots when it is first used.
#[derive(Debug, Default)]
pub struct SenderHttp {
    connector: OnceLock<Result<Connector, StoreError>>,
    pool: Mutex<Option<Pool>>,
}

impl SenderHttp {
    fn pool(&self) -> Result<Pool, StoreError> {
        let connector = self.connector.get_or_init(connector).as_ref().map_err(Clone::clone)?;
        let mut pool = lock(&self.pool);
        let client = || {
            let mut builder = Builder::new(TokioExecutor::new());
            builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE_TIMEOUT).build(connector.clone())
        };
        Ok(pool.get_or_insert_with(client).clone())
    }

    async fn exchange(&self, request: &Request, memory: &mut MemoryShare) -> Result<Answer, StoreError> {
        let mut builder = hyper::Request::builder().method(request.method).uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        // The error's own text may quote a header.
        let request = builder
            .body(Full::from(request.body.clone()))
            .map_err(|_| StoreError("a request that cannot be sent".to_owned()))?;
        let answer = self.pool()?.request(request).await.map_err(|e| transport_error(&e))?;
        let (head, body) = answer.into_parts();
        Ok(Answer { status: head.status.as_u16(), body: collect(body, memory).await? })
    }
}

/// Reads a body while there is memory for it. If its length is known, the memory for all of it is reserved at once.
async fn collect(mut body: Incoming, memory: &mut MemoryShare) -> Result<Vec<u8>, StoreError> {
    let length = body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default();
    let too_large = |shortage: Shortage| StoreError(shortage.to_string());
    memory.grow(length).await.map_err(too_large)?;
    let mut read = Vec::with_capacity(length);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| transport_error(&e))?;
        if let Some(bytes) = frame.data_ref() {
            memory.grow(read.len() + bytes.len()).await.map_err(too_large)?;
            read.extend_from_slice(bytes);
        }
    }
    Ok(read)
}

fn connector() -> Result<Connector, StoreError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let tls = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
        .map_err(|e| transport_error(&e))?;
    // Plain HTTP too: the sources document decides which addresses are allowed.
    Ok(tls.https_or_http().enable_http1().wrap_connector(tcp))
}

impl Http for SenderHttp {
    async fn send(
        &self,
        request: &Request,
        within: Duration,
        memory: &mut MemoryShare,
    ) -> Result<Answer, StoreError> {
        storage::within(within, self.exchange(request, memory)).await
    }

    /// Requests in flight continue.
    fn drop_connections(&self) {
        lock(&self.pool).take();
    }
}
