//! Whose certificates we trust. To parse the system's whole store takes a while, so AWS's own endpoints are checked
//! against the five roots that sign them (Amazon Trust Services, valid to 2037 and longer; AWS asks its clients to trust
//! exactly these).

use std::env;

use base64_simd::STANDARD as BASE64;
use memchr::{memchr, memmem};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use crate::config::Environment;

/// Amazon Root CA 1 to 4, and Starfield Services Root CA G2, which signs the first.
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");

/// A variable that begins like one of these says that other certificates count: a store of one's own, or an endpoint of
/// one's own, for all services or for one.
const OWN: [&str; 3] = ["SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_ENDPOINT_URL"];

/// Where Lambda's own system (Amazon Linux) has its store.
const AMAZON_LINUX: &str = "/etc/pki/tls/certs/ca-bundle.crt";

/// The roots for AWS's own endpoints, or the system's where something else is asked for.
pub(super) fn roots(environment: &Environment, region: &str) -> RootCertStore {
    let is_own = OWN.iter().any(|name| environment.has_any(name));
    if is_own || !is_public_partition(region) { system() } else { store(certificates(AMAZON_ROOTS)) }
}

/// The roots of the system, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
pub(super) fn system() -> RootCertStore {
    let file = env::var_os("SSL_CERT_FILE").unwrap_or_else(|| AMAZON_LINUX.into());
    if env::var_os("SSL_CERT_DIR").is_none()
        && let Ok(pem) = std::fs::read_to_string(file)
    {
        return store(certificates(&pem));
    }
    store(rustls_native_certs::load_native_certs().certs.into_iter())
}

/// One that cannot be read vouches for nobody; the others do.
fn store(certificates: impl Iterator<Item = CertificateDer<'static>>) -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates);
    if store.is_empty() {
        tracing::warn!(
            "no certificate is trusted, so no connection by TLS can be made: is there a CA bundle?"
        );
    }
    store
}

/// The certificates of a PEM text. The decoder of `rustls` is made for secrets, and takes the same time whatever it
/// reads: over a system's store, as long as all else in init.
fn certificates(pem: &str) -> impl Iterator<Item = CertificateDer<'static>> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let end = memmem::Finder::new(END);
    let mut one_line = Vec::new();
    memmem::find_iter(pem.as_bytes(), BEGIN).filter_map(move |at| {
        let block = pem.as_bytes().get(at + BEGIN.len()..)?;
        let mut rest = block.get(..end.find(block)?)?;
        one_line.clear();
        while let Some((line, behind)) = memchr(b'\n', rest).and_then(|at| rest.split_at_checked(at)) {
            one_line.extend_from_slice(line.trim_ascii());
            rest = behind.get(1..).unwrap_or_default();
        }
        one_line.extend_from_slice(rest.trim_ascii());
        BASE64.decode_to_vec(&one_line).ok().map(CertificateDer::from)
    })
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
        let lines: Vec<_> = AMAZON_ROOTS.lines().collect();
        for written in [
            AMAZON_ROOTS.to_owned(),
            lines.join("\r\n"),
            lines.join("\n  "),
            AMAZON_ROOTS.replace("-----\n-----", "----------"), // files joined that do not end in a line's end
            AMAZON_ROOTS.replace("-----BEGIN", "One of Amazon's: -----BEGIN"),
            format!("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n{AMAZON_ROOTS}"),
            format!("{AMAZON_ROOTS}-----BEGIN CERTIFICATE-----\nMIID"),
        ] {
            assert_eq!(store(certificates(&written)).len(), 5, "{written}");
        }
    }
}
