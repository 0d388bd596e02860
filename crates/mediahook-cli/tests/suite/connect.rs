//! `connect`: what is set at a sender, what this stack needs, and a key that is rotated without a gap.

use std::time::Duration;

use mediahook_testing::senders_api::{ACCESS_KEY_ID, ACCESS_KEY_SECRET, SendersApi};
use mediahook_testing::tencent_vod::{SECRET_ID, SECRET_KEY};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::stack::Stack;

const URL: &str = "https://abc.lambda-url.us-east-1.on.aws/";

/// A stack with a source of each sender whose API answers here.
async fn world() -> (Stack, SendersApi) {
    let (stack, api) = (Stack::start().await, SendersApi::start().await);
    stack.output("ReceiverUrl", URL);
    let document = json!({
        "tencent-vod/main": {
            "sign_keys": ["CurrentSignKey1", "PreviousSignKey0"], "path_tokens": ["4c1f0e9b7a"],
            "pull": { "secret_id": SECRET_ID, "secret_key": SECRET_KEY, "sub_app_id": 7, "endpoint": api.endpoint }
        },
        "alibaba-ims/prod": { "auth_keys": ["CurrentAuthKey1"] }
    });
    stack.cloud.put_secret(&document.to_string()).await;
    (stack, api)
}

fn alibaba_credentials() -> String {
    json!({ "access_key_id": ACCESS_KEY_ID, "access_key_secret": ACCESS_KEY_SECRET }).to_string()
}

async fn connect_alibaba(stack: &Stack, api: &SendersApi, more: &[&str]) -> crate::stack::Ran {
    let arguments =
        ["connect", "alibaba-ims/prod", "--credentials", "-", "--sender-endpoint", &api.endpoint, "--json"];
    stack.run_with(&[&arguments, more].concat(), alibaba_credentials().as_bytes()).await
}

#[tokio::test]
async fn tencent_is_connected_and_the_undo_goes_back() {
    let (stack, api) = world().await;
    api.set("Mode", "PULL");
    api.set("NotificationUrl", "https://old.example.com/4c1f0e9b7a");
    let dry = stack.run(&["connect", "tencent-vod/main", "--json"]).await.expect(0);
    assert_eq!(
        (&dry.last()["connected"], &dry.last()["written"], api.writes()),
        (&json!(false), &json!(false), 0)
    );
    assert!(
        !format!("{dry:?}").contains("4c1f0e9b7a") && !format!("{dry:?}").contains("CurrentSignKey1"),
        "{dry:?}"
    );

    let ran = stack.run(&["connect", "tencent-vod/main", "--yes", "--json"]).await.expect(0);
    assert_eq!(ran.last()["connected"], true);
    for (member, value) in [
        ("Mode", "PUSH"),
        ("NotificationUrl", "https://abc.lambda-url.us-east-1.on.aws/tencent-vod/main/4c1f0e9b7a"),
        ("UploadMediaCompleteEventSwitch", "ON"),
        ("PersistenceCompleteEventSwitch", "ON"),
        ("SignKey", "CurrentSignKey1"),
    ] {
        assert_eq!(api.get(member), value, "{member}");
    }
    let again = stack.run(&["connect", "tencent-vod/main", "--yes"]).await.expect(0);
    assert!(
        again.stdout.contains("tencent-vod/main is connected; whether its SignKey is that of the stack")
            && api.writes() == 1,
        "{again:?}"
    );

    let undo = ran.last()["undo"].to_string();
    stack
        .run_with(&["connect", "tencent-vod/main", "--restore", "-", "--yes"], undo.as_bytes())
        .await
        .expect(0);
    assert_eq!(
        (api.get("Mode"), api.get("NotificationUrl")),
        ("PULL".into(), "https://old.example.com/4c1f0e9b7a".into())
    );
}

