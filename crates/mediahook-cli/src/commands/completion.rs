//! `completion SHELL`: the completions of a shell, on standard output.

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use crate::Cli;
use crate::failure::Exit;
use crate::output::Output;

#[derive(Args)]
pub(crate) struct Completion {
    /// The shell that they are for
    shell: Shell,
}

pub(crate) fn run(command: &Completion) -> Exit {
    let mut script = Vec::new();
    generate(command.shell, &mut Cli::command(), "mediahook", &mut script);
    Output::raw(&script);
    Exit::Done
}
