//! HTTP to the senders' APIs, by `hyper-util`'s client.
//!
//! It sends the request target byte for byte as it was signed (a client that parses it as a URL would normalize it),
//! follows no redirect, and keeps to HTTP/1.1 as the senders' own SDKs do. Certificates must come from the system's roots,
//! whichever are used for AWS.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::{Http, StoreError, transport_error};
use crate::sender::pull::{Answer, Request};

type Connector = HttpsConnector<HttpConnector>;
type Pool = Client<Connector, Full<hyper::body::Bytes>>;

/// For the TCP handshake alone, and for the most distant: both senders are on other continents than most functions.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Shorter than a server keeps an idle connection.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// An HTTP client with a connection pool. The system's roots are read when it is first needed.
#[derive(Debug)]
pub struct SenderHttp {
    max_answer_bytes: usize,
    connector: OnceLock<Result<Connector, StoreError>>,
    pool: Mutex<Option<Pool>>,
}

impl SenderHttp {
    /// A client that takes answers of up to so many bytes. MNS: 16 messages of 64 KiB. Tencent names no limit.
    pub fn new(max_answer_bytes: usize) -> Self {
        Self { max_answer_bytes, connector: OnceLock::new(), pool: Mutex::default() }
    }

    fn pool(&self) -> Result<Pool, StoreError> {
        let connector = self.connector.get_or_init(connector).as_ref().map_err(Clone::clone)?;
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        let client = || {
            let mut builder = Builder::new(TokioExecutor::new());
            builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE_TIMEOUT).build(connector.clone())
        };
        Ok(pool.get_or_insert_with(client).clone())
    }

    async fn exchange(&self, request: &Request) -> Result<Answer, StoreError> {
        let mut builder = hyper::Request::builder().method(request.method).uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        // Not the error's own words, which may quote the value.
        let request = builder
            .body(Full::from(request.body.clone()))
            .map_err(|_| StoreError("a request that cannot be sent".to_owned()))?;
        let answer = self.pool()?.request(request).await.map_err(|e| transport_error(&e))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, self.max_answer_bytes).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                StoreError(format!("an answer of more than {} bytes", self.max_answer_bytes))
            } else {
                transport_error(error.as_ref())
            }
        })?;
        Ok(Answer { status: head.status.as_u16(), body: body.to_bytes().into() })
    }
}

fn connector() -> Result<Connector, StoreError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let tls = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
        .map_err(|e| transport_error(&e))?;
    // Plain HTTP too: which addresses are allowed is decided where the sources are read.
    Ok(tls.https_or_http().enable_http1().wrap_connector(tcp))
}

impl Http for SenderHttp {
    async fn send(&self, request: &Request, within: Duration) -> Result<Answer, StoreError> {
        let late = |_| StoreError(format!("no answer within {} ms", within.as_millis()));
        tokio::time::timeout(within, self.exchange(request)).await.map_err(late)?
    }

    /// What is under way goes on.
    fn forget_connections(&self) {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
