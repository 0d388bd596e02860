//! Where things lie in the bucket: `WHAT/SOURCE/YYYY/MM/DD/ID`, the day being that of receipt, so that a day can be
//! listed, and the same thing put twice is one object.

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::envelope::{Envelope, hex};

/// What all keys of the spill begin with.
pub const SPILL: &str = "spill/";

/// The envelope of an event that the queue did not take; the puller brings it there.
pub fn spill(envelope: &Envelope) -> String {
    format!("{SPILL}{}", of_event(envelope))
}

/// The data of an envelope that is too large to travel with it.
pub fn payload(envelope: &Envelope) -> String {
    format!("payload/{}", of_event(envelope))
}

/// An authentic body that is no event, by its digest. The reason lies beside it, in an object with `.json` behind.
pub fn rejected(source: &str, body: &[u8], received: OffsetDateTime) -> String {
    let day = received.date();
    let digest = hex(&Sha256::digest(body));
    format!("rejected/{source}/{:04}/{:02}/{:02}/{digest}", day.year(), u8::from(day.month()), day.day())
}

fn of_event(envelope: &Envelope) -> String {
    // `receivedtime` is our own, so its day is where RFC 3339 has it.
    let day = envelope.receivedtime.split('T').next().unwrap_or_default().replace('-', "/");
    format!("{}/{day}/{}.json", envelope.source, envelope.id)
}
