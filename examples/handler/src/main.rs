//! A processor of your own: it takes the place of mediahook's, and each event goes to your code.

use mediahook::events::tencent_vod;
use mediahook::{CloudEvent, Environment, Failure, Handler, telemetry};

struct Publish;

impl Handler for Publish {
    /// Must be idempotent: after a crash between its work and the idempotency record, the event is handled again.
    async fn handle(&self, event: &CloudEvent) -> Result<(), Failure> {
        if event.source.starts_with("tencent-vod/") {
            // No retry makes it readable, so it goes to the dead-letter queue at once.
            let typed = event.tencent_vod().map_err(Failure::dead_letter)?;
            if let tencent_vod::Event::PullComplete(pull) = typed {
                tracing::info!(file = pull.payload.file_id, outcome = %event.outcome, "pulled");
            }
        }
        // `?` on any error retries the event after the visibility timeout.
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init(&Environment::from_env(), env!("CARGO_CRATE_NAME"));
    mediahook::run(Publish).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(data: &str) -> CloudEvent {
        let json = format!(
            r#"{{"specversion":"1.0","id":"1","source":"tencent-vod/main","type":"com.tencentcloud.vod.PullComplete","data":{data}}}"#
        );
        serde_json::from_str(&json).expect("an envelope")
    }

    #[tokio::test]
    async fn an_event_is_handled() {
        let event = event(r#"{"EventType":"PullComplete","PullCompleteEvent":{"FileId":"5285890721744908853"}}"#);
        assert!(Publish.handle(&event).await.is_ok());
    }

    #[tokio::test]
    async fn what_cannot_be_read_fails() {
        assert!(Publish.handle(&event("[]")).await.is_err());
    }
}
