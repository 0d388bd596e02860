//! Whose certificates we trust. To parse the system's whole store costs more CPU than everything else a callback does,
//! so AWS's own endpoints are checked against the five roots that sign them (Amazon Trust Services, valid to 2037 and
//! longer; AWS asks its clients to trust exactly these).

use aws_smithy_http_client::tls::{TlsContext, TrustStore};

use crate::config::Environment;

/// Amazon Root CA 1 to 4, and Starfield Services Root CA G2, which signs the first.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// A variable that begins like one of these says that other certificates count: a store of one's own, or an endpoint of
/// one's own, for all services or for one.
const OWN: [&str; 3] = ["SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_ENDPOINT_URL"];

/// The roots for AWS's own endpoints, or the system's (`SSL_CERT_FILE` and `SSL_CERT_DIR` included) where something else
/// is asked for.
pub(super) fn roots(environment: &Environment, region: &str) -> TlsContext {
    let is_own = OWN.iter().any(|name| environment.has_any(name));
    let store = if !is_own && is_public_partition(region) {
        TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)
    } else {
        TrustStore::default()
    };
    TlsContext::builder().with_trust_store(store).build().unwrap_or_default()
}

/// Whether a region is one of the commercial or the `GovCloud` partition (`eu-central-1`, `us-gov-west-1`). The others may
/// have certificates of others: China (`cn-`), the isolated ones (`us-iso-`), Europe's sovereign cloud (`eusc-`).
fn is_public_partition(region: &str) -> bool {
    let continent = region.split('-').next().unwrap_or_default();
    continent.len() == 2 && continent != "cn" && !region.contains("-iso")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_told_by_their_regions() {
        for region in ["eu-central-1", "us-east-1", "us-gov-west-1", "ap-southeast-2", "mx-central-1"] {
            assert!(is_public_partition(region), "{region}");
        }
        for region in
            ["cn-north-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1", ""]
        {
            assert!(!is_public_partition(region), "{region}");
        }
    }

    #[test]
    fn the_roots_are_certificates() {
        let pem = std::str::from_utf8(AMAZON_ROOTS).unwrap();
        assert_eq!(pem.matches("-----BEGIN CERTIFICATE-----").count(), 5);
    }
}
