//! The HTTP client of all AWS clients: the SDK's own, with TLS by `ring`.
//!
//! Its pool keeps the connection of every request: a batch of the processor sends ten at once, and each handshake takes
//! more CPU than the request. After a freeze all of them may be dead, and the attempts of a call would try one after the
//! other. So the next attempt starts with an empty pool
//! - after an attempt without an answer. That includes HTTP/2, whose connection outlives a cancelled attempt;
//! - after [`IDLE_TIMEOUT`] by the wall clock. The pool's own timeout uses a monotonic clock, which may stand still
//!   while the function is frozen.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::config::SharedHttpClient;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use time::OffsetDateTime;

use crate::config::{ConfigError, Environment};
use crate::mutex::lock;
use crate::storage::StoreError;
use crate::timeouts::Clock;

/// Amazon Root CA 1 to 4, and Starfield Services Root CA G2, which signs the first (Amazon Trust Services, valid to
/// 2037 and longer). AWS asks its clients to trust exactly these. Reading the whole system store takes longer than
/// the TLS handshake.
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");

/// Shorter than the time for which AWS keeps an idle connection, so that a request seldom uses one that is just being
/// closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Variables that name your own certificates.
const OWN_CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The roots against which a server's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// The roots of AWS's own endpoints.
    Amazon,
    /// The system's, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    System,
}

impl Trust {
    /// The system's roots, if an endpoint or certificates are configured, and in partitions whose certificates other
    /// authorities may sign.
    pub(super) fn of(environment: &Environment, region: &str, has_endpoints: bool) -> Self {
        let has_own = OWN_CERTIFICATES.iter().any(|name| environment.optional(name).is_some())
            || (has_endpoints && environment.has_any("AWS_ENDPOINT_URL"));
        if has_own || !is_public_partition(region) { Self::System } else { Self::Amazon }
    }
}

/// An HTTP client with a connection pool that all its AWS clients share.
///
/// # Errors
/// [`ConfigError::Tls`] if TLS cannot be set up.
pub(super) fn build(trust: Trust, now: Clock) -> Result<SharedHttpClient, ConfigError> {
    let store = match trust {
        Trust::Amazon => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
        Trust::System => TrustStore::default(),
    };
    let tls = TlsContext::builder().with_trust_store(store).build();
    let tls = tls.map_err(|error| ConfigError::Tls(StoreError(error.to_string())))?;
    let pool = Mutex::new(Pool::empty(&tls, now()));
    // Called for each attempt.
    Ok(http_client_fn(move |settings, components| {
        let (mut pool, now) = (lock(&pool), now());
        if pool.may_be_stale(now) {
            *pool = Pool::empty(&tls, now);
        }
        pool.used = now;
        let connector = pool.client.http_connector(settings, components);
        SharedHttpConnector::new(Watched { connector, is_unanswered: Arc::clone(&pool.is_unanswered) })
    }))
}

/// A connection pool.
struct Pool {
    client: SharedHttpClient,
    /// When an attempt last used it.
    used: OffsetDateTime,
    /// Whether an attempt on one of its connections had no answer.
    is_unanswered: Arc<AtomicBool>,
}

impl Pool {
    fn empty(tls: &TlsContext, now: OffsetDateTime) -> Self {
        let client = Builder::new()
            .pool_idle_timeout(IDLE_TIMEOUT)
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls.clone())
            .build_https();
        Self { client, used: now, is_unanswered: Arc::default() }
    }

    fn may_be_stale(&self, now: OffsetDateTime) -> bool {
        // If the clock was set back, the idle time is unknown.
        let is_fresh = self.used <= now && now - self.used < IDLE_TIMEOUT;
        !is_fresh || self.is_unanswered.load(Ordering::Relaxed)
    }
}

/// Sends an attempt, and marks the pool if it has no answer.
#[derive(Debug)]
struct Watched {
    connector: SharedHttpConnector,
    is_unanswered: Arc<AtomicBool>,
}

impl HttpConnector for Watched {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.connector.call(request);
        let attempt = Attempt { is_answered: false, is_unanswered: Arc::clone(&self.is_unanswered) };
        HttpConnectorFuture::new(async move {
            let mut attempt = attempt; // the whole of it belongs to the future, so that dropping the future drops it
            let answer = answer.await;
            attempt.is_answered = answer.is_ok();
            answer
        })
    }
}

/// Dropped when an attempt failed, or was cancelled at its time limit.
struct Attempt {
    is_answered: bool,
    is_unanswered: Arc<AtomicBool>,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.is_answered {
            self.is_unanswered.store(true, Ordering::Relaxed);
        }
    }
}

/// Whether a region is in the commercial or the `GovCloud` partition (`eu-central-1`, `us-gov-west-1`). Not China
/// (`cn-`), the isolated regions (`us-iso-`) and Europe's sovereign cloud (`eusc-`).
fn is_public_partition(region: &str) -> bool {
    let continent = region.split('-').next().unwrap_or_default();
    continent.len() == 2 && continent != "cn" && !region.contains("-iso")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(region: &str, variable: (&str, &str), has_endpoints: bool) -> Trust {
        Trust::of(&[variable].into_iter().collect(), region, has_endpoints)
    }

    #[test]
    fn amazons_roots_are_trusted_on_its_own_endpoints_in_the_public_partitions() {
        for region in ["eu-central-1", "us-east-1", "us-gov-west-1", "ap-southeast-2", "mx-central-1"] {
            assert_eq!(trust(region, ("AWS_ENDPOINT_URL", ""), true), Trust::Amazon, "{region}");
        }
        for region in
            ["cn-north-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1", ""]
        {
            assert_eq!(trust(region, ("AWS_ENDPOINT_URL", ""), true), Trust::System, "{region}");
        }
    }

    #[test]
    fn the_systems_roots_are_trusted_on_other_endpoints_and_where_certificates_are_named() {
        for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"] {
            assert_eq!(trust("eu-central-1", (name, "x"), true), Trust::System, "{name}");
        }
        let ignored = ("AWS_ENDPOINT_URL_SQS", "x");
        assert_eq!(trust("eu-central-1", ignored, false), Trust::Amazon);
    }

    #[test]
    fn the_roots_are_five_certificates() {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject as _;

        let mut store = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(AMAZON_ROOTS.as_bytes()) {
            store.add(certificate.unwrap()).unwrap();
        }
        assert_eq!(store.len(), 5);
    }
}
