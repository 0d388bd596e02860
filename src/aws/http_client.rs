//! The HTTP client of all AWS clients: the SDK's own, with TLS by `ring`.
//!
//! Its pool keeps the connection of every request: a batch of the processor sends ten at once, and each handshake takes
//! more CPU than the request. The SDK itself drops a connection on which an attempt had no answer. After a freeze all
//! connections may be dead, and the pool's own idle timeout does not notice, because it uses a monotonic clock, which
//! may stand still while the function is frozen. So after [`IDLE_TIMEOUT`] by the wall clock a request starts with an
//! empty pool.

use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_sqs::config::SharedHttpClient;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{HttpClient as _, http_client_fn};

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
    pub(super) fn of(environment: &Environment, has_own_endpoint: bool) -> Self {
        let region = environment.optional("AWS_REGION").unwrap_or_default();
        let has_own_certificates = OWN_CERTIFICATES.iter().any(|name| environment.optional(name).is_some());
        let is_own = has_own_endpoint || has_own_certificates || !is_public_partition(region);
        if is_own { Self::System } else { Self::Amazon }
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
    let pool = Mutex::new((empty_pool(&tls), now()));
    // Called for each attempt.
    Ok(http_client_fn(move |settings, components| {
        let (mut pool, now) = (lock(&pool), now());
        let (client, used) = &mut *pool;
        // If the clock was set back, the idle time is unknown.
        if *used > now || now - *used >= IDLE_TIMEOUT {
            *client = empty_pool(&tls);
        }
        *used = now;
        client.http_connector(settings, components)
    }))
}

fn empty_pool(tls: &TlsContext) -> SharedHttpClient {
    Builder::new()
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls.clone())
        .build_https()
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

    fn trust(region: &str, certificates: &str, has_own_endpoint: bool) -> Trust {
        let variables = [("AWS_REGION", region), ("SSL_CERT_FILE", certificates)];
        Trust::of(&variables.into_iter().collect(), has_own_endpoint)
    }

    #[test]
    fn amazons_roots_are_trusted_on_its_own_endpoints_in_the_public_partitions() {
        for region in ["eu-central-1", "us-east-1", "us-gov-west-1", "ap-southeast-2", "mx-central-1"] {
            assert_eq!(trust(region, "", false), Trust::Amazon, "{region}");
        }
        for region in
            ["cn-north-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1", ""]
        {
            assert_eq!(trust(region, "", false), Trust::System, "{region}");
        }
    }

    #[test]
    fn the_systems_roots_are_trusted_on_other_endpoints_and_where_certificates_are_named() {
        assert_eq!(trust("eu-central-1", "", true), Trust::System);
        assert_eq!(trust("eu-central-1", "/etc/own.pem", false), Trust::System);
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
