//! The three functions: their variables, their limits, and the mapping from the queue to the processor.

use std::collections::HashMap;

use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput as Configuration;
use aws_sdk_lambda::types::FunctionResponseType;

use super::Report;
use crate::aws::{Aws, call};
use crate::context::{Context, Function};
use crate::failure::Failure;
use crate::queue::Queue;

/// New accounts start at 10: then the processor can take all of it, and the receiver answers 429.
const SMALL_ACCOUNT: i32 = 100;

pub(super) async fn check(report: &mut Report<'_>, context: &Context) -> Result<(), Failure> {
    for function in [Function::Receiver, Function::Puller, Function::Processor] {
        let result = one(function, report, context).await;
        report.ended("functions", result);
    }
    let mapping = mapping(report, context).await;
    report.ended("event source mapping", mapping);
    concurrency(report, context).await
}

async fn one(function: Function, report: &mut Report<'_>, context: &Context) -> Result<(), Failure> {
    let name = context.function(function).await?;
    let get = context.aws().await?.lambda().get_function_configuration().function_name(&name).send();
    let configuration = call("lambda:GetFunctionConfiguration", &name, get).await?;
    let state = configuration.state.as_ref().map_or("Active", |state| state.as_str());
    report.must(
        matches!(state, "Active" | "Inactive"),
        "functions",
        format!("{name}: {state}"),
        "sam deploy",
    );
    log_level(&configuration, &name, report);
    let variables = configuration
        .environment
        .as_ref()
        .and_then(|environment| environment.variables.clone())
        .unwrap_or_default();
    for (variable, wanted) in wanted_variables(function, context).await? {
        let is = variables.get(variable).map_or("not set", String::as_str);
        let fix = format!("sam deploy (or the function's variable {variable}={wanted})");
        let found = if is == wanted {
            format!("{name}: {variable} is the stack's")
        } else {
            format!("{name}: {variable} is {is}, the stack's is {wanted}")
        };
        report.must(is == wanted, "variables", found, fix);
    }
    if function == Function::Processor {
        receive_count(&variables, &name, report, context).await?;
    }
    Ok(())
}

/// Above INFO, the lines of successes are hidden, and their metrics with them.
fn log_level(configuration: &Configuration, name: &str, report: &mut Report<'_>) {
    let logging = configuration.logging_config.as_ref();
    let level = logging
        .and_then(|logging| logging.application_log_level.as_ref())
        .map_or("INFO", |level| level.as_str());
    let fix = format!(
        "aws lambda update-function-configuration --function-name {name} --logging-config LogFormat=JSON,ApplicationLogLevel=INFO"
    );
    report.should(!matches!(level, "WARN" | "ERROR" | "FATAL"), "log level", format!("{name}: {level}"), fix);
}

/// The variables that name resources of the stack.
async fn wanted_variables(
    function: Function,
    context: &Context,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let mut wanted = vec![("MEDIAHOOK_BUCKET", context.bucket().await?)];
    match function {
        Function::Receiver | Function::Puller => {
            wanted.push(("MEDIAHOOK_QUEUE_URL", context.queue_url().await?));
            wanted.extend(context.sources_secret().await?.map(|arn| ("MEDIAHOOK_SOURCES_SECRET", arn)));
        }
        Function::Processor => {
            wanted.push(("MEDIAHOOK_TABLE", context.table().await?));
            wanted.push(("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", context.dead_letter_queue_url().await?));
        }
    }
    Ok(wanted)
}

/// The processor sends what fails at its last receive to the dead-letter queue, so it must know which one that is.
async fn receive_count(
    variables: &HashMap<String, String>,
    name: &str,
    report: &mut Report<'_>,
    context: &Context,
) -> Result<(), Failure> {
    let attributes = Queue::of(context).await?.attributes().await?;
    let policy: serde_json::Value = attributes
        .get("RedrivePolicy")
        .and_then(|policy| serde_json::from_str(policy).ok())
        .unwrap_or_default();
    // AWS answers it as a number, and takes it as a text too.
    let queues = policy["maxReceiveCount"].as_u64().map_or_else(
        || policy["maxReceiveCount"].as_str().unwrap_or("none").to_owned(),
        |count| count.to_string(),
    );
    let is = variables.get("MEDIAHOOK_MAX_RECEIVE_COUNT").map_or("not set", String::as_str);
    let found = format!("{name}: MEDIAHOOK_MAX_RECEIVE_COUNT is {is}, the queue's maxReceiveCount {queues}");
    report.must(is == queues, "receive count", found, "sam deploy: the parameter MaxReceiveCount sets both");
    Ok(())
}

