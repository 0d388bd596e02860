//! Dead letters: what can never succeed, what fails at its last receive, and the way back.

use aws_sdk_sqs::types::MessageSystemAttributeName as Attribute;

use super::*;

#[tokio::test]
async fn what_can_never_succeed_is_a_dead_letter_with_its_reason_and_the_rest_of_its_group_goes_on() {
    let setup = Setup::new().await;
    let processor = setup.processor(FakeHandler::default());
    let records =
        [record_of("a1", "a", "no envelope"), record("a2", "dead-letter"), record("a3", "ok"), json!({})];
    // It leaves the queue only after the dead-letter queue has it.
    setup.sqs_faults(|_| Fault::Error);
    assert_eq!(process(&processor, &records[..3], IN_TIME).await, ["a1", "a2", "a3"]);
    setup.sqs_faults(|_| Fault::None);
    assert_eq!(process(&processor, &records[..3], IN_TIME).await, [""; 0]);
    assert_eq!(setup.dead_bodies().await, ["no envelope", &event("a2", "dead-letter")], "as they came");
    assert_eq!(setup.table().status("a2").await, None, "so that it can be redriven");
    assert_eq!(setup.table().status("a3").await.as_deref(), Some("COMPLETED"));
}

/// `redrive` puts it into the queue as it came: into its group, and into its trace.
#[tokio::test]
async fn a_dead_letter_keeps_its_group_and_its_trace() {
    const TRACE: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1";
    let setup = Setup::new().await;
    let processor = setup.processor(FakeHandler::default());
    let mut record = record("a1", "dead-letter");
    record["attributes"]["AWSTraceHeader"] = TRACE.into();
    assert_eq!(process(&processor, &[record], IN_TIME).await, [""; 0]);
    let messages = Mapping::new(setup.sqs(), &setup.dead_letter_url).receive().await;
    let attributes = messages[0].attributes().unwrap();
    assert_eq!(attributes[&Attribute::MessageGroupId], "a");
    assert_eq!(attributes[&Attribute::AwsTraceHeader], TRACE);
}

#[tokio::test]
async fn the_log_tells_a_dead_letters_reason_by_its_id() {
    let setup = Setup::new().await;
    let mut processor = setup.start().await;
    let bad = record_of("0123abcd", "a", "no envelope");
    assert_eq!(invoke(&mut processor, &[bad, record("a2", "t")]).await, [""; 0]);
    let log = processor.stop().await;
    let lines: Vec<_> = lines(&log).into_iter().filter(|line| line["id"] == "0123abcd").collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert_eq!(lines[0]["message"], "dead letter");
    assert_eq!(lines[0]["reason"], "not an envelope: cannot be read at line 1, column 2");
    assert_eq!(setup.dead_bodies().await, ["no envelope"]);
}

#[tokio::test]
async fn a_record_that_fails_at_its_last_receive_is_a_dead_letter_and_its_group_goes_on_in_order() {
    for how in ["fail", "panic"] {
        let setup = Setup::new().await;
        let processor = setup.processor(FakeHandler::default());
        let batch = || [record("a1", how), record("a2", "ok"), record("b1", "ok"), record("a3", "ok")];
        for receive in [1, 2] {
            let failed = process(&processor, &received(receive, batch()), IN_TIME).await;
            assert_eq!(failed, ["a1", "a2", "a3"], "{how}");
            assert_eq!(setup.dead().await, [""; 0], "{how}");
        }
        assert_eq!(sorted(processor.destination.handler.seen()), ["a1", "a1", "b1"], "{how}");
        assert_eq!(process(&processor, &last_receive(batch()), IN_TIME).await, [""; 0], "{how}");
        assert_eq!(setup.dead().await, ["a1"], "{how}");
        assert_eq!(processor.destination.handler.seen(), ["a1", "a1", "a2", "a3"], "tried once more: {how}");
    }
}

#[tokio::test]
async fn a_handler_that_fails_once_at_the_last_receive_makes_no_dead_letter() {
    let setup = Setup::new().await;
    let processor = setup.processor(FakeHandler::default());
    assert_eq!(process(&processor, &[record("a1", "fail-once")], IN_TIME).await, ["a1"]);
    let records = last_receive([record("b1", "fail-once"), record("b2", "ok")]);
    assert_eq!(process(&processor, &records, IN_TIME).await, [""; 0]);
    assert_eq!(processor.destination.handler.seen(), ["a1", "b1", "b1", "b2"]);
    assert_eq!(setup.dead().await, [""; 0]);
}

