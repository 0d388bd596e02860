//! What the commands work on: the stack, found from its outputs, or the places that the options name.

use std::collections::HashMap;

use tokio::sync::OnceCell;

use crate::aws::{Aws, call};
use crate::failure::Failure;
use crate::options::Common;
use crate::output::Output;
use crate::sources::Document;

/// The options, the output, and what was already looked up.
pub(crate) struct Context {
    pub(crate) options: Common,
    pub(crate) out: Output,
    aws: OnceCell<Aws>,
    outputs: OnceCell<HashMap<String, String>>,
}

/// The three functions of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Function {
    Receiver,
    Puller,
    Processor,
}

impl Function {
    /// The logical id of the function in the template, the first part of its outputs' names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Receiver => "Receiver",
            Self::Puller => "Puller",
            Self::Processor => "Processor",
        }
    }
}

impl Context {
    pub(crate) fn new(options: Common, out: Output) -> Self {
        Self { options, out, aws: OnceCell::new(), outputs: OnceCell::new() }
    }

    pub(crate) async fn aws(&self) -> Result<&Aws, Failure> {
        self.aws.get_or_try_init(|| Aws::load(&self.options)).await
    }

    pub(crate) async fn queue_url(&self) -> Result<String, Failure> {
        self.place(self.options.queue_url.as_ref(), "QueueUrl", "--queue-url").await
    }

    pub(crate) async fn dead_letter_queue_url(&self) -> Result<String, Failure> {
        let given = self.options.dead_letter_queue_url.as_ref();
        self.place(given, "DeadLetterQueueUrl", "--dead-letter-queue-url").await
    }

    pub(crate) async fn bucket(&self) -> Result<String, Failure> {
        self.place(self.options.bucket.as_ref(), "BucketName", "--bucket").await
    }

    pub(crate) async fn table(&self) -> Result<String, Failure> {
        self.place(self.options.table.as_ref(), "TableName", "--table").await
    }

    /// The receiver's address, with a slash at its end.
    pub(crate) async fn url(&self) -> Result<String, Failure> {
        let url = self.place(self.options.url.as_ref(), "ReceiverUrl", "--url").await?;
        Ok(format!("{}/", url.trim_end_matches('/')))
    }

    /// The ARN of the secret with the sources; nothing if there is no stack.
    pub(crate) async fn sources_secret(&self) -> Result<Option<String>, Failure> {
        if self.options.stack.is_none() {
            return Ok(None);
        }
        self.output("SourcesSecretArn").await
    }

    /// The name of a function of the stack.
    pub(crate) async fn function(&self, function: Function) -> Result<String, Failure> {
        self.output_or_resource(&format!("{}Name", function.name()), function.name()).await
    }

    /// The log group of a function of the stack.
    pub(crate) async fn log_group(&self, function: Function) -> Result<String, Failure> {
        let name = function.name();
        self.output_or_resource(&format!("{name}LogGroup"), &format!("{name}Logs")).await
    }

    /// The sources document: from `--sources`, else from the stack's secret.
    pub(crate) async fn sources(&self) -> Result<Document, Failure> {
        if let Some(file) = &self.options.sources {
            return Document::parse(crate::input::read_text(file)?);
        }
        let Some(secret) = self.sources_secret().await? else {
            return Err(Failure::Usage(
                "no sources: give --stack, or --sources with the document".to_owned(),
            ));
        };
        let get = self.aws().await?.secrets().get_secret_value().secret_id(&secret).send();
        let answer = call("secretsmanager:GetSecretValue", &secret, get).await?;
        Document::parse(answer.secret_string.unwrap_or_default())
    }

    /// An output of the stack.
    pub(crate) async fn output(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.outputs().await?.get(name).cloned())
    }

    async fn place(&self, given: Option<&String>, output: &str, option: &str) -> Result<String, Failure> {
        if let Some(given) = given {
            return Ok(given.clone());
        }
        let Some(stack) = &self.options.stack else {
            return Err(Failure::Usage(format!("give --stack, or {option}")));
        };
        let found = self.output(output).await?;
        found.ok_or_else(|| {
            Failure::Failed(format!("the stack `{stack}` has no output {output}: give {option}"))
        })
    }

    async fn outputs(&self) -> Result<&HashMap<String, String>, Failure> {
        let read = async || {
            let stack = self.stack_name()?;
            let describe = self.aws().await?.cloudformation().describe_stacks().stack_name(stack).send();
            let answer = call("cloudformation:DescribeStacks", &format!("stack {stack}"), describe).await?;
            let outputs = answer.stacks.unwrap_or_default().into_iter().filter_map(|stack| stack.outputs);
            let pairs =
                outputs.flatten().filter_map(|output| Some((output.output_key?, output.output_value?)));
            Ok(pairs.collect())
        };
        self.outputs.get_or_try_init(read).await
    }

    /// The output, or in a stack from before that output the resource of this logical id.
    async fn output_or_resource(&self, output: &str, logical_id: &str) -> Result<String, Failure> {
        let stack = self.stack_name()?;
        if let Some(value) = self.output(output).await? {
            return Ok(value);
        }
        let describe = self.aws().await?.cloudformation().describe_stack_resource();
        let describe = describe.stack_name(stack).logical_resource_id(logical_id).send();
        let resource = format!("{logical_id} of stack {stack}");
        let answer = call("cloudformation:DescribeStackResource", &resource, describe).await?;
        let found = answer.stack_resource_detail.and_then(|detail| detail.physical_resource_id);
        found.ok_or_else(|| Failure::Failed(format!("{resource} has no name")))
    }

    pub(crate) fn stack_name(&self) -> Result<&str, Failure> {
        let missing = || Failure::Usage("give --stack".to_owned());
        self.options.stack.as_deref().ok_or_else(missing)
    }
}
