//! HTTP to the senders' APIs, with `hyper-util`'s client.
//!
//! It sends the request target byte for byte as it was signed (a client that parses it as a URL would normalize it),
//! follows no redirect, and uses only HTTP/1.1, as the senders' own SDKs do. Certificates are verified against the
//! system's roots, whichever roots are used for AWS.

use std::sync::Mutex;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::TokioExecutor;
use mediahook_senders::queue::{Answer, Request};

use crate::mutex::lock;
use crate::storage::{Call, StoreError, transport_error};

type Pool = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// For the TCP handshake alone: both senders are on another continent than most functions.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Sends requests to the senders' APIs.
pub trait Http: Send + Sync {
    /// Sends a request byte for byte, and follows no redirect. Returns the answer, of at most this many bytes; `None`
    /// if it has more.
    ///
    /// # Errors
    /// [`StoreError`]: there is no complete answer.
    fn send(&self, request: &Request, max_bytes: usize) -> impl Call<Option<Answer>>;

    /// Drops idle connections, because some of them are dead after a freeze.
    fn drop_connections(&self);
}

/// An HTTP client with a connection pool. It reads the system's roots when it first connects.
#[derive(Debug, Default)]
pub struct SenderHttp(Mutex<Option<Pool>>);

impl SenderHttp {
    fn pool(&self) -> Result<Pool, StoreError> {
        let mut pool = lock(&self.0);
        let open = pool.take().map_or_else(new_pool, Ok)?;
        Ok(pool.insert(open).clone())
    }
}

fn new_pool() -> Result<Pool, StoreError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let tls = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
        .map_err(|e| transport_error(&e))?;
    // Plain HTTP too: the sources document decides which addresses are allowed.
    let connector = tls.https_or_http().enable_http1().wrap_connector(tcp);
    Ok(Builder::new(TokioExecutor::new()).build(connector))
}

impl Http for SenderHttp {
    async fn send(&self, request: &Request, max_bytes: usize) -> Result<Option<Answer>, StoreError> {
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
        match Limited::new(body, max_bytes).collect().await {
            Ok(body) => Ok(Some(Answer { status: head.status.as_u16(), body: body.to_bytes().into() })),
            Err(error) if error.is::<LengthLimitError>() => Ok(None),
            Err(error) => Err(transport_error(&*error)),
        }
    }

    /// Requests in flight continue.
    fn drop_connections(&self) {
        lock(&self.0).take();
    }
}
