//! Why a connection failed.

use std::error::Error;
use std::io;

use super::StoreError;

/// The kind of a connection failure, without its text: the errors of connectors may contain the address with its
/// password.
pub(crate) fn transport_error(error: &(dyn Error + 'static)) -> StoreError {
    let causes = || std::iter::successors(Some(error), |&error| cause(error));
    if causes().any(<dyn Error>::is::<rustls::Error>) {
        return StoreError("the TLS handshake failed: is the certificate trusted?".to_owned());
    }
    let kinds = causes().filter_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    let known = kinds.filter(|kind| *kind != io::ErrorKind::Other).last();
    let kind = known.map(|kind| format!(": {kind}")).unwrap_or_default();
    StoreError(format!("the connection failed{kind}"))
}

/// The next error of a chain. `io::Error::source` would skip the error that it holds.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|held| held as &(dyn Error + 'static)),
        None => error.source(),
    }
}
