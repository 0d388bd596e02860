//! `mediahook`: the command for whoever operates a stack of mediahook.
//!
//! Layout: `options` and `context` find the stack; `aws` calls it; `sources` reads its secret. `callback` sends as a
//! sender does; `management` calls the senders' own APIs. `commands` has one file for each command, which prints through
//! `output` and ends with an exit code of `failure`.

mod aws;
mod callback;
mod commands;
mod context;
mod event;
mod failure;
mod input;
mod items;
mod json_pointer;
mod logs;
mod management;
mod options;
mod output;
mod queue;
mod samples;
mod sources;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use commands::{completion, connect, dlq, doctor, replay, send, tail};
use context::Context;
use failure::{Exit, Failure};
use options::Common;
use output::Output;

/// Connects senders to a stack of mediahook, checks it, and repairs what an incident left behind
///
/// Exit codes: 0 done, 1 failed (a check, a refusal, a part), 2 usage, 3 could not find out.
/// Keys come from the stack's secret, a file or standard input. What changes or deletes something only shows what it
/// would do, until --yes.
#[derive(Parser)]
#[command(name = "mediahook", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Send(Box<send::Send>),
    Replay(replay::Replay),
    Dlq(dlq::Dlq),
    Connect(Box<connect::Connect>),
    Doctor(doctor::Doctor),
    Tail(tail::Tail),
    /// Print the completions of a shell
    Completion(completion::Completion),
}

fn main() -> ExitCode {
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return wrong_command_line(&error).into(),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return wrong_command_line(&error).into(),
    };
    let out = Output::new(&cli.common);
    let ended = run(cli, out).unwrap_or_else(|failure| {
        out.failure(&failure);
        failure.exit()
    });
    ended.into()
}

fn run(cli: Cli, out: Output) -> Result<Exit, Failure> {
    // One TLS provider for all clients.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Failed(format!("no runtime: {error}")))?;
    let context = Context::new(cli.common, out);
    runtime.block_on(async {
        match cli.command {
            Command::Send(command) => send::run(*command, &context).await,
            Command::Replay(command) => replay::run(&command, &context).await,
            Command::Dlq(command) => dlq::run(command, &context).await,
            Command::Connect(command) => connect::run(&command, &context).await,
            Command::Doctor(command) => doctor::run(&command, &context).await,
            Command::Tail(command) => tail::run(&command, &context).await,
            Command::Completion(command) => Ok(completion::run(&command)),
        }
    })
}

/// Help and version are no failure; everything else is, and is JSON if that was asked for.
fn wrong_command_line(error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        let _ = error.print();
        return Exit::Done;
    }
    if std::env::args().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let message = text.trim_start_matches("error: ").lines().next().unwrap_or_default();
        Output::raw(
            format!("{}\n", serde_json::json!({ "error": { "kind": "usage", "message": message } }))
                .as_bytes(),
        );
    }
    let _ = error.print();
    Exit::Usage
}