#[tokio::test]
async fn alibabas_key_is_compared_and_never_shown() {
    let (stack, api) = world().await;
    api.set("AuthKey", "StrangersKey9");
    api.set("AuthSwitch", "on");
    let dry = connect_alibaba(&stack, &api, &[]).await.expect(0);
    let rows = dry.last()["settings"].clone();
    let row =
        |member: &str| rows.as_array().unwrap().iter().find(|row| row["member"] == member).unwrap().clone();
    assert_eq!((&row("AuthKey")["same"], &row("AuthSwitch")["same"]), (&json!(false), &json!(true)));
    assert!(row("EventTypeList")["wanted"].as_str().unwrap().contains("FileUploadComplete"));
    assert!(
        !format!("{dry:?}").contains("StrangersKey9") && !format!("{dry:?}").contains("CurrentAuthKey1"),
        "{dry:?}"
    );

    let ran =
        connect_alibaba(&stack, &api, &["--events", "FileUploadComplete,ProduceMediaComplete", "--yes"])
            .await
            .expect(0);
    assert_eq!(ran.last()["connected"], true, "{ran:?}");
    assert_eq!(api.get("CallbackURL"), "https://abc.lambda-url.us-east-1.on.aws/alibaba-ims/prod");
    assert_eq!((api.get("AuthKey"), api.get("CallbackType")), ("CurrentAuthKey1".into(), "HTTP".into()));
    assert_eq!(api.get("EventTypeList"), "FileUploadComplete,ProduceMediaComplete");
}

#[tokio::test]
async fn with_set_key_another_key_of_the_source_gives_way_to_the_first() {
    let (stack, api) = world().await;
    let keys = json!({ "alibaba-ims/prod": { "auth_keys": ["CurrentAuthKey1", "PreviousAuthKey0"] } });
    stack.cloud.put_secret(&keys.to_string()).await;
    connect_alibaba(&stack, &api, &["--yes"]).await.expect(0);
    api.set("AuthKey", "PreviousAuthKey0");
    let ran = connect_alibaba(&stack, &api, &["--yes"]).await.expect(0);
    assert_eq!((&ran.last()["connected"], &ran.last()["written"]), (&json!(true), &json!(false)));
    connect_alibaba(&stack, &api, &["--set-key", "--yes"]).await.expect(0);
    assert_eq!(api.get("AuthKey"), "CurrentAuthKey1");
    let ran = connect_alibaba(&stack, &api, &["--set-key", "--yes"]).await.expect(0);
    assert_eq!(ran.last()["written"], false);
}

#[tokio::test]
async fn a_permission_that_is_missing_at_the_sender_names_the_action() {
    let (stack, api) = world().await;
    api.deny("GetEventCallback");
    let ran = connect_alibaba(&stack, &api, &[]).await.expect(3);
    assert!(ran.stderr.contains("no permission: ice:GetEventCallback"), "{ran:?}");
    api.deny("DescribeEventConfig");
    let ran = stack.run(&["connect", "tencent-vod/main"]).await.expect(3);
    assert!(ran.stderr.contains("no permission: vod:DescribeEventConfig"), "{ran:?}");
    let ran = stack.run(&["connect", "alibaba-ims/prod"]).await.expect(2);
    assert!(ran.stderr.contains("ALIBABA_CLOUD_ACCESS_KEY_ID"), "{ran:?}");
}

#[tokio::test]
async fn a_wrong_secret_at_the_sender_is_no_permission_of_ours() {
    let (stack, api) = world().await;
    let credentials = alibaba_credentials().replace(ACCESS_KEY_SECRET, "another");
    let arguments = ["connect", "alibaba-ims/prod", "--credentials", "-", "--sender-endpoint", &api.endpoint];
    let ran = stack.run_with(&arguments, credentials.as_bytes()).await.expect(1);
    assert!(ran.stderr.contains("SignatureDoesNotMatch"), "{ran:?}");
}

#[tokio::test]
async fn the_credentials_of_one_sender_are_not_sent_to_the_other() {
    let (stack, api) = world().await;
    let tencents = json!({ "secret_id": SECRET_ID, "secret_key": SECRET_KEY }).to_string();
    let arguments = ["connect", "alibaba-ims/prod", "--credentials", "-", "--sender-endpoint", &api.endpoint];
    let ran = stack.run_with(&arguments, tencents.as_bytes()).await.expect(2);
    assert!(ran.stderr.contains("access_key_id and access_key_secret"), "{ran:?}");
}

