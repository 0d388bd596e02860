//! Whatever is wrong with one event at a sender is not wrong with the others.

use std::collections::HashSet;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, Engine as _};
use mediahook_testing::http::response;
use mediahook_testing::sender_queue::SenderQueue;

use super::{ALIBABA, TENCENT, World, alibaba_event, number, run, tencent_event};

/// What a fake puts into the body of one event.
const MARK: &str = "MARK";
const BAD: usize = 5;
const EVENTS: usize = 16;

/// Serves these bytes where the mark is.
fn serve_instead_of_mark(sender: &SenderQueue, bytes: &'static [u8]) {
    sender.replaces(move |_, _, body| {
        let at = body.windows(MARK.len()).position(|window| window == MARK.as_bytes())?;
        let body = [&body[..at], bytes, &body[at + MARK.len()..]].concat();
        Some(response(200, "text/plain", body))
    });
}

/// Puts sixteen events, one of them with the mark, and runs the puller three times: fifteen are queued, and the one is
/// queued or in `rejected/`, and none is left.
async fn assert_only_one_suffers(name: &str, world: &World, source: &str) {
    let (sender, event): (&SenderQueue, fn(usize) -> String) =
        if source == TENCENT { (&world.tencent, tencent_event) } else { (&world.mns, alibaba_event) };
    for at in 0..EVENTS {
        let event = event(at);
        sender.inbox.put(if at == BAD {
            event.replacen(r#""EventType":""#, r#""Text":"MARK","EventType":""#, 1)
        } else {
            event
        });
    }
    let mut puller = world.puller().await;
    for _ in 0..3 {
        run(&mut puller).await;
        if sender.inbox.unconfirmed() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let queued = world.queued().await;
    let numbers: HashSet<_> = queued.iter().map(|event| number(event.data.as_ref().unwrap().get())).collect();
    for at in (0..EVENTS).filter(|at| *at != BAD) {
        assert!(numbers.contains(&(at as u64)), "{name}, {source}: {at} is not in {numbers:?}");
    }
    let rejected = world.cloud.objects(&format!("rejected/{source}/")).await;
    assert!(numbers.contains(&(BAD as u64)) || rejected.len() == 2, "{name}, {source}: {rejected:?}");
    assert_eq!(sender.inbox.unconfirmed(), 0, "{name}, {source}");
}

#[tokio::test]
async fn one_unreadable_event_of_tencent_harms_no_other() {
    for (name, bytes) in [
        ("a character cut in the middle", &b"\xe5\xaa"[..]),
        ("a control character", b"a\x01b\nc"),
        ("an escape that JSON does not have", br"a\xb"),
        ("half of a surrogate pair", br"\ud83d"),
        ("half an escape", br"\u12"),
    ] {
        let world = World::with_visibility(Duration::from_secs(1)).await;
        serve_instead_of_mark(&world.tencent, bytes);
        assert_only_one_suffers(name, &world, TENCENT).await;
    }
}

#[tokio::test]
async fn one_unreadable_message_of_mns_harms_no_other() {
    for (name, bytes) in [
        ("a reference that XML forbids", &b"&#0;"[..]),
        ("a character cut in the middle", b"\xe5\xaa"),
        ("an entity that nobody defined", b"&nosuch;"),
        ("an ampersand", b"a & b"),
        ("a tag", b"<b>"),
        ("half of a surrogate pair", br"\ud83d"),
    ] {
        let world = World::with_visibility(Duration::from_secs(1)).await;
        serve_instead_of_mark(&world.mns, bytes);
        assert_only_one_suffers(name, &world, ALIBABA).await;
    }
}

/// Whichever answer has the message cannot be read, its receipt neither. MNS can be asked for one message at a time.
#[tokio::test]
async fn a_message_that_spoils_every_answer_is_isolated_and_an_error_from_the_first_run_on() {
    let world = World::with_visibility(Duration::from_secs(1)).await;
    world.mns.replaces(|_, _, body| {
        let is_spoilt = body.windows(MARK.len()).any(|window| window == MARK.as_bytes());
        is_spoilt.then(|| response(200, "text/xml", body[..60.min(body.len())].to_vec()))
    });
    for at in 0..EVENTS {
        world.mns.inbox.put(if at == BAD { MARK.to_owned() } else { alibaba_event(at) });
    }
    let mut puller = world.puller().await;
    for nth in 0..3 {
        let summary = run(&mut puller).await;
        assert!(summary.0[ALIBABA].error.is_some(), "run {nth}: {summary:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(world.queued().await.len(), EVENTS - 1);
    assert_eq!(world.mns.inbox.unconfirmed(), 1);
}

#[tokio::test]
async fn base64_is_read_in_every_form_that_clients_write() {
    let world = World::with_visibility(Duration::from_mins(1)).await;
    let lines = |text: &str, end: &str| {
        let encoded = BASE64_STANDARD.encode(text);
        encoded.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line) + end).collect::<String>()
    };
    let forms: [&dyn Fn(&str) -> String; 6] = [
        &|text| BASE64_STANDARD.encode(text),
        &|text| lines(text, "\n"),
        &|text| lines(text, "\r\n"),
        &|text| BASE64_STANDARD_NO_PAD.encode(text),
        &|text| BASE64_URL_SAFE.encode(text),
        &|text| BASE64_URL_SAFE.encode(text).trim_end_matches('=').to_owned(),
    ];
    for (at, form) in forms.iter().enumerate() {
        // `媒体` and the spaces make the forms differ, whatever the length.
        let event = alibaba_event(at)
            .replace("\"Status\"", &format!("\"Pad\":\"{}??>>\",\"Status\"", " ".repeat(at)));
        world.mns.inbox.put(form(&event));
    }
    run(&mut world.puller().await).await;
    let numbers: HashSet<_> =
        world.queued().await.iter().map(|event| number(event.data.as_ref().unwrap().get())).collect();
    assert_eq!(numbers, (0..forms.len() as u64).collect());
}
