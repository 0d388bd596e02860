//! How connections are made: TCP, TLS by `ring`, HTTP/1.1, which is what SQS and both senders speak.

use std::time::Duration;

use hyper::body::Body;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};

use super::StoreError;
use super::aws::causes;

/// Makes connections, to `http` addresses too: which are allowed is decided where they are read.
pub(super) type Connector = HttpsConnector<HttpConnector>;

/// For the TCP handshake alone, and for the most distant: both senders are on other continents than most functions.
/// Whoever sends bounds the whole exchange.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

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

/// A pool of its connections, each of which is closed when it was idle for so long.
pub(super) fn pool<B>(connector: Connector, idle: Duration) -> Client<Connector, B>
where
    B: Body<Data: Send> + Send,
{
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(idle)
        .build(connector)
}
