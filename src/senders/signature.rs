//! The one construction both senders use: the lower-case hex MD5 of some texts in a row, key included.

use md5::{Digest, Md5};
use subtle::{Choice, ConstantTimeEq};

use crate::event::envelope::hex;

/// Whether a given signature is the MD5 of these texts in a row, in a time that does not tell how nearly it fits.
///
/// Neither sender says whether its hex is lower case (all samples are), so either is taken.
pub(super) fn fits(given: &str, texts: &[&str]) -> Choice {
    let mut md5 = Md5::new();
    for text in texts {
        md5.update(text.as_bytes());
    }
    hex(&md5.finalize()).as_bytes().ct_eq(given.to_ascii_lowercase().as_bytes())
}