#[tokio::test]
async fn when_the_dead_letter_queue_fails_too_the_record_fails_with_the_rest_of_its_group() {
    let setup = Setup::new().await;
    let processor = setup.processor(FakeHandler::default());
    setup.sqs_faults(|_| Fault::Error);
    let records = last_receive([record("a1", "fail"), record("a2", "ok"), record("b1", "ok")]);
    assert_eq!(process(&processor, &records, IN_TIME).await, ["a1", "a2"]);
}

#[tokio::test]
async fn at_its_last_receive_a_record_is_started_while_any_time_is_left() {
    let setup = Setup::new().await;
    let processor = setup.processor(FakeHandler::default());
    // The handler has 3 s. In the last second of them, a record is started only at its last receive.
    let left = Duration::from_secs(4);
    let batch = |group: &str| {
        [1, 2, 3].map(|number| record(&format!("{group}{number}"), if number < 3 { "slower" } else { "ok" }))
    };
    assert_eq!(process(&processor, &received(2, batch("a")), left).await, ["a3"]);
    assert_eq!(process(&processor, &last_receive(batch("b")), left).await, [""; 0]);
    // Without any time left it is reported failed. It was not tried, so it is not sent to the dead-letter queue.
    let records = last_receive([record("c1", "hang"), record("c2", "ok")]);
    assert_eq!(process(&processor, &records, left).await, ["c2"]);
    assert_eq!(setup.dead().await, ["c1"]);
}

/// Whole batches, as SQS hands them over: all records of a reported batch have one receive more the next time.
#[tokio::test]
async fn a_rejected_entry_becomes_the_only_dead_letter_of_its_group() {
    let setup = Setup::new().await;
    let mut processor = setup.start_for(SHORT * 2).await;
    setup.bus().refuses(|entry| entry.to_string().contains("a1").then_some("InternalFailure"));
    for id in ["a1", "a2", "a3", "b1"] {
        let send = setup.sqs().send_message().queue_url(&setup.queue_url).message_body(event(id, "t"));
        send.message_group_id(&id[..1]).message_deduplication_id(id).send().await.unwrap();
    }
    let queue = Mapping::new(setup.sqs(), &setup.queue_url);
    let mut batches = Vec::new();
    for _ in 0..5 {
        let messages = queue.receive().await;
        batches.push(messages.len());
        let answer = processor.invoke(mapping::invocation(&messages)).await.unwrap();
        queue.settle(&messages, &serde_json::from_value(answer).unwrap()).await;
    }
    assert_eq!(setup.dead().await, ["a1"]);
    assert_eq!(setup.bus().ids(), ["b1", "a2", "a3"], "in order");
    assert_eq!(batches, [4, 3, 3, 0, 0]);

    let lines = lines(&processor.stop().await);
    let of_a1: Vec<_> = lines.iter().filter(|line| line["id"] == "a1").collect();
    let results: Vec<_> = of_a1.iter().map(|line| line["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["failed", "failed", "dead_letter"]);
    let reason = of_a1[2]["reason"].as_str().unwrap();
    assert!(reason.contains("InternalFailure") && reason.contains("last receive (3 of 3)"), "{reason}");
}

/// As `docs/process.md` has it, by hand.
#[tokio::test]
async fn a_redriven_dead_letter_is_processed_and_one_that_fails_again_is_not_lost() {
    let setup = Setup::new().await;
    let queue = Mapping::new(setup.sqs(), &setup.queue_url);
    let mut processor = setup.start().await;
    let send = async |body: &str, deduplication_id: &str| {
        let send = setup.sqs().send_message().queue_url(&setup.queue_url).message_body(body);
        send.message_group_id("a").message_deduplication_id(deduplication_id).send().await.unwrap();
    };
    send(&event("a1", "t"), "a1").await;
    setup.bus().refuses(|_| Some("MalformedDetail"));
    for time in 0..3 {
        let messages = queue.receive().await;
        assert_eq!(messages.len(), 1);
        let answer = processor.invoke(mapping::invocation(&messages)).await.unwrap();
        queue.settle(&messages, &serde_json::from_value(answer).unwrap()).await;

        let dead = setup.dead_bodies().await;
        if time == 2 {
            assert_eq!(dead, [""; 0]);
            assert_eq!(setup.bus().ids(), ["a1"]);
            return;
        }
        assert_eq!(dead, [event("a1", "t")], "within five minutes of the first time: {time}");
        send(&dead[0], &format!("redrive-{time}")).await;
        if time == 1 {
            setup.bus().refuses(|_| None);
        }
    }
}
