//! The receiver's address: it answers, and refuses what is forged.

use time::OffsetDateTime;

use super::Report;
use crate::callback::{Callback, Forge, Http};
use crate::context::{Context, Function};
use crate::failure::Failure;
use crate::sources::Document;

pub(super) async fn check(
    document: &Document,
    report: &mut Report<'_>,
    context: &Context,
) -> Result<(), Failure> {
    // One is enough, and more would be an alarm.
    let Some(source) = document.iter().find(|source| !source.settings.keys().is_empty()) else {
        report.ok("receiver", "no source has a key that a callback could be forged without");
        return Ok(());
    };
    let url = context.url().await?;
    let forged = Callback::new(
        &source,
        &url,
        b"{}".to_vec(),
        Some(Forge::Unsigned),
        OffsetDateTime::now_utc().unix_timestamp(),
    );
    let answered = Http::new(context.options.timeout())?.send(forged).await?;
    let found = format!("a forged callback to {} is answered {}", source.name, answered.status);
    let name = context.function(Function::Receiver).await.unwrap_or_else(|_| "RECEIVER".to_owned());
    let fix = match answered.status {
        401 => {
            report.ok("receiver", found);
            return Ok(());
        }
        403 => format!(
            "the address is not public: aws lambda add-permission --function-name {name} --statement-id public \
             --action lambda:InvokeFunctionUrl --principal '*' --function-url-auth-type NONE; \
             aws lambda add-permission --function-name {name} --statement-id public-invoke \
             --action lambda:InvokeFunction --principal '*' --invoked-via-function-url"
        ),
        404 => "the receiver does not know this source: it reads another document, or the proxy's secret is wrong".to_owned(),
        429 => format!("aws lambda put-function-concurrency --function-name {name} --reserved-concurrent-executions 50"),
        500.. => format!("docs/operations.md#receiver-fails; mediahook tail, and the log of {name}"),
        _ => "anybody can send events: check the keys of this source, and what answers at this address".to_owned(),
    };
    report.fail("receiver", found, fix);
    Ok(())
}
