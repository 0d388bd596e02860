//! What a command prints: its result on standard output, as text or with `--json` as one JSON object a line; everything
//! that is about the command itself on standard error.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::json;

use crate::failure::Failure;
use crate::options::{Color, Common};

/// Where results and diagnostics go, and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) json: bool,
    quiet: bool,
    verbose: bool,
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
    colored: bool,
}

/// The meaning of a colored word.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tone {
    Good,
    Bad,
    Doubtful,
}

impl Output {
    pub(crate) fn new(options: &Common) -> Self {
        let stdout_is_terminal = std::io::stdout().is_terminal();
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            json: options.json,
            quiet: options.quiet,
            verbose: options.verbose,
            stdout_is_terminal,
            stderr_is_terminal: std::io::stderr().is_terminal(),
            colored: match options.color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto => stdout_is_terminal && !no_color,
            },
        }
    }

    /// A result for programs: one line of JSON. Nothing without `--json`.
    pub(crate) fn json(&self, result: &impl Serialize) {
        if self.json {
            print(serde_json::to_string(result).unwrap_or_default());
        }
    }

    /// A result for people. Nothing with `--json`.
    pub(crate) fn text(&self, text: impl Display) {
        if !self.json {
            print(text);
        }
    }

    /// The result itself, the same with `--json` and without: a file for another program.
    pub(crate) fn raw(bytes: &[u8]) {
        // A reader that closed the pipe has read enough.
        let _ = std::io::stdout().lock().write_all(bytes);
    }

    /// What the reader should know about the command. Nothing with `--quiet`.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }

    /// A step, with `--verbose`.
    pub(crate) fn detail(&self, text: impl Display) {
        if self.verbose {
            eprintln!("{text}");
        }
    }

    /// A result in columns: aligned on a terminal, else with tabs between them and no header. Nothing with `--json`.
    pub(crate) fn table(&self, header: &[&str], rows: &[Vec<String>]) {
        if self.json || rows.is_empty() {
            return;
        }
        if !self.stdout_is_terminal {
            for row in rows {
                let cells = row.iter().map(|cell| cell.replace(['\t', '\n'], " "));
                print(cells.collect::<Vec<_>>().join("\t"));
            }
            return;
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(header);
        table.add_rows(rows);
        print(table);
    }

    /// A word in the color of its meaning, where colors are shown.
    pub(crate) fn tinted(&self, tone: Tone, word: &str) -> String {
        let code = match tone {
            Tone::Good => 32,
            Tone::Bad => 31,
            Tone::Doubtful => 33,
        };
        if self.colored { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word.to_owned() }
    }

    /// A progress bar on standard error, if that is a terminal. Without a total it only counts.
    pub(crate) fn progress(&self, total: Option<u64>, what: &'static str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        if self.json || self.quiet || !self.stderr_is_terminal {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let template = if total.is_some() {
            "{msg} {bar:30} {pos}/{len} {per_sec} {eta}"
        } else {
            "{msg} {spinner} {pos} {per_sec}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        bar.with_message(what)
    }

    /// Why the command ended early.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.json(&json!({ "error": { "kind": failure.kind(), "message": failure.to_string() } }));
        eprintln!("mediahook: {failure}");
    }
}

fn print(text: impl Display) {
    // A reader that closed the pipe has read enough.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