/// From the queue to the processor; without a bus to a handler of one's own, and the processor's is disabled on purpose.
async fn mapping(report: &mut Report<'_>, context: &Context) -> Result<(), Failure> {
    let name = context.function(Function::Processor).await?;
    let attributes = Queue::of(context).await?.attributes().await?;
    let queue = attributes.get("QueueArn").cloned().unwrap_or_default();
    let has_bus = context.options.event_bus.is_some() || context.output("EventBusArn").await?.is_some();
    let list = context.aws().await?.lambda().list_event_source_mappings();
    let list = if has_bus { list.function_name(&name) } else { list.event_source_arn(&queue) };
    let answer = call("lambda:ListEventSourceMappings", &name, list.send()).await?;
    let mappings = answer.event_source_mappings.unwrap_or_default();
    let is_processors = |arn: Option<&str>| arn.is_some_and(|arn| arn.ends_with(&format!(":{name}")));
    let mapping = mappings
        .iter()
        .filter(|mapping| mapping.event_source_arn() == Some(queue.as_str()))
        .find(|mapping| has_bus || !is_processors(mapping.function_arn()));
    let Some(mapping) = mapping else {
        let (to, fix) = if has_bus {
            (name.as_str(), "sam deploy")
        } else {
            (
                "a handler of your own",
                "deploy your handler, as examples/handler is, or sam deploy with EventBus=OWN",
            )
        };
        report.fail("event source mapping", format!("none from {queue} to {to}: nothing is processed"), fix);
        return Ok(());
    };
    let uuid = mapping.uuid.as_deref().unwrap_or_default();
    let update = |option: &str| format!("aws lambda update-event-source-mapping --uuid {uuid} {option}");
    let state = mapping.state.as_deref().unwrap_or_default();
    let runs = matches!(state, "Enabled" | "Enabling" | "Updating" | "Creating");
    report.must(runs, "event source mapping", state, update("--enabled"));
    let partial = mapping.function_response_types().contains(&FunctionResponseType::ReportBatchItemFailures);
    let found = if partial {
        "only the records that fail come back"
    } else {
        "one failed record brings its whole batch back"
    };
    report.must(
        partial,
        "event source mapping",
        found,
        update("--function-response-types ReportBatchItemFailures"),
    );
    let maximum = mapping.scaling_config.as_ref().and_then(|scaling| scaling.maximum_concurrency);
    let found = maximum
        .map_or("no maximum concurrency".to_owned(), |maximum| format!("at most {maximum} batches at once"));
    report.should(
        maximum.is_some(),
        "event source mapping",
        found,
        update("--scaling-config MaximumConcurrency=10"),
    );
    Ok(())
}

async fn concurrency(report: &mut Report<'_>, context: &Context) -> Result<(), Failure> {
    let aws = context.aws().await?;
    let receiver = context.function(Function::Receiver).await?;
    let reserved = reserved(aws, &receiver).await?;
    let put = |number: i32| {
        format!(
            "aws lambda put-function-concurrency --function-name {receiver} --reserved-concurrent-executions {number}"
        )
    };
    match reserved {
        Some(0) => report.fail(
            "concurrency",
            format!("{receiver}: 0 reserved, every callback is answered 429"),
            put(50),
        ),
        Some(number) => report.ok("concurrency", format!("{receiver}: {number} reserved")),
        None => {
            report.warn("concurrency", format!("{receiver}: none reserved, a flood has no ceiling"), put(50));
        }
    }
    let settings =
        call("lambda:GetAccountSettings", "the account", aws.lambda().get_account_settings().send()).await?;
    let limit = settings.account_limit.map_or(0, |limit| limit.concurrent_executions);
    let found = format!("the account may run {limit} at once");
    report.should(
        limit >= SMALL_ACCOUNT,
        "concurrency",
        found,
        "ask AWS for more: Service Quotas, Lambda, Concurrent executions",
    );
    let processor = context.function(Function::Processor).await?;
    if let Some(number) = self::reserved(aws, &processor).await? {
        let fix = format!("aws lambda delete-function-concurrency --function-name {processor}");
        report.warn(
            "concurrency",
            format!("{processor}: {number} reserved: a throttled batch uses up receives"),
            fix,
        );
    }
    Ok(())
}

async fn reserved(aws: &Aws, name: &str) -> Result<Option<i32>, Failure> {
    let get = aws.lambda().get_function_concurrency().function_name(name).send();
    Ok(call("lambda:GetFunctionConcurrency", name, get).await?.reserved_concurrent_executions)
}
