//! Whose certificates we trust. To parse the system's whole store costs more CPU than everything else a callback does,
//! so AWS's own endpoints are checked against the five roots that sign them (Amazon Trust Services, valid to 2037 and
//! longer; AWS asks its clients to trust exactly these).

use aws_smithy_http_client::tls::{TlsContext, TrustStore};

use crate::config::Environment;

/// Amazon Root CA 1 to 4, and Starfield Services Root CA G2, which signs the first.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// By these a user says that other certificates count: an endpoint of one's own, or a store of one's own.
const OWN: [&str; 6] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
];

/// The roots for AWS's own endpoints, or the system's (`SSL_CERT_FILE` and `SSL_CERT_DIR` included) where something else
/// is asked for. In China AWS is run by others, with certificates of others.
pub(super) fn roots(environment: &Environment, region: &str) -> TlsContext {
    let is_own = OWN.iter().any(|name| environment.optional(name).is_some());
    let store = if is_own || region.starts_with("cn-") {
        TrustStore::default()
    } else {
        TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)
    };
    TlsContext::builder().with_trust_store(store).build().unwrap_or_default()
}
