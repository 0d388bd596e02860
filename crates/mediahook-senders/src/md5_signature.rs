//! The construction that both senders use: the lower-case hex MD5 of several concatenated texts, one of them the key.

use md5::{Digest as _, Md5};
use subtle::{Choice, ConstantTimeEq};

use crate::hex::hex;

/// The signature of these texts, concatenated.
pub(crate) fn md5_signature(texts: &[&str]) -> String {
    hex(&texts.iter().fold(Md5::new(), Md5::chain_update).finalize())
}

/// Whether a given signature is that of these texts. The comparison takes constant time.
///
/// Neither sender documents that its hex is lower case (all samples are), so both cases are accepted.
pub(crate) fn signature_matches(given: &str, texts: &[&str]) -> Choice {
    md5_signature(texts).as_bytes().ct_eq(given.to_ascii_lowercase().as_bytes())
}
