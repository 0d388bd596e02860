//! TLS in front of a plain server on loopback, with the certificate under `tests/fixtures/tls/`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::http;

/// A file of those fixtures.
pub fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../tests/fixtures/tls", name].iter().collect()
}

/// Passes on what comes by TLS; the address. Who connects must trust `ca.pem`, and call it `localhost`.
pub async fn in_front_of(server: SocketAddr) -> SocketAddr {
    pass_on(server, Vec::new()).await
}

/// The same for a server that speaks HTTP/2.
pub async fn in_front_of_http2(server: SocketAddr) -> SocketAddr {
    pass_on(server, vec![b"h2".to_vec()]).await
}

async fn pass_on(server: SocketAddr, protocols: Vec<Vec<u8>>) -> SocketAddr {
    let certificate = CertificateDer::from_pem_file(fixture("server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(fixture("server.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a configuration");
    config.alpn_protocols = protocols;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (listener, address) = http::listen().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Either may fail: by a client that does not trust us, or a server that resets.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let Ok(mut behind) = TcpStream::connect(server).await else { return };
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut behind).await;
            });
        }
    });
    address
}
