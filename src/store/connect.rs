//! How connections are made and kept: TCP, TLS by `ring`, HTTP/1.1, which is what AWS and both senders speak.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Bytes};
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};

use super::StoreError;
use super::aws::causes;

/// Makes connections, to `http` addresses too: which are allowed is decided where they are read.
pub(super) type Connector = HttpsConnector<HttpConnector>;

/// Who we are, in AWS's own logs.
pub(super) const OUR_NAME: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// For the TCP handshake alone, and for the most distant: both senders are on other continents than most functions.
/// Whoever sends bounds the whole exchange.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// Shorter than a server keeps one, so that a request seldom meets a connection that is just being closed.
const IDLE_FOR: Duration = Duration::from_secs(20);

/// A connector that trusts these roots.
///
/// # Errors
/// TLS cannot be set up.
pub(super) fn connector(roots: RootCertStore) -> Result<Connector, StoreError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_WITHIN));
    let tls = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|e| causes(&e))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp))
}

/// A pool of its connections, each of which is closed when it was idle for a while.
pub(super) fn pool<B>(connector: Connector) -> Client<Connector, B>
where
    B: Body<Data: Send> + Send,
{
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_FOR)
        .build(connector)
}

/// Connections that can be forgotten.
#[derive(Debug)]
pub(super) struct Connections {
    connector: Connector,
    pool: Mutex<Option<Client<Connector, Full<Bytes>>>>,
}

impl Connections {
    pub(super) fn new(connector: Connector) -> Self {
        Self { connector, pool: Mutex::default() }
    }

    /// Sends a request, and waits for the whole of its answer.
    ///
    /// # Errors
    /// There is none, or one of more than so many bytes.
    pub(super) async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        max_answer_bytes: usize,
    ) -> Result<Response<Bytes>, StoreError> {
        let client = self.pool().get_or_insert_with(|| pool(self.connector.clone())).clone();
        let (head, body) = client.request(request).await.map_err(|e| causes(&e))?.into_parts();
        let body = Limited::new(body, max_answer_bytes).collect().await.map_err(|e| causes(e.as_ref()))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    /// The next request makes a connection of its own. What is under way goes on.
    pub(super) fn forget(&self) {
        *self.pool() = None;
    }

    fn pool(&self) -> MutexGuard<'_, Option<Client<Connector, Full<Bytes>>>> {
        // Nothing panics while it holds the lock; if it did, the pool would still be whole.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