#[tokio::test]
async fn a_file_of_credentials_leaves_application_and_endpoint_to_the_source() {
    let (stack, api) = world().await;
    let credentials = json!({ "secret_id": SECRET_ID, "secret_key": SECRET_KEY }).to_string();
    let arguments = ["connect", "tencent-vod/main", "--credentials", "-", "--yes"];
    stack.run_with(&arguments, credentials.as_bytes()).await.expect(0);
    assert_eq!((api.writes(), api.sub_app_id()), (1, json!(7)));
}

/// The keys of Tencent's source in the secret.
async fn keys(stack: &Stack) -> Vec<String> {
    let document: Value = serde_json::from_str(&stack.secret().await).unwrap();
    let keys = document["tencent-vod/main"]["sign_keys"].as_array().unwrap();
    keys.iter().map(|key| key.as_str().unwrap().to_owned()).collect()
}

const ROTATE: [&str; 4] = ["connect", "tencent-vod/main", "--rotate-key", "--json"];
const NO_WAITS: [&str; 5] = ["--reread-seconds", "0", "--old-signature-seconds", "0", "--yes"];

#[tokio::test]
async fn a_key_is_rotated_from_the_secret_to_the_sender_and_back() {
    let (stack, api) = world().await;
    api.set("Mode", "PUSH");
    stack.run(&ROTATE).await.expect(0);
    assert_eq!((keys(&stack).await.len(), api.writes()), (2, 0), "a dry run changes nothing");
    let ran = stack.run(&[&ROTATE[..], &NO_WAITS].concat()).await.expect(0);
    let steps: Vec<_> = ran.json().iter().map(|line| line["step"].as_str().unwrap().to_owned()).collect();
    assert_eq!(steps, ["added", "set", "removed"]);
    let keys = keys(&stack).await;
    assert_eq!(keys, [api.get("SignKey")]);
    assert!(keys[0].len() == 32 && api.get("Mode") == "PUSH" && !format!("{ran:?}").contains(&keys[0]));
}

#[tokio::test]
async fn an_interrupted_rotation_goes_on_where_it_was() {
    let (stack, api) = world().await;
    api.deny("ModifyEventConfig");
    stack.run(&[&ROTATE[..], &NO_WAITS].concat()).await.expect(3);
    let added = keys(&stack).await;
    assert_eq!(added.len(), 3, "the new key is in the secret, and every old one");
    let ran = stack.run(&ROTATE).await.expect(0);
    assert_eq!(ran.last()["step"], "added");
    api.deny("nothing");
    let ran = stack.run(&[&ROTATE[..], &NO_WAITS].concat()).await.expect(0);
    let steps: Vec<_> = ran.json().iter().map(|line| line["step"].as_str().unwrap().to_owned()).collect();
    assert_eq!(steps, ["set", "removed"], "no second key");
    assert_eq!(keys(&stack).await, added[..1]);
    assert_eq!(api.get("SignKey"), added[0]);
}

#[tokio::test]
async fn what_others_write_into_the_secret_during_a_rotation_stays() {
    let (stack, _api) = world().await;
    let added = async {
        while keys(&stack).await.len() < 3 {
            sleep(Duration::from_millis(50)).await;
        }
        let mut document: Value = serde_json::from_str(&stack.secret().await).unwrap();
        document["alibaba-vod/new"] = json!({ "auth_keys": ["AnotherAuthKey1"] });
        stack.cloud.put_secret(&document.to_string()).await;
    };
    let waits = ["--reread-seconds", "3", "--old-signature-seconds", "0", "--yes"];
    let arguments = [&ROTATE[..], &waits].concat();
    let (ran, ()) = tokio::join!(stack.run(&arguments), added);
    ran.expect(0);
    assert_eq!(keys(&stack).await.len(), 1);
    assert!(stack.secret().await.contains("AnotherAuthKey1"));
}
