//! The keys of all objects in the bucket: `spill/`, `payload/` and `rejected/`.
//!
//! A key is `PREFIX/SOURCE/YYYY/MM/DD/NAME`. The day is the day of receipt, so that one day can be listed.

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use mediahook_events::CloudEvent;
use mediahook_senders::hex;

/// The prefix of all keys in `spill/`.
pub const SPILL: &str = "spill/";

/// The number of digits of the time in a spilled object's name: enough for every millisecond from 2001 to 2286.
const TIME_DIGITS: usize = 13;

/// The key of an envelope that the queue did not accept; the puller moves it to the queue. The name begins with the
/// time of receipt in milliseconds, so that a listing of a source is in the order of receipt: S3's own time is in
/// whole seconds.
pub fn spill(envelope: &CloudEvent) -> String {
    let received = OffsetDateTime::parse(recorded(envelope), &Rfc3339);
    let received_ms = received.map_or(0, |time| time.unix_timestamp_nanos() / 1_000_000);
    format!("{SPILL}{}/{received_ms:0TIME_DIGITS$}-{}.json", day_of(envelope), envelope.id)
}

/// When the event of a spilled object was received, in milliseconds of UNIX time, as its key has it; nothing for a
/// key that [`spill`] did not create.
pub fn received_ms(key: &str) -> Option<i64> {
    let (_, name) = key.rsplit_once('/')?;
    let (time, _) = name.split_once('-')?;
    let is_time = time.len() == TIME_DIGITS && time.bytes().all(|b| b.is_ascii_digit());
    time.parse().ok().filter(|_| is_time)
}

/// The key of the data of an envelope that is too large.
pub fn payload(envelope: &CloudEvent) -> String {
    format!("payload/{}/{}.json", day_of(envelope), envelope.id)
}

/// The key of an authentic body that has no event for the queue. The name is the body's digest.
pub fn rejected(source: &str, received: OffsetDateTime, body: &[u8]) -> String {
    let (day, digest) = (received.date(), hex(&Sha256::digest(body)));
    format!("rejected/{source}/{:04}/{:02}/{:02}/{digest}", day.year(), u8::from(day.month()), day.day())
}

fn day_of(envelope: &CloudEvent) -> String {
    let day = recorded(envelope).split('T').next().unwrap_or_default().replace('-', "/");
    format!("{}/{day}", envelope.source)
}

/// We write `recordedtime` ourselves, so it is RFC 3339 and begins with the day.
fn recorded(envelope: &CloudEvent) -> &str {
    envelope.recordedtime.as_deref().unwrap_or("1970-01-01")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest;
    use crate::sources::Sources;
    use mediahook_events::Channel;
    use time::macros::datetime;

    fn envelope(received: OffsetDateTime) -> CloudEvent {
        let sources = Sources::parse(r#"{"tencent-vod/main":{}}"#).unwrap();
        let source = sources.get("tencent-vod/main").unwrap();
        ingest::build(source, br#"{"EventType":"X"}"#, Channel::Push, None, received).unwrap()
    }

    #[test]
    fn keys_of_the_spill_are_in_the_order_of_receipt() {
        let times = [
            datetime!(2026-11-21 23:59:59.999 UTC),
            datetime!(2026-11-22 05:50:25.1 UTC),
            datetime!(2026-11-22 05:50:25.12 UTC),
            datetime!(2026-11-22 05:50:25.123456 UTC),
            datetime!(2026-11-22 05:50:26 UTC),
        ];
        let keys = times.map(|time| spill(&envelope(time)));
        assert!(keys.is_sorted(), "{keys:?}");
        assert!(keys[3].starts_with("spill/tencent-vod/main/2026/11/22/1795326625123-"), "{}", keys[3]);
        assert_eq!(received_ms(&keys[3]), Some(1_795_326_625_123));
        let id = "0123456789ab".repeat(5);
        for other in [format!("spill/a/b/2026/11/22/{id}.json"), format!("spill/again/{id}"), "x".to_owned()]
        {
            assert_eq!(received_ms(&other), None, "{other}");
        }
    }

    #[test]
    fn the_data_of_an_event_is_one_object_a_day() {
        let [morning, evening] = [datetime!(2026-11-22 5:00 UTC), datetime!(2026-11-22 20:00 UTC)];
        let (mut first, mut second) = (envelope(morning), envelope(evening));
        (first.id, second.id) = ("1".to_owned(), "1".to_owned());
        assert_eq!(payload(&first), payload(&second));
        assert_eq!(payload(&first), "payload/tencent-vod/main/2026/11/22/1.json");
    }
}
