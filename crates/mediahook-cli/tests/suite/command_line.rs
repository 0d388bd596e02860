//! The command line itself: help, completions, exit codes, errors as JSON.

use crate::stack::{Stack, run};

#[tokio::test]
async fn help_version_and_completions_need_no_aws() {
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["send", "--help"],
        &["completion", "bash"],
        &["completion", "zsh"],
    ] {
        let ran = run(arguments, &[], b"").await.expect(0);
        assert!(ran.stdout.contains("mediahook"), "{ran:?}");
        assert!(ran.stderr.is_empty(), "{ran:?}");
    }
}

#[tokio::test]
async fn a_wrong_command_line_is_exit_code_2_and_json_where_that_was_asked_for() {
    let ran = run(&["sned"], &[], b"").await.expect(2);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("send"), "{ran:?}");
    let ran = run(&["sned", "--json"], &[], b"").await.expect(2);
    assert_eq!(ran.last()["error"]["kind"], "usage");
    for (arguments, named) in [
        (&["dlq", "list"][..], "--dead-letter-queue-url"),
        (&["send", "a/b", "X"], "--sources"),
        (&["dlq", "redrive", "--yes", "--dead-letter-queue-url", "http://127.0.0.1:1/q.fifo"], "--all"),
    ] {
        let region = [("AWS_REGION".to_owned(), "us-east-1".to_owned())];
        let ran = run(&[arguments, &["--json"]].concat(), &region, b"").await.expect(2);
        assert!(ran.last()["error"]["message"].as_str().unwrap().contains(named), "{ran:?}");
    }
}

#[tokio::test]
async fn a_region_that_nobody_named_is_a_mistake_of_the_command_line() {
    let ran = run(&["dlq", "list", "--dead-letter-queue-url", "http://127.0.0.1:1/q.fifo"], &[], b"")
        .await
        .expect(2);
    assert!(ran.stderr.contains("--region"), "{ran:?}");
}

#[tokio::test]
async fn what_cannot_be_found_out_is_exit_code_3_and_names_action_and_resource() {
    let stack = Stack::start().await;
    stack.deny("DescribeStacks");
    let ran = stack.run(&["dlq", "list", "--json"]).await.expect(3);
    let error = &ran.last()["error"];
    assert_eq!(error["kind"], "unknown");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("no permission: cloudformation:DescribeStacks on stack mediahook"), "{message}");
}

#[tokio::test]
async fn a_stack_that_does_not_exist_is_exit_code_1() {
    let stack = Stack::start().await;
    let ran = stack.run(&["dlq", "list", "--stack", "other"]).await;
    // The same option twice is a mistake; the environment variable is not.
    assert_eq!(ran.code, 2, "{ran:?}");
}
