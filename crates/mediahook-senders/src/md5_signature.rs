//! The construction that both senders use: the lower-case hex MD5 of several concatenated texts, one of them the key.

use md5::{Digest, Md5};
use subtle::{Choice, ConstantTimeEq};

use crate::hex::hex;

/// Whether a given signature is the MD5 of these texts, concatenated. The comparison takes constant time.
///
/// Neither sender documents that its hex is lower case (all samples are), so both cases are accepted.
pub(crate) fn signature_matches(given: &str, texts: &[&str]) -> Choice {
    let mut md5 = Md5::new();
    for text in texts {
        md5.update(text.as_bytes());
    }
    hex(&md5.finalize()).as_bytes().ct_eq(given.to_ascii_lowercase().as_bytes())
}
